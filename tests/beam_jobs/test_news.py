import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.document import document_id
from beam_jobs.sources.news import read_jsonl
from tests.beam_jobs.sample_corpus import SAMPLE, read

NEWS = (SAMPLE / "news-00000.jsonl.gz").read_bytes()


def lines(*articles: object) -> bytes:
    return "".join(json.dumps(article, ensure_ascii=False) + "\n" for article in articles).encode()


def test_a_real_article_keeps_all_that_its_line_says():
    article = read(read_jsonl, NEWS)[0][1]

    assert article.id == document_id("a_source", "NWRW2600000001.2")
    assert article.url == "https://ko.react.dev/blog/2025/10/07/react-compiler-1"
    assert article.title == "React Compiler v1.0"
    assert article.date == "2025-10-07"
    assert article.metadata == {
        "author": "Lauren Tan, Joe Savona, and Mofei Zhang",
        "publisher": "React 한국어 블로그",
        "topic": "IT/과학",
    }
    assert "React 컴파일러 1.0이 오늘 출시됩니다." in article.text


@given(st.lists(st.text(min_size=1).filter(lambda text: text.strip())), st.booleans())
def test_every_text_comes_back_in_order(texts, compressed):
    stored = lines(*({"text": text} for text in texts))

    documents, bad, _ = read(read_jsonl, gzip.compress(stored) if compressed else stored)

    assert [document.text for document in documents] == texts
    assert bad == []


def test_an_article_is_known_by_id_then_url_then_place():
    stored = lines({"id": 5, "url": "u", "text": "글"}, {"url": "u", "text": "글"}, {"id": "", "text": "글"})

    documents, _, _ = read(read_jsonl, b"\n" + stored, "2026/part.jsonl")

    keys = ["5", "u", "2026/part.jsonl:4"]
    assert [document.id for document in documents] == [document_id("a_source", key) for key in keys]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"text": "\xea\xb0"}', "bad_encoding"),
        (b'{"text": "\\ud800"}', "bad_encoding"),
        (b'{"text": "a", "title": "\\udc00"}', "bad_encoding"),
        (b'{"text": "a"', "bad_json"),
        (b'["text"]', "bad_json"),
        (b"[" * 100_000, "bad_json"),
        (b'{"title": "a"}', "missing_text"),
        (b'{"text": null}', "missing_text"),
        (b'{"text": " \\n"}', "missing_text"),
    ],
)
def test_a_bad_line_is_a_bad_record_and_the_next_is_read(line, reason):
    documents, bad, _ = read(read_jsonl, line + b"\n" + lines({"text": "다음"}))

    assert [document.text for document in documents] == ["다음"]
    assert [(each.reason, each.where) for each in bad] == [(reason, "line 1")]


def test_a_truncated_file_keeps_the_articles_before_the_cut():
    whole = read(read_jsonl, NEWS)[0]

    documents, bad, _ = read(read_jsonl, NEWS[: len(NEWS) // 2])

    assert 5 < len(documents) < len(whole)
    assert documents == whole[: len(documents)]
    assert [each.reason for each in bad] == ["truncated_file"]


def test_a_byte_order_mark_and_windows_line_ends_are_passed_over():
    stored = b"\xef\xbb\xbf" + lines({"text": "하나"}, {"text": "둘"}).replace(b"\n", b"\r\n")

    assert [document.text for document in read(read_jsonl, stored)[0]] == ["하나", "둘"]
