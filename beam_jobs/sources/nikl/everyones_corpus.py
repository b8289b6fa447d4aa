"""모두의 말뭉치 (Everyone's Corpus): newspaper, written, web, spoken and messenger texts.

A file is one JSON object `{id, metadata, document: [{id, metadata, paragraph | utterance: [{id, form, …}]}]}`.
The National Institute of Korean Language publishes it; nikl_genres.py says where the fields are known from.
"""

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO, NamedTuple

from beam_jobs.config import SourceConfig
from beam_jobs.document import BadRecord, Document, document_id
from beam_jobs.files.decompress import DamagedFile, decompressed
from beam_jobs.files.stretch import Stretch
from beam_jobs.sources.dates import iso_date
from beam_jobs.sources.nikl.json_stream import DamagedElement, JsonEndsEarly, JsonStream
from beam_jobs.sources.nikl.nikl_genres import (
    genre_of_id,
    genre_of_shape,
    message_lines,
    paragraph_lines,
    speakers,
    speech_lines,
)
from beam_jobs.sources.outcome import Outcome, Skipped, checked

_DOCUMENT_START = re.compile(r'\{\s*"id"\s*:\s*"[^"\\]{0,200}"\s*,\s*"(?:metadata|paragraph|utterance)"\s*:\s*[\[{]')
"""No paragraph or utterance begins so, nor can a string hold it: quotation marks in strings are escaped."""
_HEAD = 1_000_000
"""Characters that a value of the root object before its documents may take."""
_METADATA = ("author", "publisher", "topic", "original_topic")
_SETTING = ("relation", "intimacy", "contact_frequency")
_UNKNOWN_DAY = re.compile(r"(\d{4})(?:00|(\d\d))00")


class _Corpus(NamedTuple):
    """What a file's documents have in common."""

    source: str
    file: str
    genre: str | None
    category: str


class _WrongSchema(ValueError):
    """A sound JSON text that is none of this corpus."""


def read_nikl(file: BinaryIO, source: SourceConfig, stretch: Stretch) -> Iterator[Outcome]:
    """Yields an outcome for each document, while the file is read, in the file's order.

    A malformed document costs only itself: reading goes on at the next. A newspaper's headline is its first
    paragraph: it becomes the title, and the text is the rest. metadata["genre"] says which of the five it is.
    """
    stream = JsonStream(decompressed(file))
    number = 0
    try:
        corpus = _head(stream, source.name, stretch.name)
        documents = iter([stream.value()]) if stream.next_mark() == "{" else _list(stream)
        for number, document in enumerate(documents, start=1):
            outcome = _outcome(document, corpus, number)
            if stream.doubtful and isinstance(outcome, Document):
                outcome = checked(outcome, stretch.name, f"document {number}")
            yield outcome
        stream.drain()
    except DamagedFile as damage:
        yield _bad(source, stretch, number, damage.reason, str(damage))
    except JsonEndsEarly as error:
        yield _bad(source, stretch, number, "truncated_file", str(error))
    except _WrongSchema as error:
        yield _bad(source, stretch, number, "wrong_schema", str(error))
    except (ValueError, RecursionError) as error:
        yield _bad(source, stretch, number, "bad_json", str(error))


def _bad(source: SourceConfig, stretch: Stretch, number: int, reason: str, detail: str) -> BadRecord:
    where = f"after document {number}" if number else "before the first document"
    return BadRecord(source.name, stretch.name, where, reason, detail)


def _head(stream: JsonStream, source: str, file: str) -> _Corpus:
    """Reads the root object up to its "document", which comes next."""
    root: dict[str, Any] = {}
    if stream.next_mark() == "[":
        raise _WrongSchema("the file is a list, not an object with a list named document")
    stream.expect("{")
    while not stream.take("}"):
        if not isinstance(name := stream.value(_HEAD), str):
            raise ValueError("a name in the root object is no string")
        stream.expect(":")
        if name == "document" and stream.next_mark() in ("[", "{"):
            return _Corpus(source, file, _genre(root, file), _text(root.get("metadata"), "category"))
        if stream.next_mark() == "[":
            raise _WrongSchema(f"the root object has a list named {_names([name])} before any named document")
        root[name] = stream.value(_HEAD)
        stream.take(",")
    raise _WrongSchema(f"the root object has no list named document, but {_names(root)}")


