"""Pure: a document as a number, and arrays of such numbers dealt out to the workers that need them.

What deduplication shuffles are arrays with named fields (NumPy structured arrays), one for each file and partition: a
million documents make some thousands of elements, not tens of millions, and sorting them is NumPy's work. A node is
the number of a document's file and its row there, so it is unique, small, and the same in every run.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Records = NDArray[Any]
"""Records with named fields; [n]."""
Nodes = NDArray[np.uint64]
Blob = Any
"""Records as an element: Beam cannot check an array's type arguments."""

_FILE_SHIFT = np.uint64(32)
_SCATTER = np.uint64(0x9E3779B97F4A7C15)
_DOCUMENTS_PER_PARTITION = 50_000
_MOST_PARTITIONS = 4_096


def nodes_of(file: int, rows: NDArray[np.int64] | int) -> Nodes:
    """The nodes of a file's rows."""
    return np.bitwise_or(np.uint64(file) << _FILE_SHIFT, np.asarray(rows, np.uint64))


def file_of(nodes: Nodes) -> NDArray[np.int64]:
    """The number of each node's file."""
    return (nodes >> _FILE_SHIFT).astype(np.int64)


def row_of(nodes: Nodes) -> NDArray[np.int64]:
    """Each node's row in its file."""
    return (nodes & np.uint64(0xFFFFFFFF)).astype(np.int64)


def partitions_for(documents: int) -> int:
    """How many partitions suit so many documents: enough for every worker, none too large for one."""
    return min(max(documents // _DOCUMENTS_PER_PARTITION, 8), _MOST_PARTITIONS)


def partition_of(values: Nodes, partitions: int) -> NDArray[np.int64]:
    """The partition of each value, evenly whatever the values."""
    scattered = (values ^ (values >> np.uint64(29))) * _SCATTER
    return ((scattered >> np.uint64(32)) * np.uint64(partitions) >> np.uint64(32)).astype(np.int64)


def deal(records: Records, places: NDArray[np.int64]) -> Iterator[tuple[int, Records]]:
    """Records by their places, each place once, those of one place in the order in which they come."""
    order = np.argsort(places, kind="stable")
    starts = group_starts(places[order])
    for part in np.split(order, starts[1:]) if len(starts) else ():
        yield int(places[part[0]]), records[part]


def together(parts: Iterable[Records], *, like: Records | None = None) -> Records:
    """All records of one place; `like` gives the fields where there may be none."""
    return np.concatenate([*([] if like is None else [like[:0]]), *parts])


def with_field(records: Records, name: str, values: NDArray[Any]) -> Records:
    """The records with one field more; values are [n, ...]."""
    fields = [(field, records.dtype[field]) for field in records.dtype.names or ()]
    wider = np.empty(len(records), [*fields, (name, values.dtype, values.shape[1:])])
    for field, _ in fields:
        wider[field] = records[field]
    wider[name] = values
    return wider


def group_starts(*keys: NDArray[Any]) -> NDArray[np.int64]:
    """Where, in sorted keys, another group begins."""
    if not len(keys[0]):
        return np.empty(0, np.int64)
    differs = np.zeros(len(keys[0]), np.bool_)
    differs[0] = True
    for key in keys:
        differs[1:] |= key[1:] != key[:-1]
    return np.flatnonzero(differs)
