"""Documents and records on disk or gs://: shards sorted and written whole, so that equal runs write equal bytes."""

import dataclasses
import io
import struct
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO, cast

import apache_beam as beam
import google_crc32c
import pyarrow as pa
import pyarrow.parquet as pq

from beam_jobs.document import PARQUET_SCHEMA, Document
from model.contract import places
from model.contract.manifest import OutputFile
from model.contract.tfrecord import masked_crc32c

DOCUMENTS = "documents-"
"""What the names of files of Documents begin with; removed-tables lie beside them."""
ROW_GROUP = 1_000
_ROW_GROUP_CHARACTERS = 8 << 20
_RECURRING = ["source", "language", "date", "url", "metadata.key_value.key", "metadata.key_value.value"]
"""Columns worth a dictionary; ids, titles and texts hardly recur."""


def parquet_bytes(documents: Iterable[Document]) -> bytes:
    """Documents as one Parquet file, compressed with zstd."""
    sink = io.BytesIO()
    write_parquet(documents, sink)
    return sink.getvalue()


def write_parquet(documents: Iterable[Document], sink: BinaryIO) -> int:
    """Writes Documents as Parquet, holding no more than a row group of them in memory; gives their number."""
    written = 0
    with pq.ParquetWriter(sink, PARQUET_SCHEMA, compression="zstd", use_dictionary=_RECURRING) as writer:
        for group in _row_groups(documents):
            *columns, metadata = zip(*group, strict=True)
            arrays = [*(pa.array(column, pa.string()) for column in columns), _map_array(metadata)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=PARQUET_SCHEMA), row_group_size=len(group))
            written += len(group)
    return written


def _map_array(mappings: Iterable[Mapping[str, str]]) -> pa.MapArray:
    """Built of flat columns, keys in order: from Python pairs it takes as long as all other columns together."""
    offsets, keys, values = [0], [], []
    for mapping in mappings:
        for key in sorted(mapping):
            keys.append(key)
            values.append(mapping[key])
        offsets.append(len(keys))
    return pa.MapArray.from_arrays(
        pa.array(offsets, pa.int32()), pa.array(keys, pa.string()), pa.array(values, pa.string())
    )


def _row_groups(documents: Iterable[Document]) -> Iterator[list[Document]]:
    group: list[Document] = []
    characters = 0
    for document in documents:
        group.append(document)
        characters += len(document.text)
        if len(group) == ROW_GROUP or characters >= _ROW_GROUP_CHARACTERS:
            yield group
            group, characters = [], 0
    if group:
        yield group


def read_parquet(path: str) -> Iterator[Document]:
    """The Documents of one Parquet file, in order; what a file of others leaves empty (null) is an empty text."""
    file = pq.ParquetFile(io.BytesIO(places.read_bytes(path)))
    for batch in file.iter_batches(ROW_GROUP, columns=PARQUET_SCHEMA.names):
        complete = not any(column.null_count for column in batch.columns)
        for row in batch.to_pylist():
            texts = row if complete else {name: value or "" for name, value in row.items()}
            metadata = {key: value or "" for key, value in row["metadata"] or ()}
            yield Document(**(texts | {"metadata": metadata}))


def tfrecord_bytes(records: Iterable[bytes]) -> bytes:
    """Records in TFRecord framing: length, its masked CRC-32C, data, its masked CRC-32C (little-endian)."""
    sink = io.BytesIO()
    for record in records:
        length = struct.pack("<Q", len(record))
        sink.write(length + _checksum(length) + record + _checksum(record))
    return sink.getvalue()


def _checksum(data: bytes) -> bytes:
    return struct.pack("<I", masked_crc32c(data))


def write_shard(directory: str, name: str, data: bytes, records: int) -> OutputFile:
    """Writes one file whole, so that a reader never sees half of it, and describes it."""
    places.replace_bytes(places.join(directory, name), data)
    return OutputFile(name=name, bytes=len(data), records=records, crc32c=f"{google_crc32c.value(data):08x}")


def write_documents(directory: str, name: str, documents: Iterable[Document]) -> OutputFile:
    """Writes Documents as they come to one Parquet file, which appears whole, and describes it."""
    with tempfile.NamedTemporaryFile(suffix=".parquet") as local:
        written = write_parquet(documents, cast(BinaryIO, local))
        local.flush()
        fact = places.checksum(local.name)
        places.copy_in(local.name, places.join(directory, name))
    return OutputFile(name=name, bytes=fact.bytes, records=written, crc32c=fact.crc32c or "")


def shard_name(prefix: str, shard: int, shards: int, suffix: str) -> str:
    """For example "train-00002-of-00064.tfrecord"."""
    return f"{prefix}-{shard:05d}-of-{shards:05d}.{suffix}"


@dataclasses.dataclass
class GroupShards(beam.PTransform):
    """Groups (shard, element) pairs by shard, so that each shard comes exactly once even when it is empty."""

    shards: int

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, pairs: Any) -> Any:
        """From (shard, element) to (shard, elements)."""
        every = pairs.pipeline | "EveryShard" >> beam.Create([(shard, 0) for shard in range(self.shards)])
        return (
            {"elements": pairs, "every": every}
            | beam.CoGroupByKey()
            | "Elements" >> beam.Map(lambda group: (group[0], group[1]["elements"]))
        )
