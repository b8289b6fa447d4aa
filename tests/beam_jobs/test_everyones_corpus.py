import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.sources.nikl.everyones_corpus import read_nikl
from tests.beam_jobs.sample_corpus import SAMPLE, read

NEWSPAPER = (SAMPLE / "nikl" / "NWRW2600000001.json").read_bytes()
WRITTEN = (SAMPLE / "nikl" / "WBRW2600000001.json").read_bytes()
REVIEWS = (SAMPLE / "nikl" / "ERRW2600000001.json").read_bytes()
FIELDS = ("id", "metadata", "paragraph", "utterance", "form", "speaker_id", "setting", "relation", "date", "title")


def corpus(*documents: object, indent: int | None = 4, identifier: str = "MDRW2600000001", **metadata: object) -> bytes:
    root = {"id": identifier, "metadata": {"title": "말뭉치", **metadata}, "document": documents}
    return json.dumps(root, ensure_ascii=False, indent=indent).encode()


def written(number: int, *forms: object, kind: str = "WBRW", **metadata: object) -> dict[str, object]:
    paragraphs = [{"id": f"{number}.{place}", "form": form} for place, form in enumerate(forms, start=1)]
    return {
        "id": f"{kind}2600000001.{number}",
        "metadata": {"title": "제목", **metadata},
        "paragraph": paragraphs,
    }


def talk(*said: tuple[str, str], kind: str = "SDRW", **metadata: object) -> dict[str, object]:
    utterances = [
        {"id": f"1.{place}", "form": form, "original_form": "발음", "speaker_id": speaker}
        for place, (speaker, form) in enumerate(said, start=1)
    ]
    return {"id": f"{kind}2600000001.1", "metadata": {"title": "대화", **metadata}, "utterance": utterances}


def text_of(document: object, name: str = "file") -> str:
    ((read_document,), _, _) = read(read_nikl, corpus(document), name)
    return read_document.text


def test_a_newspaper_of_before_2024_has_bare_forms():
    article = read(read_nikl, NEWSPAPER)[0][0]

    assert article.title == "헬름 v2 사용중단 타임라인"
    assert article.date == "2020-08-13"
    assert article.text.startswith("루이스 캐롤에게 고개를 끄덕이며...")
    assert article.metadata == {
        "genre": "newspaper",
        "author": "bridgetkromhout",
        "publisher": "Helm 한국어 블로그",
        "topic": "IT/과학",
        "original_topic": "IT",
        "category": "신문 > 인터넷 기반 신문",
    }


def test_a_newspaper_of_one_paragraph_has_it_as_text():
    ((article,), _, _) = read(read_nikl, corpus(written(1, "글", kind="NIRW")))

    assert (article.title, article.text) == ("", "글")


@given(st.lists(st.tuples(st.sampled_from("12"), st.sampled_from(["가", "나", "", "{laughing}", "((xx))"]))))
def test_each_turn_is_a_line_of_all_that_its_speaker_says(said):
    words = [(speaker, form) for speaker, form in said if form in ("가", "나")]
    turns = 1 + sum(one[0] != other[0] for one, other in pairwise(words)) if words else 0

    documents, _, skipped = read(read_nikl, corpus(talk(*said)))

    lines = documents[0].text.splitlines() if documents else []
    assert len(lines) == turns
    assert " ".join(lines).split() == [form for _, form in words]
    assert skipped == ([] if words else ["no_text"])


def test_the_spelt_form_is_read_and_the_pronounced_one_only_where_there_is_no_other():
    conversation = talk(("1", "그것을"), ("2", "봤어"))
    del conversation["utterance"][1]["form"]

    assert text_of(conversation) == "그것을\n발음"


@pytest.mark.parametrize(
    ("changes", "root_id", "file", "genre"),
    [
        ({"id": "SDRW2600000001.1"}, "MDRW2600000001", "NWRW2600000001.json", "spoken"),
        ({}, "MDRW2600000001", "NWRW2600000001.json", "messenger"),
        ({}, "x", "신문.zip/2024/NWRW2600000001.json", "newspaper"),
        ({}, "x", "file.json", "written"),
        ({"metadata": {"original_topic": ""}}, "x", "file.json", "newspaper"),
        ({"paragraph": None, "utterance": [{"form": "글"}]}, "x", "file.json", "spoken"),
        ({"paragraph": None, "utterance": [{"form": "글", "time": "15:04"}]}, "x", "file.json", "messenger"),
    ],
)
def test_the_genre_is_told_by_id_or_else_file_name_or_else_structure(changes, root_id, file, genre):
    document = {"id": "1", "metadata": {}, "paragraph": [{"form": "글"}]} | changes
    document = {name: value for name, value in document.items() if value is not None}

    ((found,), _, _) = read(read_nikl, corpus(document, identifier=root_id), file)

    assert found.metadata["genre"] == genre


@pytest.mark.parametrize(
    ("given_date", "date"),
    [("20191128", "2019-11-28"), ("20180000", "2018"), ("20181100", "2018-11"), ("NA", ""), (2019, "")],
)
def test_a_day_or_month_that_is_not_known_is_left_out_of_the_date(given_date, date):
    ((document,), _, _) = read(read_nikl, corpus(written(1, "글", date=given_date)))

    assert document.date == date


@pytest.mark.parametrize(("stored", "count"), [(NEWSPAPER, 5), (WRITTEN, 60), (REVIEWS, 400)])
def test_every_document_of_the_sample_is_read(stored, count):
    documents, bad, skipped = read(read_nikl, stored)

    assert (len(documents), bad, skipped) == (count, [], [])
    assert len({document.id for document in documents}) == count


