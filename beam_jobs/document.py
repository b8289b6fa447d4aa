"""Document, the one element type of the corpus pipeline, and its Parquet form between jobs."""

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

import apache_beam as beam
import pyarrow as pa


class Document(NamedTuple):
    """One text with where it comes from.

    `id` is the same for the same input, whatever the runner or worker count. `date` is ISO 8601 or empty,
    `language` an ISO 639-1 code or empty until the cleaning job sets it.
    """

    id: str
    source: str
    url: str
    title: str
    text: str
    date: str
    language: str
    metadata: Mapping[str, str]


beam.coders.registry.register_coder(Document, beam.coders.RowCoder)

NEAR_COPIES = "near_copies"
"""The metadata of documents that are near copies of one another, and were kept: the same for all of a cluster."""
PARQUET_SCHEMA = pa.schema(
    [(name, pa.string()) for name in Document._fields[:-1]] + [("metadata", pa.map_(pa.string(), pa.string()))]
)


def document_id(source: str, key: str) -> str:
    """A stable 128-bit id, in hex, from a source's name and the record's own key there (a URL, a page id)."""
    return hashlib.sha256(f"{source}\n{key}".encode()).hexdigest()[:32]


class BadRecord(NamedTuple):
    """A record that could not be read: dropped, counted under its reason, and sampled into the dead-letter file."""

    source: str
    file: str
    where: str
    """Which record: an offset, a line number, an id."""
    reason: str
    """One of a few snake_case words, so that it can be counted."""
    detail: str


beam.coders.registry.register_coder(BadRecord, beam.coders.RowCoder)
