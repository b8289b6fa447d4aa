import numpy as np
import pytest
import tensorflow as tf

from model.dense_attention import dense_attention

BATCH, HEADS, LENGTH, DEPTH = 2, 3, 12, 5


def random_heads(seed: int = 0, length: int = LENGTH) -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    return [generator.normal(size=(BATCH, HEADS, length, DEPTH)).astype(np.float32) for _ in range(3)]


def by_hand(
    query: np.ndarray,
    key: np.ndarray,
    value: np.ndarray,
    weights: np.ndarray,
    batch: int,
    head: int,
    row: int,
) -> np.ndarray:
    """One query's context in float64, each key weighted as often as `weights` [length] counts it."""
    scores = key[batch, head].astype(np.float64) @ query[batch, head, row] / np.sqrt(DEPTH)
    powers = weights * np.exp(scores)
    return (powers / powers.sum()) @ value[batch, head]


def test_each_query_gets_the_softmax_average_of_the_values_it_may_see():
    query, key, value = random_heads()
    mask = np.ones((BATCH, LENGTH), bool)
    mask[1, 8:] = False

    context = dense_attention(*map(tf.constant, (query, key, value, mask))).numpy()

    for batch, head, row in np.ndindex(BATCH, HEADS, LENGTH):
        expected = by_hand(query, key, value, mask[batch].astype(float), batch, head, row)
        np.testing.assert_allclose(context[batch, head, row], expected, atol=1e-6)


def test_a_block_weighs_as_often_as_it_is_counted():
    query, key, value = random_heads()
    mask = np.ones((BATCH, LENGTH), bool)
    counts = np.random.default_rng(1).integers(0, 4, (HEADS, 3, 3))
    counts[:, :, 1] += 1  # no row without a key

    context = dense_attention(*map(tf.constant, (query, key, value, mask)), counts).numpy()

    for batch, head, row in np.ndindex(BATCH, HEADS, LENGTH):
        expected = by_hand(query, key, value, counts[head, row // 4].repeat(4), batch, head, row)
        np.testing.assert_allclose(context[batch, head, row], expected, atol=1e-6)


def test_what_stands_at_padding_does_not_matter():
    query, key, value = random_heads()
    mask = np.ones((BATCH, LENGTH), bool)
    mask[:, 9:] = False
    other_key, other_value = key.copy(), value.copy()
    other_key[:, :, 9:], other_value[:, :, 9:] = 7.0, -50.0

    context = dense_attention(*map(tf.constant, (query, key, value, mask)))
    other = dense_attention(*map(tf.constant, (query, other_key, other_value, mask)))

    np.testing.assert_array_equal(context, other)


def test_a_sequence_of_nothing_but_padding_gives_numbers():
    query, key, value = random_heads()

    context = dense_attention(*map(tf.constant, (query, key, value, np.zeros((BATCH, LENGTH), bool))))

    np.testing.assert_allclose(context, np.broadcast_to(value.mean(2, keepdims=True), value.shape), atol=1e-5)


@pytest.mark.parametrize(("dtype", "tolerance"), [(tf.float32, 1e-6), (tf.bfloat16, 3e-2)])
def test_the_context_has_the_querys_dtype_and_its_precision(dtype, tolerance):
    heads = random_heads()
    mask = tf.ones((BATCH, LENGTH), tf.bool)

    context = dense_attention(*(tf.cast(values, dtype) for values in heads), mask)

    assert context.dtype == dtype
    np.testing.assert_allclose(tf.cast(context, tf.float32), dense_attention(*heads, mask), atol=tolerance)
