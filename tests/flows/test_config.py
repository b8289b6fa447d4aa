from pathlib import Path

import pytest

from flows.config import PRESETS, PROJECT, RunConfig, load_run_config
from model.contract.errors import InputError, SettingError

SMALLEST = """
root: runs/mine
corpus:
  read:
    sources:
      - {kind: news, format: jsonl, paths: [news/*.jsonl, /data/more.jsonl, gs://lab/news.jsonl]}
  vocabulary: {path: vocab.txt}
model:
  finetune:
    - {task: nsmc, train: ratings.txt, dev: gs://lab/ratings.txt}
"""


@pytest.fixture
def preset(tmp_path, monkeypatch):
    """A preset of the user's own beside its data, with the user standing there."""
    (tmp_path / "mine.yaml").write_text(SMALLEST)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "mine.yaml"


@pytest.mark.parametrize("name", sorted(path.stem for path in PRESETS.glob("*.yaml")))
def test_every_preset_loads(name):
    assert isinstance(load_run_config(name), RunConfig)


def test_the_base_preset_is_the_published_recipe():
    config = load_run_config("base")

    encoder, pretrain = config.model.encoder, config.model.pretrain
    assert (encoder.layers, encoder.hidden_size, encoder.heads, encoder.intermediate_size) == (12, 768, 12, 3_072)
    assert (encoder.vocabulary_size, encoder.block_size, encoder.random_blocks) == (32_500, 64, 3)
    assert (pretrain.sequence_length, pretrain.batch_size, pretrain.steps) == (4_096, 32, 2_000_000)
    assert (pretrain.masking.share, pretrain.masking.max_predictions, pretrain.masking.max_ngram) == (0.15, 640, 2)
    optimizer = pretrain.optimizer
    assert (optimizer.learning_rate, optimizer.warmup_steps, optimizer.schedule) == (1e-4, 20_000, "linear")
    assert (optimizer.weight_decay, optimizer.clip_norm) == (0.01, None)
    assert config.device.kind == "tpu"


