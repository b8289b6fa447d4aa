"""A training record of ours as its parts, and what is wrong with one that breaks `model.contract.record`."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from model.contract import record
from model.contract.record import RecordFormat
from model.example_fields import Field


class Piece(NamedTuple):
    """A part of a document: `tokens` of them from its token `offset` on, at `start` in the record."""

    document: bytes
    offset: int
    start: int
    tokens: int


class PackedRecord(NamedTuple):
    """The fields of a record, as they are named in `model.contract.record`."""

    input_ids: np.ndarray  # [tokens] int64
    segment_starts: np.ndarray  # [pieces - 1] int64
    documents: list[bytes]
    document_offsets: np.ndarray  # [pieces] int64
    second_segment: np.ndarray  # [0 or 1] int64
    source: str

    @classmethod
    def of(cls, fields: Mapping[str, Field]) -> "PackedRecord":
        """Reads them off an example's fields.

        Raises:
          ValueError: naming a field that is missing or of another kind.
        """
        sources = _texts(fields, record.SOURCE)
        if len(sources) != 1 or not sources[0]:
            raise ValueError(f"names {len(sources)} sources where a record has one")
        return cls(
            _numbers(fields, record.INPUT_IDS),
            _numbers(fields, record.SEGMENT_STARTS),
            _texts(fields, record.DOCUMENTS),
            _numbers(fields, record.DOCUMENT_OFFSETS),
            _numbers(fields, record.SECOND_SEGMENT),
            sources[0].decode(errors="replace"),
        )

    @property
    def pieces(self) -> list[Piece]:
        """What it holds of which document; sensible only where no rule is broken."""
        starts = [1, *self.segment_starts.tolist()]
        ends = [*starts[1:], len(self.input_ids)]
        offsets = self.document_offsets.tolist()
        return [
            Piece(document, offset, start, end - start - 1)
            for document, offset, start, end in zip(self.documents, offsets, starts, ends, strict=True)
        ]


class RecordRules:
    """What a record has to keep to under one format."""

    def __init__(self, record_format: RecordFormat):
        self._format = record_format
        ids = record_format.special_ids
        self._never = np.zeros(record_format.vocabulary_size, bool)
        self._never[[ids.pad, ids.cls, ids.sep, ids.mask, ids.begin, ids.end]] = True

    def broken(self, found: PackedRecord) -> Iterator[str]:
        """The rest of a sentence that begins with the record, for each rule that it breaks."""
        ids, size = found.input_ids, self._format.vocabulary_size
        if len(ids) > self._format.sequence_length:
            yield f"has {len(ids):,} tokens where sequence_length is {self._format.sequence_length:,}"
        if len(ids) < 3:
            yield f"has {len(ids)} tokens, which leaves none between [CLS] and [SEP]"
        elif (outside := ids[(ids < 0) | (ids >= size)]).size:
            yield f"holds id {outside[0]}, which lies outside the vocabulary of {size:,} pieces"
        else:
            yield from self._broken_marks(found)
        yield from _broken_lists(found)

    def _broken_marks(self, found: PackedRecord) -> Iterator[str]:
        ids, special, starts = found.input_ids, self._format.special_ids, found.segment_starts
        if ids[0] != special.cls:
            yield f"begins with id {ids[0]} where [CLS] is {special.cls}"
        if ids[-1] != special.sep:
            yield f"ends with id {ids[-1]} where [SEP] is {special.sep}"
        bounds = np.concatenate([[1], starts, [len(ids)]])
        if (np.diff(bounds) < 2).any():
            yield f"has segment_starts {_few(starts)}, which are no ascending offsets into its {len(ids):,} tokens"
            return
        if (others := starts[ids[starts - 1] != special.sep]).size:
            yield f"has no [SEP] before the segment that begins at {others[0]}"
        inside = self._never[ids]
        inside[[0, -1]] = False
        inside[starts - 1] = False
        if inside.any():
            at = int(np.flatnonzero(inside)[0])
            yield f"holds the special id {ids[at]} at {at}, where text stands"


def _broken_lists(found: PackedRecord) -> Iterator[str]:
    pieces = len(found.segment_starts) + 1
    if len(found.documents) != pieces or len(found.document_offsets) != pieces:
        yield (
            f"has {pieces} segments but {len(found.documents)} documents and "
            f"{len(found.document_offsets)} document_offsets"
        )
    if (found.document_offsets < 0).any():
        yield f"has a document offset of {found.document_offsets.min()}"
    if len(found.second_segment) > 1 or not set(found.second_segment.tolist()) <= set(found.segment_starts.tolist()):
        yield f"has second_segment {_few(found.second_segment)}, where none of its segments begins"


def _few(numbers: np.ndarray) -> str:
    shown = ", ".join(str(number) for number in numbers[:6].tolist())
    return f"[{shown}, …]" if len(numbers) > 6 else f"[{shown}]"


def _numbers(fields: Mapping[str, Field], name: str) -> np.ndarray:
    values = _field(fields, name)
    if isinstance(values, list):
        if values:
            raise ValueError(f"has texts for {name}, where numbers belong")
        return np.zeros(0, np.int64)
    if values.dtype != np.int64:
        raise ValueError(f"has {values.dtype} numbers for {name}, where integers belong")
    return values


def _texts(fields: Mapping[str, Field], name: str) -> list[bytes]:
    values = _field(fields, name)
    if not isinstance(values, list):
        raise ValueError(f"has numbers for {name}, where texts belong")
    return values


def _field(fields: Mapping[str, Field], name: str) -> Field:
    if name not in fields:
        raise ValueError(f"lacks {name}")
    return fields[name]
