"""Parts of Parquet files of Documents that one worker reads, and their rows in blocks that fit into memory."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pyarrow.parquet as pq

from model.contract import places

STRETCH_BYTES = 64 << 20
"""Of a stretch, and of a block; a worker needs some ten times as much memory."""
_ROWS = 1_000
_COLUMNS = ["id", "source", "text", "metadata"]


class Row(NamedTuple):
    """What tokenizing needs of a Document; what a file of others leaves empty (null) is empty."""

    id: str
    source: str
    text: str
    metadata: Mapping[str, str]

    @property
    def named(self) -> bool:
        """Whether it says what it is and where it comes from; nothing else can be told of a row that does not."""
        return bool(self.id and self.source)


class Stretch(NamedTuple):
    """Row groups of one file, in a row."""

    file: int
    """The file's place among all in order of name."""
    path: str
    first: int
    last: int
    """The row group after the last."""


def stretches(file: int, path: str) -> Iterator[Stretch]:
    """Cuts a file at its row groups into stretches of some 64 MiB; a file without rows gives none."""
    with places.open_read(path) as opened:
        metadata = pq.ParquetFile(opened).metadata
    first = taken = 0
    for group in range(metadata.num_row_groups):
        size = _bytes_of(metadata.row_group(group))
        if group > first and taken + size > STRETCH_BYTES:
            yield Stretch(file, path, first, group)
            first, taken = group, 0
        taken += size
    if metadata.num_rows:
        yield Stretch(file, path, first, metadata.num_row_groups)


def _bytes_of(group: pq.RowGroupMetaData) -> int:
    """Uncompressed; some writers leave the group's own sum at 0."""
    columns = (group.column(number).total_uncompressed_size for number in range(group.num_columns))
    return max(int(group.total_byte_size), sum(map(int, columns)))


def read_blocks(stretch: Stretch) -> Iterator[list[Row]]:
    """A stretch's rows, in blocks of some 64 MiB as they lie in memory: dictionaries and large groups unpack to more
    than a file tells."""
    block: list[Row] = []
    taken = 0
    with places.open_read(stretch.path) as opened:
        groups = range(stretch.first, stretch.last)
        for batch in pq.ParquetFile(opened).iter_batches(_ROWS, row_groups=groups, columns=_COLUMNS):
            ids, sources, texts, metadata = (batch.column(name).to_pylist() for name in _COLUMNS)
            block += [
                Row(number or "", source or "", text or "", dict(more or ()))
                for number, source, text, more in zip(ids, sources, texts, metadata, strict=True)
            ]
            taken += batch.nbytes
            if taken >= STRETCH_BYTES:
                yield block
                block, taken = [], 0
    if block:
        yield block
