import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from model.attention_plan import AttentionPlan, attention_plan
from model.block_sparse_attention import block_sparse_attention
from model.config import EncoderConfig
from model.dense_attention import dense_attention
from model.packed_attention import packed_attention, pair_heads

DEPTH = 8
TOLERANCE = 2e-5  # of contexts up to 8, in float32; one wrongly counted block shows as 1e-2


def random_heads(heads: int, length: int, batch: int = 2, seed: int = 0) -> list[tf.Tensor]:
    generator = np.random.default_rng(seed)
    shape = (batch, heads, length, DEPTH)
    return [tf.constant(generator.normal(size=shape, scale=2.0), tf.float32) for _ in range(3)]


def mask_with_padding(length: int, padding: int) -> tf.Tensor:
    mask = np.ones((2, length), bool)
    mask[1, length - padding :] = False
    return tf.constant(mask)


def random_plan(heads: int, blocks: int, random_blocks: int, seed: int = 0) -> AttentionPlan:
    """Any block may be drawn, also one that the window or the global blocks hold: then it counts twice."""
    shape = (heads, blocks - 2, random_blocks)
    return AttentionPlan(np.random.default_rng(seed).integers(0, blocks, shape, np.int32))


def published_plan(plan: str, length: int, block_size: int, heads: int) -> AttentionPlan:
    config = EncoderConfig(hidden_size=heads * DEPTH, heads=heads, plan=plan, block_size=block_size)
    return attention_plan(config, 2, length // block_size)


def as_pairs(values: tf.Tensor, swapped: bool = False) -> tf.Tensor:
    """[batch, heads, length, depth] to [batch, pairs, length, lanes]."""
    batch, heads, length, depth = values.shape
    beside = tf.reshape(tf.transpose(values, [0, 2, 1, 3]), [batch, length, heads * depth])
    return tf.transpose(pair_heads(beside, heads, swapped), [0, 2, 1, 3])


def as_heads(context: tf.Tensor, heads: int) -> tf.Tensor:
    """[batch, pairs, length, lanes], swapped, to [batch, heads, length, depth]."""
    _, pairs, length, lanes = context.shape
    apart = tf.transpose(tf.reshape(context, [-1, pairs, length, 2, lanes // 2]), [0, 1, 3, 2, 4])
    return tf.reshape(apart[:, :, ::-1][:, :, : heads // pairs], [-1, heads, length, lanes // 2])


def attend_packed(query, key, value, mask, plan):
    context = packed_attention(as_pairs(query), as_pairs(key), as_pairs(value, swapped=True), mask, plan)
    return as_heads(context, query.shape[1])


def attend_dense(query, key, value, mask, plan):
    return dense_attention(query, key, value, mask, plan.as_counts())


def context_and_gradients(attend, heads, mask, plan, compiled=True):
    """The context and, of a sum that weighs each of its entries differently, the gradients; in float32."""

    def compute(*heads):
        with tf.GradientTape() as tape:
            tape.watch(heads)
            context = tf.cast(attend(*heads, mask, plan), tf.float32)
            weights = np.random.default_rng(1).normal(size=context.shape).astype(np.float32)
            weighted = tf.reduce_sum(context * weights * tf.cast(mask, tf.float32)[:, None, :, None])
        return [context, *(tf.cast(gradient, tf.float32) for gradient in tape.gradient(weighted, heads))]

    compute = tf.function(compute, jit_compile=True) if compiled else compute
    return [values.numpy() for values in compute(*heads)]


def assert_equals_dense_attention(heads, mask, plan, tolerance=TOLERANCE):
    packed = context_and_gradients(attend_packed, heads, mask, plan)
    dense = context_and_gradients(attend_dense, heads, mask, plan, compiled=False)
    for ours, twins in zip(packed, dense, strict=True):
        np.testing.assert_allclose(ours, twins, rtol=0, atol=tolerance * max(1.0, np.abs(twins).max()))


@pytest.mark.parametrize(
    ("plan", "length", "block_size"),
    [("transformers", 1024, 64), ("google", 1216, 64), ("uniform", 1024, 32), ("transformers", 2048, 64)],
)
def test_it_and_its_gradients_equal_dense_attention_under_the_same_plan(plan, length, block_size):
    drawn = published_plan(plan, length, block_size, heads=4)

    assert_equals_dense_attention(random_heads(4, length), mask_with_padding(length, 150), drawn)


@settings(max_examples=12, deadline=None)  # each is compiled: 1 s
@given(
    heads=st.integers(1, 4),
    blocks=st.integers(4, 9),
    block_size=st.sampled_from([3, 8]),
    random_blocks=st.integers(0, 4),
    padding=st.integers(0, 10),
    seed=st.integers(0, 1000),
)
def test_it_equals_dense_attention_whatever_a_plan_lists(heads, blocks, block_size, random_blocks, padding, seed):
    plan, length = random_plan(heads, blocks, random_blocks, seed), blocks * block_size

    assert_equals_dense_attention(random_heads(heads, length, seed=seed), mask_with_padding(length, padding), plan)


def test_a_block_that_the_plan_repeats_counts_twice_and_that_can_be_seen():
    drawn = published_plan("transformers", 1024, 64, heads=4)
    heads, mask = random_heads(4, 1024), mask_with_padding(1024, 0)

    packed = context_and_gradients(attend_packed, heads, mask, drawn)[0]
    counted_once = dense_attention(*heads, mask, drawn.as_mask().astype(np.int32))

    assert drawn.as_counts().max() == 2
    assert np.abs(packed - counted_once).max() > 1e-2


@pytest.mark.parametrize(("loud_block", "loudness"), [(0, 1000.0), (3, 1000.0), (4, -100.0), (5, 100.0)])
def test_scores_of_one_block_may_lie_far_from_those_of_all_others(loud_block, loudness):
    plan, (query, key, value) = random_plan(2, 8, 2), random_heads(2, 64)
    query = tf.concat([tf.ones_like(query[..., :1]) * 8.0, query[..., 1:] * 0.1], axis=-1)
    loud = np.repeat(np.arange(8) == loud_block, 8)[:, None] * np.float32(loudness / 8)
    key = tf.concat([key[..., :1] * 0.01 + loud, key[..., 1:]], axis=-1)

    # float32 knows a score of 350 only to 3e-5, and each key's share in a query's gradient is a hundred times that.
    assert_equals_dense_attention((query, key, value), mask_with_padding(64, 9), plan, tolerance=1e-3)


def test_a_query_may_have_only_padding_among_the_keys_of_its_own_pair_of_blocks():
    plan, heads = random_plan(2, 8, 2), random_heads(2, 64)
    mask = np.ones((2, 64), bool)
    mask[0, 16:32] = mask[1, :16] = False

    assert_equals_dense_attention(heads, tf.constant(mask), plan)


@pytest.mark.parametrize("dtype", [tf.float32, tf.bfloat16])
def test_where_all_keys_are_padding_the_context_is_zero_and_gradients_are_finite(dtype):
    plan, heads = random_plan(2, 8, 2), [tf.cast(values, dtype) for values in random_heads(2, 64)]
    mask = tf.constant(np.repeat([[True], [False]], 64, axis=1))

    context, *gradients = context_and_gradients(attend_packed, heads, mask, plan)

    assert np.abs(context[0]).min() > 0.0
    assert np.abs(context[1]).max() == 0.0
    assert all(np.isfinite(gradient).all() for gradient in gradients)


def test_what_stands_at_padding_does_not_matter():
    drawn = published_plan("transformers", 1024, 64, heads=4)
    (query, key, value), mask = random_heads(4, 1024), mask_with_padding(1024, 300)
    at_padding = ~mask[:, None, :, None]
    others = query, tf.where(at_padding, 9.0, key), tf.where(at_padding, -9.0, value)

    context = context_and_gradients(attend_packed, (query, key, value), mask, drawn)[0]
    other = context_and_gradients(attend_packed, others, mask, drawn)[0]

    np.testing.assert_array_equal(context, other)


def test_bfloat16_comes_out_as_near_to_float32_as_it_does_in_the_simple_form():
    drawn = published_plan("transformers", 1024, 64, heads=4)
    heads, mask = [tf.cast(values, tf.bfloat16) for values in random_heads(4, 1024)], mask_with_padding(1024, 100)

    exact_heads = [tf.cast(values, tf.float32) for values in heads]
    exact = context_and_gradients(attend_dense, exact_heads, mask, drawn, compiled=False)
    packed, simple = (
        context_and_gradients(attend, heads, mask, drawn) for attend in (attend_packed, block_sparse_attention)
    )

    at_token = mask[:, None, :, None]
    for ours, simples, truth in zip(packed, simple, exact, strict=True):
        ours_off, simples_off = (np.where(at_token, np.abs(values - truth), 0.0) for values in (ours, simples))
        assert ours_off.mean() < 1.05 * simples_off.mean()
        assert ours_off.max() < 1.5 * simples_off.max()


def test_context_has_the_dtype_of_its_inputs():
    plan, mask = random_plan(2, 8, 2), mask_with_padding(64, 0)
    attend = tf.function(packed_attention, jit_compile=True)

    for dtype in (tf.float32, tf.bfloat16):
        query, key, value = (as_pairs(tf.cast(values, dtype)) for values in random_heads(2, 64))

        assert attend(query, key, value, mask, plan).dtype == dtype


def test_a_compiled_batch_may_have_any_size():
    plan, mask = random_plan(4, 8, 2), tf.ones((3, 64), tf.bool)
    pairs = [as_pairs(values) for values in random_heads(4, 64, batch=3)]
    signature = [tf.TensorSpec([None, 2, 64, 2 * DEPTH])] * 3 + [tf.TensorSpec([None, 64], tf.bool)]
    attend = tf.function(lambda *inputs: packed_attention(*inputs, plan), input_signature=signature, jit_compile=True)

    contexts = [attend(*(values[:size] for values in (*pairs, mask))) for size in (1, 3)]

    np.testing.assert_allclose(contexts[0], contexts[1][:1], atol=TOLERANCE)


@pytest.mark.parametrize(("heads", "swapped"), [(4, False), (4, True), (3, False), (3, True)])
def test_a_kernel_of_paired_heads_projects_to_paired_heads(heads, swapped):
    generator = np.random.default_rng(0)
    values = tf.constant(generator.normal(size=(5, 7)), tf.float32)
    kernel = tf.constant(generator.normal(size=(7, heads * DEPTH)), tf.float32)

    projected = tf.einsum("ni,ipl->npl", values, pair_heads(kernel, heads, swapped))

    np.testing.assert_allclose(projected, pair_heads(values @ kernel, heads, swapped), atol=1e-6)


def test_pairs_of_heads_stand_even_beside_odd_and_swapped_the_other_way():
    values = tf.constant([0, 0, 1, 1, 2, 2, 3, 3])

    assert pair_heads(values, 4).numpy().tolist() == [[0, 0, 1, 1], [2, 2, 3, 3]]
    assert pair_heads(values, 4, swapped=True).numpy().tolist() == [[1, 1, 0, 0], [3, 3, 2, 2]]
