"""Ours beside transformers' BigBird with the same weights, random in every tensor: outputs, and gradients of all.

transformers' models stand in training mode, for that is where they draw the published plan, without dropout. Each
model of theirs sees one length: after an input of at most 704 tokens it keeps to full attention for good.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import torch
import transformers

from model.config import EncoderConfig
from model.encoder import BigBirdEncoder
from model.heads import MaskedLanguageModel, SequenceClassifier, SpanReader
from model.weights.tensor_names import is_transposed, tensor_name
from tests.model.bigbird_twins import ours, random_batch, small_config, theirs, transformers_twin, with_random_weights

OUTPUT_TOLERANCE, GRADIENT_TOLERANCE = 1e-4, 1e-3
LENGTHS = (705, 1000, 1024, 1100, 2048, 3001, 3072, 4096)
"""With the paper's plan, and with that for all other lengths; some that no number of blocks fills."""
QUESTION_LENGTHS = np.array([7, 30], np.int32)

Batch = dict[str, np.ndarray]
Outputs = list[Any]


@dataclasses.dataclass(frozen=True)
class Pair:
    """One of our models and transformers' class of the same kind, and how to get the same outputs from both."""

    build: Callable[[EncoderConfig], Any]
    twin_class: type
    ours: Callable[[Any, Batch], Outputs]
    theirs: Callable[[Any, Batch], Outputs]
    twin_settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def encoder_outputs(encoder: BigBirdEncoder, batch: Batch) -> Outputs:
    hidden = encoder(*ours(batch))
    return [hidden, encoder.pooled(hidden)]


def vocabulary_scores(model: MaskedLanguageModel, batch: Batch) -> Outputs:
    """At every position: there need be only those that are asked for, and transformers' class gives all."""
    length = batch["input_ids"].shape[1]
    return [model(*ours(batch), tf.tile(tf.range(length)[None], [2, 1]))]


def pretraining_scores(model: MaskedLanguageModel, batch: Batch) -> Outputs:
    return [*vocabulary_scores(model, batch), model.next_sentence_scores(model.encoder(*ours(batch)))]


def span_scores(model: SpanReader, batch: Batch) -> Outputs:
    """After the questions: within them both give about -1e6, whose own rounding is 0.06."""
    return [without_questions(scores) for scores in model(*ours(batch), tf.constant(QUESTION_LENGTHS))]


def spans_of_transformers(twin: Any, batch: Batch) -> Outputs:
    found = twin(**theirs(batch), question_lengths=torch.tensor(QUESTION_LENGTHS)[:, None])
    return [without_questions(scores) for scores in (found.start_logits, found.end_logits)]


def without_questions(scores: Any) -> Any:
    return scores[:, int(QUESTION_LENGTHS.max()) :]


def named(*names: str) -> Callable[[Any, Batch], Outputs]:
    """What the outputs are called in transformers."""

    def outputs(twin: Any, batch: Batch) -> Outputs:
        found = twin(**theirs(batch))
        return [getattr(found, name) for name in names]

    return outputs


PAIRS = {
    "BigBirdModel": Pair(
        lambda config: BigBirdEncoder(config, seed=0),
        transformers.BigBirdModel,
        encoder_outputs,
        named("last_hidden_state", "pooler_output"),
    ),
    "BigBirdForMaskedLM": Pair(
        lambda config: MaskedLanguageModel(config, seed=0),
        transformers.BigBirdForMaskedLM,
        vocabulary_scores,
        named("logits"),
    ),
    "BigBirdForPreTraining": Pair(
        lambda config: MaskedLanguageModel(config, seed=0, next_sentence=True),
        transformers.BigBirdForPreTraining,
        pretraining_scores,
        named("prediction_logits", "seq_relationship_logits"),
    ),
    "BigBirdForQuestionAnswering": Pair(
        lambda config: SpanReader(config, seed=0),
        transformers.BigBirdForQuestionAnswering,
        span_scores,
        spans_of_transformers,
    ),
    "BigBirdForSequenceClassification": Pair(
        lambda config: SequenceClassifier(config, labels=3, seed=0),
        transformers.BigBirdForSequenceClassification,
        lambda model, batch: [model(*ours(batch))],
        named("logits"),
        {"num_labels": 3},
    ),
}


