"""Block-sparse attention in the form that the TPU compiler finds cheapest; the result is `block_sparse_attention`'s.

Memory bounds it on a TPU, where a row of memory is 128 lanes wide. So two heads of 64 share a row (`pair_heads`):
queries and keys as [even | odd], values and contexts as [odd | even]. A product takes one head out of the rows by
zeroing the other's lanes in one factor, which is free. The scores of a query are computed in parts that are never
joined: the parts share one softmax, and their contexts add up.

    keys      0 1 2 3 4 5 6 7
    query 0   # # # # # # # #    #  outer: the first and the last block of queries, all keys
          1   e o .   r   r e    o  own: the blocks of a pair (0-1, 2-3, ...), the keys of the same pair
          2   e . o o r     e    .  far: the neighbour outside the pair, and
          3   e   o o . r r e    r       the random blocks, so that one listed twice counts twice
          4   e r r   o o . e    e  ends: the first and the last block of keys

An odd number of blocks makes no pairs: `own` is the block alone, both neighbours are far. Far blocks are copied from a
table with rows [key | value] for even heads and [value | key] for odd ones, so one copy serves both products. The
backward pass is written by hand: it starts from the scores, kept in the inputs' dtype, and brings the gradients of far
blocks home by a product with a 0/1 matrix, for a TPU has no fast scatter.
"""

import dataclasses
import functools
import math
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np
import tensorflow as tf
from tensorflow.compiler.tf2xla.ops import gen_xla_ops

from model.attention_plan import AttentionPlan
from model.dense_attention import MASKED, mask_bias

Named: TypeAlias = dict[str, tf.Tensor]  # by part
Parts: TypeAlias = "dict[str, _Part]"

NOT_A_BLOCK = -1
CLOSED = 1e30  # the log-sum of a row that is not a part's own: its weights there become exactly 0


def packed_attention(
    query: tf.Tensor, key: tf.Tensor, value: tf.Tensor, key_mask: tf.Tensor, plan: AttentionPlan
) -> tf.Tensor:
    """Attends from every query to the keys of its blocks in the plan. Compiles with XLA only (`jit_compile=True`).

    Args:
      query: [batch, pairs, length, lanes] as `pair_heads` lays heads out, float32 or bfloat16, of static length.
      key: as query.
      value: [batch, pairs, length, lanes], the heads of each pair swapped.
      key_mask: bool [batch, length], False at padding.
      plan: for as many heads as the pairs hold, and as many blocks as tile the length.

    Returns:
      [batch, pairs, length, lanes], swapped as the value is; zeros for a query whose keys are all padding.
    """
    layout = _layout(query.shape, plan)
    parts = _parts(layout)
    biases = _biases(key_mask, layout)

    @tf.custom_gradient
    def attend(query: tf.Tensor, key: tf.Tensor, value: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        inputs = (query, key, value, _gather(key, value, layout))
        scores, log_sums, context = _forward(parts, biases, inputs)

        def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, ...]:
            # The barrier keeps the compiler from saving more than these, or these in float32.
            saved = (inputs, scores, log_sums)
            barred = gen_xla_ops.xla_optimization_barrier(tf.nest.flatten(saved))
            return _gradients(parts, upstream, context, *tf.nest.pack_sequence_as(saved, barred))

        return context, gradient

    return attend(query, key, value)