def test_a_single_document_may_stand_without_a_list():
    root = {"id": "SBRW2100000001", "metadata": {}, "document": talk(("1", "의석을 정돈해 주십시오."), kind="SBRW")}

    ((record,), bad, _) = read(read_nikl, json.dumps(root).encode())

    assert (record.text, bad) == ("의석을 정돈해 주십시오.", [])


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"id": "W.9", "metadata": {}, "sentence": [{"form": "글"}]}, "wrong_schema"),
        ({"id": "W.9", "metadata": {}, "paragraph": [{"paragraph_form": "글"}]}, "wrong_schema"),
        ({"id": "W.9", "paragraph": {"form": "글"}}, "wrong_schema"),
        ({"id": "W.9", "paragraph": ["form", 3]}, "wrong_schema"),
        ({"paragraph": [{"form": "글"}]}, "missing_id"),
        ({"id": 3, "paragraph": [{"form": "글"}]}, "missing_id"),
        ("text", "missing_id"),
        ({"id": "W.9", "metadata": {}, "paragraph": [{"form": "\ud800"}]}, "bad_encoding"),
        ({"id": "\ud800", "metadata": {}, "paragraph": [{"form": "글"}]}, "bad_encoding"),
    ],
)
@pytest.mark.parametrize("indent", [None, 4])
def test_a_bad_document_is_a_bad_record_and_the_next_is_read(broken, reason, indent):
    escaped = json.dumps(broken)
    stored = corpus("HERE", written(2, "다음"), indent=indent).replace(b'"HERE"', escaped.encode())

    documents, bad, _ = read(read_nikl, stored)

    assert [document.text for document in documents] == ["다음"]
    assert [each.reason for each in bad] == [reason]
    json.dumps(bad[0]._asdict(), ensure_ascii=False).encode()


values = st.recursive(
    st.none() | st.integers() | st.text(st.characters()) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS) | st.text(), inner, max_size=6),
    max_leaves=12,
)


@given(
    listed=st.lists(values | st.dictionaries(st.sampled_from(FIELDS), values), max_size=5), root=st.text() | st.none()
)
def test_whatever_the_documents_are_each_has_one_outcome_that_can_be_written(listed, root):
    stored = json.dumps({"id": root, "metadata": {"category": "신문"}, "document": listed}).encode()

    documents, bad, skipped = read(read_nikl, stored)

    assert len(documents) + len(bad) + len(skipped) == len(listed)
    for outcome in (*documents, *bad):
        json.dumps(outcome._asdict(), ensure_ascii=False).encode()


@pytest.mark.parametrize("empty", [[], [{"form": ""}, {"form": "<p></p>"}], [{"form": None}]])
def test_a_document_without_text_is_skipped(empty):
    _, bad, skipped = read(read_nikl, corpus({"id": "W.9", "metadata": {}, "paragraph": empty}))

    assert (bad, skipped) == ([], ["no_text"])


def test_a_malformed_document_costs_only_itself():
    stored = corpus(*(written(number, f"글 {number}") for number in range(1, 6)))
    broken = stored.replace('"form": "글 3"'.encode(), '"form": 글 3'.encode())

    documents, bad, _ = read(read_nikl, broken)

    assert [document.text for document in documents] == ["글 1", "글 2", "글 4", "글 5"]
    assert [(each.reason, each.where) for each in bad] == [("bad_json", "document 3")]
    assert "characters passed over" in bad[0].detail


def test_bytes_that_are_not_utf_8_spoil_only_their_document():
    stored = corpus(written(1, "하나"), written(2, "둘"), written(3, "셋"))

    documents, bad, _ = read(read_nikl, stored.replace("둘".encode(), "둘".encode("cp949")))

    assert [document.text for document in documents] == ["하나", "셋"]
    assert [(each.reason, each.where) for each in bad] == [("bad_encoding", "document 2")]


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.99])
def test_a_truncated_file_keeps_the_documents_before_the_cut(keep):
    whole = read(read_nikl, WRITTEN)[0]

    documents, bad, _ = read(read_nikl, WRITTEN[: int(len(WRITTEN) * keep)])

    assert documents == whole[: len(documents)]
    assert len(documents) > len(whole) * keep * 0.7 - 1
    assert [each.reason for each in bad] == ["truncated_file"]


@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        (b"[]", "wrong_schema"),
        (b'[{"guid": "1", "sentence1": "a"}]', "wrong_schema"),
        (b'{"id": "x"}', "wrong_schema"),
        (b'{"version": "KorQuAD_v1.0_dev", "data": [{"title": "a", "paragraphs": []}]}', "wrong_schema"),
        (b'{"document": 3}', "wrong_schema"),
        (b'{"document": {}}', "missing_id"),
        (b'{"document": [', "truncated_file"),
        (b'{"id": "x", "meta', "truncated_file"),
        (b"", "truncated_file"),
        (b"no JSON", "bad_json"),
        (b"{3: 4}", "bad_json"),
        (b'{"metadata": ' + b"[" * 100_000, "wrong_schema"),
        (b'{"metadata": ' + b'{"a":' * 100_000, "bad_json"),
        (b'{"metadata": "' + b"x" * 3_000_000, "bad_json"),
        (corpus(written(1, "글")).replace(b'"form"', b"form"), "bad_json"),
    ],
)
def test_a_file_of_another_shape_is_one_bad_record(stored, reason):
    documents, bad, _ = read(read_nikl, stored)

    assert documents == []
    assert [each.reason for each in bad] == [reason]
