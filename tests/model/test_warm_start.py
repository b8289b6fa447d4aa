import json
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import torch
import transformers

from model.contract.errors import InputError, SettingError
from model.encoder import BigBirdEncoder
from model.export import export_model
from model.heads import MaskedLanguageModel, SequenceClassifier
from model.warm_start import load_model, restore_from_directory
from tests.model.bigbird_twins import (
    ours,
    random_batch,
    small_config,
    small_vocabulary,
    theirs,
    with_random_weights,
    write_vocabulary,
)

HEAD = (
    "cls.predictions.bias",
    "cls.predictions.transform.LayerNorm.bias",
    "cls.predictions.transform.LayerNorm.weight",
    "cls.predictions.transform.dense.bias",
    "cls.predictions.transform.dense.weight",
)


@pytest.fixture
def exported(tmp_path):
    """A random model and the directory it was exported to, which a test may spoil."""
    model = with_random_weights(MaskedLanguageModel(small_config(plan="uniform", plan_seed=7), seed=0))
    vocabulary = write_vocabulary(tmp_path / "vocabulary", small_vocabulary(97))
    export_model(model, str(vocabulary), str(tmp_path / "exported"))
    return model, tmp_path / "exported"


def with_tensors(directory: Path, change) -> None:
    path = directory / "model.safetensors"
    tensors = safetensors.numpy.load_file(path)
    change(tensors)
    safetensors.numpy.save_file(tensors, path)


def with_fields(directory: Path, **fields) -> None:
    path = directory / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def test_a_model_comes_back_from_its_export_bit_for_bit(exported):
    model, directory = exported
    other = MaskedLanguageModel(model.encoder.config, seed=1)

    untouched = restore_from_directory(other, str(directory))

    assert untouched == ()
    for one, two in zip(model.variables, other.variables, strict=True):
        np.testing.assert_array_equal(one, two)


def test_the_architecture_comes_back_with_its_plan(exported):
    model, directory = exported

    config, tensors = load_model(str(directory))

    assert config == model.encoder.config
    assert tensors["bert.encoder.layer.0.intermediate.dense.weight"].shape == (80, 48)


