"""The records of WARC and WET archives, from any stretch of a file: each once, however files are cut.

Archives are gzip files of a member a record (as Common Crawl's are), gzip files of fewer and larger members, or
not compressed. https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/
"""

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO, NamedTuple

from beam_jobs.config import SourceConfig
from beam_jobs.files.decompress import DamagedFile, decompressed
from beam_jobs.files.gzip_units import MAGIC, DamagedMember, gzip_units
from beam_jobs.files.raw_files import RawFile, open_raw
from beam_jobs.files.stretch import Cut, Stretch
from beam_jobs.sources.crawl.http_response import headers_of

_MARK = b"WARC/"
_RECORD = re.compile(rb"WARC/\d\.\d\r?\n[A-Za-z]")
_BEGINNING = re.compile(rb"\n\r?\n(?=%b)" % _RECORD.pattern)
"""What stands before a record, and how it begins."""
_LONGEST_BEGINNING = 20
_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")
_MOST_HEADER_BYTES = 1 << 16
_MOST_DIGITS = 18
"""Of a record's length; Python reads no number of thousands of them."""
_BETWEEN = re.compile(rb"\r?\n\r?\n")
"""What ends a record."""
_LAST = b"\r\n\r\n"
_CHUNK = 1 << 18


class WarcRecord(NamedTuple):
    """A record of any type."""

    headers: Mapping[str, str]
    """By names in small letters."""
    block: bytes
    """As much of it as was asked for."""
    length: int
    """Of the whole block."""


class LostRecord(NamedTuple):
    """One or more records that could not be read; reading goes on at the next that can."""

    where: str
    reason: str
    """As of `DamagedFile`, or "bad_warc"."""
    detail: str


