"""`model.pretrain.warm_start` in a preset: what is known before any work, and what makes the stage another."""

import json
import shutil
from pathlib import Path

import pytest

from flows import stages
from flows.config import load_run_config
from flows.preflight import check_data, check_warm_start
from flows.train import given_records
from model.config import DeviceConfig, EncoderConfig
from model.contract import places
from model.contract.errors import InputError, SettingError
from model.contract.manifest import outputs_in
from model.contract.stage import Made
from model.export import export_with_vocabulary
from model.heads import MaskedLanguageModel
from tests.flows.test_given_records import preset_on
from tests.model.record_directory import PIECES, records_directory


def encoder_of(folder):
    """The encoder of the preset on the folder's records, as settings."""
    return json.loads(Path(preset_on(folder / "records", folder)).read_text())["model"]["encoder"]


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """Records, and weights in transformers' format that fit them."""
    folder = tmp_path_factory.mktemp("given")
    records_directory(folder / "records")
    encoder = EncoderConfig(**encoder_of(folder))
    model = MaskedLanguageModel(encoder, seed=5)
    export_with_vocabulary(model, str(folder / "records" / "vocab.txt"), str(folder / "weights"))
    return folder


def preset(given, folder, **pretraining):
    """A preset on the records, which begins from the weights."""
    path = Path(preset_on(given / "records", folder))
    settings = json.loads(path.read_text())
    settings["model"]["pretrain"] |= {"warm_start": str(given / "weights")} | pretraining
    path.write_text(json.dumps(settings))
    return load_run_config(str(path))


@pytest.fixture
def fingerprint(monkeypatch):
    """The fingerprint of a run's pretraining, which does not train."""

    def work(encoder, config, records, pieces, directory, *_):
        places.replace_bytes(f"{directory}/done", b"")
        return Made(outputs=outputs_in(directory))

    def of(config):
        data = given_records(config.records)
        half = config.model
        arguments = (config.root, data.records, data.vocabulary, half.encoder, half.pretrain, DeviceConfig())
        return stages.pretrain(*arguments).manifest

    monkeypatch.setattr("model.pretrain.pretrain", work)
    return of


def test_weights_that_fit_pass(given, tmp_path):
    check_data(preset(given, tmp_path))


def test_weights_that_do_not_fit_the_encoder_are_refused_before_any_work(given, tmp_path):
    config = preset(given, tmp_path)
    wider = config.model.encoder.model_copy(update={"hidden_size": 32})

    with pytest.raises(SettingError, match=r"weights has hidden_size 16 where model.encoder.hidden_size is 32; set"):
        check_data(config.model_copy(update={"model": config.model.model_copy(update={"encoder": wider})}))


def test_weights_of_other_words_are_refused_before_any_work(given, tmp_path):
    shutil.copytree(given / "weights", tmp_path / "other")
    (tmp_path / "other" / "vocab.txt").write_text("\n".join([*PIECES[:-1], "다른"]) + "\n")

    with pytest.raises(SettingError, match=r"has '다른' as piece 17 where the run's vocabulary has"):
        check_data(preset(given, tmp_path, warm_start=str(tmp_path / "other")))


def test_weights_that_are_missing_are_refused_before_any_work(given, tmp_path):
    with pytest.raises(InputError, match="gone does not exist; give a model's directory"):
        check_data(preset(given, tmp_path, warm_start=str(tmp_path / "gone")))


def test_a_vocabulary_that_is_yet_to_be_trained_cannot_be_that_of_the_weights(given):
    overrides = {
        "corpus.vocabulary": {"train": {"size": 32_500}},
        "model.pretrain.warm_start": str(given / "weights"),
        "model.encoder": encoder_of(given),
        "model.encoder.max_positions": 1024,
        "model.pretrain.warm_start_positions": "random",
        "model.finetune": [],
        "corpus.decontaminate.evaluations": [],
    }
    with pytest.raises(SettingError, match=r"corpus.vocabulary.train would make another vocabulary than"):
        check_warm_start(load_run_config("tiny", overrides))


def test_a_pretraining_is_known_by_what_its_weights_are_and_not_by_where_they_lie(given, tmp_path, fingerprint):
    shutil.copytree(given / "weights", tmp_path / "moved")

    here = fingerprint(preset(given, tmp_path))
    moved = fingerprint(preset(given, tmp_path, warm_start=str(tmp_path / "moved")))

    assert here.fingerprint == moved.fingerprint
    assert str(given) not in json.dumps([here.settings, here.inputs])
    assert "warm_start/model.safetensors" in here.inputs


def test_other_weights_other_positions_and_none_make_other_pretrainings(given, tmp_path, fingerprint):
    config = preset(given, tmp_path)
    other = MaskedLanguageModel(config.model.encoder, seed=6)
    export_with_vocabulary(other, str(given / "records" / "vocab.txt"), str(tmp_path / "other"))

    found = {
        fingerprint(each).fingerprint
        for each in (
            config,
            preset(given, tmp_path, warm_start=str(tmp_path / "other")),
            preset(given, tmp_path, warm_start_positions="random"),
            preset(given, tmp_path, warm_start=""),
        )
    }

    assert len(found) == 4
    one, same = (
        fingerprint(preset(given, tmp_path, warm_start="", warm_start_positions=positions))
        for positions in ("keep", "random")
    )
    assert one.fingerprint == same.fingerprint  # where nothing is warm, positions say nothing


def test_a_relative_place_counts_from_where_the_presets_others_do(given, tmp_path, monkeypatch):
    monkeypatch.chdir(given)

    assert preset(given, tmp_path, warm_start="weights").model.pretrain.warm_start == str(given / "weights")
    assert preset(given, tmp_path, warm_start="").model.pretrain.warm_start == ""
    assert preset(given, tmp_path, warm_start="gs://lab/bert").model.pretrain.warm_start == "gs://lab/bert"
