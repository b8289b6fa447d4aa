"""Lines of a file with the bytes at which they begin; files cut so that each line falls to one stretch."""

import itertools
import sys
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from beam_jobs.config import SourceConfig
from beam_jobs.files.decompress import decompressed
from beam_jobs.files.raw_files import RawFile, open_raw
from beam_jobs.files.stretch import Cut, Stretch

MAX_LINE = 1 << 25
"""Bytes; what is longer than 32 MiB is no text but a file that has no lines."""
_CHUNK = 1 << 18
_COMPRESSED = (b"\x1f\x8b", b"BZh", b"\x28\xb5\x2f\xfd")
"""How gzip, bzip2 and Zstandard files begin."""


def lines_of(file: BinaryIO, stretch: Stretch) -> Iterator[tuple[int, bytes]]:
    """The lines that begin in a stretch, each with its offset in the decompressed file.

    Only files that are stored as they are can be read in parts (`cut_at_lines`).

    Raises:
      DamagedFile: after every whole line before the damage.
    """
    if not stretch.start and stretch.end is None:
        return split_lines(decompressed(file))
    # The byte before tells whether a line begins at the stretch's start, so that the first line found there is
    # what the stretch before ends with, even if it is no more than a line end.
    begin = max(stretch.start - 1, 0)
    file.seek(begin)
    found = split_lines(iter(lambda: file.read(_CHUNK), b""), begin, stretch.end)
    if stretch.start:
        next(found, None)
    return found


def split_lines(chunks: Iterable[bytes], start: int = 0, end: int | None = None) -> Iterator[tuple[int, bytes]]:
    r"""Yields (offset, line without its "\n") for each line of a stream that begins before `end`.

    A line longer than MAX_LINE comes cut off after MAX_LINE + 1 bytes.

    Args:
      chunks: the stream's bytes from `start` on.
      start: the offset of the first line.
      end: the offset from which on no line is wanted; all are, if None.
    """
    offset, length, begun, last = start, 0, list[bytes](), sys.maxsize if end is None else end
    for chunk in chunks:
        *ended, rest = chunk.split(b"\n")
        for piece in ended:
            if offset >= last:
                return
            if begun:
                length += len(piece)
                yield offset, _joined(begun, piece)
                offset += length + 1
                length = 0
            else:
                yield offset, piece if len(piece) <= MAX_LINE else piece[: MAX_LINE + 1]
                offset += len(piece) + 1
        if rest:
            if length <= MAX_LINE:
                begun.append(rest)
            length += len(rest)
    if begun and offset < last:
        yield offset, _joined(begun, b"")


def _joined(begun: list[bytes], piece: bytes) -> bytes:
    line = b"".join((*begun, piece))
    begun.clear()
    return line[: MAX_LINE + 1]


def cut_at_lines(file: RawFile, source: SourceConfig, stretch: Stretch, target: int) -> list[Cut]:
    """Cuts an uncompressed file of lines into stretches of at most `target` bytes; a compressed one not at all."""
    parts = -(-file.bytes // target)
    if parts <= 1 or _is_compressed(file.path):
        return [Cut(stretch, file.bytes)]
    borders = [file.bytes * part // parts for part in range(parts + 1)]
    return [Cut(stretch._replace(start=start, end=end), end - start) for start, end in itertools.pairwise(borders)]


def _is_compressed(path: str) -> bool:
    with open_raw(path) as file:
        return file.read(4).startswith(_COMPRESSED)
