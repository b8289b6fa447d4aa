"""News as JSON lines, one article a line: id, url, title, date, publisher, text; plain, gzip or bzip2."""

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from beam_jobs.config import SourceConfig
from beam_jobs.document import BadRecord, Document, document_id
from beam_jobs.sources.dates import iso_date
from beam_jobs.sources.decompress import DamagedFile, decompressed
from beam_jobs.sources.outcome import Outcome, checked
from beam_jobs.sources.stretch import Stretch

_OWN_FIELDS = {"id", "url", "title", "date", "text"}


def read_jsonl(file: BinaryIO, source: SourceConfig, stretch: Stretch) -> Iterator[Outcome]:
    """Yields an outcome for each line that is not blank; other fields than the known go to the metadata.

    An article without an id is known by its URL, one without either by file name and line.
    """
    try:
        for number, line in enumerate(_lines(decompressed(file)), start=1):
            if line.strip():
                yield _article(line, source.name, stretch.name, number)
    except DamagedFile as damage:
        yield BadRecord(source.name, stretch.name, "end", damage.reason, str(damage))


def _lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    pieces: list[bytes] = []
    for chunk in chunks:
        first, *later = chunk.split(b"\n")
        pieces.append(first)
        for piece in later:
            yield b"".join(pieces)
            pieces = [piece]
    yield b"".join(pieces)


def _article(line: bytes, source: str, file_name: str, number: int) -> Document | BadRecord:
    where = f"line {number}"
    try:
        fields = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
    except UnicodeDecodeError as error:
        return BadRecord(source, file_name, where, "bad_encoding", str(error))
    except (ValueError, RecursionError) as error:
        return BadRecord(source, file_name, where, "bad_json", str(error))
    if not isinstance(fields, dict):
        return BadRecord(source, file_name, where, "bad_json", "the line is no JSON object")
    if not isinstance(fields.get("text"), str):
        return BadRecord(source, file_name, where, "missing_text", "the object has no string named text")
    url = _plain(fields.get("url"))
    key = _plain(fields.get("id")) or url or f"{file_name}:{number}"
    document = Document(
        id=document_id(source, key),
        source=source,
        url=url,
        title=_plain(fields.get("title")),
        text=fields["text"],
        date=iso_date(_plain(fields.get("date"))),
        language="",
        metadata={
            name: _plain(value) for name, value in sorted(fields.items()) if name not in _OWN_FIELDS and _plain(value)
        },
    )
    return checked(document, file_name, where)


def _plain(value: Any) -> str:
    """A string or number as a string; anything else as none."""
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
