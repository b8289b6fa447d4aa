"""ko_lm_dataformat's archives (.jsonl.zst), as KoBigBird's pretraining reads them; lm_dataformat's too.

A line is `{"text": str | [sentence, …], "meta": {…}}`; the sentences of a list are those of one document
(github.com/monologg/ko_lm_dataformat, README.md and archive.py).
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from beam_jobs.config import SourceConfig
from beam_jobs.document import BadRecord, Document, document_id
from beam_jobs.files.decompress import DamagedFile
from beam_jobs.files.lines import MAX_LINE, lines_of
from beam_jobs.files.stretch import Stretch
from beam_jobs.sources.dates import iso_date
from beam_jobs.sources.outcome import Outcome, checked
from beam_jobs.sources.text.declared_fields import listed

JOINER = " "
"""What its Reader puts between sentences that it joins."""
_RECOGNISED = ("id", "url", "title", "date")


def read_lm_dataformat(file: BinaryIO, source: SourceConfig, stretch: Stretch) -> Iterator[Outcome]:
    """Yields an outcome for each line that begins in the stretch and is not blank.

    Of the meta data id, url, title and date are recognised, and other strings, numbers and truth values kept. A text
    without an id is known by its URL, one without either by file name and byte offset.
    """
    try:
        for offset, line in lines_of(file, stretch):
            if line and not line.isspace():
                yield _outcome(line, source.name, stretch.name, offset)
    except DamagedFile as damage:
        yield BadRecord(source.name, stretch.name, "end", damage.reason, str(damage))


def _outcome(line: bytes, source: str, file_name: str, offset: int) -> Outcome:
    where = f"byte {offset}"
    if len(line) > MAX_LINE:
        return BadRecord(source, file_name, where, "too_long", f"the line is longer than {MAX_LINE:,} bytes")
    try:
        record: Any = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return BadRecord(source, file_name, where, "bad_encoding", str(error))
    except (ValueError, RecursionError) as error:
        return BadRecord(source, file_name, where, "bad_json", str(error))
    if isinstance(record, str):
        record = {"text": record}
    if not isinstance(record, dict):
        return BadRecord(source, file_name, where, "bad_json", "the line is neither a JSON object nor a string")
    text = record.get("text")
    if isinstance(text, list) and all(isinstance(sentence, str) for sentence in text):
        text = JOINER.join(text)
    if not isinstance(text, str):
        detail = f"no text or list of sentences is named text, only {listed(record)}"
        return BadRecord(source, file_name, where, "missing_text", detail)
    try:
        document = _document(text, _said(record), source, f"{file_name}:{offset}")
    except UnicodeEncodeError as error:  # an id of half a surrogate pair
        return BadRecord(source, file_name, where, "bad_encoding", error.reason)
    return checked(document, file_name, where)


def _said(record: Mapping[str, Any]) -> dict[str, str]:
    """What a line says of its text, in `meta` or beside it."""
    meta = record.get("meta")
    said = {**{name: value for name, value in record.items() if name not in ("text", "meta")}}
    if isinstance(meta, dict):
        said |= meta
    return {name: str(value) for name, value in said.items() if isinstance(value, str | int | float) and value != ""}


def _document(text: str, said: dict[str, str], source: str, place: str) -> Document:
    return Document(
        id=document_id(source, said.get("id") or said.get("url") or place),
        source=source,
        url=said.get("url", ""),
        title=said.get("title", ""),
        text=text,
        date=iso_date(said.get("date", "")),
        language="",
        metadata={name: value for name, value in sorted(said.items()) if name not in _RECOGNISED},
    )
