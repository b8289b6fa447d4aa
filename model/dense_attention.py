"""Masked attention in its plain, quadratic form: for short sequences, and to hold the sparse form against."""

import math

import numpy as np
import tensorflow as tf

MASKED = -1e9
"""Added to a score to drop its key; finite, so that a row with no key left stays a number."""


def dense_attention(
    query: tf.Tensor,
    key: tf.Tensor,
    value: tf.Tensor,
    key_mask: tf.Tensor,
    block_counts: np.ndarray | None = None,
) -> tf.Tensor:
    """Attends from every query to every key that is not masked; the softmax runs in float32.

    Args:
      query: [batch, heads, length, depth], float32 or bfloat16; so are key and value.
      key: as query.
      value: as query.
      key_mask: bool [batch, length], False at padding.
      block_counts: [heads, n, n], how often each block of length / n queries sees each block of keys; a key
        seen twice has twice the weight. Everything once when None.

    Returns:
      [batch, heads, length, depth] in the query's dtype.
    """
    scaled = query * (1.0 / math.sqrt(query.shape[-1]))
    scores = tf.cast(tf.matmul(scaled, key, transpose_b=True), tf.float32)
    scores += mask_bias(key_mask)[:, None, None, :]
    if block_counts is not None:
        scores += _count_bias(block_counts, query.shape[2] // block_counts.shape[-1])
    return tf.matmul(tf.cast(tf.nn.softmax(scores), value.dtype), value)


def mask_bias(key_mask: tf.Tensor) -> tf.Tensor:
    """float32, 0 where the mask is True and a large negative number where it is False; same shape."""
    return tf.where(key_mask, 0.0, MASKED)


def _count_bias(block_counts: np.ndarray, block_size: int) -> np.ndarray:
    """float32 [heads, length, length]: e to its power is how often a key counts."""
    bias = np.where(block_counts > 0, np.log(np.maximum(block_counts, 1)), MASKED).astype(np.float32)
    return bias.repeat(block_size, axis=1).repeat(block_size, axis=2)
