import json
import re
from pathlib import Path

import pytest

from flows.config import load_run_config
from flows.preflight import check_cleaning, check_corpus, check_tasks
from model.contract.errors import InputError, SettingError
from model.contract.record import SPECIAL_TOKENS


@pytest.fixture
def preset(tmp_path):
    """A preset that has all it names: one source, a vocabulary of 10 pieces, one task."""
    (tmp_path / "news.jsonl").write_text(json.dumps({"text": "글"}))
    (tmp_path / "vocab.txt").write_text("\n".join([*SPECIAL_TOKENS, "가", "나", "다"]) + "\n")
    (tmp_path / "train.txt").write_text("id\tdocument\tlabel\n")
    (tmp_path / "dev.txt").write_text("id\tdocument\tlabel\n1\t재미있게 잘 봤습니다\t1\n")
    task = f"{{task: nsmc, train: {tmp_path}/train.txt, dev: {tmp_path}/dev.txt, max_length: 64}}"
    (tmp_path / "mine.yaml").write_text(f"""
root: {tmp_path}/runs
corpus:
  read: {{sources: [{{kind: news, format: jsonl, paths: [{tmp_path}/*.jsonl]}}]}}
  vocabulary: {{path: {tmp_path}/vocab.txt}}
model: {{encoder: {{vocabulary_size: 10}}, finetune: [{task}]}}
""")
    return tmp_path / "mine.yaml"


def check(preset: Path, **overrides: object) -> None:
    config = load_run_config(str(preset), {key.replace("__", "."): value for key, value in overrides.items()})
    check_corpus(config)
    check_tasks(config)
    check_cleaning(config)


def is_one_sentence(error: Exception) -> bool:
    text = str(error)
    return text.endswith(".") and "\n" not in text and not re.search(r"[.!?] [A-Z가-힣]", text)


def test_a_preset_that_has_all_it_names_passes_and_nothing_is_written(preset):
    before = sorted(preset.parent.rglob("*"))

    check(preset)

    assert sorted(preset.parent.rglob("*")) == before


@pytest.mark.parametrize(
    ("lose", "error", "sentence"),
    [
        ("news.jsonl", InputError, r"Source news: no file matches \S+/\*.jsonl; name a file or glob that exists"),
        ("vocab.txt", InputError, r"/vocab.txt: no such file or directory; check the path"),
        ("train.txt", InputError, r"/train.txt of task nsmc does not exist; correct model.finetune"),
        ("dev.txt", InputError, r"/dev.txt of task nsmc does not exist; correct model.finetune"),
    ],
)
def test_a_missing_file_is_named_in_one_sentence(preset, lose, error, sentence):
    (preset.parent / lose).unlink()

    with pytest.raises(error, match=sentence) as refused:
        check(preset)

    assert is_one_sentence(refused.value)


def test_an_empty_source_is_named_in_one_sentence(preset):
    (preset.parent / "empty.jsonl").touch()

    with pytest.raises(InputError, match=r"/empty.jsonl is an empty source \(0 bytes\)") as refused:
        check(preset)

    assert is_one_sentence(refused.value)


def test_an_empty_vocabulary_is_named_in_one_sentence(preset):
    (preset.parent / "vocab.txt").write_text("")

    with pytest.raises(InputError, match=r"/vocab.txt is empty; give a vocab.txt") as refused:
        check(preset)

    assert is_one_sentence(refused.value)


def test_a_vocabulary_of_another_size_than_the_models_is_refused_with_both_sizes(preset):
    with pytest.raises(SettingError, match=r"/vocab.txt has 10 pieces, but .* is 12; set .* to 10\.$") as refused:
        check(preset, model__encoder__vocabulary_size=12)

    assert is_one_sentence(refused.value)


@pytest.mark.parametrize("root", ["s3://lab/runs", "gs://", "hdfs://lab/runs"])
def test_a_root_that_no_stage_could_write_to_is_refused(preset, root):
    with pytest.raises(SettingError, match="gs://BUCKET/FOLDER") as refused:
        check(preset, root=root)

    assert is_one_sentence(refused.value)
