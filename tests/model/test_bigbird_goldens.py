"""Ours beside numbers that google-research/bigbird's own TensorFlow code gave (tests/data/golden_bigbird/README.md)."""

import numpy as np
import pytest
import tensorflow as tf

from model.encoder import BigBirdEncoder
from model.export import tensor_name
from tests.model.golden_rules import (
    ATTENTION,
    DIRECTORY,
    ENCODER,
    LENGTHS,
    Case,
    hidden_states,
    kept,
    name_in_ours,
    token_ids,
    weights,
)

TOLERANCE = 1e-4


def encoder_with_weights(case: Case, plan: str) -> BigBirdEncoder:
    """Ours with the very weights that the original had; every variable is set."""
    encoder = BigBirdEncoder(case.config.model_copy(update={"plan": plan}), seed=0)
    ours = {tensor_name(variable): variable for variable in encoder.variables}
    for name in names_of_the_original(case.config.layers):
        variable = ours.pop(name_in_ours(name))
        variable.assign(weights(case, name, tuple(variable.shape)))
    assert not ours
    return encoder


def names_of_the_original(layers: int) -> list[str]:
    tables = [f"bert/embeddings/{kind}_embeddings" for kind in ("word", "position", "token_type")]
    dense, norms = ["bert/pooler/dense"], ["bert/encoder/LayerNorm"]
    for layer in (f"bert/encoder/layer_{number}" for number in range(layers)):
        dense += [f"{layer}/attention/self/{kind}" for kind in ("query", "key", "value")]
        dense += [f"{layer}/{part}/dense" for part in ("attention/output", "intermediate", "output")]
        norms += [f"{layer}/{part}/LayerNorm" for part in ("attention/output", "output")]
    ends = [f"{name}/{end}" for name in dense for end in ("kernel", "bias")]
    return tables + ends + [f"{name}/{end}" for name in norms for end in ("gamma", "beta")]


def difference(case: Case, length: int, output: tf.Tensor) -> float:
    """The largest from the golden file."""
    with np.load(DIRECTORY / f"{case.name}.npz") as golden:
        return max(float(np.abs(values - golden[name]).max()) for name, values in kept(case, length, output).items())


def encoded(encoder: BigBirdEncoder, length: int) -> np.ndarray:
    ids, segments = token_ids(length)
    return encoder(tf.constant(ids), tf.constant(segments), tf.constant(ids > 0)).numpy()


def attended(encoder: BigBirdEncoder, length: int) -> np.ndarray:
    return encoder.layers[0].attention(*(tf.constant(array) for array in hidden_states(length))).numpy()


@pytest.mark.parametrize(("case", "compute"), [(ENCODER, encoded), (ATTENTION, attended)], ids=["encoder", "attention"])
def test_ours_equals_the_original_code_at_its_four_lengths_and_transformers_plan_at_all_but_2048(case, compute):
    google, transformers = (encoder_with_weights(case, plan) for plan in ("google", "transformers"))

    found = {length: difference(case, length, compute(google, length)) for length in LENGTHS}
    elsewhere = {length: difference(case, length, compute(transformers, length)) for length in LENGTHS}

    assert max(found.values()) < TOLERANCE
    assert elsewhere.pop(2048) > 1e-2
    assert max(elsewhere.values()) < TOLERANCE
