"""Serialized records, in either layout, to sequences of ids with their segments, and the masks that some hold."""

from typing import NamedTuple

import tensorflow as tf

from model.contract import record
from model.contract.record import RecordFormat

KOBIGBIRD_FIELDS = ("input_ids", "segment_ids", "masked_lm_positions", "masked_lm_ids", "masked_lm_weights")
"""What KoBigBird's create_pretraining_data.py calls them; its next_sentence_labels mean nothing."""


class Sequence(NamedTuple):
    """A sequence without padding."""

    input_ids: tf.Tensor
    """[length] int32, nothing hidden."""
    segment_ids: tf.Tensor
    """[length] int32, 0 or 1."""


class StoredMasks(NamedTuple):
    """How a record of KoBigBird's was hidden when it was written."""

    input_ids: tf.Tensor
    """[length] int32, as they are shown."""
    positions: tf.Tensor
    """[predictions] int32."""
    labels: tf.Tensor
    """[predictions] int32, what stood there."""


def parse(raw: tf.Tensor, record_format: RecordFormat) -> Sequence:
    """Reads a serialized record; stored masks are undone.

    Args:
      raw: a scalar string.
      record_format: of its file.
    """
    if record_format.layout == "kobigbird":
        return _undone(*_padded(raw), record_format)
    fields = _integers(raw, record.INPUT_IDS, record.SECOND_SEGMENT)
    ids, second = fields[record.INPUT_IDS], fields[record.SECOND_SEGMENT]
    place = tf.range(tf.shape(ids)[0])
    segment = tf.cast(place >= tf.concat([second, tf.shape(ids)], 0)[0], tf.int32)
    return Sequence(ids, segment)


def parse_stored(raw: tf.Tensor, record_format: RecordFormat) -> tuple[Sequence, StoredMasks]:
    """Reads a record of KoBigBird's with the masks that were stored in it."""
    fields, weights = _padded(raw)
    sequence = _undone(fields, weights, record_format)
    hidden = weights > 0
    shown = fields["input_ids"][: tf.shape(sequence.input_ids)[0]]
    positions, labels = (tf.boolean_mask(fields[f"masked_lm_{name}"], hidden) for name in ("positions", "ids"))
    return sequence, StoredMasks(shown, positions, labels)


def _padded(raw: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
    *names, weights = KOBIGBIRD_FIELDS
    found = tf.io.parse_single_example(raw, {weights: tf.io.RaggedFeature(tf.float32)})
    return _integers(raw, *names), found[weights]


def _undone(fields: dict[str, tf.Tensor], weights: tf.Tensor, record_format: RecordFormat) -> Sequence:
    hidden = weights > 0
    positions = tf.boolean_mask(fields["masked_lm_positions"], hidden)
    labels = tf.boolean_mask(fields["masked_lm_ids"], hidden)
    ids = tf.tensor_scatter_nd_update(fields["input_ids"], positions[:, None], labels)
    # A token may have been hidden behind [PAD] by chance, so the length is known only now; and a text that spells
    # "[PAD]" out has become that token, so only what comes after the last other one is padding.
    length = tf.reduce_max(tf.where(ids == record_format.special_ids.pad, 0, tf.range(1, tf.size(ids) + 1)))
    return Sequence(ids[:length], fields["segment_ids"][:length])


def _integers(raw: tf.Tensor, *names: str) -> dict[str, tf.Tensor]:
    found = tf.io.parse_single_example(raw, {name: tf.io.RaggedFeature(tf.int64) for name in names})
    return {name: tf.cast(values, tf.int32) for name, values in found.items()}
