import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.document import document_id
from beam_jobs.sources.everyones_corpus import read_nikl, strip_paragraph_tags
from tests.beam_jobs.sample_corpus import SAMPLE, read

NEWSPAPER = (SAMPLE / "nikl" / "NWRW2600000001.json").read_bytes()
WRITTEN = (SAMPLE / "nikl" / "WBRW2600000001.json").read_bytes()
REVIEWS = (SAMPLE / "nikl" / "ERRW2600000001.json").read_bytes()


def corpus(*documents: object, **metadata: object) -> bytes:
    root = {"id": "MDRW2600000001", "metadata": {"title": "말뭉치", **metadata}, "document": documents}
    return json.dumps(root, ensure_ascii=False, indent=4).encode()


def written(number: int, *forms: str, kind: str = "WBRW") -> dict[str, object]:
    paragraphs = [{"id": f"{number}.{place}", "form": form} for place, form in enumerate(forms, start=1)]
    return {"id": f"{kind}2600000001.{number}", "metadata": {"title": "제목"}, "paragraph": paragraphs}


def test_a_newspapers_headline_becomes_the_title_and_the_rest_the_text():
    article = read(read_nikl, NEWSPAPER)[0][0]

    assert article.id == document_id("a_source", "NWRW2600000001.1")
    assert article.title == "헬름 v2 사용중단 타임라인"
    assert article.date == "2020-08-13"
    assert article.text.startswith("루이스 캐롤에게 고개를 끄덕이며...")
    assert article.metadata == {
        "author": "bridgetkromhout",
        "publisher": "Helm 한국어 블로그",
        "topic": "IT/과학",
        "original_topic": "IT",
        "category": "신문 > 인터넷 기반 신문",
    }


def test_a_court_decision_has_a_line_for_each_paragraph():
    decision = read(read_nikl, WRITTEN)[0][0]

    assert decision.title == "장해급여부지급처분취소"
    assert decision.text.splitlines()[:4] == [
        "장해급여부지급처분취소",
        "판례내용",
        "【주문】1. 원고의 청구를 기각한다.",
        "2. 소송비용은 원고가 부담한다.",
    ]


@pytest.mark.parametrize(("stored", "count"), [(NEWSPAPER, 5), (WRITTEN, 60), (REVIEWS, 400)])
def test_every_document_of_the_sample_is_read(stored, count):
    documents, bad, skipped = read(read_nikl, stored)

    assert (len(documents), bad, skipped) == (count, [], [])
    assert len({document.id for document in documents}) == count


def test_a_conversations_utterances_become_lines():
    talk = {
        "id": "MDRW2600000001.1",
        "metadata": {
            "title": "일상 대화",
            "date": "20191128",
            "topic": "여행",
            "setting": {"relation": "친구"},
        },
        "utterance": [
            {
                "id": "1",
                "form": "어디 가?",
                "original_form": "어디 가",
                "speaker_id": "1",
                "time": "20191128 15:04",
            },
            {"id": "2", "form": "", "original_form": "name1한테", "speaker_id": "2"},
            {"id": "3", "form": "", "original_form": "", "speaker_id": "1"},
        ],
    }

    (document,), _, _ = read(read_nikl, corpus(talk, category="메신저"))

    assert document.text == "어디 가?\nname1한테"
    assert document.date == "2019-11-28"
    assert document.metadata == {"topic": "여행", "category": "메신저"}


@given(st.text(st.characters(blacklist_characters="<>")))
def test_paragraph_tags_are_taken_away_and_nothing_else(form):
    assert strip_paragraph_tags(f"<p>{form}</p>") == form.strip()


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"id": "W.9", "metadata": {}, "paragraph": []}, "missing_text"),
        ({"id": "W.9", "paragraph": [{"form": "<p></p>"}, {"form": 3}, "form"]}, "missing_text"),
        ({"id": "W.9", "paragraph": {"form": "글"}}, "missing_text"),
        ({"paragraph": [{"form": "글"}]}, "missing_id"),
        ("text", "missing_id"),
    ],
)
def test_a_bad_document_is_a_bad_record_and_the_next_is_read(broken, reason):
    documents, bad, _ = read(read_nikl, corpus(broken, written(2, "다음")))

    assert [document.text for document in documents] == ["다음"]
    assert [each.reason for each in bad] == [reason]


def test_bytes_that_are_not_utf_8_spoil_only_their_document():
    stored = corpus(written(1, "하나"), written(2, "둘"), written(3, "셋"))

    documents, bad, _ = read(read_nikl, stored.replace("둘".encode(), "둘".encode("cp949")))

    assert [document.text for document in documents] == ["하나", "셋"]
    assert [(each.reason, each.where) for each in bad] == [("bad_encoding", "WBRW2600000001.2")]


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.99])
def test_a_truncated_file_keeps_the_documents_before_the_cut(keep):
    whole = read(read_nikl, WRITTEN)[0]

    documents, bad, _ = read(read_nikl, WRITTEN[: int(len(WRITTEN) * keep)])

    assert documents == whole[: len(documents)]
    assert len(documents) > len(whole) * keep * 0.7 - 1
    assert [each.reason for each in bad] == ["truncated_file"]


@pytest.mark.parametrize(
    "stored",
    [
        b"[]",
        b"no JSON",
        b'{"id": "x"}',
        b'{"document": {}}',
        b"{3: 4}",
        corpus(written(1, "글")).replace(b'"form"', b"form"),
    ],
)
def test_a_file_of_another_shape_is_one_bad_record(stored):
    documents, bad, _ = read(read_nikl, stored)

    assert documents == []
    assert [each.reason for each in bad] == ["bad_json"]