def test_a_model_that_transformers_wrote_gives_the_same_hidden_states(tmp_path):
    sizes = {"vocab_size": 97, "hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 3}
    torch.manual_seed(0)
    written = transformers.BigBirdForMaskedLM(
        transformers.BigBirdConfig(
            **sizes, intermediate_size=80, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
        )
    )
    written.save_pretrained(tmp_path)

    config, _ = load_model(str(tmp_path))
    encoder = BigBirdEncoder(config, seed=0)
    untouched = restore_from_directory(encoder, str(tmp_path))

    batch = random_batch(config, 1024, padding=100)
    with torch.no_grad():
        expected = written.bert.train()(**theirs(batch)).last_hidden_state
    assert untouched == ()
    np.testing.assert_allclose(encoder(*ours(batch)), expected, atol=1e-5)


def test_a_bare_encoder_that_transformers_wrote_leaves_the_head_as_it_was(exported, tmp_path):
    model, directory = exported
    transformers.BigBirdModel.from_pretrained(directory).save_pretrained(tmp_path / "bare")
    other = MaskedLanguageModel(model.encoder.config, seed=1)
    fresh = MaskedLanguageModel(model.encoder.config, seed=1)

    untouched = restore_from_directory(other, str(tmp_path / "bare"))

    assert untouched == HEAD
    np.testing.assert_array_equal(other.transform.kernel, fresh.transform.kernel)
    for one, two in zip(model.encoder.variables, other.encoder.variables, strict=True):
        np.testing.assert_array_equal(one, two)


def test_a_classifier_takes_the_encoder_and_keeps_its_own_head(exported):
    model, directory = exported
    classifier = SequenceClassifier(model.encoder.config, labels=2, seed=1)

    untouched = restore_from_directory(classifier, str(directory))

    assert {name.split(".")[0] for name in untouched} == {"classifier"}
    np.testing.assert_array_equal(classifier.encoder.embeddings.word, model.encoder.embeddings.word)


def test_a_directory_without_a_pooler_leaves_the_pooler_as_it_was(exported):
    model, directory = exported
    with_tensors(directory, lambda tensors: [tensors.pop(f"bert.pooler.{part}") for part in ("weight", "bias")])

    untouched = restore_from_directory(BigBirdEncoder(model.encoder.config, seed=1), str(directory))

    assert untouched == ("bert.pooler.bias", "bert.pooler.weight")


@pytest.mark.parametrize(
    "name",
    ["bert.embeddings.LayerNorm.weight", "bert.encoder.layer.1.output.dense.bias", "cls.predictions.bias"],
)
def test_a_missing_tensor_is_named_and_nothing_is_restored(exported, name):
    model, directory = exported
    with_tensors(directory, lambda tensors: tensors.pop(name))
    other = MaskedLanguageModel(model.encoder.config, seed=1)
    before = other.encoder.embeddings.word.numpy()

    with pytest.raises(InputError, match=rf"model.safetensors lacks {name};"):
        restore_from_directory(other, str(directory))

    np.testing.assert_array_equal(other.encoder.embeddings.word, before)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        (
            {"max_positions": 2048},
            InputError,
            r"position_embeddings.weight of shape \[4096, 48\] where the model needs \[2048, 48\]",
        ),
        (
            {"intermediate_size": 64},
            InputError,
            r"layer.0.output.dense.weight of shape \[48, 80\] where the model needs \[48, 64\]",
        ),
        ({"layers": 1}, InputError, "holds bert.encoder.layer.1.* which the model lacks"),
        ({"layers": 3}, InputError, "lacks bert.encoder.layer.2"),
        ({"heads": 4}, SettingError, "has 3 attention heads where the model has 4"),
    ],
)
def test_weights_of_another_architecture_are_refused_in_one_sentence(exported, changes, error, message):
    _, directory = exported

    with pytest.raises(error, match=message):
        restore_from_directory(BigBirdEncoder(small_config(**changes), seed=0), str(directory))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"model_type": "bert"}, "says model_type 'bert', which this encoder cannot be; it needs 'big_bird'"),
        ({"hidden_act": "relu"}, "says hidden_act 'relu'"),
        ({"use_bias": False}, "says use_bias False"),
    ],
)
def test_a_model_of_another_kind_is_refused_in_one_sentence(exported, fields, message):
    _, directory = exported
    with_fields(directory, **fields)

    with pytest.raises(InputError, match=message):
        load_model(str(directory))


def test_a_config_without_a_size_is_refused(exported):
    _, directory = exported
    fields = json.loads((directory / "config.json").read_text())
    del fields["hidden_size"]
    (directory / "config.json").write_text(json.dumps(fields))

    with pytest.raises(InputError, match=r"config.json lacks hidden_size"):
        load_model(str(directory))


@pytest.mark.parametrize(
    ("file", "message"),
    [("config.json", "is not JSON"), ("model.safetensors", "is no whole safetensors file")],
)
def test_a_file_cut_short_is_refused_in_one_sentence(exported, file, message):
    _, directory = exported
    path = directory / file
    path.write_bytes(path.read_bytes()[:-20])

    with pytest.raises(InputError, match=rf"{file} {message}"):
        load_model(str(directory))


@pytest.mark.parametrize("file", ["config.json", "model.safetensors"])
def test_a_missing_file_is_named(exported, file):
    _, directory = exported
    (directory / file).unlink()

    with pytest.raises(InputError, match=file):
        load_model(str(directory))


def test_half_precision_weights_are_widened(exported):
    model, directory = exported
    with_tensors(directory, lambda tensors: tensors.update({name: v.astype(np.float16) for name, v in tensors.items()}))
    encoder = BigBirdEncoder(model.encoder.config, seed=1)

    restore_from_directory(encoder, str(directory))

    word = model.encoder.embeddings.word.numpy()
    np.testing.assert_array_equal(encoder.embeddings.word, word.astype(np.float16).astype(np.float32))
