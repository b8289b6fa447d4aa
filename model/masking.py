"""Dynamic masking for the masked-LM objective: whole words, in n-grams, drawn from a stateless seed.

A word is a piece without `##` and the `##` pieces after it. Words in a row form units of 1 to n words (shorter ones
likelier, as ALBERT draws them: p(k) proportional to 1/k, arXiv:1909.11942 sec. 3.1); units are taken in random order
until the budget of tokens is spent. Of the tokens taken 80 % become [MASK], 10 % a random piece, 10 % stay (BERT).
"""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from model.config import MaskingConfig
from model.contract.record import SpecialIds


@dataclasses.dataclass(frozen=True)
class PieceTable:
    """What masking needs to know of each vocabulary id."""

    continues: np.ndarray
    """[vocabulary] bool: the piece begins with `##`."""
    special: np.ndarray
    """[vocabulary] bool: never masked, never a replacement."""
    mask: int

    @classmethod
    def from_vocabulary(cls, pieces: Sequence[str], ids: SpecialIds) -> "PieceTable":
        """Reads the table off a vocabulary."""
        special = np.zeros(len(pieces), bool)
        special[[ids.pad, ids.cls, ids.sep, ids.mask, ids.begin, ids.end]] = True
        return cls(np.array([piece.startswith("##") for piece in pieces]), special, ids.mask)


class MaskedSequence(NamedTuple):
    """A sequence with some of its tokens hidden."""

    input_ids: tf.Tensor
    """[length] int32."""
    positions: tf.Tensor
    """[max_predictions] int32, ascending, then zeros."""
    labels: tf.Tensor
    """[max_predictions] int32, what stood there, then zeros."""
    weights: tf.Tensor
    """[max_predictions] float32, 1 where there is a prediction."""


def mask_tokens(input_ids: tf.Tensor, table: PieceTable, config: MaskingConfig, seed: tf.Tensor) -> MaskedSequence:
    """Hides tokens of one sequence.

    Args:
      input_ids: [length] int32, unpadded.
      table: of the vocabulary.
      config: shares and limits.
      seed: [2] int32; the same seed gives the same masks.
    """
    units, order, replacing = tf.unstack(tf.random.experimental.stateless_split(seed, 3))
    unit = unit_of_each_token(input_ids, table, config.max_ngram, units)
    length = tf.shape(input_ids)[0]
    budget = tf.cast(tf.round(config.share * tf.cast(length, tf.float32)), tf.int32)
    hidden = _choose_units(unit, tf.clip_by_value(budget, 1, config.max_predictions), order)
    positions = tf.cast(tf.where(hidden)[:, 0], tf.int32)
    labels = tf.gather(input_ids, positions)
    shown = tf.tensor_scatter_nd_update(input_ids, positions[:, None], _replacements(labels, table, config, replacing))
    rest = config.max_predictions - tf.shape(positions)[0]

    def padded(values: tf.Tensor) -> tf.Tensor:
        return tf.ensure_shape(tf.pad(values, [[0, rest]]), [config.max_predictions])

    weights = tf.ones_like(positions, tf.float32)
    return MaskedSequence(shown, padded(positions), padded(labels), padded(weights))


def unit_of_each_token(input_ids: tf.Tensor, table: PieceTable, max_ngram: int, seed: tf.Tensor) -> tf.Tensor:
    """Numbers the units of 1 to `max_ngram` whole words; [length] int32, -1 at special tokens."""
    special = tf.gather(tf.constant(table.special), input_ids)
    after_special = tf.concat([[True], special[:-1]], 0)
    starts = ~special & (~tf.gather(tf.constant(table.continues), input_ids) | after_special)
    word = tf.cumsum(tf.cast(starts, tf.int32)) - 1
    chances = [[float(np.log(1 / size)) for size in range(1, max_ngram + 1)]]
    words = tf.shape(input_ids)[0]  # as many as there can be: a draw for each, whatever the others are
    sizes = tf.random.stateless_categorical(chances, words, seed, dtype=tf.int32)[0] + 1
    unit = tf.searchsorted(tf.cumsum(sizes), tf.maximum(word, 0), side="right")
    return tf.where(special, -1, unit)


def _choose_units(unit: tf.Tensor, budget: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Takes units in random order as long as their tokens fit the budget; [length] bool."""
    number = tf.reduce_max(unit) + 1
    sizes = tf.math.unsorted_segment_sum(tf.ones_like(unit), unit, number)  # drops the -1 of special tokens
    order = tf.argsort(tf.random.stateless_uniform([number], seed))
    fits = tf.cumsum(tf.gather(sizes, order)) <= budget
    chosen = tf.scatter_nd(order[:, None], fits, [number])
    return (unit >= 0) & tf.gather(tf.concat([chosen, [False]], 0), tf.where(unit >= 0, unit, number))


def _replacements(labels: tf.Tensor, table: PieceTable, config: MaskingConfig, seed: tf.Tensor) -> tf.Tensor:
    which, what = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
    draw = tf.random.stateless_uniform(tf.shape(labels), which)
    ordinary = tf.constant(np.flatnonzero(~table.special), tf.int32)
    index = tf.random.stateless_uniform(tf.shape(labels), what, 0, tf.shape(ordinary)[0], tf.int32)
    swapped = tf.where(draw < config.mask_share + config.random_share, tf.gather(ordinary, index), labels)
    return tf.where(draw < config.mask_share, table.mask, swapped)
