"""Texts in JSON lines, CSV and TSV, one a record; plain, gzip, bzip2 or Zstandard."""

import itertools
import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from beam_jobs.config import SourceConfig
from beam_jobs.document import BadRecord
from beam_jobs.files.decompress import DamagedFile, decompressed
from beam_jobs.files.lines import MAX_LINE, lines_of, split_lines
from beam_jobs.files.stretch import Stretch
from beam_jobs.sources.outcome import Outcome, Skipped
from beam_jobs.sources.text.csv_rows import Row, csv_rows, file_encoding
from beam_jobs.sources.text.declared_fields import declared_document, missing_column

_SAMPLE = 1 << 20
"""Bytes by which a table's encoding is told."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def read_jsonl(file: BinaryIO, source: SourceConfig, stretch: Stretch) -> Iterator[Outcome]:
    """Yields an outcome for each line that begins in the stretch and is not blank.

    A text without an id is known by its URL, one without either by file name and byte offset.
    """
    counted = stretch.start == 0
    try:
        for number, (offset, line) in enumerate(lines_of(file, stretch), start=1):
            if line and not line.isspace():
                where = f"byte {offset} (line {number})" if counted else f"byte {offset}"
                yield _json_document(line, source, stretch.name, offset, where)
    except DamagedFile as damage:
        yield BadRecord(source.name, stretch.name, "end", damage.reason, str(damage))


def _json_document(line: bytes, source: SourceConfig, file_name: str, offset: int, where: str) -> Outcome:
    def bad(reason: str, detail: str) -> BadRecord:
        return BadRecord(source.name, file_name, where, reason, detail)

    if len(line) > MAX_LINE:
        return bad("too_long", f"the line is longer than {MAX_LINE:,} bytes")
    try:
        record: Any = json.loads((line if offset else line.removeprefix(_BYTE_ORDER_MARK)).decode())
    except UnicodeDecodeError as error:
        return bad("bad_encoding", str(error))
    except (ValueError, RecursionError) as error:
        return bad("bad_json", str(error))
    if not isinstance(record, dict):
        return bad("bad_json", "the line is no JSON object")
    return declared_document(record, source, file_name, offset, where)


def read_csv(file: BinaryIO, source: SourceConfig, stretch: Stretch) -> Iterator[Outcome]:
    """Yields an outcome for each row below the header; the file is in UTF-8 or else, as a whole, in CP949.

    Documents of a CP949 file say so in their metadata, as `encoding`. Keys are as those of `read_jsonl`.
    """
    return _read_rows(file, source, stretch, ",")


def read_tsv(file: BinaryIO, source: SourceConfig, stretch: Stretch) -> Iterator[Outcome]:
    """As `read_csv`, with tabs between the values."""
    return _read_rows(file, source, stretch, "\t")


def _read_rows(file: BinaryIO, source: SourceConfig, stretch: Stretch, delimiter: str) -> Iterator[Outcome]:
    sample, chunks = _sampled(decompressed(file))
    if sample.startswith(_UTF_16_MARKS):
        detail = "the file is in UTF-16; save it as UTF-8"
        yield BadRecord(source.name, stretch.name, "header", "bad_encoding", detail)
        return
    encoding = file_encoding(sample)
    rows = csv_rows(split_lines(chunks), delimiter, encoding)
    try:
        header = next(rows, Row(0, 1, []))
        columns = [name.strip() for name in header.values]
        if source.fields.body not in columns:
            yield missing_column(columns, source, stretch.name)
            return
        for row in rows:
            yield _row_document(row, columns, encoding, source, stretch.name)
    except DamagedFile as damage:
        yield BadRecord(source.name, stretch.name, "end", damage.reason, str(damage))


def _row_document(row: Row, columns: list[str], encoding: str, source: SourceConfig, file_name: str) -> Outcome:
    where = f"byte {row.offset} (line {row.line})"
    if row.error:
        return BadRecord(source.name, file_name, where, "bad_row", row.error)
    if not any(row.values):
        return Skipped("empty_row")
    # Of columns of the same name the first counts.
    record = dict(zip(reversed(columns), reversed(row.values), strict=True))
    if encoding != "utf-8":
        record.setdefault("encoding", encoding)
    return declared_document(record, source, file_name, row.offset, where)


def _sampled(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The beginning of a stream, and the whole of it with its damage, if any, at the same place."""
    taken: list[bytes] = []
    size = 0
    try:
        while size < _SAMPLE and (chunk := next(chunks, b"")):
            taken.append(chunk)
            size += len(chunk)
    except DamagedFile as damage:
        return b"".join(taken), _damaged_after(taken, damage)
    return b"".join(taken), itertools.chain(taken, chunks)


def _damaged_after(chunks: list[bytes], damage: DamagedFile) -> Iterator[bytes]:
    yield from chunks
    raise damage
