import numpy as np
import pytest
import tensorflow as tf

from model.compute import Compute
from model.heads import MaskedLanguageModel, SequenceClassifier, SpanReader
from tests.model.bigbird_twins import (
    ours,
    random_batch,
    small_config,
    with_random_weights,
)


def some_positions(length: int, predictions: int = 11) -> np.ndarray:
    generator = np.random.default_rng(1)
    return np.stack([generator.permutation(length)[:predictions] for _ in range(2)]).astype(np.int32)


def test_the_vocabulary_is_scored_at_the_given_positions_in_their_order():
    config = small_config()
    model = with_random_weights(MaskedLanguageModel(config, seed=0))
    batch, positions = ours(random_batch(config, 256, padding=60)), some_positions(256)

    scores = model(*batch, tf.constant(positions))
    everywhere = model(*batch, tf.constant(np.tile(np.arange(256), (2, 1)), tf.int32)).numpy()

    assert scores.shape == (2, 11, config.vocabulary_size)
    np.testing.assert_allclose(scores, np.take_along_axis(everywhere, positions[:, :, None], 1), atol=1e-5)


def test_every_trainable_variable_of_the_masked_lm_has_a_gradient():
    config = small_config()
    model = MaskedLanguageModel(config, seed=0)
    batch = ours(random_batch(config, 1024, padding=60))

    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(*batch, tf.constant(some_positions(1024))) ** 2)

    assert None not in tape.gradient(loss, model.trainable_variables)


def test_scores_are_float32_when_the_computation_is_bfloat16():
    config = small_config()
    batch, positions = ours(random_batch(config, 1024, padding=60)), tf.constant(some_positions(1024))

    rounded = MaskedLanguageModel(config, 0, Compute(tf.bfloat16))(*batch, positions)

    assert rounded.dtype == tf.float32
    np.testing.assert_allclose(rounded, MaskedLanguageModel(config, 0)(*batch, positions), atol=0.03)


@pytest.mark.parametrize("length", [128, 1100])
def test_no_answer_lies_in_the_question_but_at_its_first_token_which_stands_for_none(length):
    config = small_config(layers=1)
    model = with_random_weights(SpanReader(config, seed=0))

    scores = model(*ours(random_batch(config, length, padding=40)), tf.constant([7, 30]))

    for own in scores:
        assert own.shape == (2, length)
        assert (own.numpy()[1, 1:30] < -1e5).all()
        assert (own.numpy()[1, [0, *range(30, length)]] > -1e5).all()


def test_the_classifiers_head_drops_values_too():
    config = small_config(layers=1, dropout=0.5)
    model = with_random_weights(SequenceClassifier(config, 2, seed=0))
    batch = ours(random_batch(config, 64, padding=0))
    model.encoder.embeddings.norm.weight.assign(tf.zeros([48]))
    for layer in model.encoder.layers:  # the encoder's output no longer depends on its input, so not on its dropout
        for norm in (layer.attention_norm, layer.norm):
            norm.weight.assign(tf.zeros([48]))

    plain, dropped, again, other = (
        model(*batch, seed) for seed in (None, tf.constant([1, 2]), tf.constant([1, 2]), tf.constant([1, 3]))
    )

    np.testing.assert_array_equal(dropped, again)
    assert np.abs(plain - dropped).max() > 1e-3
    assert np.abs(other - dropped).max() > 1e-3


def test_heads_start_from_weights_that_follow_from_the_seed():
    config = small_config()

    first, again, other = (SequenceClassifier(config, 2, seed).dense.kernel for seed in (1, 1, 2))

    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