def cut_archive(file: RawFile, source: SourceConfig, stretch: Stretch, target: int) -> list[Cut]:
    """Cuts an archive into stretches of at most `target` stored bytes, if it is one that can be read in parts."""
    parts = -(-file.bytes // target)
    if parts <= 1 or not _can_be_cut(file.path):
        return [Cut(stretch, file.bytes)]
    borders = [file.bytes * part // parts for part in range(parts + 1)]
    return [Cut(stretch._replace(start=start, end=end), end - start) for start, end in itertools.pairwise(borders)]


def warc_records(file: BinaryIO, stretch: Stretch, most: int) -> Iterator[WarcRecord | LostRecord]:
    """Yields the records that begin in a stretch, up to `most` bytes of each one's block, and what is lost.

    Of gzip files, those are the records of members that begin there.
    """
    if stretch.end is not None and stretch.end <= stretch.start:
        return
    start = file.read(len(MAGIC))
    file.seek(0)
    if start == MAGIC:
        for unit in gzip_units(file, _MARK, stretch.start, stretch.end):
            yield from _Reading(unit.chunks, most, unit_offset=unit.offset).records()
    elif _MARK.startswith(start):
        yield from _plain_records(file, stretch, most)
    elif not stretch.start:
        yield from _Reading(decompressed(file), most).records()


def _plain_records(file: BinaryIO, stretch: Stretch, most: int) -> Iterator[WarcRecord | LostRecord]:
    begin = max(0, stretch.start - _LONGEST_BEGINNING)
    file.seek(begin)
    reading = _Reading(iter(lambda: file.read(_CHUNK), b""), most, begin, stretch.end)
    if not stretch.start or reading.go_to_next_record(stretch.start):
        yield from reading.records()


def _can_be_cut(path: str) -> bool:
    with open_raw(path) as file:
        return file.read(len(_MARK)).startswith((MAGIC, _MARK))


class _Reading:
    """Plain bytes divided into records."""

    def __init__(
        self,
        chunks: Iterator[bytes],
        most: int,
        offset: int = 0,
        end: int | None = None,
        unit_offset: int | None = None,
    ):
        self._chunks, self._most, self._end, self._unit_offset = chunks, most, end, unit_offset
        self._buffer, self._at, self._buffer_offset = b"", 0, offset
        self._damage: DamagedFile | None = None
        self._is_at_end = False

    def records(self) -> Iterator[WarcRecord | LostRecord]:
        """The records that begin before the end, from where it stands."""
        damage_is_told = False
        while self._fill(1):
            self._fill(_LONGEST_BEGINNING)
            if self._end is not None and self._offset >= self._end and self._is_at_record():
                return
            offset = self._offset
            try:
                yield self._record()
            except DamagedFile as damage:
                damage_is_told = self._damage is not None
                yield self._lost(offset, self._damage or damage)
                self._at += 1
                if not self.go_to_next_record(self._offset):
                    break
        if self._damage is not None and not damage_is_told:
            yield self._lost(self._offset, self._damage)

    def go_to_next_record(self, offset: int) -> bool:
        """Passes over what is before the first record at or behind an offset; False if none begins before the end."""
        while self._end is None or self._offset < self._end:
            for found in _BEGINNING.finditer(self._buffer, self._at):
                if self._buffer_offset + found.end() >= offset:
                    self._at = found.end()
                    return self._end is None or self._offset < self._end
            self._at = max(self._at, len(self._buffer) - _LONGEST_BEGINNING)
            if not self._fill(len(self._buffer) - self._at + 1):
                return False
        return False

    def _record(self) -> WarcRecord:
        """The record that begins here, with its end behind it.

        Raises:
          DamagedFile: when there is none; nothing is passed over then that may hold the next.
        """
        if not self._is_at_record():
            raise DamagedFile("bad_warc", "no WARC record begins here")
        head = self._head_length()
        headers = headers_of(self._buffer[self._at : self._at + head])
        if not (size := headers.get("content-length", "")).isdecimal() or len(size) > _MOST_DIGITS:
            raise DamagedFile("bad_warc", "a record does not say its length")
        length = int(size)
        kept = min(length, self._most)
        self._fill(head + kept)
        begin = self._at + head
        block = self._buffer[begin : begin + kept]
        self._pass_over(head + length)
        return WarcRecord(headers, block, length)

    def _head_length(self) -> int:
        while (found := _END_OF_HEADERS.search(self._buffer, self._at)) is None:
            have = len(self._buffer) - self._at
            if have > _MOST_HEADER_BYTES:
                raise DamagedFile("bad_warc", "a record's headers do not end")
            if not self._fill(have + 1):
                raise self._ended_early()
        return found.end() - self._at

    def _pass_over(self, length: int) -> None:
        """Goes behind a record of so many bytes, if it ends as records do."""
        while length > self._most + _MOST_HEADER_BYTES and self._fill(1):
            step = min(length, len(self._buffer) - self._at)
            self._at += step
            length -= step
        self._fill(length + len(_LAST))
        end = self._at + length
        if end > len(self._buffer):
            raise self._ended_early()
        rest = self._buffer[end : end + len(_LAST)]
        # The archive's last record may lack its end.
        if not (ended := _BETWEEN.match(rest)) and not (self._is_at_end and _LAST.startswith(rest)):
            raise DamagedFile("bad_warc", "a record is longer than it says")
        self._at = end + (ended.end() if ended else len(rest))

    def _ended_early(self) -> DamagedFile:
        if self._unit_offset is None:
            return DamagedFile("truncated_file", "the archive ends in the middle of a record")
        return DamagedFile("bad_warc", "a record is shorter than it says")

    @property
    def _offset(self) -> int:
        return self._buffer_offset + self._at

    def _is_at_record(self) -> bool:
        return _RECORD.match(self._buffer, self._at) is not None

    def _fill(self, length: int) -> bool:
        """Whether so many bytes are there."""
        missing = length - (len(self._buffer) - self._at)
        if missing <= 0:
            return True
        parts = [self._buffer[self._at :]]
        while missing > 0 and not self._is_at_end:
            parts.append(self._next_chunk())
            missing -= len(parts[-1])
        self._buffer_offset += self._at
        self._buffer, self._at = b"".join(parts), 0
        return missing <= 0

    def _next_chunk(self) -> bytes:
        try:
            return next(self._chunks)
        except StopIteration:
            self._is_at_end = True
        except DamagedFile as damage:
            self._is_at_end, self._damage = True, damage
        return b""

    def _lost(self, offset: int, damage: DamagedFile) -> LostRecord:
        if isinstance(damage, DamagedMember):
            offset = damage.offset
        elif self._unit_offset is not None:
            offset = self._unit_offset
        return LostRecord(f"byte {offset}", damage.reason, str(damage))
