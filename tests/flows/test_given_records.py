"""Training on records that existed before the run."""

import json
import shutil
from pathlib import Path

import pytest

from flows.cli import check
from flows.config import load_run_config
from flows.corpus_cli import build
from flows.pretrain import pretrain
from flows.publishing import write_publication
from flows.train import given_records
from model.contract.errors import OutputError, SettingError
from model.contract.manifest import open_stage
from model.contract.record import RecordFormat
from tests.flows.finished_stages import exported, pretrained
from tests.model.record_directory import LENGTH, PIECES, SPECIAL_IDS, padded_directory, records_directory


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("records") / "made"
    records_directory(folder)
    return folder


def preset_on(records, folder, **encoder):
    """A preset that trains a very small model on records."""
    model = {
        "encoder": {
            "vocabulary_size": len(PIECES),
            "hidden_size": 16,
            "layers": 1,
            "heads": 2,
            "intermediate_size": 32,
            "max_positions": LENGTH,
            "block_size": 1,
            "random_blocks": 1,
            "plan": "uniform",
        }
        | encoder,
        "pretrain": {
            "sequence_length": LENGTH,
            "batch_size": 2,
            "steps": 10,
            "steps_per_loop": 5,
            "checkpoint_every": 10,
            "validate_every": 10,
            "precision": "float32",
            "masking": {"share": 0.5, "max_predictions": 8},
            "optimizer": {"warmup_steps": 2},
        },
    }
    path = folder / "mine.yaml"
    path.write_text(json.dumps({"root": str(folder / "run"), "records": str(records), "model": model}))
    return str(path)


def test_a_run_trains_on_records_that_exist_and_publishes_their_manifest(made, tmp_path):
    preset = preset_on(made, tmp_path)

    published = pretrain.fn(preset)

    card = Path(published.directory, "model", "README.md").read_text()
    fingerprint = open_stage(str(made)).manifest.fingerprint
    assert f"| tokenize | {fingerprint} |" in card
    assert "The records existed before this run" in card
    assert sorted(path.name for path in (tmp_path / "run").iterdir() if not path.name.startswith(".")) == [
        "export",
        "pretrain",
        "publish",
    ]


def test_check_names_a_fault_of_the_records(made, tmp_path):
    shutil.copytree(made, tmp_path / "broken")
    (tmp_path / "broken" / "train-00000-of-00002.tfrecord").unlink()

    with pytest.raises(OutputError, match="train-00000-of-00002.tfrecord is in the manifest but missing"):
        check(preset_on(tmp_path / "broken", tmp_path))


def test_check_names_the_setting_that_does_not_fit_the_records(made, tmp_path):
    preset = preset_on(made, tmp_path, vocabulary_size=20)

    with pytest.raises(SettingError, match=f"{made} has 18 where model.encoder.vocabulary_size is 20; set .* to 18"):
        check(preset)


def test_check_finds_nothing_wrong_with_records_that_fit(made, tmp_path, capsys):
    check(preset_on(made, tmp_path))

    assert capsys.readouterr().out.endswith(f": fine; a run would write to {tmp_path}/run\n")


def test_a_run_without_corpus_and_records_is_refused(tmp_path):
    (tmp_path / "mine.yaml").write_text("root: out\n")

    with pytest.raises(SettingError, match="corpus is missing and has no default; add it, or name a"):
        load_run_config(str(tmp_path / "mine.yaml"))


def test_building_the_corpus_of_a_run_that_has_none_is_refused(made, tmp_path):
    with pytest.raises(SettingError, match=f"trains on {made} and has no corpus to build"):
        build(preset_on(made, tmp_path))


def test_records_are_given_in_place_of_a_preset_corpus_whatever_length_that_packs(made):
    config = load_run_config("tiny", {"records": str(made), "corpus.tokenize.sequence_length": 64})

    assert config.records == str(made)
    assert config.model.pretrain.sequence_length != 64


def test_records_without_a_vocabulary_cannot_be_trained_on(made, tmp_path):
    shutil.copytree(made, tmp_path / "bare")
    manifest = json.loads((tmp_path / "bare" / "manifest.json").read_text())
    kept = [file for file in manifest["outputs"] if file["name"] != "vocab.txt"]
    (tmp_path / "bare" / "manifest.json").write_text(json.dumps(manifest | {"outputs": kept}))

    with pytest.raises(OutputError, match=r"has no vocab.txt in its manifest; tokenize it again, or adopt it"):
        given_records(str(tmp_path / "bare"))


def test_the_card_of_a_training_on_kobigbirds_own_records_says_how_many_there_were(tmp_path):
    record_format = RecordFormat(
        layout="kobigbird",
        sequence_length=8,
        vocabulary_size=len(PIECES),
        vocabulary_crc32c="0",
        special_ids=SPECIAL_IDS,
    )
    records = padded_directory(tmp_path / "records", [b"a record"] * 1_234, record_format)
    trained = pretrained(tmp_path, records)

    write_publication([records], trained, exported(tmp_path, trained), [], str(tmp_path / "published"))

    card = (tmp_path / "published" / "model" / "README.md").read_text()
    assert "their manifest tells what they were made of.\n\nRecords: 1,234." in card
    assert "Padding" not in card
