import numpy as np
import pytest
import tensorflow as tf

from model.compute import Compute
from model.contract.errors import SettingError
from model.dense_attention import dense_attention
from model.encoder import BigBirdEncoder
from model.export import tensor_name
from tests.model.bigbird_twins import (
    ours,
    random_batch,
    small_config,
    with_random_weights,
)

SEED = tf.constant([3, 4])


def encode(config, seed: int = 0, length: int = 1024, dropout_seed: tf.Tensor | None = None) -> np.ndarray:
    encoder = BigBirdEncoder(config, seed)
    return encoder(*ours(random_batch(config, length, padding=100)), dropout_seed).numpy()


@pytest.mark.parametrize(
    ("plan", "length"),
    [
        ("transformers", 1024),
        ("transformers", 1100),
        ("transformers", 2048),
        ("google", 2048),
        ("uniform", 1024),
        ("transformers_evaluation", 1024),
    ],
)
def test_the_whole_encoder_equals_its_dense_twin_under_the_same_plans(plan, length, monkeypatch):
    encoder = with_random_weights(BigBirdEncoder(small_config(plan=plan), seed=0))
    batch = ours(random_batch(encoder.config, length, padding=200))

    sparse, gradients = output_and_gradients(encoder, batch)
    monkeypatch.setattr("model.encoder.block_sparse_attention", attention_of_the_twin)
    dense, expected = output_and_gradients(encoder, batch)

    np.testing.assert_allclose(sparse, dense, atol=2e-5)
    for name, gradient in gradients.items():
        largest = np.abs(expected[name.replace("key.bias", "query.bias")]).max()  # a key's bias has only rounding
        np.testing.assert_allclose(gradient, expected[name], atol=1e-4 * largest, err_msg=name)


def attention_of_the_twin(query, key, value, mask, plan) -> tf.Tensor:
    """Quadratic, and plain to see: each score at its place, with the times that the plan counts it."""
    return dense_attention(query, key, value, mask, plan.as_counts())


