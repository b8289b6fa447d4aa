"""Parts of Parquet files of Documents that one worker takes into memory at a time, and their columns."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from model.contract import places

STRETCH_BYTES = 64 << 20
"""Of text, uncompressed; a worker needs some ten times as much memory."""


class Stretch(NamedTuple):
    """Row groups of one file, in a row."""

    file: int
    """The file's place among all in order of name."""
    path: str
    first: int
    last: int
    """The row group after the last."""


def stretches(file: int, path: str) -> Iterator[Stretch]:
    """Cuts a file at its row groups into stretches of some 64 MiB of text; a file without rows gives none."""
    with places.open_read(path) as opened:
        metadata = pq.ParquetFile(opened).metadata
    first = taken = 0
    for group in range(metadata.num_row_groups):
        # A group that is larger by itself stays whole: it is what whoever wrote the file held in memory, too.
        size = metadata.row_group(group).total_byte_size
        if taken and taken + size > STRETCH_BYTES:
            yield Stretch(file, path, first, group)
            first, taken = group, 0
        taken += size
    if taken:
        yield Stretch(file, path, first, metadata.num_row_groups)


def read_columns(stretch: Stretch, names: list[str]) -> dict[str, list[Any]]:
    """A stretch's columns as lists; what a file of others leaves empty (null) stays None."""
    with places.open_read(stretch.path) as opened:
        file = pq.ParquetFile(opened, pre_buffer=True)
        table = file.read_row_groups(range(stretch.first, stretch.last), columns=names)
    return {name: table.column(name).to_pylist() for name in names}
