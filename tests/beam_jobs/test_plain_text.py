import bz2
import gzip
import io
import itertools
import re

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.document import Document, document_id
from beam_jobs.files import lines
from beam_jobs.files.raw_files import RawFile
from beam_jobs.files.stretch import Stretch
from beam_jobs.sources.text import plain_text
from beam_jobs.sources.text.plain_text import cut_text, read_text
from tests.beam_jobs.sample_corpus import read, source_config

PARTS = ["가나", "abc ", "\n", "\n\n", "\r\n", " \n", "\t", "글."]
contents = st.lists(st.sampled_from(PARTS), max_size=40).map("".join)


def texts(stored, layout, **more):
    return [document.text for document in read(read_text, stored, source=source_config(layout=layout), **more)[0]]


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        ("blank_lines", ["하나\n둘", "셋", "넷"]),
        ("lines", ["하나", "둘", "셋", "넷"]),
        ("file", ["하나\n둘\n\n셋\n \t\n\n넷"]),
    ],
)
@pytest.mark.parametrize("compress", [bytes, gzip.compress, bz2.compress, zstandard.compress])
def test_each_layout_ends_documents_where_it_says(layout, expected, compress):
    stored = compress("\n하나\r\n둘\n\n셋\n \t\n\n넷\n".encode())

    assert texts(stored, layout) == expected


def test_documents_are_known_by_the_byte_at_which_they_begin_and_whole_files_by_name():
    stored = "하나\n\n둘\n".encode()

    blank_lines, _, _ = read(read_text, stored, "a/b.txt")
    whole, _, _ = read(read_text, stored, "a/b.txt", source_config(layout="file"))

    assert [document.id for document in blank_lines] == [
        document_id("a_source", "a/b.txt:0"),
        document_id("a_source", "a/b.txt:8"),
    ]
    assert [document.id for document in whole] == [document_id("a_source", "a/b.txt")]


@pytest.mark.parametrize("layout", ["blank_lines", "lines"])
@given(content=contents, borders=st.sets(st.integers(1, 120)))
def test_any_cuts_give_the_same_documents(layout, content, borders):
    stored = content.encode()
    starts = [0, *sorted(borders)]

    cut = [
        read(read_text, stored, source=source_config(layout=layout), start=start, end=end)
        for start, end in itertools.pairwise([*starts, None])
    ]

    whole = read(read_text, stored, source=source_config(layout=layout))
    assert [document for documents, _, _ in cut for document in documents] == whole[0]
    assert [bad for _, bads, _ in cut for bad in bads] == whole[1] == []


@given(contents)
def test_documents_between_blank_lines_are_those_of_a_slow_split(content):
    slow = re.split(r"\n(?:[ \t\r]*\n)+", f"\n\n{content}\n\n".replace("\r\n", "\n"))

    assert texts(content.encode(), "blank_lines") == [text.strip() for text in slow if text.strip()]


def test_a_stretch_is_not_read_further_than_its_last_document():
    stored = b"a line\nanother\n\n" * 1_000_000
    file = io.BytesIO(stored)

    outcomes = list(read_text(file, source_config(), Stretch("", "f.txt", "text", 100, 200)))

    assert len(outcomes) == 6
    assert file.tell() < len(stored) / 10


@pytest.mark.parametrize("layout", ["blank_lines", "lines", "file"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_utf_8_and_cp949_are_read(layout, encoding):
    stored = ("안녕하세요. 반갑습니다.\n" * 10_000).encode(encoding)

    documents, bad, _ = read(read_text, stored, source=source_config(layout=layout))

    assert bad == []
    assert documents[0].text.startswith("안녕하세요. 반갑습니다.")
    assert {document.metadata.get("encoding", "") for document in documents} == {"cp949" if encoding == "cp949" else ""}


def test_each_stretch_of_a_cp949_file_knows_its_encoding():
    stored = ("가나다\n" * 100 + "x\n" * 100).encode("cp949")

    documents, _, _ = read(read_text, stored, source=source_config(layout="lines"), start=len(stored) - 100)

    assert {document.metadata["encoding"] for document in documents} == {"cp949"}


def test_bytes_that_do_not_decode_cost_one_document():
    documents, bad, _ = read(read_text, "하나\n\n둘".encode() + b"\xff\n\n" + "셋".encode())

    assert [document.text for document in documents] == ["하나", "셋"]
    assert [(each.reason, each.where) for each in bad] == [("bad_encoding", "byte 8")]


def test_utf_16_is_refused_with_a_remedy():
    documents, bad, _ = read(read_text, "안녕\n".encode("utf-16"))

    assert documents == []
    assert [each.reason for each in bad] == ["bad_encoding"]
    assert "save it as UTF-8" in bad[0].detail


@pytest.mark.parametrize("layout", ["blank_lines", "lines", "file"])
def test_a_document_without_end_is_one_bad_record_and_the_next_is_read(layout, monkeypatch):
    for module in (plain_text, lines):
        monkeypatch.setattr(module, "MAX_LINE", 50)

    documents, bad, _ = read(read_text, b"12345\n\n" + b"x" * 100 + b"\n\nend", source=source_config(layout=layout))

    assert [document.text for document in documents] == ([] if layout == "file" else ["12345", "end"])
    assert [each.reason for each in bad] == ["too_long"]


def test_truncation_is_one_bad_record_and_what_came_before_is_read():
    stored = gzip.compress(b"\n".join(str(number).encode() for number in range(100_000)))[:-5_000]

    documents, bad, _ = read(read_text, stored, source=source_config(layout="lines"))

    assert [document.text for document in documents] == [str(number) for number in range(len(documents))]
    assert len(documents) > 10_000
    assert [(each.reason, each.where) for each in bad] == [("truncated_file", "end")]


def test_white_space_is_no_document():
    assert read(read_text, "\ufeff\n\u3000\n\n글".encode())[2] == ["no_text"]


@pytest.mark.parametrize(("layout", "count"), [("lines", 4), ("blank_lines", 4), ("file", 1)])
def test_files_are_cut_unless_each_is_a_document(layout, count, tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("글\n\n".encode() * 80)
    whole = Stretch(str(path), "a.txt", "text")
    source = source_config(layout=layout)

    cuts = cut_text(RawFile(str(path), "a.txt", 400), source, whole, 100)

    assert len(cuts) == count
    found = [outcome for cut in cuts for outcome in read_text(io.BytesIO(path.read_bytes()), source, cut.stretch)]
    assert [type(outcome) for outcome in found] == [Document] * (1 if layout == "file" else 80)
