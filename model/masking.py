"""Dynamic masking for the masked-LM objective: whole words, in n-grams, drawn from a stateless seed.

A word is a piece without `##` and the `##` pieces after it. From the beginning of each segment on, words are grouped
into grams of 1 to n words, the length k drawn with weight 1/k (as ALBERT does, arXiv:1909.11942, sec. 3.1, and
KoBigBird's create_pretraining_data.py); a segment's end cuts its last gram off. The budget of tokens is `share` of the
sequence, special tokens included. The grams are laid in random order on a circle, and those are taken that begin within
an arc of so many tokens, anywhere on it: so each has the same chance, whatever its length, and on average exactly the
budget is hidden, now a token more, now one less. Only a gram for which `max_predictions` leaves no room is not taken:
as published, 640 for a budget of 614, that takes one of more than 26 tokens; where the two are equal, two to three
tokens fewer than the budget are hidden on average. Of the grams taken 80 % become [MASK], in 10 % each token becomes a
random piece of its own, 10 % stay.

The original draws grams that may overlap, and drops those that do or that no longer fit the budget. So it hides the
budget exactly, but long grams are rarer than their weights say (docs/reading.md); here they are as frequent as that.
"""

import dataclasses
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from model.config import MaskingConfig
from model.contract.record import SpecialIds

_UNUSED = re.compile(r"\[unused\d+\]")


@dataclasses.dataclass(frozen=True)
class PieceTable:
    """What masking needs to know of each vocabulary id."""

    continues: np.ndarray
    """[vocabulary] bool: the piece begins with `##`."""
    special: np.ndarray
    """[vocabulary] bool: never masked; [UNK], too, from which nothing could be learnt."""
    replacements: np.ndarray
    """[pieces] int64: the ids of those that a token may be replaced by; none special, none "[unused1]"."""
    mask: int

    @classmethod
    def from_vocabulary(cls, pieces: Sequence[str], ids: SpecialIds) -> "PieceTable":
        """Reads the table off a vocabulary."""
        special = np.isin(np.arange(len(pieces)), ids.all)
        unused = np.array([_UNUSED.fullmatch(piece) is not None for piece in pieces])
        continues = np.array([piece.startswith("##") for piece in pieces])
        return cls(continues, special, np.flatnonzero(~special & ~unused), ids.mask)


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
    sizes, order, replacing = tf.unstack(tf.random.experimental.stateless_split(seed, 3))
    gram = gram_of_each_token(input_ids, table, config.max_ngram, sizes)
    length = tf.shape(input_ids)[0]
    budget = tf.cast(tf.round(config.share * tf.cast(length, tf.float32)), tf.int32)
    budget = tf.clip_by_value(budget, 1, config.max_predictions)
    hidden = _choose_grams(gram, budget, config.max_predictions, order)
    positions = tf.cast(tf.where(hidden)[:, 0], tf.int32)
    labels = tf.gather(input_ids, positions)
    replaced = _replacements(labels, tf.gather(gram, positions), table, config, replacing)
    shown = tf.tensor_scatter_nd_update(input_ids, positions[:, None], replaced)
    return padded_predictions(shown, positions, labels, config)


def padded_predictions(
    shown: tf.Tensor, positions: tf.Tensor, labels: tf.Tensor, config: MaskingConfig
) -> MaskedSequence:
    """What is hidden, filled up to as many predictions as there may be.

    Args:
      shown: [length] int32, the ids as the model sees them.
      positions: [predictions] int32, of what is hidden.
      labels: [predictions] int32, what stood there.
      config: says how many there may be.
    """
    rest = config.max_predictions - tf.shape(positions)[0]

    def padded(values: tf.Tensor) -> tf.Tensor:
        return tf.ensure_shape(tf.pad(values, [[0, rest]]), [config.max_predictions])

    return MaskedSequence(shown, padded(positions), padded(labels), padded(tf.ones_like(positions, tf.float32)))