def test_the_tiny_preset_names_files_that_are_there(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # not where the project is

    config = load_run_config("tiny")

    assert all(Path(place).is_file() for task in config.model.finetune for place in (task.train, task.dev))
    patterns = [pattern for source in config.corpus.read.sources for pattern in source.paths]
    assert all(list(PROJECT.glob(str(Path(pattern).relative_to(PROJECT)))) for pattern in patterns)
    assert len({source.kind for source in config.corpus.read.sources}) == 4


def test_overrides_reach_any_depth_and_list_items_by_number():
    overrides = {"corpus.clean.quality.min_characters": 300, "model.finetune.1.epochs": 9}
    overrides |= {"model.pretrain.masking.share": 0.2}

    config, plain = load_run_config("tiny", overrides), load_run_config("tiny")

    assert config.corpus.clean.quality.min_characters == 300
    assert config.model.finetune[1].epochs == 9
    assert config.model.finetune[0] == plain.model.finetune[0]
    assert config.model.pretrain.masking.share == 0.2
    assert config.model.pretrain.masking.max_predictions == plain.model.pretrain.masking.max_predictions


def test_an_override_replaces_a_whole_section_or_item(preset):
    task = {"task": "nsmc", "train": "other.txt", "dev": "other.txt"}

    config = load_run_config("mine.yaml", {"model.finetune.0": task, "runner": {"processes": 2}})

    assert config.model.finetune[0].train == str(preset.parent / "other.txt")
    assert config.runner.processes == 2


@pytest.mark.parametrize(
    "key", ["model.finetune.7.epochs", "model.finetune.last.epochs", "root.folder", "model.finetune.3"]
)
def test_an_override_of_what_is_not_there_is_refused_by_its_name(key):
    with pytest.raises(SettingError, match=f"^override {key}: nothing in the preset stands at"):
        load_run_config("tiny", {key: 1})


@pytest.mark.parametrize(
    ("key", "nearest"),
    [
        ("corpus.clean.quality.min_charcters", "corpus.clean.quality.min_characters"),
        ("model.pretrain.step", "model.pretrain.steps"),
        ("model.finetune.0.epoch", "model.finetune.0.epochs"),
        ("devise", "device"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_right_one(key, nearest):
    with pytest.raises(SettingError) as refused:
        load_run_config("tiny", {key: 1})

    assert str(refused.value) == f"tiny.yaml with overrides: {key} is not a setting; the nearest is {nearest}."


def test_sequence_lengths_that_differ_are_refused_with_both():
    with pytest.raises(SettingError, match=r"sequence_length 1024 and model.pretrain.sequence_length 512 differ"):
        load_run_config("tiny", {"model.pretrain.sequence_length": 512})


def test_a_sequence_length_that_blocks_do_not_divide_is_refused_with_one_that_they_do():
    lengths = {"model.pretrain.sequence_length": 1_000, "corpus.tokenize.sequence_length": 1_000}

    with pytest.raises(SettingError, match=r"leaves 8 tokens over with block_size 32; use 1024\.$"):
        load_run_config("tiny", lengths)


def test_a_preset_by_path_counts_relative_places_from_the_working_directory(preset):
    config = load_run_config("mine.yaml")

    folder = preset.parent
    assert config.root == f"{folder}/runs/mine"
    assert config.corpus.vocabulary.path == f"{folder}/vocab.txt"
    assert config.corpus.read.sources[0].paths == (
        f"{folder}/news/*.jsonl",
        "/data/more.jsonl",
        "gs://lab/news.jsonl",
    )
    assert (config.model.finetune[0].train, config.model.finetune[0].dev) == (
        f"{folder}/ratings.txt",
        "gs://lab/ratings.txt",
    )


def test_a_preset_by_name_counts_relative_places_from_the_project(preset):
    config = load_run_config("tiny", {"root": "runs/theirs"})

    assert config.root == str(PROJECT / "runs" / "theirs")
    assert config.corpus.vocabulary.path == str(PROJECT / "sample" / "vocab" / "kobigbird" / "vocab.txt")


def test_a_relative_base_counts_from_where_the_paths_do(preset):
    key = "corpus.read.sources.0.base"

    assert load_run_config("mine.yaml", {key: "raw"}).corpus.read.sources[0].base == f"{preset.parent}/raw"
    assert load_run_config("mine.yaml", {key: "gs://lab/raw"}).corpus.read.sources[0].base == "gs://lab/raw"


def test_a_home_directory_may_be_meant(preset, monkeypatch):
    monkeypatch.setenv("HOME", "/home/lab")

    assert load_run_config("mine.yaml", {"root": "~/runs"}).root == "/home/lab/runs"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("root: [", "mine.yaml is not YAML"),
        ("root: *nowhere", "mine.yaml is not YAML"),
        ("- root", "mine.yaml holds a list, not settings by name"),
        ("", "mine.yaml: root is missing and has no default; add it"),
        ("root: runs\n", "mine.yaml: corpus is missing and has no default; add it"),
    ],
)
def test_a_preset_that_is_none_is_refused_in_one_line(preset, text, fault):
    preset.write_text(text)

    with pytest.raises((InputError, SettingError), match=fault) as refused:
        load_run_config("mine.yaml")

    assert "\n" not in str(refused.value)


def test_a_preset_that_is_no_text_is_refused(preset):
    preset.write_bytes(b"\x1f\x8b\x08\x00")

    with pytest.raises(InputError, match="mine.yaml is not YAML"):
        load_run_config("mine.yaml")


def test_an_unknown_preset_is_refused_with_those_there_are():
    with pytest.raises(InputError, match=r"no preset 'huge'; use base, .*tiny.*, or the path of a YAML file"):
        load_run_config("huge")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("model.finetune", 3),
        ("model.finetune", [3]),
        ("corpus.read.sources", 3),
        ("corpus.read.sources.0", "news"),
        ("corpus.read.sources.0.paths", "news.jsonl"),
        ("corpus.read.sources.0.paths.0", 3),
        ("corpus.vocabulary", None),
        ("corpus", []),
        ("root", 3),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_by_its_name(key, value):
    with pytest.raises(SettingError, match=rf"tiny.yaml with overrides: {key}.* which cannot be"):
        load_run_config("tiny", {key: value})
