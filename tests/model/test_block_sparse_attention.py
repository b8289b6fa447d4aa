import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from model.attention_plan import AttentionPlan, attention_plan
from model.block_sparse_attention import block_sparse_attention
from model.config import EncoderConfig
from model.dense_attention import dense_attention

HEADS, DEPTH = 3, 8
TOLERANCE = 2e-5  # of contexts up to 8, in float32; one wrongly counted block shows as 1e-2


def random_heads(length: int, batch: int = 2, seed: int = 0) -> list[tf.Tensor]:
    generator = np.random.default_rng(seed)
    shape = (batch, HEADS, length, DEPTH)
    return [tf.constant(generator.normal(size=shape, scale=2.0), tf.float32) for _ in range(3)]


def mask_with_padding(length: int, padding: int) -> tf.Tensor:
    mask = np.ones((2, length), bool)
    mask[1, length - padding :] = False
    return tf.constant(mask)


def published_plan(plan: str, length: int, **changes: int) -> AttentionPlan:
    config = EncoderConfig(hidden_size=HEADS * DEPTH, heads=HEADS, plan=plan, **changes)
    return attention_plan(config, 2, length // config.block_size)


@pytest.mark.parametrize("plan", ["transformers", "google", "uniform"])
@pytest.mark.parametrize(("length", "block_size"), [(1024, 64), (1024, 32), (1216, 64), (2048, 64)])
def test_it_equals_dense_attention_under_the_same_plan(plan, length, block_size):
    drawn = published_plan(plan, length, block_size=block_size)
    heads, mask = random_heads(length), mask_with_padding(length, 150)

    sparse = block_sparse_attention(*heads, mask, drawn)

    np.testing.assert_allclose(sparse, dense_attention(*heads, mask, drawn.as_counts()), atol=TOLERANCE)


def test_a_block_that_the_plan_repeats_counts_twice_and_that_can_be_seen():
    drawn = published_plan("transformers", 1024)
    heads, mask = random_heads(1024), mask_with_padding(1024, 0)

    sparse = block_sparse_attention(*heads, mask, drawn)
    counted_once = dense_attention(*heads, mask, drawn.as_mask().astype(np.int32))

    assert drawn.as_counts().max() == 2
    assert np.abs(sparse - counted_once).max() > 1e-2


@settings(max_examples=25, deadline=None)
@given(
    random_blocks=st.integers(6, 9).flatmap(
        lambda n: arrays.arrays(np.int32, (HEADS, n - 2, 2), elements=st.integers(0, n - 1))
    ),
    padding=st.integers(0, 20),
    seed=st.integers(0, 1000),
)
def test_it_equals_dense_attention_whatever_blocks_a_plan_lists(random_blocks, padding, seed):
    drawn = AttentionPlan(random_blocks)
    length = drawn.num_blocks * 4
    heads, mask = random_heads(length, seed=seed), mask_with_padding(length, padding)

    sparse = block_sparse_attention(*heads, mask, drawn)

    np.testing.assert_allclose(sparse, dense_attention(*heads, mask, drawn.as_counts()), atol=TOLERANCE)


@pytest.mark.parametrize("plan", ["transformers", "uniform"])
def test_its_gradients_are_finite_and_those_of_dense_attention(plan):
    drawn = published_plan(plan, 1024)
    heads, mask = random_heads(1024), mask_with_padding(1024, 100)

    def gradients(attend):
        with tf.GradientTape() as tape:
            tape.watch(heads)
            loss = tf.reduce_sum(attend() ** 2)
        return tape.gradient(loss, heads)

    sparse = gradients(lambda: block_sparse_attention(*heads, mask, drawn))
    dense = gradients(lambda: dense_attention(*heads, mask, drawn.as_counts()))

    for ours, twins in zip(sparse, dense, strict=True):
        assert np.isfinite(ours).all()
        np.testing.assert_allclose(ours, twins, atol=2e-5 * float(tf.reduce_max(tf.abs(twins))))


def test_xla_computes_what_eager_computes():
    drawn = published_plan("transformers", 1024)
    heads, mask = random_heads(1024), mask_with_padding(1024, 100)

    compiled = tf.function(block_sparse_attention, jit_compile=True)(*heads, mask, drawn)

    np.testing.assert_allclose(compiled, block_sparse_attention(*heads, mask, drawn), atol=TOLERANCE)


def test_what_stands_at_padding_does_not_matter():
    drawn = published_plan("transformers", 1024)
    (query, key, value), mask = random_heads(1024), mask_with_padding(1024, 300)
    at_padding = ~mask[:, None, :, None]

    context = block_sparse_attention(query, key, value, mask, drawn)
    other = block_sparse_attention(
        query, tf.where(at_padding, 9.0, key), tf.where(at_padding, -9.0, value), mask, drawn
    )

    np.testing.assert_array_equal(context, other)


def test_bfloat16_comes_out_as_bfloat16_near_the_float32_context():
    drawn = published_plan("transformers", 1024)
    heads, mask = random_heads(1024), mask_with_padding(1024, 100)

    context = block_sparse_attention(*(tf.cast(values, tf.bfloat16) for values in heads), mask, drawn)

    assert context.dtype == tf.bfloat16
    exact = block_sparse_attention(*heads, mask, drawn)
    error = np.abs(tf.cast(context, tf.float32) - exact)
    assert error.mean() < 1e-2  # rounding of scores shows most where a few keys share a row's weight
    assert error.max() < 0.25


def test_a_compiled_batch_may_have_any_size():
    drawn = published_plan("uniform", 1024)
    signature = [tf.TensorSpec([None, HEADS, 1024, DEPTH])] * 3 + [tf.TensorSpec([None, 1024], tf.bool)]
    attend = tf.function(lambda *inputs: block_sparse_attention(*inputs, drawn), input_signature=signature)
    heads, mask = random_heads(1024, batch=3), tf.ones((3, 1024), tf.bool)

    contexts = [attend(*(values[:size] for values in (*heads, mask))) for size in (1, 3)]

    np.testing.assert_allclose(contexts[0], contexts[1][:1], atol=TOLERANCE)
