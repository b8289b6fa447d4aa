"""The removed-table: why each Document that a job dropped is gone, as Parquet beside the Documents that stay."""

import io
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from beam_jobs.document import Document
from model.contract import places

PREFIX = "removed-"


class Removed(NamedTuple):
    """One dropped Document."""

    id: str
    source: str
    url: str
    title: str
    rule: str
    value: float
    """What was measured, such as a share or a similarity."""
    threshold: float
    matched: str
    """The id of the Document that it is a copy of, or the evaluation example that it holds; else empty."""
    characters: int
    excerpt: str


_TYPES = {str: pa.string(), float: pa.float64(), int: pa.int64()}
REMOVED_SCHEMA = pa.schema([(name, _TYPES[kind]) for name, kind in Removed.__annotations__.items()])


def row(doc: Document, rule: str, value: float, threshold: float, matched: str, excerpt: str) -> Removed:
    """The row of a Document that goes; `excerpt` is the part of its text that may be shown."""
    return Removed(doc.id, doc.source, doc.url, doc.title, rule, value, threshold, matched, len(doc.text), excerpt)


def table_bytes(rows: Iterable[Removed]) -> bytes:
    """Rows as one Parquet file, compressed with zstd."""
    columns = list(zip(*rows, strict=True)) or [()] * len(REMOVED_SCHEMA)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, REMOVED_SCHEMA, strict=True)]
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=REMOVED_SCHEMA), sink, compression="zstd")
    return sink.getvalue()


def read_table(path: str) -> Iterator[Removed]:
    """The rows of one removed-table, in order."""
    for batch in pq.ParquetFile(io.BytesIO(places.read_bytes(path))).iter_batches():
        for row in batch.to_pylist():
            yield Removed(**row)
