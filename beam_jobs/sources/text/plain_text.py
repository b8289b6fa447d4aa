"""Plain text: a document between blank lines, a document a line, or a document a file, in UTF-8 or CP949."""

import codecs
import itertools
import sys
from collections.abc import Iterable, Iterator
from typing import BinaryIO, NamedTuple

from beam_jobs.config import SourceConfig
from beam_jobs.document import BadRecord, Document, document_id
from beam_jobs.files.decompress import CHUNK, DamagedFile, decompressed
from beam_jobs.files.lines import MAX_LINE, cut_at_lines, lines_of, split_lines
from beam_jobs.files.raw_files import RawFile
from beam_jobs.files.stretch import Cut, Stretch
from beam_jobs.sources.outcome import Outcome, Skipped, checked
from beam_jobs.sources.text.csv_rows import file_encoding

_BYTE_ORDER_MARK = "\ufeff"
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class _Record(NamedTuple):
    """A document's bytes, of which no more than MAX_LINE + 1 are kept."""

    offset: int
    """The byte at which it begins in the decompressed file."""
    stored: bytes


def read_text(file: BinaryIO, source: SourceConfig, stretch: Stretch) -> Iterator[Outcome]:
    """Yields an outcome for each document that begins in the stretch, by the source's `layout`.

    The file's beginning tells its encoding; documents of a CP949 file say so in their metadata, as `encoding`. A
    document is known by file name and byte offset, one that is a whole file by its name alone.
    """
    try:
        start, records = _opened(file, source.layout, stretch)
        if start.startswith(_UTF_16_MARKS):
            detail = "the file is in UTF-16; save it as UTF-8"
            yield BadRecord(source.name, stretch.name, "start", "bad_encoding", detail)
            return
        encoding = text_encoding(start)
        for record in records:
            if source.layout == "file":
                encoding = text_encoding(record.stored)
            yield _outcome(record, encoding, source, stretch.name)
    except DamagedFile as damage:
        yield BadRecord(source.name, stretch.name, "end", damage.reason, str(damage))


def cut_text(file: RawFile, source: SourceConfig, stretch: Stretch, target: int) -> list[Cut]:
    """As `cut_at_lines`; files that are documents stay whole."""
    if source.layout == "file":
        return [Cut(stretch, file.bytes)]
    return cut_at_lines(file, source, stretch, target)


def _opened(file: BinaryIO, layout: str, stretch: Stretch) -> tuple[bytes, Iterator[_Record]]:
    """The file's first bytes, whatever the stretch, and the documents that begin in it."""
    if stretch.start:
        start = file.read(CHUNK)
        return start, _parted(lines_of(file, stretch._replace(end=None)), layout, stretch)
    chunks = decompressed(file)
    start = next(chunks, b"")
    chunks = itertools.chain([start], chunks)
    if layout == "file":
        return start, iter([_Record(0, first_bytes(chunks))])
    return start, _parted(split_lines(chunks), layout, stretch)


def text_encoding(start: bytes) -> str:
    """Tells how a file is encoded by its beginning: "utf-8", or "cp949" if that fits it better."""
    try:
        # An incremental decoder does not mind a character that is cut in two.
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return file_encoding(start)
    return "utf-8"


def first_bytes(chunks: Iterable[bytes]) -> bytes:
    """A stream's bytes, of which no more than MAX_LINE + 1 are kept; errors as of `decompressed`."""
    content = bytearray()
    for chunk in chunks:
        content += chunk[: max(0, MAX_LINE + 1 - len(content))]
    return bytes(content)


def _parted(lines: Iterable[tuple[int, bytes]], layout: str, stretch: Stretch) -> Iterator[_Record]:
    end = sys.maxsize if stretch.end is None else stretch.end
    if layout == "blank_lines":
        return _between_blank_lines(lines, end, inside=stretch.start == 0)
    before_end = itertools.takewhile(lambda line: line[0] < end, lines)
    return (_Record(offset, line) for offset, line in before_end if line and not line.isspace())


def _between_blank_lines(lines: Iterable[tuple[int, bytes]], end: int, inside: bool) -> Iterator[_Record]:
    """The documents in front of which a blank line begins before `end`, and if `inside` the one at the start."""
    begun: list[bytes] = []
    begun_at = size = 0
    for offset, line in lines:
        if not line or line.isspace():
            if begun:
                yield _Record(begun_at, b"\n".join(begun))
                begun.clear()
            if offset >= end:
                return
            inside = True
        elif inside:
            if not begun:
                begun_at, size = offset, 0
            if size <= MAX_LINE:
                begun.append(line)
            size += len(line) + 1
        elif offset >= end:
            return
    if begun:
        yield _Record(begun_at, b"\n".join(begun))


def _outcome(record: _Record, encoding: str, source: SourceConfig, file_name: str) -> Outcome:
    whole = source.layout == "file"
    where = "file" if whole else f"byte {record.offset}"
    if len(record.stored) > MAX_LINE:
        return BadRecord(source.name, file_name, where, "too_long", f"it is longer than {MAX_LINE:,} bytes")
    try:
        text = record.stored.decode(encoding)
    except UnicodeDecodeError as error:
        return BadRecord(source.name, file_name, where, "bad_encoding", str(error))
    text = text.removeprefix(_BYTE_ORDER_MARK).replace("\r\n", "\n").strip()
    if not text:
        return Skipped("no_text")
    document = Document(
        id=document_id(source.name, file_name if whole else f"{file_name}:{record.offset}"),
        source=source.name,
        url="",
        title="",
        text=text,
        date="",
        language="",
        metadata={} if encoding == "utf-8" else {"encoding": encoding},
    )
    return checked(document, file_name, where)
