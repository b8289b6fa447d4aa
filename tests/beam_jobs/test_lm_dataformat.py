import io
import itertools
import json

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.document import document_id
from beam_jobs.sources.text.lm_dataformat import read_lm_dataformat
from tests.beam_jobs.sample_corpus import read


def archive(*records):
    """As its Archive writes it: one frame, of which the size is not known beforehand."""
    stored = io.BytesIO()
    with zstandard.ZstdCompressor(level=3).stream_writer(stored, closefd=False) as writer:
        for record in records:
            writer.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")
    return stored.getvalue()


def test_the_sentences_of_a_list_are_joined_as_its_reader_joins_them():
    documents, bad, _ = read(read_lm_dataformat, archive({"text": ["첫 문장.", "둘째."], "meta": {}}, {"text": "글"}))

    assert [document.text for document in documents] == ["첫 문장. 둘째.", "글"]
    assert bad == []


def test_metadata_is_recognised_or_kept_if_it_is_a_scalar():
    meta = {"title": "제목", "url": "https://a.kr/1", "date": "20240102", "n": 3, "ok": True, "tags": ["a"], "no": None}

    (document,), _, _ = read(read_lm_dataformat, archive({"text": "글", "meta": meta, "set": "kowiki"}))

    assert (document.title, document.url, document.date) == ("제목", "https://a.kr/1", "2024-01-02")
    assert document.metadata == {"n": "3", "ok": "True", "set": "kowiki"}


def test_a_text_is_known_by_id_or_url_or_place():
    records = [{"text": "a", "meta": {"id": 7, "url": "u"}}, {"text": "b", "meta": {"url": "u"}}, {"text": "c"}]

    documents, _, _ = read(read_lm_dataformat, archive(*records), "d.jsonl.zst")

    offset = sum(len(json.dumps(record)) + 1 for record in records[:2])
    assert [document.id for document in documents] == [
        document_id("a_source", key) for key in ("7", "u", f"d.jsonl.zst:{offset}")
    ]


def test_a_line_may_be_a_text_alone():
    assert read(read_lm_dataformat, archive("글"))[0][0].text == "글"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"text": ', "bad_json"),
        (b"[1]", "bad_json"),
        (b'{"meta": {}}', "missing_text"),
        (b'{"text": [1]}', "missing_text"),
        (b'{"text": []}', "missing_text"),
        (b'{"text": " "}', "missing_text"),
        (b'{"text": "\xff"}', "bad_encoding"),
        (b'{"text": "\\ud800"}', "bad_encoding"),
        (b'{"text": "c", "meta": {"id": "\\ud800"}}', "bad_encoding"),
        (b'{"\\ud800": "c"}', "missing_text"),
    ],
)
def test_a_broken_line_costs_only_itself(line, reason):
    documents, bad, _ = read(read_lm_dataformat, b'{"text": "a"}\n' + line + b'\n\n{"text": "b"}\n')

    assert [document.text for document in documents] == ["a", "b"]
    assert [(each.reason, each.where) for each in bad] == [(reason, "byte 14")]


def test_several_frames_are_read_and_a_truncated_one_is_told():
    whole, more = archive(*({"text": f"글 {number}"} for number in range(5))), archive({"text": "끝"})

    documents, bad, _ = read(read_lm_dataformat, whole + more)
    cut, cut_bad, _ = read(read_lm_dataformat, whole + more[:-4])

    assert [document.text for document in documents][-2:] == ["글 4", "끝"]
    assert bad == []
    assert [document.text for document in cut][:5] == [f"글 {number}" for number in range(5)]
    assert [each.reason for each in cut_bad] == ["truncated_file"]


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=5), max_size=10), st.sets(st.integers(1, 200)))
def test_any_cuts_of_an_unpacked_archive_give_the_same_documents(texts, borders):
    stored = b"".join(json.dumps({"text": text}, ensure_ascii=False).encode() + b"\n" for text in texts)
    starts = [0, *sorted(borders)]

    cut = [read(read_lm_dataformat, stored, start=start, end=end) for start, end in itertools.pairwise([*starts, None])]

    whole = read(read_lm_dataformat, stored)
    assert [[outcome for part in cut for outcome in part[kind]] for kind in range(3)] == list(whole)
