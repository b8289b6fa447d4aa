"""Stored files as streams of plain bytes: gzip and bzip2 by their first bytes, whole up to any damage."""

import bz2
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Protocol

CHUNK = 1 << 16
"""Compressed bytes read at a time: at most so much of a corrupted member is lost."""


class DamagedFile(Exception):
    """A stored file that ends too early or does not decompress.

    `reason` is "truncated_file" or "damaged_file".
    """

    def __init__(self, reason: str, detail: str):
        super().__init__(detail)
        self.reason = reason


class _Member(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


def decompressed(file: BinaryIO) -> Iterator[bytes]:
    """Yields a file's plain bytes in order; members one after another (as in WARC files) read as one.

    Raises:
      DamagedFile: after everything before the damage was yielded.
    """
    data = file.read(CHUNK)
    member = _new_member(data)
    if member is None:
        while data:
            yield data
            data = file.read(CHUNK)
        return
    while data:
        if member.eof:
            member = _next_member(data)
        try:
            plain = member.decompress(data)
        except (zlib.error, OSError) as error:
            raise DamagedFile("damaged_file", str(error)) from None
        if plain:
            yield plain
        data = member.unused_data or file.read(CHUNK)
        # Writers may pad a member with zeros.
        while member.eof and data and not (data := data.lstrip(b"\0")):
            data = file.read(CHUNK)
    if not member.eof:
        raise DamagedFile("truncated_file", "the compressed data ends in the middle of a member")


def _new_member(start: bytes) -> _Member | None:
    if start.startswith(b"\x1f\x8b"):
        return zlib.decompressobj(wbits=31)
    if start.startswith(b"BZh"):
        return bz2.BZ2Decompressor()
    return None


def _next_member(start: bytes) -> _Member:
    # A magic number may itself be cut off by the end of the file or of a chunk.
    if b"\x1f\x8b".startswith(start[:2]):
        return zlib.decompressobj(wbits=31)
    if b"BZh".startswith(start[:3]):
        return bz2.BZ2Decompressor()
    raise DamagedFile("damaged_file", f"unknown bytes {start[:4].hex()} follow a whole member")