def gram_of_each_token(input_ids: tf.Tensor, table: PieceTable, max_ngram: int, seed: tf.Tensor) -> tf.Tensor:
    """Numbers the grams of 1 to `max_ngram` whole words from left to right; [length] int32, -1 at special tokens."""
    special = tf.gather(tf.constant(table.special), input_ids)
    after_special = tf.concat([[True], special[:-1]], 0)
    starts = ~special & (~tf.gather(tf.constant(table.continues), input_ids) | after_special)
    word = tf.cumsum(tf.cast(starts, tf.int32)) - 1
    first_in_segment = tf.boolean_mask(after_special, starts)
    gram = tf.cumsum(tf.cast(_first_in_gram(first_in_segment, max_ngram, seed), tf.int32)) - 1
    # A sequence of nothing but special tokens has no gram to look up.
    return tf.where(special, -1, tf.gather(tf.concat([gram, [-1]], 0), tf.maximum(word, 0)))


def _first_in_gram(first_in_segment: tf.Tensor, max_ngram: int, seed: tf.Tensor) -> tf.Tensor:
    """Which words begin a gram; [words] bool, as what it takes. Each segment lays the sizes drawn at its own words."""
    words = tf.shape(first_in_segment)[0]
    chances = [[float(np.log(1 / size)) for size in range(1, max_ngram + 1)]]
    sizes = tf.random.stateless_categorical(chances, words, seed, dtype=tf.int32)[0] + 1
    segment = tf.cumsum(tf.cast(first_in_segment, tf.int32)) - 1
    segments = tf.where(first_in_segment)[:, 0]
    begins = tf.gather(segments, segment)  # [words] int64, the first word of each word's segment
    before = tf.cumsum(sizes, exclusive=True)
    laid = tf.cast(tf.cumsum(sizes) - tf.gather(before, begins), tf.int64)  # by its segment's grams up to this one
    following = begins + laid
    behind = tf.gather(tf.concat([begins, [-1]], 0), tf.minimum(following, tf.cast(words, tf.int64)))
    within = tf.ensure_shape(tf.equal(behind, begins), [None])
    marks = tf.boolean_mask(following, within)[:, None]
    marked = tf.scatter_nd(marks, tf.ones_like(marks[:, 0]), tf.cast(words, tf.int64)[None])
    return first_in_segment | (marked > 0)


def _choose_grams(gram: tf.Tensor, budget: tf.Tensor, most: int, seed: tf.Tensor) -> tf.Tensor:
    """Takes grams whose tokens come to the budget on average, and never to more than `most`; [length] bool."""
    number = tf.maximum(tf.reduce_max(gram) + 1, 0)
    sizes = tf.math.unsorted_segment_sum(tf.ones_like(gram), gram, number)  # drops the -1 of special tokens
    by_chance, turn = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
    order = tf.argsort(tf.random.stateless_uniform([number], by_chance))
    ordered = tf.gather(sizes, order)
    around = tf.maximum(tf.reduce_sum(ordered), 1)
    turned = tf.random.stateless_uniform([], turn, 0, around, tf.int32)
    begins = tf.math.floormod(tf.cumsum(ordered, exclusive=True) - turned, around)
    taken = (begins < budget) & (begins + ordered <= most)
    chosen = tf.scatter_nd(order[:, None], taken, [number])
    return (gram >= 0) & tf.gather(tf.concat([chosen, [False]], 0), tf.where(gram >= 0, gram, number))


def _replacements(
    labels: tf.Tensor, gram: tf.Tensor, table: PieceTable, config: MaskingConfig, seed: tf.Tensor
) -> tf.Tensor:
    """What stands at the hidden positions; each gram has one fate."""
    which, what = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
    fates = tf.random.stateless_uniform([tf.reduce_max(tf.concat([gram, [0]], 0)) + 1], which)
    fate = tf.gather(fates, gram)
    ordinary = tf.constant(table.replacements, tf.int32)
    index = tf.random.stateless_uniform(tf.shape(labels), what, 0, tf.shape(ordinary)[0], tf.int32)
    swapped = tf.where(fate < config.mask_share + config.random_share, tf.gather(ordinary, index), labels)
    return tf.where(fate < config.mask_share, table.mask, swapped)
