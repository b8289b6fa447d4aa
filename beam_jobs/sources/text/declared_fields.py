"""Pure: a record of named values to a Document, by the names that the source's block declares."""

from collections.abc import Iterable, Mapping
from typing import Any

from beam_jobs.config import SourceConfig
from beam_jobs.document import BadRecord, Document, document_id
from beam_jobs.sources.dates import iso_date
from beam_jobs.sources.outcome import checked


def declared_document(
    record: Mapping[str, Any], source: SourceConfig, file_name: str, position: int, where: str
) -> Document | BadRecord:
    """Makes a document of a record whose values are strings or numbers; other values are passed over.

    Whatever the block declares no meaning for goes to the metadata, under its own name.

    Args:
      record: values by the names of columns or JSON members.
      source: has the names, in `fields`.
      file_name: names the file in bad records, and in the key of a record that has neither id nor URL.
      position: the record's byte offset or row in its file, which ends such a key.
      where: names the record in a BadRecord.
    """
    fields = source.fields
    text = record.get(fields.body)
    if not isinstance(text, str):
        detail = f"no text is named {fields.body} (`fields.body`), only {listed(record)}"
        return BadRecord(source.name, file_name, where, "missing_text", detail)
    url = _plain(record.get(fields.url))
    publisher = _plain(record.get(fields.publisher))
    own = (fields.id, fields.title, fields.body, fields.date, fields.publisher, fields.url)
    metadata = {name: plain for name, value in record.items() if name not in own and (plain := _plain(value))}
    if publisher:
        metadata["publisher"] = publisher
    try:
        identifier = document_id(source.name, _plain(record.get(fields.id)) or url or f"{file_name}:{position}")
    except UnicodeEncodeError as error:
        return BadRecord(source.name, file_name, where, "bad_encoding", error.reason)
    document = Document(
        id=identifier,
        source=source.name,
        url=url,
        title=_plain(record.get(fields.title)),
        text=text,
        date=iso_date(_plain(record.get(fields.date))),
        language="",
        metadata=dict(sorted(metadata.items())),
    )
    return checked(document, file_name, where)


def missing_column(columns: Iterable[str], source: SourceConfig, file_name: str) -> BadRecord:
    """What becomes of a table that has no column for the text."""
    detail = (
        f"no column is named {source.fields.body}; the columns are {listed(columns)}: "
        "name the one that holds the text in `fields.body`"
    )
    return BadRecord(source.name, file_name, "header", "missing_column", detail)


def listed(names: Iterable[str]) -> str:
    """Names for a sentence, not more than a line of them, and fit to be written.

    >>> listed(["id", "content"])
    'id, content'
    """
    written = ", ".join(names).encode(errors="replace").decode() or "none"
    return written if len(written) <= 200 else f"{written[:200]}…"


def _plain(value: Any) -> str:
    """A string or number as a string; anything else as none."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""
