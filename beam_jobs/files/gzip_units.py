"""Gzip files of many members, from any byte on: a damaged member costs only itself.

A unit is a member that begins with the mark of a record, with the members after it that do not: what one worker
reads whole.
"""

import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from beam_jobs.files.decompress import CHUNK, DamagedFile
from beam_jobs.files.stored_bytes import StoredBytes

MAGIC = b"\x1f\x8b\x08"
_MOST_PLAIN = 1 << 20
"""Decompressed bytes at a time: a few stored bytes may hold a gigabyte of zeros."""
_PROBED = 4096
"""Stored bytes after a magic number that show whether a unit begins there."""


class DamagedMember(DamagedFile):
    """A member that ends too early or does not decompress."""

    def __init__(self, offset: int, damage: DamagedFile):
        super().__init__(damage.reason, str(damage))
        self.offset = offset
        """Of the member, in the stored file."""


class Unit(NamedTuple):
    """Plain bytes that can be read on their own."""

    offset: int
    """Of its first member, in the stored file."""
    chunks: Iterator[bytes]
    """Raises DamagedMember where a member is damaged or cut off."""


def gzip_units(file: BinaryIO, mark: bytes, start: int = 0, end: int | None = None) -> Iterator[Unit]:
    """Yields the units that begin in [start, end) of a gzip file; each is to be read before the next.

    At `start` > 0, and after damage, it goes on where a gzip member begins whose first plain bytes are `mark`:
    four bytes that look like a member's beginning occur in compressed data, a mark behind them does not by chance.
    An archive that is stored within a record as it is, is taken for members of this one.

    Args:
      file: opened for reading at any byte.
      mark: what the plain bytes of a unit begin with.
      start: a stored byte; what begins before it is not read.
      end: the stored byte from which on units are not read, though the last one may reach beyond it.
    """
    archive = _Archive(file, mark, end)
    offset = archive.next_start(start) if start else 0
    if offset is not None:
        archive.open_member(offset)
    while archive.member is not None:
        unit = Unit(archive.member.offset, archive.unit_chunks())
        yield unit
        for _ in _despite_damage(unit.chunks):
            pass


def _despite_damage(chunks: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from chunks
    except DamagedFile:
        return


class _Member:
    """A gzip member that is being read."""

    def __init__(self, stored: StoredBytes):
        self.offset = stored.offset
        self._stored = stored
        self._inflating = zlib.decompressobj(wbits=31)
        self._peeked, self._is_at_end = b"", False

    def begins_with(self, mark: bytes) -> bool:
        """Whether its plain bytes do; damage behind them is left for `chunks` to find."""
        try:
            while (missing := len(mark) - len(self._peeked)) > 0 and (plain := self._next(missing)):
                self._peeked += plain
        except DamagedFile:
            return False
        return self._peeked.startswith(mark)

    def chunks(self) -> Iterator[bytes]:
        if self._peeked:
            yield self._peeked
        while plain := self._next():
            yield plain

    def _next(self, most: int = _MOST_PLAIN) -> bytes:
        """The next plain bytes; none at the member's end.

        Raises:
          DamagedFile: each time that it is asked for what is damaged.
        """
        while not self._is_at_end:
            if not (data := self._inflating.unconsumed_tail or self._stored.take()):
                raise DamagedFile("truncated_file", "the compressed data ends in the middle of a member")
            try:
                plain = self._inflating.decompress(data, most)
            except zlib.error as error:
                raise DamagedFile("damaged_file", str(error)) from None
            if self._inflating.eof:
                self._is_at_end = True
                self._stored.give_back(self._inflating.unused_data)
            if plain:
                return plain
        return b""


class _Archive:
    """The members of a file, one after another."""

    def __init__(self, file: BinaryIO, mark: bytes, end: int | None):
        self.member: _Member | None = None
        """The one with which the next unit begins."""
        self._file, self._mark, self._end = file, mark, end
        self._stored: StoredBytes

    def open_member(self, offset: int) -> None:
        self._stored = StoredBytes(self._file, offset)
        self.member = _Member(self._stored)

    def unit_chunks(self) -> Iterator[bytes]:
        """The plain bytes from a unit's first member to the next unit, which is opened."""
        member, self.member = self.member, None
        while member is not None:
            try:
                yield from member.chunks()
            except DamagedFile as damage:
                # What was taken for a member too long may hide the next one.
                following = self.next_start(member.offset + 1)
                if following is not None:
                    self.open_member(following)
                raise DamagedMember(member.offset, damage) from None
            member = self._member_after()

    def _member_after(self) -> _Member | None:
        """The next member, if it goes on with this unit."""
        if not self._stored.skip_padding():
            return None
        member = _Member(self._stored)
        if not member.begins_with(self._mark):
            return member
        if self._end is None or member.offset < self._end:
            self.member = member
        return None

    def next_start(self, offset: int) -> int | None:
        """Where the first unit at or after an offset begins, if before the end."""
        self._file.seek(offset)
        window, is_last = b"", False
        while not is_last and (self._end is None or offset < self._end):
            data = self._file.read(CHUNK)
            window, is_last = window + data, not data
            searched = len(window) if is_last else max(0, len(window) - _PROBED)
            found = self._marked(window, searched)
            if found is not None:
                return offset + found if self._end is None or offset + found < self._end else None
            window, offset = window[searched:], offset + searched
        return None

    def _marked(self, window: bytes, most: int) -> int | None:
        at = window.find(MAGIC, 0)
        while 0 <= at < most:
            try:
                if zlib.decompressobj(wbits=31).decompress(window[at : at + _PROBED], len(self._mark)) == self._mark:
                    return at
            except zlib.error:
                pass
            at = window.find(MAGIC, at + 1)
        return None
