"""Texts in Parquet, one a row."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from typing import BinaryIO, cast

import pyarrow as pa
import pyarrow.parquet as pq

from beam_jobs.config import SourceConfig
from beam_jobs.document import BadRecord
from beam_jobs.files.decompress import DamagedFile
from beam_jobs.files.raw_files import RawFile, open_raw
from beam_jobs.files.stretch import Cut, Stretch
from beam_jobs.sources.outcome import Outcome
from beam_jobs.sources.text.declared_fields import declared_document, missing_column

_BATCH_BYTES = 1 << 23
_BATCH_ROWS = 1_000
_BUFFER = 1 << 20
"""Bytes of a column read at a time, so that memory does not grow with the row groups."""


def read_parquet(file: BinaryIO, source: SourceConfig, stretch: Stretch) -> Iterator[Outcome]:
    """Yields an outcome for each row of the stretch's row groups; of the other columns only those of strings count.

    A row without an id is known by its URL, one without either by file name and row. A damaged row group is one
    BadRecord, and the next is read.
    """
    try:
        with _seekable(file) as stored:
            yield from _documents(_opened(stored), source, stretch)
    except DamagedFile as damage:
        yield BadRecord(source.name, stretch.name, "footer", damage.reason, str(damage))


def cut_at_row_groups(file: RawFile, source: SourceConfig, stretch: Stretch, target: int) -> list[Cut]:
    """Cuts a Parquet file into stretches of row groups, of about `target` stored bytes or one group each."""
    if file.bytes <= target:
        return [Cut(stretch, file.bytes)]
    with open_raw(file.path) as stored:
        try:
            metadata = _opened(stored).metadata
        except DamagedFile:
            return [Cut(stretch, file.bytes)]  # whose reader says what is wrong with it
    sizes = [metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups)]
    total = sum(sizes)
    cuts: list[Cut] = []
    for group, plain in enumerate(sizes):
        # Row groups tell their sizes before compression.
        size = file.bytes * plain // max(total, 1)
        if cuts and cuts[-1].bytes + size <= target:
            cuts[-1] = Cut(cuts[-1].stretch._replace(end=group + 1), cuts[-1].bytes + size)
        else:
            cuts.append(Cut(stretch._replace(start=group, end=group + 1), size))
    return cuts or [Cut(stretch, file.bytes)]


def _opened(file: BinaryIO) -> pq.ParquetFile:
    try:
        table = pq.ParquetFile(file, buffer_size=_BUFFER, pre_buffer=False)
        # Only when it is asked for is a schema found to be damaged.
        table.schema_arrow.names  # noqa: B018
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise _damage(error) from None
    return table


def _damage(error: Exception) -> DamagedFile:
    """What pyarrow says of a file's content; of a lost connection or disk it says nothing, and that is raised."""
    if isinstance(error, OSError) and (type(error) is not OSError or error.errno is not None):
        raise error
    return DamagedFile("damaged_file", str(error))


@contextlib.contextmanager
def _seekable(file: BinaryIO) -> Iterator[BinaryIO]:
    """The file, or a copy on disk if it only comes as a stream: a table is read from its end."""
    if file.seekable():
        yield file
        return
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(file, copy, _BUFFER)
        copy.seek(0)
        yield cast(BinaryIO, copy)


def _documents(table: pq.ParquetFile, source: SourceConfig, stretch: Stretch) -> Iterator[Outcome]:
    columns = _columns(table.schema_arrow, source)
    if source.fields.body not in columns:
        if stretch.start == 0:
            yield missing_column(table.schema_arrow.names, source, stretch.name)
        return
    groups = table.metadata.num_row_groups
    rows = [table.metadata.row_group(group).num_rows for group in range(groups)]
    for group in range(stretch.start, groups if stretch.end is None else min(stretch.end, groups)):
        try:
            yield from _group_documents(table, group, columns, sum(rows[:group]), source, stretch.name)
        except (pa.ArrowException, OSError) as error:
            damage = _damage(error)
            yield BadRecord(source.name, stretch.name, f"row group {group}", damage.reason, str(damage))


def _columns(schema: pa.Schema, source: SourceConfig) -> list[str]:
    """The columns to read: those declared, if their values can be written as strings, and all others of strings."""
    declared = set(source.fields.model_dump().values())
    read = []
    for name, kind in zip(schema.names, schema.types, strict=True):
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
        if text or (name in declared and not pa.types.is_nested(kind)):
            read.append(name)
    return read


def _group_documents(
    table: pq.ParquetFile, group: int, columns: list[str], first_row: int, source: SourceConfig, file_name: str
) -> Iterator[Outcome]:
    metadata = table.metadata.row_group(group)
    row_bytes = metadata.total_byte_size // max(metadata.num_rows, 1)
    rows = max(1, min(_BATCH_ROWS, _BATCH_BYTES // max(row_bytes, 1)))
    number = first_row
    for batch in table.iter_batches(batch_size=rows, row_groups=[group], columns=columns):
        names = batch.schema.names
        for values in zip(*(_strings(column) for column in batch.columns), strict=True):
            record = dict(zip(names, values, strict=True))
            yield declared_document(record, source, file_name, number, f"row {number}")
            number += 1


def _strings(column: pa.Array) -> list[str | None]:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    try:
        strings: list[str | None] = column.cast(pa.large_string()).to_pylist()
    except (pa.ArrowInvalid, UnicodeDecodeError):
        # What does not decode stays as lone surrogates, by which the one bad row is known.
        stored = column.cast(pa.large_binary()).to_pylist()
        strings = [None if value is None else value.decode("utf-8", "surrogateescape") for value in stored]
    return strings
