import io
import json
import typing
import zipfile

import pytest

from beam_jobs.decontamination.evaluation_texts import READERS, evaluation_texts
from beam_jobs.dedupe_config import EvaluationConfig, EvaluationTask
from model.contract.errors import InputError, SettingError
from tests.beam_jobs.evaluation_files import FOLDER, NAMES, decontaminate_config


def texts_of(task, **settings):
    config = EvaluationConfig(task=task, paths=(str(FOLDER / NAMES[task]),), **settings)
    return list(evaluation_texts([config]))


def test_every_task_that_settings_allow_has_a_reader():
    assert set(READERS) == set(typing.get_args(EvaluationTask)) == set(NAMES)


@pytest.mark.parametrize(
    ("task", "examples", "beginnings"),
    [
        (
            "nsmc",
            ["9756718", "9847679", "6666540", "9418727", "5340767"],
            ["요괴들의", "연기와", "극장에서", "강호동이", "빛 좋은"],
        ),
        ("klue_sts", ["klue-sts-v1_dev_00005"] * 2 + ["klue-sts-v1_dev_00011"] * 2, None),
        ("korquad_1", ["7000001-0-0", "7000001-0-0", "7000001-0-1"], ["한솔천은 가람산의", "한솔천이", "길이는?"]),
        ("klue_mrc", ["klue-mrc-v1_train_12759"] * 2, ["올여름 장마가", "북태평양 기단과"]),
        ("tydi_qa", ["-4075105610222749000"] * 2, ["바람고개는 해발", "바람고개의 주막은"]),
        ("korquad_2", ["90001", "90001"], ["누리장터 - 모두의", "누리장터에서"]),
        ("fake_news", ["1", "1", "2", "2"], ["가람시 새", "가람시는 다음", "누리강 물고기", "누리강에서"]),
        ("modu_sentiment", ["EXSA-shaped-00001.10", "EXSA-shaped-00001.12"], ["장기 연애를", "이 영화는"]),
    ],
)
def test_each_task_gives_its_texts_under_the_examples_ids(task, examples, beginnings):
    found = texts_of(task)

    assert [text.example for text in found] == examples
    assert {text.task for text in found} == {task}
    if beginnings:
        assert [text.text[: len(start)] for text, start in zip(found, beginnings, strict=True)] == beginnings


def test_a_pair_gives_both_sentences():
    premise, hypothesis, *_ = texts_of("klue_nli")

    assert premise.example == hypothesis.example
    assert premise.text.startswith("11월 5일, 정부가 국무회의에서")
    assert hypothesis.text.startswith("법무부가 해산심판 청구안을")


def test_html_is_read_as_text():
    context, _ = texts_of("korquad_2")

    assert "누리장터는 닷새마다 강가의" in context.text
    assert "1일 & 6일" in context.text
    assert "<" not in context.text


def test_a_quoted_line_end_does_not_end_a_record():
    _, content, *_ = texts_of("fake_news")

    assert content.text.endswith("따로 마련했다.")
    assert '"십이만 권"' in content.text


@pytest.mark.parametrize("task", ["korquad_1", "klue_mrc", "tydi_qa", "korquad_2", "fake_news"])
def test_contexts_can_be_left_out(task):
    every, without = texts_of(task), texts_of(task, contexts=False)

    assert without
    assert set(without) < set(every)
    assert max(len(text.text) for text in without) < 60 < max(len(text.text) for text in every)


def test_a_file_in_cp949_reads_like_one_in_utf_8(tmp_path):
    data = (FOLDER / NAMES["fake_news"]).read_bytes().decode("utf-8-sig").encode("cp949")
    (tmp_path / "mission1_test.csv").write_bytes(data)
    config = EvaluationConfig(task="fake_news", paths=(str(tmp_path / "*.csv"),))

    assert list(evaluation_texts([config])) == texts_of("fake_news")


def test_a_zip_reads_like_the_files_in_it(tmp_path):
    with zipfile.ZipFile(tmp_path / "KorQuAD_2.1_dev_00.zip", "w") as archive:
        archive.write(FOLDER / NAMES["korquad_2"], "korquad2.1_dev_00.json")
        archive.writestr("readme.txt", "no JSON")
    config = EvaluationConfig(task="korquad_2", paths=(str(tmp_path / "*.zip"),))

    assert list(evaluation_texts([config])) == texts_of("korquad_2")


def test_two_globs_that_meet_give_a_file_once():
    config = EvaluationConfig(task="nsmc", paths=(str(FOLDER / "ratings_*.txt"), str(FOLDER / "ratings_test.txt")))

    assert list(evaluation_texts([config])) == texts_of("nsmc")


def test_an_unknown_task_is_named():
    with pytest.raises(SettingError, match=r"evaluations\.0\.task is 'klue-nli'.*'klue_nli'"):
        decontaminate_config().parse({"evaluations": [{"task": "klue-nli", "paths": ["a"]}]}, "a.yaml")


def test_a_file_that_is_not_there_is_named():
    config = EvaluationConfig(task="klue_sts", paths=("/nowhere/klue-sts*.json",))

    with pytest.raises(InputError, match=r"klue_sts matches /nowhere/klue-sts\*\.json"):
        list(evaluation_texts([config]))


BROKEN = [
    ("nsmc", b"id,document,label\n"),
    ("nsmc", b"\xff\xfe"),
    ("klue_nli", b"[{}]"),
    ("klue_sts", b"{"),
    ("korquad_1", b"[]"),
    ("klue_mrc", json.dumps({"data": [{"paragraphs": [{"context": 3, "qas": []}]}]}).encode()),
    ("korquad_2", b"PK\x03\x04 no zip"),
    ("tydi_qa", b"\x1f\x8b\x08 no gzip"),
    ("fake_news", b"seqid,subject\n1,2\n"),
    ("modu_sentiment", b'{"document": [{"id": "a", "paragraph": [{"form": "b"}]}]}'),
]


@pytest.mark.parametrize(("task", "data"), BROKEN)
def test_a_file_of_another_format_is_an_error_in_one_sentence(task, data, tmp_path):
    (tmp_path / "broken").write_bytes(data)
    config = EvaluationConfig(task=task, paths=(str(tmp_path / "broken"),))

    with pytest.raises(InputError, match=rf"^\S+/broken is no whole file of {task} \(.+\); give the file as"):
        list(evaluation_texts([config]))


@pytest.mark.parametrize(
    ("task", "data"),
    [("nsmc", b"id\tdocument\tlabel\n"), ("klue_sts", b"[]"), ("korquad_1", b'{"data": []}'), ("tydi_qa", b"")],
)
def test_a_file_without_an_example_is_an_error(task, data, tmp_path):
    (tmp_path / "empty").write_bytes(data)
    config = EvaluationConfig(task=task, paths=(str(tmp_path / "empty"),))

    with pytest.raises(InputError, match=f"empty holds no example of {task}; give"):
        list(evaluation_texts([config]))


def test_a_cut_off_file_is_an_error(tmp_path):
    whole = (FOLDER / NAMES["tydi_qa"]).read_bytes()
    (tmp_path / "cut.jsonl.gz").write_bytes(io.BytesIO(whole).read(len(whole) - 40))
    config = EvaluationConfig(task="tydi_qa", paths=(str(tmp_path / "cut.jsonl.gz"),))

    with pytest.raises(InputError, match=r"cut\.jsonl\.gz is no whole file of tydi_qa"):
        list(evaluation_texts([config]))