def pair_heads(values: tf.Tensor, heads: int, swapped: bool = False) -> tf.Tensor:
    """Lays two heads side by side; where their number is odd each gets a row alone, with as many zeros.

    Args:
      values: [..., heads * depth], static; best a kernel and a bias, which then yield pairs at no cost.
      heads: how many.
      swapped: for values and contexts, whose pairs stand as [odd | even].

    Returns:
      [..., pairs, 2 * depth].
    """
    in_pair = 2 - heads % 2
    apart = tf.reshape(values, [*values.shape[:-1], heads // in_pair, in_pair, values.shape[-1] // heads])
    if in_pair == 1:
        apart = tf.concat([apart, tf.zeros_like(apart)], axis=-2)
    if swapped:
        apart = tf.reverse(apart, axis=[-2])
    return tf.reshape(apart, [*apart.shape[:-2], 2 * apart.shape[-1]])


class _Layout(NamedTuple):
    """Static sizes and tables."""

    length: int  # tokens of the sequence, of a block, and of a pair of blocks
    block: int
    own: int
    at_ends: np.ndarray  # bool [length], True in the first and the last block
    query_lanes: np.ndarray  # float32 [in_pair, 1, lanes], the scores' scale in each head's lanes of queries and keys
    value_lanes: np.ndarray  # the same for values and contexts, with 1 for the scale
    far_blocks: np.ndarray  # int [pairs, in_pair, blocks, far], what a block of queries looks up, or NOT_A_BLOCK


def _layout(shape: tf.TensorShape, plan: AttentionPlan) -> _Layout:
    _, pairs, length, lanes = shape
    heads, blocks = plan.random_blocks.shape[0], plan.num_blocks
    row = np.arange(1, blocks - 1)[:, None]
    near = np.concatenate([row - 1, row + 1], 1) if blocks % 2 else row - 1 + row % 2 * 2
    near[(near == 0) | (near == blocks - 1)] = NOT_A_BLOCK  # it counts in `ends`
    far_blocks = np.concatenate([np.tile(near, (heads, 1, 1)), plan.random_blocks], axis=2)
    far_blocks = np.pad(far_blocks, [(0, 0), (1, 1), (0, 0)], constant_values=NOT_A_BLOCK)
    far_blocks = far_blocks.reshape(pairs, heads // pairs, blocks, -1)
    block, at_ends = length // blocks, np.isin(np.arange(blocks), [0, blocks - 1])
    half = (np.arange(lanes) * 2 // lanes == np.arange(heads // pairs)[:, None, None]).astype(np.float32)
    scaled = half * np.float32(math.sqrt(2 / lanes))
    return _Layout(length, block, block * (2 - blocks % 2), at_ends.repeat(block), scaled, 1 - half, far_blocks)


@dataclasses.dataclass(frozen=True)
class _Part:
    """One part of the scores: [batch, groups, in_pair, queries, keys]; pairs, times groups of tokens within each.

    Letters of the products: b batch, g groups, h heads of a pair, q queries, k keys, l lanes.
    """

    layout: _Layout
    groups: int = 1  # of the tokens
    keys_per_head: bool = False  # as the far blocks are; else both heads' keys share their rows
    end_queries: bool = False  # only those of the first and the last block
    end_keys: bool = False

    def queries(self, values: tf.Tensor, lanes: np.ndarray) -> tf.Tensor:
        """[batch, pairs, length, lanes] to [batch, groups, in_pair, queries, lanes], one head in each."""
        return self.grouped(values, self.end_queries)[:, :, None] * tf.constant(lanes, values.dtype)

    def keys(self, values: tf.Tensor, far: tf.Tensor) -> tf.Tensor:
        """[batch, pairs, length, lanes] to [batch, groups, keys, lanes]; the far blocks as they are."""
        return far if self.keys_per_head else self.grouped(values, self.end_keys)

    def rows(self, statistic: tf.Tensor) -> tf.Tensor:
        """[batch, pairs, in_pair, queries] to what broadcasts over scores."""
        _, pairs, in_pair, queries = statistic.shape
        apart = tf.reshape(statistic, [-1, pairs, in_pair, self.groups, queries // self.groups])
        return tf.reshape(tf.transpose(apart, [0, 1, 3, 2, 4]), [-1, pairs * self.groups, in_pair, apart.shape[4], 1])

    def reduce(self, reduction: Callable[..., tf.Tensor], scores: tf.Tensor) -> tf.Tensor:
        """Reduces scores over keys, to [batch, pairs, in_pair, queries]."""
        _, groups, in_pair, queries, _ = scores.shape
        apart = tf.reshape(reduction(scores, axis=-1), [-1, groups // self.groups, self.groups, in_pair, queries])
        return tf.reshape(tf.transpose(apart, [0, 1, 3, 2, 4]), [-1, apart.shape[1], in_pair, self.groups * queries])

    def product(self, queries: tf.Tensor, keys: tf.Tensor) -> tf.Tensor:
        """Each head's queries times its keys, laid out as scores."""
        return tf.einsum("bghql,bghkl->bghqk" if self.keys_per_head else "bghql,bgkl->bghqk", queries, keys)

    def mix(self, weights: tf.Tensor, keys: tf.Tensor, lanes: np.ndarray) -> tf.Tensor:
        """Sums of weighted keys, in the order of all queries: [batch, pairs, length, lanes]."""
        lanes = tf.constant(lanes, keys.dtype)
        if self.groups == 1:
            mixed = tf.reduce_sum(tf.einsum("bghqk,bgkl->bghql", weights, keys) * lanes, axis=2)
        else:
            keys = (keys if self.keys_per_head else keys[:, :, None]) * lanes
            mixed = tf.einsum("bghqk,bghkl->bgql", weights, keys)
        return self._whole(mixed, self.end_queries)

    def mix_queries(self, weights: tf.Tensor, queries: tf.Tensor) -> tf.Tensor:
        """Sums of weighted queries, in the order of all keys; those of far blocks stay as they are."""
        if self.keys_per_head:
            return tf.einsum("bghqk,bghql->bghkl", weights, queries)
        return self._whole(tf.einsum("bghqk,bghql->bgkl", weights, queries), self.end_keys)

    def grouped(self, values: tf.Tensor, ends: bool = False) -> tf.Tensor:
        """[batch, pairs, length, lanes] to [batch, groups, tokens, lanes], of all tokens or those of both ends."""
        values = _ends(values, self.layout, axis=2) if ends else values
        _, pairs, tokens, lanes = values.shape
        return tf.reshape(values, [-1, pairs * self.groups, tokens // self.groups, lanes])

    def _whole(self, values: tf.Tensor, ends: bool) -> tf.Tensor:
        """The other way, with zeros for the tokens that are not of the ends."""
        _, groups, tokens, lanes = values.shape
        values = tf.reshape(values, [-1, groups // self.groups, tokens * self.groups, lanes])
        if not ends:
            return values
        first, last = tf.split(values, 2, axis=2)
        kept, others = [0, 0], [0, self.layout.length - self.layout.block]
        return tf.pad(first, [kept, kept, others, kept]) + tf.pad(last, [kept, kept, others[::-1], kept])


def _parts(layout: _Layout) -> Parts:
    """The four parts, as the picture above has them."""
    return {
        "own": _Part(layout, groups=layout.length // layout.own),
        "far": _Part(layout, groups=layout.length // layout.block, keys_per_head=True),
        "ends": _Part(layout, end_keys=True),
        "outer": _Part(layout, end_queries=True),
    }


def _ends(values: tf.Tensor, layout: _Layout, axis: int) -> tf.Tensor:
    """The first and the last block along an axis of tokens."""
    first, _, last = tf.split(values, [layout.block, layout.length - 2 * layout.block, layout.block], axis)
    return tf.concat([first, last], axis)


def _biases(key_mask: tf.Tensor, layout: _Layout) -> Named:
    """What each part adds to its scores, float32: drops padding keys, and entries that do not count."""
    pairs, in_pair, blocks, far = layout.far_blocks.shape
    own = tf.tile((key_mask & ~layout.at_ends)[:, None], [1, pairs, 1])  # the others count in `ends`
    found = tf.reshape(tf.cast(key_mask, tf.float32), [-1, blocks, layout.block])
    found = tf.einsum("phnfm,bms->bpnhfs", tf.one_hot(layout.far_blocks, blocks), found)
    return {
        "own": mask_bias(tf.reshape(own, [-1, pairs * layout.length // layout.own, 1, 1, layout.own])),
        "far": mask_bias(tf.reshape(found, [-1, pairs * blocks, in_pair, 1, far * layout.block]) > 0.5),
        "ends": mask_bias(_ends(key_mask, layout, axis=1))[:, None, None, None],
        "outer": mask_bias(key_mask)[:, None, None, None],
    }


def _gather(key: tf.Tensor, value: tf.Tensor, layout: _Layout) -> tf.Tensor:
    """Copies the far blocks: [batch, pairs * blocks, in_pair, far * block, lanes], a head's key and value in a row."""
    pairs, in_pair, blocks, far = layout.far_blocks.shape
    table = tf.where(layout.query_lanes > 0, key[:, :, None], value[:, :, None])
    table = tf.reshape(table, [-1, layout.block, key.shape[3]])
    offsets = blocks * np.arange(pairs * in_pair).reshape(pairs, in_pair, 1, 1)
    rows = (np.maximum(layout.far_blocks, 0) + offsets).transpose(0, 2, 1, 3).astype(np.int32)
    # A gather along the second axis would transpose the table; so the batch counts in the rows.
    first_rows = pairs * in_pair * blocks * tf.range(tf.shape(key)[0])
    gathered = tf.gather(table, tf.reshape(first_rows[:, None] + rows.reshape(-1), [-1]))
    return tf.reshape(gathered, [-1, pairs * blocks, in_pair, far * layout.block, key.shape[3]])


def _forward(parts: Parts, biases: Named, inputs: tuple[tf.Tensor, ...]) -> tuple[Named, Named, tf.Tensor]:
    """Scores and log-sums, to save, and the context."""
    query, key, value, far = inputs
    layout, scores = parts["own"].layout, {}
    for name, part in parts.items():
        product = part.product(part.queries(query, layout.query_lanes), part.keys(key, far))
        scores[name] = tf.cast(tf.cast(product, tf.float32) + biases[name], query.dtype)
    log_sums = _log_sums(parts, scores)
    context = tf.zeros([], value.dtype)
    for name, part in parts.items():
        weights = tf.exp(tf.cast(scores[name], tf.float32) - part.rows(log_sums[name]))
        context += part.mix(tf.cast(weights, value.dtype), part.keys(value, far), layout.value_lanes)
    return scores, log_sums, context


def _log_sums(parts: Parts, scores: Named) -> Named:
    """The logarithm of each softmax's denominator: float32 [batch, pairs, in_pair, queries] for every part."""

    def log_sum(*names: str) -> tf.Tensor:
        exact = {name: tf.cast(scores[name], tf.float32) for name in names}
        top = functools.reduce(tf.maximum, [parts[name].reduce(tf.reduce_max, exact[name]) for name in names])
        top = tf.maximum(top, MASKED / 2)  # so that masked keys weigh nothing even where there are no others
        weights = {name: tf.exp(exact[name] - parts[name].rows(top)) for name in names}
        total = tf.add_n([parts[name].reduce(tf.reduce_sum, weights[name]) for name in names])
        return top + tf.math.log(total + 1e-30)

    inner = log_sum("own", "far", "ends") + CLOSED * parts["own"].layout.at_ends.astype(np.float32)
    return {"own": inner, "far": inner, "ends": inner, "outer": log_sum("outer")}


def _gradients(
    parts: Parts, upstream: tf.Tensor, context: tf.Tensor, inputs: tuple[tf.Tensor, ...], scores: Named, log_sums: Named
) -> tuple[tf.Tensor, ...]:
    """The gradients of query, key and value."""
    query, key, value, far = inputs
    layout, dtype = parts["own"].layout, query.dtype
    pulled = tf.cast(upstream, tf.float32) * tf.cast(context, tf.float32)
    # What a weight's gradient is on average in its row. Apart by head, the sums join the product that makes upstream.
    mean = tf.stack([tf.reduce_sum(pulled * lanes, -1) for lanes in layout.value_lanes], axis=2)
    gradients = [tf.zeros([], dtype)] * 3
    for name, part in parts.items():
        weights = tf.exp(tf.cast(scores[name], tf.float32) - part.rows(log_sums[name]))
        product = part.product(part.queries(upstream, layout.value_lanes), part.keys(value, far))
        row_mean = part.rows(_ends(mean, layout, axis=3) if part.end_queries else mean)
        of_scores = tf.cast(weights * (tf.cast(product, tf.float32) - row_mean), dtype)
        if part.keys_per_head:
            of_key, of_value = _far_gradients(part, of_scores, scores[name], log_sums[name], query, upstream)
        else:
            of_key = part.mix_queries(of_scores, part.queries(query, layout.query_lanes))
            of_value = part.mix_queries(tf.cast(weights, dtype), part.queries(upstream, layout.value_lanes))
        of_query = part.mix(of_scores, part.keys(key, far), layout.query_lanes)
        gradients = [total + new for total, new in zip(gradients, (of_query, of_key, of_value), strict=True)]
    return tuple(gradients)


def _far_gradients(
    part: _Part, of_scores: tf.Tensor, scores: tf.Tensor, log_sums: tf.Tensor, query: tf.Tensor, upstream: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """What far blocks give key and value, by one product of [gradients of scores; weights] and [queries; upstream]."""
    layout, dtype = part.layout, query.dtype
    above = np.arange(2 * layout.block)[:, None] < layout.block
    rows = part.rows(log_sums)
    stacked = tf.cast(tf.concat([of_scores, scores], -2), tf.float32)
    weights = tf.exp(stacked - tf.concat([tf.zeros_like(rows), rows], -2))
    both = tf.concat([part.grouped(query), part.grouped(upstream)], -2)[:, :, None]
    both *= tf.constant(np.where(above, layout.query_lanes, layout.value_lanes), dtype)
    packed = part.mix_queries(tf.cast(tf.where(above, stacked, weights), dtype), both)
    pairs, in_pair, blocks, found = layout.far_blocks.shape
    packed = tf.reshape(packed, [-1, pairs, blocks, in_pair, found, layout.block, packed.shape[4]])
    home = tf.einsum("phnfm,bpnhfsl->bphmsl", tf.one_hot(layout.far_blocks, blocks, dtype=dtype), packed)
    home = tf.reshape(home, [-1, pairs, in_pair, layout.length, packed.shape[6]])
    first, second = (tf.constant(lanes != 0, dtype) for lanes in (layout.query_lanes, layout.value_lanes))
    return tf.reduce_sum(home * first, 2), tf.reduce_sum(home * second, 2)