def output_and_gradients(encoder: BigBirdEncoder, batch: list[tf.Tensor]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    variables = {tensor_name(variable): variable for variable in encoder.trainable_variables}
    with tf.GradientTape() as tape:
        hidden = encoder(*batch)
        loss = tf.reduce_sum(hidden * np.random.default_rng(3).normal(size=hidden.shape).astype(np.float32))
    gradients = tape.gradient(loss, variables)
    return hidden.numpy(), {name: tf.convert_to_tensor(each).numpy() for name, each in gradients.items()}


def test_the_google_plan_differs_from_transformers_at_2048_tokens_and_nowhere_else():
    config, google = small_config(layers=1), small_config(layers=1, plan="google")
    encoders = [with_random_weights(BigBirdEncoder(c, seed=0)) for c in (config, google)]

    at_1024, at_2048 = (
        np.abs(np.subtract(*(encoder(*ours(random_batch(config, length, 0))) for encoder in encoders))).max()
        for length in (1024, 2048)
    )

    assert at_1024 == 0.0
    assert at_2048 > 1e-2


def test_xla_computes_what_eager_computes():
    config = small_config()
    encoder = with_random_weights(BigBirdEncoder(config, seed=0))
    batch = ours(random_batch(config, 1024, padding=100))

    compiled = tf.function(lambda *inputs: encoder(*inputs), jit_compile=True)(*batch)

    np.testing.assert_allclose(compiled, encoder(*batch), atol=1e-5)


def test_every_trainable_variable_gets_a_finite_gradient():
    config = small_config()
    encoder = with_random_weights(BigBirdEncoder(config, seed=0))
    batch = ours(random_batch(config, 1024, padding=100))

    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(encoder(*batch, SEED) ** 3)
    gradients = tape.gradient(loss, encoder.trainable_variables)

    for variable, gradient in zip(encoder.trainable_variables, gradients, strict=True):
        values = tf.convert_to_tensor(gradient)
        assert np.isfinite(values).all(), variable.name
        if not variable.name.startswith("bert.encoder") or "key.bias" not in variable.name:
            assert np.abs(values).max() > 0, variable.name  # a key's bias shifts all scores of a query alike


def test_initial_weights_follow_from_the_seed():
    config = small_config()

    first, again, other = (BigBirdEncoder(config, seed) for seed in (1, 1, 2))

    for one, two, three in zip(first.variables, again.variables, other.variables, strict=True):
        np.testing.assert_array_equal(one, two)
        if one.name.endswith(".weight:0") and "LayerNorm" not in one.name:
            assert not np.array_equal(one, three)
            assert np.abs(one).max() <= 2 * 0.02
            assert 0.014 < np.std(one) < 0.02  # of a normal distribution cut at two deviations


def test_layers_start_from_different_weights():
    first, second = BigBirdEncoder(small_config(), seed=0).layers

    assert not np.array_equal(first.widen.kernel, second.widen.kernel)


def test_bfloat16_stays_near_float32_and_its_weights_stay_float32():
    config = small_config()
    batch = ours(random_batch(config, 1024, padding=100))

    exact, rounded = (BigBirdEncoder(config, 0, Compute(dtype)) for dtype in (tf.float32, tf.bfloat16))
    hidden = rounded(*batch, SEED)

    assert hidden.dtype == tf.bfloat16
    assert {variable.dtype for variable in rounded.variables} == {tf.float32}
    difference = np.abs(tf.cast(hidden, tf.float32) - exact(*batch, SEED))
    assert difference.mean() < 0.02


def test_padding_does_not_reach_the_other_tokens():
    config = small_config()
    encoder = with_random_weights(BigBirdEncoder(config, seed=0))
    batch = random_batch(config, 1024, padding=200)
    changed = batch | {"input_ids": np.where(batch["attention_mask"], batch["input_ids"], 5)}

    hidden, other = encoder(*ours(batch)).numpy(), encoder(*ours(changed)).numpy()

    assert not np.array_equal(hidden, other)
    np.testing.assert_array_equal(hidden[batch["attention_mask"]], other[batch["attention_mask"]])


def test_a_length_that_cannot_be_is_refused_in_one_sentence():
    with pytest.raises(SettingError, match="4160 tokens exceed max_positions 4096"):
        encode(small_config(), length=4160)


def test_a_length_that_fills_no_number_of_blocks_comes_back_as_long():
    encoder = BigBirdEncoder(small_config(), seed=0)

    assert encoder(*ours(random_batch(encoder.config, 1100, padding=200))).shape == (2, 1100, 48)


def test_what_is_recomputed_changes_neither_result_nor_gradients():
    config = small_config()
    batch = ours(random_batch(config, 1024, padding=100))

    def trained(recompute: bool) -> list[tf.Tensor]:
        encoder = with_random_weights(BigBirdEncoder(config, 0, Compute(recompute=recompute)))

        @tf.function(jit_compile=True)
        def gradients():
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(encoder(*batch, SEED) ** 2)
            return [loss, *tape.gradient(loss, encoder.trainable_variables)]

        return [tf.convert_to_tensor(values) for values in gradients()]

    for kept, anew in zip(trained(False), trained(True), strict=True):
        np.testing.assert_allclose(anew, kept, rtol=1e-4, atol=1e-5 * np.abs(kept).max())


def test_a_dynamic_length_is_refused_in_one_sentence():
    encoder = BigBirdEncoder(small_config(), seed=0)
    unknown = tf.TensorSpec([2, None], tf.int32)

    with pytest.raises(SettingError, match="give input_ids a static length"):
        tf.function(lambda ids: encoder(ids, ids, ids > 0), autograph=False).get_concrete_function(unknown)


@pytest.mark.parametrize(("heads", "length", "recompute"), [(3, 1024, False), (4, 1100, True)])
def test_the_form_for_tpus_gives_the_same_and_so_do_its_gradients(heads, length, recompute):
    config = small_config(heads=heads)
    batch = ours(random_batch(config, length, padding=150))

    def trained(compute: Compute) -> list[tf.Tensor]:
        encoder = with_random_weights(BigBirdEncoder(config, 0, compute))

        @tf.function(jit_compile=True)
        def results():
            with tf.GradientTape() as tape:
                hidden = encoder(*batch, SEED)
                loss = tf.reduce_sum(hidden**3)
            return [hidden, *tape.gradient(loss, encoder.trainable_variables)]

        names = ["hidden", *(variable.name for variable in encoder.trainable_variables)]
        return dict(zip(names, map(tf.convert_to_tensor, results()), strict=True))

    simple, packed = trained(Compute()), trained(Compute(attention="packed", recompute=recompute))

    np.testing.assert_allclose(packed["hidden"], simple["hidden"], atol=2e-5)
    for name, values in simple.items():
        scale = simple[name.replace("key.bias", "query.bias")]  # a key's bias has no gradient but rounding
        np.testing.assert_allclose(packed[name], values, atol=2e-4 * np.abs(scale).max(), err_msg=name)
