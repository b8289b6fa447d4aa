"""모두의 말뭉치 (Everyone's Corpus): newspaper, written, web, spoken and messenger texts.

A file is one JSON object `{id, metadata, document: [{id, metadata, paragraph | utterance: [{id, form}]}]}`.
The National Institute of Korean Language publishes it; the fields are those that public parsers read
(ko-nlp/Korpora, AIRC-KETI/Korean-Copora).
"""

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from beam_jobs.config import SourceConfig
from beam_jobs.document import BadRecord, Document, document_id
from beam_jobs.sources.dates import iso_date
from beam_jobs.sources.decompress import DamagedFile, decompressed
from beam_jobs.sources.json_stream import JsonEndsEarly, JsonStream
from beam_jobs.sources.outcome import Outcome, checked
from beam_jobs.sources.stretch import Stretch

_PARAGRAPH_TAG = re.compile(r"</?p>")
_NEWSPAPER_ID = re.compile(r"N[A-Z]RW\d")
_METADATA = ("author", "publisher", "topic", "original_topic", "category")


def read_nikl(file: BinaryIO, source: SourceConfig, stretch: Stretch) -> Iterator[Outcome]:
    """Yields an outcome for each document, while the file is read; paragraphs and utterances become lines.

    A newspaper's headline is its first paragraph: it becomes the title, and the text is the rest.
    """
    where = "start"
    try:
        for number, (corpus, document) in enumerate(_documents(JsonStream(decompressed(file))), start=1):
            where = f"document {number}"
            yield _outcome(document, corpus, source.name, stretch.name, where)
    except DamagedFile as damage:
        yield BadRecord(source.name, stretch.name, f"after {where}", damage.reason, str(damage))
    except JsonEndsEarly as error:
        yield BadRecord(source.name, stretch.name, f"after {where}", "truncated_file", str(error))
    except (ValueError, RecursionError) as error:
        yield BadRecord(source.name, stretch.name, f"after {where}", "bad_json", str(error))


def strip_paragraph_tags(form: str) -> str:
    """Takes away the `<p>` and `</p>` that the releases since 2024 put around each form."""
    return _PARAGRAPH_TAG.sub("", form).strip()


def _documents(stream: JsonStream) -> Iterator[tuple[dict[str, Any], Any]]:
    """Each element of "document", with what the root said before it."""
    root: dict[str, Any] = {}
    seen = False
    stream.expect("{")
    while not stream.take("}"):
        if not isinstance(name := stream.value(), str):
            raise ValueError("a name in the root object is no string")
        stream.expect(":")
        if name == "document":
            seen = True
            stream.expect("[")
            while not stream.take("]"):
                yield root, stream.value()
                stream.take(",")
        else:
            root[name] = stream.value()
        stream.take(",")
    if not seen:
        raise ValueError('the root object has no "document"')


def _outcome(document: Any, corpus: dict[str, Any], source: str, file_name: str, where: str) -> Outcome:
    if not isinstance(document, dict) or not isinstance(document.get("id"), str):
        return BadRecord(source, file_name, where, "missing_id", "the document has no string named id")
    said = {**_strings(corpus.get("metadata")), **_strings(document.get("metadata"))}
    title, forms = said.get("title", ""), _forms(document)
    if _NEWSPAPER_ID.match(document["id"]) and len(forms) > 1:
        title, *forms = forms
    read = Document(
        id=document_id(source, document["id"]),
        source=source,
        url="",
        title=title,
        text="\n".join(forms),
        date=iso_date(said.get("date", "")),
        language="",
        metadata={name: said[name] for name in _METADATA if said.get(name)},
    )
    return checked(read, file_name, document["id"])


def _forms(document: dict[str, Any]) -> list[str]:
    elements = document.get("paragraph") or document.get("utterance") or []
    if not isinstance(elements, list):
        return []
    written = [element.get("form") or element.get("original_form") for element in elements if isinstance(element, dict)]
    stripped = [strip_paragraph_tags(form) for form in written if isinstance(form, str)]
    return [form for form in stripped if form]


def _strings(metadata: Any) -> dict[str, str]:
    if not isinstance(metadata, dict):
        return {}
    return {name: value for name, value in metadata.items() if isinstance(value, str)}