def twins(pair: Pair, config: EncoderConfig, length: int) -> tuple[Any, Any, Batch]:
    """A model, its twin, and a batch whose second sequence ends in padding; no token is the padding token.

    PyTorch gives the padding token's embedding no gradient, and we give it its own.
    """
    model = with_random_weights(pair.build(config), deviation=0.2 * (48 / config.hidden_size) ** 0.5)
    twin = transformers_twin(model, pair.twin_class, **pair.twin_settings)
    batch = random_batch(config, length, padding=length // 5)
    batch["input_ids"] = np.maximum(batch["input_ids"], 1)
    return model, twin, batch


@dataclasses.dataclass(frozen=True)
class Differences:
    """The largest of the outputs, and of each tensor's gradient as a share of the gradient's largest value."""

    outputs: float
    gradients: dict[str, float]


def differences(pair: Pair, config: EncoderConfig, length: int) -> Differences:
    """What is differentiated is the sum of all outputs, each times a random number, so that nothing cancels."""
    model, twin, batch = twins(pair, config, length)
    variables = {tensor_name(variable): variable for variable in model.variables}
    with tf.GradientTape() as tape:
        tape.watch(list(variables.values()))  # the pooler too, which no training here trains
        outputs = pair.ours(model, batch)
        factors = [np.random.default_rng(5).normal(size=values.shape).astype(np.float32) for values in outputs]
        loss = tf.add_n([tf.reduce_sum(values * each) for values, each in zip(outputs, factors, strict=True)])
    own = tape.gradient(loss, variables)
    expected = pair.theirs(twin, batch)
    assert getattr(twin, "bert", twin).attention_type == ("block_sparse" if length > 704 else "original_full")
    sum((values * torch.tensor(each)).sum() for values, each in zip(expected, factors, strict=True)).backward()
    found = zip(outputs, expected, strict=True)
    return Differences(
        max(float(np.abs(values.numpy() - each.detach().numpy()).max()) for values, each in found),
        gradient_differences(own, gradients_of(twin)),
    )


def gradients_of(twin: Any) -> dict[str, np.ndarray]:
    """By the names of our variables; the bare encoder of transformers leaves out "bert."."""
    prefix = "" if hasattr(twin, "bert") else "bert."
    return {prefix + name: each.grad.numpy() for name, each in twin.named_parameters() if each.grad is not None}


def gradient_differences(own: dict[str, Any], expected: dict[str, np.ndarray]) -> dict[str, float]:
    """A key's bias shifts all scores of a query alike, so its gradient is rounding: the query's is its measure."""
    assert {name for name, gradient in own.items() if gradient is not None} == set(expected)
    found = {}
    for name, gradient in expected.items():
        values = tf.convert_to_tensor(own[name]).numpy()
        values = values.T if is_transposed(name, values.ndim) else values
        scale = np.abs(expected[name.replace("key.bias", "query.bias")]).max()
        found[name] = float(np.abs(values - gradient).max() / scale)
    return found


def assert_equal(found: Differences) -> None:
    assert found.outputs < OUTPUT_TOLERANCE
    wrong = {name: value for name, value in found.gradients.items() if not value < GRADIENT_TOLERANCE}
    assert not wrong


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("name", PAIRS)
def test_outputs_and_the_gradients_of_all_tensors_equal_those_of_transformers(name, length):
    assert_equal(differences(PAIRS[name], small_config(), length))


@pytest.mark.parametrize("length", [130, 704])
@pytest.mark.parametrize("name", PAIRS)
def test_short_sequences_have_the_full_attention_that_transformers_gives_them(name, length):
    assert_equal(differences(PAIRS[name], small_config(), length))


@pytest.mark.parametrize(
    ("length", "changes"),
    [
        (2, {}),
        (1024, {"max_positions": 1024, "block_size": 32}),  # the paper's plan, drawn for another longest sequence
        (1024, {"hidden_size": 768, "heads": 12, "intermediate_size": 3072, "layers": 1}),  # as BERT-base
        (1100, {"hidden_size": 128, "heads": 2, "layers": 3}),
    ],
)
def test_encoders_of_other_sizes_equal_those_of_transformers_too(length, changes):
    assert_equal(differences(PAIRS["BigBirdModel"], small_config(**changes), length))
