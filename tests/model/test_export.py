import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import torch
import transformers

from model.checkpoints import Checkpoints
from model.contract.errors import InputError, OutputError, SettingError
from model.contract.manifest import StageManifest, StageOutput, outputs_in
from model.export import export_model, export_training
from model.heads import MaskedLanguageModel
from model.warm_start import restore_from_directory
from tests.model.bigbird_twins import (
    ours,
    random_batch,
    small_config,
    small_vocabulary,
    theirs,
    with_random_weights,
    write_vocabulary,
)

PUBLISHED_VOCABULARY = Path(__file__).parents[2] / "sample" / "vocab" / "kobigbird"
NO_DROPOUT = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A random model with the published vocabulary, and the directory it was exported to."""
    model = with_random_weights(MaskedLanguageModel(small_config(vocabulary_size=32_500), seed=0))
    directory = tmp_path_factory.mktemp("exported") / "model"
    export_model(model, str(PUBLISHED_VOCABULARY), str(directory))
    return model, directory


def a_stage(directory: Path) -> StageOutput:
    manifest = StageManifest(
        stage="any",
        fingerprint="0",
        settings={},
        inputs={},
        sources="",
        outputs=tuple(outputs_in(str(directory))),
        counters={},
        facts={},
        package_version="",
        git_version="",
        runner="",
        started="",
        finished="",
    )
    return StageOutput(directory=str(directory), manifest=manifest)


def test_auto_model_for_masked_lm_loads_every_weight_and_gives_equal_scores(exported):
    model, directory = exported
    batch = random_batch(model.encoder.config, 1024, padding=100)
    positions = np.array([[1, 500, 1023], [0, 77, 900]], np.int32)

    twin, loading = transformers.AutoModelForMaskedLM.from_pretrained(directory, output_loading_info=True, **NO_DROPOUT)
    with torch.no_grad():
        expected = twin.train()(**theirs(batch)).logits.numpy()

    assert type(twin) is transformers.BigBirdForMaskedLM
    assert not any(loading.values())
    scores = model(*ours(batch), tf.constant(positions))
    np.testing.assert_allclose(scores, np.take_along_axis(expected, positions[:, :, None], 1), atol=2e-5)


def test_auto_model_loads_the_encoder_and_gives_equal_hidden_states(exported):
    model, directory = exported
    batch = random_batch(model.encoder.config, 1216, padding=100)

    twin, loading = transformers.AutoModel.from_pretrained(directory, output_loading_info=True, **NO_DROPOUT)
    with torch.no_grad():
        expected = twin.train()(**theirs(batch))

    assert type(twin) is transformers.BigBirdModel
    assert not loading["missing_keys"]
    assert all(name.startswith("cls.predictions.") for name in loading["unexpected_keys"])  # the head it leaves aside
    hidden = model.encoder(*ours(batch))
    np.testing.assert_allclose(hidden, expected.last_hidden_state, atol=1e-5)
    np.testing.assert_allclose(model.encoder.pooled(hidden), expected.pooler_output, atol=1e-5)


def test_auto_tokenizer_is_a_cased_bert_tokenizer_with_the_vocabulary_given(exported):
    _, directory = exported
    pieces = (PUBLISHED_VOCABULARY / "vocab.txt").read_text(encoding="utf-8").splitlines()

    tokenizer = transformers.AutoTokenizer.from_pretrained(directory)

    assert type(tokenizer) is transformers.BertTokenizer
    assert tokenizer.get_vocab() == {piece: index for index, piece in enumerate(pieces)}
    assert tokenizer.model_max_length == 4096
    assert not tokenizer.do_lower_case
    tokens = tokenizer.convert_ids_to_tokens(tokenizer("한국어 Train").input_ids)
    assert tokens == ["[CLS]", "한국어", "Tr", "##ain", "[SEP]"]
    specials = ("pad", "unk", "cls", "sep", "mask", "bos", "eos")
    assert [getattr(tokenizer, f"{name}_token_id") for name in specials] == list(range(7))


def test_the_files_that_older_versions_of_transformers_read_are_there_too(exported):
    _, directory = exported

    settings = json.loads((directory / "tokenizer_config.json").read_text())
    tokens = json.loads((directory / "special_tokens_map.json").read_text())

    assert (directory / "vocab.txt").read_bytes() == (PUBLISHED_VOCABULARY / "vocab.txt").read_bytes()
    assert settings["tokenizer_class"] == "BertTokenizer"
    assert settings["do_lower_case"] is False
    assert tokens == json.loads((PUBLISHED_VOCABULARY / "special_tokens_map.json").read_text())


def test_the_config_says_what_was_trained(exported):
    _, directory = exported

    config = transformers.AutoConfig.from_pretrained(directory)

    assert type(config) is transformers.BigBirdConfig
    assert config.architectures == ["BigBirdForMaskedLM"]
    assert (config.attention_type, config.block_size, config.num_random_blocks) == ("block_sparse", 64, 3)
    assert (config.hidden_act, config.vocab_size, config.num_hidden_layers) == ("gelu_new", 32_500, 2)
    ids = (config.pad_token_id, config.bos_token_id, config.eos_token_id, config.sep_token_id)
    assert ids == (0, 5, 6, 3)


def test_exporting_needs_no_torch(tmp_path):
    write_vocabulary(tmp_path / "vocabulary", small_vocabulary(97))
    script = f"""
