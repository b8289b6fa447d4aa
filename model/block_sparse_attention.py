"""Block-sparse attention in time linear in the length: BigBird-ITC (arXiv:2007.14062, section 2, appendix D).

One formulation for all inner rows: gather the key blocks that the plan lists, then one product, one softmax,
one product. What it computes equals `dense_attention` under `plan.as_counts()`.
"""

import math

import tensorflow as tf

from model.attention_plan import AttentionPlan
from model.dense_attention import dense_attention, mask_bias


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
    """Attention of all query blocks but the first and the last.

    Args:
      query_blocks: [batch, heads, n - 2, b, depth].
      key: [batch, heads, length, depth].
      value: as key.
      key_mask: bool [batch, length].
      plan: which key blocks each row sees.

    Returns:
      [batch, heads, n - 2, b, depth].
    """
    scaled = query_blocks * (1.0 / math.sqrt(query_blocks.shape[-1]))
    scores = tf.cast(tf.matmul(scaled, _gather_blocks(key, plan), transpose_b=True), tf.float32)
    scores += _bias(key_mask, plan)
    return tf.matmul(tf.cast(tf.nn.softmax(scores), value.dtype), _gather_blocks(value, plan))


def _gather_blocks(values: tf.Tensor, plan: AttentionPlan) -> tf.Tensor:
    """Sets the blocks that each inner row sees side by side: [batch, heads, n - 2, k * b, depth].

    One gather over heads and blocks together, each block a flat row, is the fastest form on CPU.
    """
    heads, length, depth = values.shape[1:]
    blocks = plan.num_blocks
    table = plan.key_blocks()
    offsets = blocks * tf.range(heads)[:, None, None]
    rows = tf.reshape(values, [-1, heads * blocks, length // blocks * depth])
    gathered = tf.gather(rows, tf.reshape(table + offsets, [-1]), axis=1)
    return tf.reshape(gathered, [-1, heads, blocks - 2, table.shape[2] * (length // blocks), depth])


def _bias(key_mask: tf.Tensor, plan: AttentionPlan) -> tf.Tensor:
    """float32 [batch, heads, n - 2, 1, k * b]: drops padding keys and the entries that do not count."""
    blocks, table = plan.num_blocks, plan.key_blocks()
    size = key_mask.shape[1] // blocks
    mask = tf.gather(tf.reshape(key_mask, [-1, blocks, size]), table, axis=1)
    mask &= plan.counted()[None, None, :, :, None]
    return tf.reshape(mask_bias(mask), [-1, table.shape[0], blocks - 2, 1, table.shape[2] * size])
