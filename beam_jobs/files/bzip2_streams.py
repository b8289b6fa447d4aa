"""The bzip2 streams of a file one after another, from any byte on: a damaged one costs only itself."""

import bz2
import re
from collections.abc import Generator, Iterator
from typing import BinaryIO, NamedTuple

from beam_jobs.files.decompress import CHUNK
from beam_jobs.files.stored_bytes import StoredBytes

STREAM_START = re.compile(rb"BZh[1-9]1AY&SY")
"""How a stream begins that is not empty; ten bytes that chance does not bring about."""
_START_BYTES = 10
_MOST_PLAIN = 1 << 20
"""Decompressed bytes at a time: a few stored bytes may hold a gigabyte of one letter."""
_LONGEST_BLOCK = 1 << 20
"""Stored bytes of a bzip2 block, at most: so much later than where it is, damage may show itself."""


class DamagedPart(NamedTuple):
    """Plain bytes that are missing here."""

    where: str
    reason: str
    """As of `DamagedFile`."""
    detail: str
    offset: int | None = None
    """Where the damaged stream begins; None in files without streams."""


def bzip2_streams(file: BinaryIO, start: int = 0, end: int | None = None) -> Iterator[bytes | DamagedPart]:
    """Yields the plain bytes of the streams that begin in [start, end) of the stored file, and what is missing.

    After damage it goes on at the next stream that begins there.
    """
    offset = 0 if start == 0 else _next_start(file, start, end)
    while offset is not None and (end is None or offset < end):
        stored = StoredBytes(file, offset)
        damage = yield from _one_after_another(stored, end)
        if damage is None:
            return
        yield damage
        assert damage.offset is not None
        offset = _next_start(file, max(damage.offset + 1, stored.offset - _LONGEST_BLOCK), end)


def _one_after_another(stored: StoredBytes, end: int | None) -> Generator[bytes, None, DamagedPart | None]:
    """The streams from here on, up to one that is damaged."""
    while stored.skip_padding() and (end is None or stored.offset < end):
        offset, stream = stored.offset, bz2.BZ2Decompressor()
        while not stream.eof:
            chunk = stored.take() if stream.needs_input else b""
            if stream.needs_input and not chunk:
                detail = "the compressed data ends in the middle of a stream"
                return DamagedPart(f"stream at byte {offset}", "truncated_file", detail, offset)
            try:
                plain = stream.decompress(chunk, _MOST_PLAIN)
            except OSError as error:
                return DamagedPart(f"stream at byte {offset}", "damaged_file", str(error), offset)
            if plain:
                yield plain
        stored.give_back(stream.unused_data)
    return None


def _next_start(file: BinaryIO, offset: int, end: int | None) -> int | None:
    """Where the first stream at or after an offset begins, if before `end`."""
    file.seek(offset)
    window = b""
    while end is None or offset < end:
        data = file.read(CHUNK)
        window += data
        if found := STREAM_START.search(window):
            return offset + found.start()
        if not data:
            return None
        passed = max(0, len(window) - _START_BYTES + 1)
        window, offset = window[passed:], offset + passed
    return None
