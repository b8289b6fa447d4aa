"""The global shuffle of records, by way of files, so that only addresses pass through Beam.

Every record has a key drawn from the seed and its own content. A worker writes the records of its documents to a run,
in order of key. A shard is a range of keys; its writer reads that range out of every run and merges.
"""

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from beam_jobs.storage import tfrecord_bytes, write_shard
from model.contract import places
from model.contract.errors import OutputError
from model.contract.manifest import OutputFile
from model.contract.tfrecord import masked_crc32c

_KEY = 8
_LENGTH = 8
_FRAME = _LENGTH + 4 + 4
"""Bytes of a TFRecord beside its data: the length, and two checksums."""


class Run(NamedTuple):
    """A file of records in order of key, each as its key and its TFRecord frame, and where each of them ends."""

    split: str
    path: str
    keys: bytes  # [records] uint64, big-endian as in the file, so that their order is that of the bytes
    ends: bytes  # [records] int64


class Slice(NamedTuple):
    """The part of a run that belongs to one shard."""

    path: str
    start: int
    end: int


class Extent(NamedTuple):
    """How much a split holds."""

    records: int
    bytes: int


def shuffle_key(serialized: bytes, copy: int, seed: int) -> bytes:
    """Where a record, or the n-th copy of it, stands in the shuffle."""
    return hashlib.blake2b(serialized, digest_size=_KEY, key=f"{seed}/{copy}".encode()).digest()


def write_run(split: str, path: str, keyed: Iterable[tuple[bytes, bytes]]) -> Run:
    """Writes (key, serialized record) pairs as a run."""
    ordered = sorted(keyed)
    parts = [key + tfrecord_bytes([serialized]) for key, serialized in ordered]
    places.replace_bytes(path, b"".join(parts))
    ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
    return Run(split, path, b"".join(key for key, _ in ordered), ends.tobytes())


def extent_of(run: Run) -> Extent:
    """How much of its split a run holds, as TFRecords."""
    records = len(run.keys) // _KEY
    size = int(np.frombuffer(run.ends, np.int64)[-1]) - records * _KEY if records else 0
    return Extent(records, size)


def shard_count(extent: Extent, shard_bytes: int, least: int) -> int:
    """How many shards a split is written to: of about `shard_bytes`, but no fewer than `least`."""
    return max(-(-extent.bytes // shard_bytes), least)


def slices_of(run: Run, shards: int) -> Iterator[tuple[int, Slice]]:
    """The run's part of each shard that it has records of: shard i holds the keys from i/shards of their range on."""
    keys, ends = np.frombuffer(run.keys, ">u8"), np.frombuffer(run.ends, np.int64)
    bounds = [0, *(-(-(shard << 64) // shards) for shard in range(1, shards))]
    firsts = [*np.searchsorted(keys, np.array(bounds, np.uint64)).tolist(), len(keys)]
    for shard, (first, last) in enumerate(itertools.pairwise(firsts)):
        if first < last:
            yield shard, Slice(run.path, int(ends[first - 1]) if first else 0, int(ends[last - 1]))


def write_records(directory: str, name: str, slices: Iterable[Slice]) -> OutputFile:
    """Merges a shard's slices, in order of key, into one TFRecord file."""
    keyed = sorted(found for piece in sorted(slices) for found in _frames(piece))
    return write_shard(directory, name, b"".join(frame for _, frame in keyed), len(keyed))


def _frames(piece: Slice) -> Iterator[tuple[bytes, bytes]]:
    data = places.read_range(piece.path, piece.start, piece.end)
    if len(data) < piece.end - piece.start:
        raise OutputError(f"{piece.path} was cut off while it was read; run the stage again.")
    at = 0
    while at < len(data):
        start = at + _KEY
        end = start + _FRAME + int.from_bytes(data[start : start + _LENGTH], "little")
        # Read apart from the rest of its file, a frame has only its own checksum to go by.
        if int.from_bytes(data[end - 4 : end], "little") != masked_crc32c(data[start + _LENGTH + 4 : end - 4]):
            raise OutputError(f"{piece.path} was damaged at byte {piece.start + start:,}; run the stage again.")
        yield data[at:start], data[start:end]
        at = end
