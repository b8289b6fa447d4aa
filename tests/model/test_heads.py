import numpy as np
import pytest
import tensorflow as tf
import torch
import transformers

from model.compute import Compute
from model.heads import MaskedLanguageModel, SequenceClassifier, SpanReader
from tests.model.bigbird_twins import (
    ours,
    random_batch,
    small_config,
    theirs,
    transformers_twin,
    with_random_weights,
)


def some_positions(length: int, predictions: int = 11) -> np.ndarray:
    generator = np.random.default_rng(1)
    return np.stack([generator.permutation(length)[:predictions] for _ in range(2)]).astype(np.int32)


@pytest.mark.parametrize("length", [256, 1024, 1216])
def test_masked_lm_scores_equal_those_of_transformers_at_the_given_positions(length):
    config = small_config()
    model = with_random_weights(MaskedLanguageModel(config, seed=0))
    twin = transformers_twin(model, transformers.BigBirdForMaskedLM)
    batch, positions = random_batch(config, length, padding=60), some_positions(length)

    logits = model(*ours(batch), tf.constant(positions))
    with torch.no_grad():
        expected = twin(**theirs(batch)).logits.numpy()

    assert logits.shape == (2, 11, config.vocabulary_size)
    np.testing.assert_allclose(logits, np.take_along_axis(expected, positions[:, :, None], 1), atol=2e-5)


def test_the_word_embeddings_get_the_gradients_of_input_and_output_together():
    config = small_config()
    model = with_random_weights(MaskedLanguageModel(config, seed=0))
    twin = transformers_twin(model, transformers.BigBirdForMaskedLM)
    batch, positions = random_batch(config, 1024, padding=60), some_positions(1024)

    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(*ours(batch), tf.constant(positions)) ** 2)
    gradient = tf.convert_to_tensor(tape.gradient(loss, model.encoder.embeddings.word))
    scores = twin(**theirs(batch)).logits
    (torch.stack([row[torch.tensor(at)] for row, at in zip(scores, positions, strict=True)]) ** 2).sum().backward()
    expected = twin.bert.embeddings.word_embeddings.weight.grad.clone()

    padding_id = 0  # torch leaves the padding token's row without the input's part
    np.testing.assert_allclose(
        np.delete(gradient, padding_id, axis=0),
        np.delete(expected, padding_id, axis=0),
        atol=2e-5 * float(expected.abs().max()),
    )


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


@pytest.mark.parametrize(("labels", "length"), [(1, 128), (3, 128), (3, 1024)])
def test_classifier_scores_equal_those_of_transformers(labels, length):
    config = small_config()
    model = with_random_weights(SequenceClassifier(config, labels, seed=0))
    twin = transformers_twin(model, transformers.BigBirdForSequenceClassification, num_labels=labels)
    batch = random_batch(config, length, padding=40)

    scores = model(*ours(batch))
    with torch.no_grad():
        expected = twin(**theirs(batch)).logits

    assert scores.shape == (2, labels)
    np.testing.assert_allclose(scores, expected, atol=2e-5)


@pytest.mark.parametrize("length", [128, 1024, 1100])
def test_span_scores_equal_those_of_transformers_and_no_answer_lies_in_the_question(length):
    config = small_config()
    model = with_random_weights(SpanReader(config, seed=0))
    twin = transformers_twin(model, transformers.BigBirdForQuestionAnswering)
    batch, questions = random_batch(config, length, padding=40), np.array([7, 30], np.int32)

    scores = model(*ours(batch), tf.constant(questions))
    with torch.no_grad():
        expected = twin(**theirs(batch), question_lengths=torch.tensor(questions)[:, None])

    for own, other in zip(scores, (expected.start_logits, expected.end_logits), strict=True):
        assert own.shape == (2, length)
        np.testing.assert_allclose(own, other, rtol=1e-5, atol=2e-5)
        assert (own.numpy()[1, 1:30] < -1e5).all()
        assert (own.numpy()[1, [0, 30]] > -1e5).all()


@pytest.mark.parametrize("length", [128, 1024])
def test_next_sentence_scores_equal_those_of_transformers(length):
    config = small_config()
    model = with_random_weights(MaskedLanguageModel(config, seed=0, next_sentence=True))
    twin = transformers_twin(model, transformers.BigBirdForPreTraining)
    batch = random_batch(config, length, padding=40)

    scores = model.next_sentence_scores(model.encoder(*ours(batch)))
    with torch.no_grad():
        expected = twin(**theirs(batch)).seq_relationship_logits

    np.testing.assert_allclose(scores, expected, atol=2e-5)


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
