import json
from pathlib import Path

import pytest

from model.contract.errors import InputError
from model.metrics import METRICS
from model.tasks.all_tasks import TASKS
from model.tasks.published import PUBLISHED
from model.tasks.task import Example, TaskExamples

SAMPLE = Path(__file__).parents[2] / "sample" / "tasks"
NLI = {"guid": "1", "premise": "비가 온다.", "hypothesis": "날이 맑다.", "gold_label": "contradiction"}
STS = {"guid": "2", "sentence1": "비가 온다.", "sentence2": "비가 내린다.", "labels": {"label": 4.7}}


def read(task: str, tmp_path, content: str | bytes) -> TaskExamples:
    path = tmp_path / "file"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return TASKS[task].read(str(path))


def test_nsmc_reads_reviews_and_counts_those_without_text(tmp_path):
    found = read("nsmc", tmp_path, 'id\tdocument\tlabel\n1\t"좋다\u2028정말\t1\n2\t\t0\n3\t별로\t0\r\n')

    assert found.examples == [Example("1", '"좋다\u2028정말', None, 1), Example("3", "별로", None, 0)]
    assert found.dropped == 1


def test_klue_nli_reads_pairs_with_the_index_of_their_label(tmp_path):
    found = read("klue_nli", tmp_path, json.dumps([NLI]))

    assert found == TaskExamples([Example("1", "비가 온다.", "날이 맑다.", 2)])
    assert TASKS["klue_nli"].labels[2] == "contradiction"


def test_klue_sts_reads_pairs_with_their_real_label(tmp_path):
    found = read("klue_sts", tmp_path, json.dumps([STS]))

    assert found == TaskExamples([Example("2", "비가 온다.", "비가 내린다.", 4.7)])


@pytest.mark.parametrize(
    ("task", "content", "complaint"),
    [
        ("nsmc", "1\t좋다\t1\n", "header"),
        ("nsmc", "", "header"),
        ("nsmc", "id\tdocument\tlabel\n", "no review"),
        ("nsmc", "id\tdocument\tlabel\n1\t좋다\t1\n2\t별로\n", "line 3"),
        ("nsmc", "id\tdocument\tlabel\n1\t좋다\t2\n", "line 2"),
        ("nsmc", b"id\tdocument\tlabel\n" + "1\t좋다\t1\n".encode("cp949"), "UTF-8"),
        ("klue_nli", "[{", "not JSON"),
        ("klue_nli", "{}", "list of objects"),
        ("klue_nli", "[]", "no example"),
        ("klue_nli", json.dumps([NLI, {**NLI, "gold_label": "-"}]), "record 1 has the gold_label '-'"),
        ("klue_nli", json.dumps([{**NLI, "hypothesis": None}]), "record 0 has no text under 'hypothesis'"),
        ("klue_sts", json.dumps([{**STS, "labels": {"label": 5.1}}]), "5.1"),
        ("klue_sts", json.dumps([{**STS, "labels": 3}]), "no number"),
        ("klue_sts", json.dumps([{**STS, "sentence1": " "}]), "sentence1"),
    ],
)
def test_a_bad_file_is_refused_in_one_sentence_that_names_it(task, content, complaint, tmp_path):
    with pytest.raises(InputError) as error:
        read(task, tmp_path, content)

    sentence = str(error.value)
    assert complaint in sentence
    assert sentence.startswith(str(tmp_path / "file"))
    assert "\n" not in sentence


@pytest.mark.parametrize("task", TASKS)
def test_a_missing_file_is_an_input_error(task, tmp_path):
    with pytest.raises(InputError, match="absent"):
        TASKS[task].read(str(tmp_path / "absent"))


@pytest.mark.parametrize("task", TASKS)
def test_the_metric_of_each_task_is_one_we_have_and_one_that_was_published(task):
    metric = TASKS[task].metric

    assert metric in METRICS
    assert all(metric in scores for scores in PUBLISHED[task].values())


@pytest.mark.parametrize(
    ("task", "file", "examples"),
    [
        ("nsmc", "nsmc/ratings_train.txt", 3_000),
        ("klue_nli", "klue-nli-v1.1/klue-nli-v1.1_train.json", 900),
        ("klue_sts", "klue-sts-v1.1/klue-sts-v1.1_train.json", 240),
    ],
)
def test_the_real_sample_files_are_read_whole(task, file, examples):
    found = TASKS[task].read(str(SAMPLE / file))

    labels = {example.label for example in found.examples}

    assert len(found.examples) + found.dropped == examples
    assert len({example.guid for example in found.examples}) == len(found.examples)
    assert labels == set(range(len(TASKS[task].labels))) if TASKS[task].labels else len(labels) > 10
