"""What a reader makes of a record: a Document, a BadRecord, or a Skipped; nothing leaves uncounted."""

from typing import NamedTuple, TypeAlias

from beam_jobs.document import BadRecord, Document


class Skipped(NamedTuple):
    """A sound record that is no document (a redirect, a picture, a page that was not found); only counted."""

    reason: str


Outcome: TypeAlias = Document | BadRecord | Skipped


def checked(document: Document, file_name: str, where: str) -> Document | BadRecord:
    r"""Passes a document on if it has text and all of it can be written as UTF-8.

    JSON can spell half of a surrogate pair ("\ud800"), which no later stage could store.
    """
    if not document.text.strip():
        return BadRecord(document.source, file_name, where, "missing_text", "no text but white space")
    try:
        "".join((*document[:-1], *document.metadata.keys(), *document.metadata.values())).encode()
    except UnicodeEncodeError as error:
        return BadRecord(document.source, file_name, where, "bad_encoding", str(error.reason))
    return document
