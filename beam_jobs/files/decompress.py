"""Stored files as streams of plain bytes: gzip, bzip2 and zstd by their first bytes, whole up to any damage."""

import bz2
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, Protocol

import zstandard

CHUNK = 1 << 16
"""Compressed bytes read at a time: at most so much of a corrupted member is lost."""

_FED_AT_ONCE = 1 << 11


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


class _ZstandardFrame:
    """A frame that is fed little by little: what repeats itself can grow ten thousandfold."""

    def __init__(self) -> None:
        # Archives made with `--long=31` look back two gibibytes, which is refused unless allowed.
        self._frame = zstandard.ZstdDecompressor(max_window_size=1 << 31).decompressobj()
        self._rest = b""

    @property
    def eof(self) -> bool:
        return self._frame.eof

    @property
    def unused_data(self) -> bytes:
        return self._frame.unused_data + self._rest

    def decompress(self, data: bytes, /) -> bytes:
        self._rest = data[_FED_AT_ONCE:]
        return self._frame.decompress(data[:_FED_AT_ONCE])


_MAGIC: dict[bytes, Callable[[], _Member]] = {
    b"\x1f\x8b": lambda: zlib.decompressobj(wbits=31),
    b"BZh": bz2.BZ2Decompressor,
    b"\x28\xb5\x2f\xfd": _ZstandardFrame,
}
"""How members of each kind begin, and what decompresses one."""


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
        except (zlib.error, zstandard.ZstdError, OSError) as error:
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
    for magic, new in _MAGIC.items():
        if start.startswith(magic):
            return new()
    return None


def _next_member(start: bytes) -> _Member:
    # A magic number may itself be cut off by the end of the file or of a chunk.
    for magic, new in _MAGIC.items():
        if magic.startswith(start[: len(magic)]):
            return new()
    raise DamagedFile("damaged_file", f"unknown bytes {start[:4].hex()} follow a whole member")