import sys
sys.modules["torch"] = None  # importing it fails from here on
from model.config import EncoderConfig
from model.export import export_model
from model.heads import MaskedLanguageModel
config = EncoderConfig(vocabulary_size=97, hidden_size=16, layers=1, heads=2, intermediate_size=16)
export_model(MaskedLanguageModel(config, 0), {str(tmp_path / "vocabulary")!r}, {str(tmp_path / "out")!r})
"""

    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "model.safetensors").exists()


def test_two_exports_of_one_model_are_byte_identical(tmp_path):
    model = MaskedLanguageModel(small_config(), seed=0)
    vocabulary = write_vocabulary(tmp_path / "vocabulary", small_vocabulary(97))

    for name in ("one", "two"):
        export_model(model, str(vocabulary), str(tmp_path / name))

    files = [{path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("one", "two")]
    assert files[0] == files[1]


@pytest.mark.parametrize(
    ("pieces", "error", "message"),
    [
        (small_vocabulary(96), SettingError, "has 96 pieces where the model's vocabulary_size is 97"),
        (["[BLANK]", *small_vocabulary(97)[1:]], InputError, r"lacks \[PAD\]"),
    ],
)
def test_a_vocabulary_that_does_not_fit_is_refused_before_anything_is_written(tmp_path, pieces, error, message):
    vocabulary = write_vocabulary(tmp_path / "vocabulary", pieces)

    with pytest.raises(error, match=message):
        export_model(MaskedLanguageModel(small_config(), 0), str(vocabulary), str(tmp_path / "out"))

    assert not (tmp_path / "out").exists()


def test_a_training_is_exported_from_its_last_checkpoint(tmp_path):
    config = small_config(layers=1)
    trained, vocabulary = (
        tmp_path / "trained",
        write_vocabulary(tmp_path / "vocabulary", small_vocabulary(97)),
    )
    model = MaskedLanguageModel(config, seed=0)
    checkpoints = Checkpoints(str(trained), 3, model=model, step=tf.Variable(0))
    for step in (1, 2):
        checkpoints.save(step)
        with_random_weights(model, seed=step)
    checkpoints.save(3)

    made = export_training(a_stage(trained), a_stage(vocabulary), config, str(tmp_path / "exported"))

    restored = MaskedLanguageModel(config, seed=9)
    restore_from_directory(restored, str(tmp_path / "exported" / "model"))
    for one, other in zip(restored.variables, model.variables, strict=True):
        np.testing.assert_array_equal(one, other)
    names = {file.name for file in made.outputs}
    assert {"model/model.safetensors", "saved_model/saved_model.pb", "saved_model/variables/variables.index"} <= names
    assert made.facts == {"saved_model": True}


def test_without_tensorflow_text_a_training_is_exported_without_the_model_for_serving(tmp_path, monkeypatch):
    config = small_config(layers=1)
    trained, vocabulary = tmp_path / "trained", write_vocabulary(tmp_path / "vocabulary", small_vocabulary(97))
    Checkpoints(str(trained), 3, model=MaskedLanguageModel(config, seed=0)).save(1)
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "tensorflow_text" else found(name, *rest)
    )

    made = export_training(a_stage(trained), a_stage(vocabulary), config, str(tmp_path / "exported"))

    assert {file.name.split("/")[0] for file in made.outputs} == {"model"}
    assert made.facts == {"saved_model": False}


def test_a_training_with_an_altered_checkpoint_is_refused(tmp_path):
    config = small_config(layers=1)
    trained, vocabulary = (
        tmp_path / "trained",
        write_vocabulary(tmp_path / "vocabulary", small_vocabulary(97)),
    )
    Checkpoints(str(trained), 3, model=MaskedLanguageModel(config, seed=0)).save(1)
    stage = a_stage(trained)
    next(trained.glob("**/*.data-*")).write_bytes(b"cut")

    with pytest.raises(OutputError, match="has 3 bytes where its manifest says"):
        export_training(stage, a_stage(vocabulary), config, str(tmp_path / "exported"))

    assert not (tmp_path / "exported").exists()
