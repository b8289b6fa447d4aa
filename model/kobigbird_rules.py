"""What is wrong with a padded record as KoBigBird's create_pretraining_data.py writes them, masks included."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from model.contract.record import RecordFormat
from model.example_fields import Field

_LISTS = {
    "input_ids": np.int64,
    "segment_ids": np.int64,
    "masked_lm_positions": np.int64,
    "masked_lm_ids": np.int64,
    "masked_lm_weights": np.float32,
}


class PaddedRecord(NamedTuple):
    """The fields that a trainer reads; masks are stored in place."""

    input_ids: np.ndarray  # [sequence length] int64, some of them hidden
    segment_ids: np.ndarray  # [sequence length] int64
    masked_lm_positions: np.ndarray  # [predictions] int64, then zeros
    masked_lm_ids: np.ndarray  # [predictions] int64, what stood there, then zeros
    masked_lm_weights: np.ndarray  # [predictions] float32, 1 where there is a prediction

    @classmethod
    def of(cls, fields: Mapping[str, Field]) -> "PaddedRecord":
        """Reads them off an example's fields.

        Raises:
          ValueError: naming a field that is missing or of another kind.
        """
        lists = []
        for name, kind in _LISTS.items():
            values = fields.get(name)
            if values is None:
                raise ValueError(f"lacks {name}")
            if isinstance(values, list) or values.dtype != kind:
                raise ValueError(f"has no {np.dtype(kind).name} numbers for {name}")
            lists.append(values)
        return cls(*lists)

    @property
    def hidden(self) -> np.ndarray:
        """[hidden tokens] int64: where a prediction is asked for."""
        positions: np.ndarray = self.masked_lm_positions[self.masked_lm_weights > 0]
        return positions

    @property
    def original_ids(self) -> np.ndarray:
        """[sequence length] int64: what stood there before anything was hidden."""
        ids = self.input_ids.copy()
        ids[self.hidden] = self.masked_lm_ids[self.masked_lm_weights > 0]
        return ids


def broken_rules(found: PaddedRecord, record_format: RecordFormat) -> Iterator[str]:
    """The rest of a sentence that begins with the record, for each rule that it breaks."""
    ids, length, size = found.input_ids, record_format.sequence_length, record_format.vocabulary_size
    if len(ids) != length or len(found.segment_ids) != length:
        segments = len(found.segment_ids)
        yield f"has {len(ids):,} input_ids and {segments:,} segment_ids where sequence_length is {length:,}"
        return
    lengths = {len(found.masked_lm_positions), len(found.masked_lm_ids), len(found.masked_lm_weights)}
    if lengths != {record_format.predictions}:
        yield (
            f"has {', '.join(map(str, sorted(lengths)))} masked_lm_positions, masked_lm_ids and masked_lm_weights "
            f"where records hold {record_format.predictions:,}"
        )
        return
    if not np.isin(found.masked_lm_weights, (0, 1)).all():
        yield "has masked_lm_weights other than 0 and 1"
        return
    if len(np.unique(found.hidden)) < len(found.hidden):
        yield "hides a token twice"
        return
    if (outside := found.hidden[(found.hidden < 0) | (found.hidden >= length)]).size:
        yield f"hides a token at {outside[0]}, outside its {length:,}"
        return
    for name, values in (("input_ids", ids), ("masked_lm_ids", found.masked_lm_ids)):
        if (strange := values[(values < 0) | (values >= size)]).size:
            yield f"has id {strange[0]} among its {name}, which lies outside the vocabulary of {size:,} pieces"
    yield from _broken_marks(found, record_format)


def _broken_marks(found: PaddedRecord, record_format: RecordFormat) -> Iterator[str]:
    ids, special = found.original_ids, record_format.special_ids
    # A text that spells "[PAD]" out has become that token, so only what comes after the last other one is padding.
    text = len(np.trim_zeros(ids != special.pad, "b"))
    if ids[0] != special.cls:
        yield f"begins with id {ids[0]} where [CLS] is {special.cls}"
    if ids[text - 1] != special.sep:
        yield f"ends with id {ids[text - 1]} where [SEP] is {special.sep}"
    if not set(np.unique(found.segment_ids).tolist()) <= {0, 1}:
        yield "has segment_ids other than 0 and 1"
