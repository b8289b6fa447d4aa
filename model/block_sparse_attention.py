"""Block-sparse attention in time linear in the length: BigBird-ITC (arXiv:2007.14062, section 2, appendix D).

One formulation for all inner rows: gather the key blocks that the plan lists, then one product, one softmax,
one product. What it computes equals `dense_attention` under `plan.as_counts()`.

Scores stand transposed, keys before queries: so that only two of the six products have an operand to transpose, which
XLA's products on CPU pay for, and sums over keys run along vectors. The gradient keeps one tensor of the scores' size.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from model.attention_plan import AttentionPlan
from model.dense_attention import dense_attention, mask_bias
from model.recompute import computed_anew

HEADS_AT_ONCE = 2
"""At 4,096 tokens all twelve heads at once would take three times the memory, and on CPU no less time."""

Gradient = Callable[[tf.Tensor], tuple[tf.Tensor, ...]]


def block_sparse_attention(
    query: tf.Tensor, key: tf.Tensor, value: tf.Tensor, key_mask: tf.Tensor, plan: AttentionPlan
) -> tf.Tensor:
    """Attends from every query to the keys of its blocks in the plan; the softmax runs in float32.

    Args:
      query: [batch, heads, length, depth], float32 or bfloat16, of static length; so are key and value.
      key: as query.
      value: as query.
      key_mask: bool [batch, length], False at padding.
      plan: for this many heads, and as many blocks as tile the length.

    Returns:
      [batch, heads, length, depth] in the query's dtype.
    """
    heads, length, depth = query.shape[1:]
    blocks = plan.num_blocks
    size = length // blocks
    query_blocks = tf.reshape(query, [-1, heads, blocks, size, depth])
    inner = _inner_rows(query_blocks[:, :, 1:-1], key, value, key_mask, plan)
    outer_query = tf.concat([query_blocks[:, :, 0], query_blocks[:, :, -1]], axis=2)
    first, last = tf.split(dense_attention(outer_query, key, value, key_mask), 2, axis=2)
    return tf.concat([first, tf.reshape(inner, [-1, heads, length - 2 * size, depth]), last], axis=2)


def _inner_rows(
    query_blocks: tf.Tensor, key: tf.Tensor, value: tf.Tensor, key_mask: tf.Tensor, plan: AttentionPlan
) -> tf.Tensor:
    """Attention of all query blocks but the first and the last, a few heads after the other.

    Args:
      query_blocks: [batch, heads, n - 2, b, depth].
      key: [batch, heads, length, depth].
      value: as key.
      key_mask: bool [batch, length].
      plan: which key blocks each row sees.

    Returns:
      [batch, heads, n - 2, b, depth].
    """
    parts = [_Part(key_mask, few) for few in plan.split(HEADS_AT_ONCE)]

    @tf.custom_gradient
    def attend(query: tf.Tensor, key: tf.Tensor, value: tf.Tensor) -> tuple[tf.Tensor, Gradient]:
        shares = list(zip(*(_of_parts(each, parts) for each in (query, key, value)), strict=True))
        done: list[_Attended] = []
        for part, (queries, keys, values) in zip(parts, shares, strict=True):
            # What is made for some heads is out of memory before the next ones begin.
            after = computed_anew(done[-1].context, keys, values) if done else [keys, values]
            done.append(part.attend(queries, *after))

        def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, ...]:
            gradients: list[tuple[tf.Tensor, ...]] = []
            for part, share, attended, above in zip(parts, shares, done, _of_parts(upstream, parts), strict=True):
                kept = computed_anew(gradients[-1][0] if gradients else upstream, *share)
                gradients.append(part.gradient(above, attended, *kept))
            return tuple(tf.concat(each, axis=1) for each in zip(*gradients, strict=True))

        return tf.concat([each.context for each in done], axis=1), gradient

    return attend(query_blocks * (1.0 / math.sqrt(query_blocks.shape[-1])), key, value)


class _Attended(NamedTuple):
    """What some heads attended to, and what their gradient needs of it."""

    weights: tf.Tensor
    """[batch, heads, n - 2, k * b, b], of keys for queries, not divided by their sum."""
    total: tf.Tensor
    """[batch, heads, n - 2, b, 1], their sum."""
    context: tf.Tensor
    """[batch, heads, n - 2, b, depth]."""


class _Part:
    """Attention of some heads, in the shapes of `_inner_rows`; queries are scaled."""

    def __init__(self, key_mask: tf.Tensor, plan: AttentionPlan) -> None:
        self.plan = plan
        self._bias = _bias(key_mask, plan)

    def attend(self, query: tf.Tensor, key: tf.Tensor, value: tf.Tensor) -> _Attended:
        keys, values = (_gather_blocks(blocks, self.plan) for blocks in (key, value))
        scores = tf.cast(tf.matmul(keys, query, transpose_b=True), tf.float32) + self._bias
        weights = tf.exp(scores - tf.reduce_max(scores, axis=-2, keepdims=True))
        total = tf.cast(tf.reduce_sum(weights, axis=-2)[..., None], value.dtype)
        weights = tf.cast(weights, value.dtype)
        # Dividing the context rather than the weights divides an eighth of the values.
        return _Attended(weights, total, tf.matmul(weights, values, transpose_a=True) / total)

    def gradient(
        self, upstream: tf.Tensor, attended: _Attended, query: tf.Tensor, key: tf.Tensor, value: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """By query, key and value."""
        weights, total, context = attended
        keys, values = (_gather_blocks(blocks, self.plan) for blocks in (key, value))
        share = upstream / total
        mean = tf.reduce_sum(share * context, axis=-1)[..., None, :]
        by_scores = weights * (tf.matmul(values, share, transpose_b=True) - mean)
        return (
            tf.matmul(by_scores, keys, transpose_a=True),
            _add_up_blocks(tf.matmul(by_scores, query), self.plan),
            _add_up_blocks(tf.matmul(weights, share), self.plan),
        )


def _of_parts(values: tf.Tensor, parts: Sequence[_Part]) -> list[tf.Tensor]:
    """Cuts [batch, heads, ...] into the heads of each part."""
    return list(tf.split(values, [len(part.plan.random_blocks) for part in parts], axis=1))


def _gather_blocks(values: tf.Tensor, plan: AttentionPlan) -> tf.Tensor:
    """Sets the blocks that each inner row sees one after the other: [batch, heads, n - 2, k * b, depth].

    One gather over batch, heads and blocks together, each block a flat row, is the fastest form on CPU.
    """
    heads, length, depth = values.shape[1:]
    size = length // plan.num_blocks
    blocks = tf.gather(tf.reshape(values, [-1, size * depth]), _places(tf.shape(values)[0], plan))
    return tf.reshape(blocks, [-1, heads, plan.num_blocks - 2, plan.key_blocks().shape[2] * size, depth])


def _add_up_blocks(gathered: tf.Tensor, plan: AttentionPlan) -> tf.Tensor:
    """The gradient of `_gather_blocks`: each block is the sum over the rows that see it."""
    heads, _, seen, depth = gathered.shape[1:]
    batch, size = tf.shape(gathered)[0], seen // plan.key_blocks().shape[2]
    blocks = tf.reshape(gathered, [-1, size * depth])
    added = tf.math.unsorted_segment_sum(blocks, _places(batch, plan), batch * heads * plan.num_blocks)
    return tf.reshape(added, [-1, heads, plan.num_blocks * size, depth])


def _places(batch: tf.Tensor, plan: AttentionPlan) -> tf.Tensor:
    """Where the plan's key blocks lie among all blocks of all heads of the batch: int32 [batch * entries]."""
    table = plan.key_blocks()
    heads, blocks = len(table), plan.num_blocks
    within = (table + blocks * np.arange(heads, dtype=np.int32)[:, None, None]).reshape(1, -1)
    return tf.reshape(within + heads * blocks * tf.range(batch)[:, None], [-1])


def _bias(key_mask: tf.Tensor, plan: AttentionPlan) -> tf.Tensor:
    """float32 [batch, heads, n - 2, k * b, 1]: drops padding keys and the entries that do not count."""
    blocks, table = plan.num_blocks, plan.key_blocks()
    size = key_mask.shape[1] // blocks
    mask = tf.gather(tf.reshape(key_mask, [-1, blocks, size]), table, axis=1)
    mask &= plan.counted()[None, None, :, :, None]
    return tf.reshape(mask_bias(mask), [-1, table.shape[0], blocks - 2, table.shape[2] * size, 1])