def _list(stream: JsonStream) -> Iterator[Any]:
    stream.expect("[")
    return stream.elements(_DOCUMENT_START)


def _genre(root: Mapping[str, Any], file: str) -> str | None:
    name = re.split(r"[/\\]", file)[-1]
    return genre_of_id(_text(root, "id")) or genre_of_id(name)


def _outcome(document: Any, corpus: _Corpus, number: int) -> Outcome:
    if isinstance(document, DamagedElement):
        detail = f"{document.error}; {document.characters:,} characters passed over"
        return BadRecord(corpus.source, corpus.file, f"document {number}", "bad_json", detail)
    if not isinstance(document, dict) or not isinstance(identifier := document.get("id"), str):
        return BadRecord(
            corpus.source, corpus.file, f"document {number}", "missing_id", "the document has no string named id"
        )
    genre = genre_of_id(identifier) or corpus.genre or genre_of_shape(document)
    try:
        return _document(document, identifier, genre, corpus)
    except _WrongSchema as error:
        return BadRecord(corpus.source, corpus.file, f"document {number}", "wrong_schema", str(error))
    except UnicodeEncodeError as error:
        return BadRecord(corpus.source, corpus.file, f"document {number}", "bad_encoding", error.reason)


def _document(document: dict[str, Any], identifier: str, genre: str, corpus: _Corpus) -> Outcome:
    said = document.get("metadata")
    if not isinstance(said, dict):
        said = {}
    lines = _lines(document, genre)
    if not lines:
        return Skipped("no_text")
    title = said.get("title", "")
    if genre == "newspaper":
        # Newspapers are titled like "울산제일일보 2023년 기사".
        title = lines.pop(0) if len(lines) > 1 else ""
    return Document(
        id=document_id(corpus.source, identifier),
        source=corpus.source,
        url="",
        title=title if isinstance(title, str) else "",
        text="\n".join(lines),
        date=_day(date) if isinstance(date := said.get("date"), str) else "",
        language="",
        metadata=_metadata(document, said, genre, corpus.category),
    )


def _lines(document: dict[str, Any], genre: str) -> list[str]:
    """The document's text.

    Raises:
      _WrongSchema: when it has no list of forms.
    """
    name = "utterance" if document.get("paragraph") is None else "paragraph"
    units = document.get(name)
    if not isinstance(units, list):
        raise _WrongSchema(f"the document has no list named paragraph or utterance, but {_names(document)}")
    if name == "paragraph":
        lines = paragraph_lines(units)
    else:
        lines = message_lines(units) if genre == "messenger" else speech_lines(units)
    if not lines and units and not any(isinstance(unit, dict) and "form" in unit for unit in units):
        raise _WrongSchema(f"no {name} of the document has a form")
    return lines


def _metadata(document: Mapping[str, Any], said: Mapping[str, Any], genre: str, category: str) -> dict[str, str]:
    kept = {"genre": genre}
    if category:
        kept["category"] = category
    for name in _METADATA:
        if (value := said.get(name)) and isinstance(value, str) and value != "NA":
            kept[name] = value
    if isinstance(utterances := document.get("utterance"), list):
        kept["speakers"] = str(speakers(utterances))
        if isinstance(setting := said.get("setting"), dict):
            kept |= {name: str(setting[name]) for name in _SETTING if setting.get(name) not in (None, "", "NA")}
    return kept


@functools.lru_cache(maxsize=4_096)
def _day(written: str) -> str:
    """ISO 8601; a month or day that the corpus gives as 00 is left out ("20180000" is 2018)."""
    if partly := _UNKNOWN_DAY.fullmatch(written):
        return "-".join(part for part in partly.groups() if part)
    return iso_date(written)


def _names(names: Iterable[str]) -> str:
    """The first few names of an object, fit to be written."""
    return ", ".join(list(names)[:8])[:200].encode(errors="replace").decode() or "nothing"


def _text(fields: Any, name: str) -> str:
    value = fields.get(name) if isinstance(fields, dict) else None
    return value if isinstance(value, str) else ""
