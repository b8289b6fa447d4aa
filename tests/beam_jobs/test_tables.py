import bz2
import csv
import gzip
import io
import itertools
import json
from functools import partial

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.document import document_id
from beam_jobs.files import lines
from beam_jobs.sources.text import csv_rows, tables
from beam_jobs.sources.text.tables import read_csv, read_jsonl, read_tsv
from tests.beam_jobs.sample_corpus import SAMPLE, read, source_config

NEWS = (SAMPLE / "news-00000.jsonl.gz").read_bytes()
texts = st.text(min_size=1).filter(lambda text: text.strip())
# Half of a surrogate pair has no UTF-8; csv.reader ends rows at a lone carriage return.
cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=8)


def json_lines(*articles: object) -> bytes:
    return "".join(json.dumps(article, ensure_ascii=False) + "\n" for article in articles).encode()


def table(*rows: list[str], delimiter: str = ",") -> bytes:
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter).writerows(rows)
    return written.getvalue().encode()


def texts_of(reader, stored, **fields):
    return [document.text for document in read(reader, stored, source=source_config(fields=fields))[0]]


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


@pytest.mark.parametrize(
    "compress", [bytes, gzip.compress, bz2.compress, zstandard.compress], ids=["plain", "gzip", "bzip2", "zstd"]
)
@given(st.lists(texts))
def test_every_text_comes_back_in_order(compress, articles):
    stored = compress(json_lines(*({"text": text} for text in articles)))

    documents, bad, _ = read(read_jsonl, stored)

    assert [document.text for document in documents] == articles
    assert bad == []


@given(st.lists(texts, max_size=20), st.sets(st.integers(1, 400)))
def test_json_lines_are_the_same_documents_in_any_cuts(articles, borders):
    stored = json_lines(*({"text": text, "title": str(number)} for number, text in enumerate(articles)))
    starts = [0, *sorted(borders)]

    cut = [read(read_jsonl, stored, start=start, end=end)[0] for start, end in itertools.pairwise([*starts, None])]

    assert list(itertools.chain(*cut)) == read(read_jsonl, stored)[0]


FIELDS = {"id": "no", "title": "headline", "body": "본문", "date": "written", "publisher": "press", "url": "link"}
RECORD = {
    "no": "7",
    "headline": "제목",
    "본문": "글입니다.",
    "written": "2026.03.04",
    "press": "가나일보",
    "link": "https://example.com/7",
    "section": "정치",
}


@pytest.mark.parametrize(
    ("reader", "stored"),
    [
        (read_jsonl, json_lines(RECORD)),
        (read_csv, table(list(RECORD), list(RECORD.values()))),
        (read_tsv, table(list(RECORD), list(RECORD.values()), delimiter="\t")),
    ],
)
def test_declared_names_are_read_and_others_kept_as_metadata(reader, stored):
    (document,), bad, _ = read(reader, stored, source=source_config(fields=FIELDS))

    assert bad == []
    assert document.id == document_id("a_source", "7")
    assert (document.title, document.text, document.date) == ("제목", "글입니다.", "2026-03-04")
    assert document.url == "https://example.com/7"
    assert document.metadata == {"publisher": "가나일보", "section": "정치"}


def test_an_article_is_known_by_id_then_url_then_place():
    stored = b"\n" + json_lines({"id": 5, "url": "u", "text": "글"}, {"url": "u", "text": "글"}, {"text": "글"})

    documents, _, _ = read(read_jsonl, stored, "2026/part.jsonl")

    keys = ["5", "u", f"2026/part.jsonl:{stored.rindex(b'{')}"]
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
    documents, bad, _ = read(read_jsonl, b"\n" + line + b"\n" + json_lines({"text": "다음"}))

    assert [document.text for document in documents] == ["다음"]
    assert [(each.reason, each.where) for each in bad] == [(reason, "byte 1 (line 2)")]


def test_a_record_without_the_declared_text_names_what_it_has():
    _, bad, _ = read(read_jsonl, json_lines({"title": "a", "content": "b"}))

    assert bad[0].detail == "no text is named text (`fields.body`), only title, content"


@pytest.mark.parametrize("reader", [read_jsonl, read_csv])
def test_a_line_too_long_to_be_text_is_one_bad_record(reader, monkeypatch):
    for module in (lines, tables, csv_rows):
        monkeypatch.setattr(module, "MAX_LINE", 40)
    stored = json_lines({"text": "가"}, {"text": "나" * 30}, {"text": "다"})
    if reader is read_csv:
        stored = table(["text"], ["가"], ["나" * 30], ["다"])

    documents, bad, _ = read(reader, stored)

    assert [document.text for document in documents] == ["가", "다"]
    assert len(bad) == 1
    assert "longer than 40 bytes" in bad[0].detail


@pytest.mark.parametrize("reader", [read_jsonl, read_csv])
def test_a_truncated_file_keeps_the_articles_before_the_cut(reader):
    whole = read(read_jsonl, NEWS)[0]
    stored = NEWS
    if reader is read_csv:
        stored = gzip.compress(table(["id", "text"], *([document.id, document.text] for document in whole)), mtime=0)
        whole = read(read_csv, stored)[0]

    documents, bad, _ = read(reader, stored[: len(stored) // 2])

    assert 5 < len(documents) < len(whole)
    assert documents == whole[: len(documents)]
    assert [each.reason for each in bad] == ["truncated_file"]


@pytest.mark.parametrize(
    ("reader", "stored"),
    [(read_jsonl, json_lines({"text": "하나"}, {"text": "둘"})), (read_csv, "text\n하나\n둘\n".encode())],
)
def test_a_byte_order_mark_and_windows_line_ends_are_passed_over(reader, stored):
    stored = b"\xef\xbb\xbf" + stored.replace(b"\n", b"\r\n")

    assert texts_of(reader, stored) == ["하나", "둘"]


@pytest.mark.parametrize(("reader", "delimiter"), [(read_csv, ","), (read_tsv, "\t")])
def test_a_byte_order_mark_before_a_quoted_name_is_no_part_of_it(reader, delimiter):
    stored = f'\ufeff"text"{delimiter}"id"\r\n"하나"{delimiter}"1"\r\n'.encode()

    assert texts_of(reader, stored) == ["하나"]


@pytest.mark.parametrize(("reader", "delimiter"), [(read_csv, ","), (read_tsv, "\t")])
@given(rows=st.lists(st.tuples(cells, texts.filter(lambda text: "\r" not in text and "\t" not in text))))
def test_whatever_a_table_quotes_comes_back(reader, delimiter, rows):
    rows = [(title.replace("\t", " "), text) for title, text in rows]
    rows = [(title, text.encode("utf-8", "ignore").decode()) for title, text in rows]
    rows = [(title, text) for title, text in rows if text.strip()]

    documents, bad, _ = read(reader, table(["title", "text"], *map(list, rows), delimiter=delimiter))

    assert [(document.title, document.text) for document in documents] == rows
    assert bad == []


def test_rows_are_known_by_the_byte_at_which_they_begin():
    stored = table(["title", "text"], ["가", "첫 줄\n둘째 줄"], ["나", "글"])

    documents, _, _ = read(read_csv, stored, "news.csv")

    starts = [stored.index("가".encode()), stored.index("나".encode())]
    assert [document.id for document in documents] == [document_id("a_source", f"news.csv:{start}") for start in starts]


@pytest.mark.parametrize(
    ("reader", "stored", "expected"),
    [
        (read_tsv, 'id\ttext\n1\t"시작한 말\n2\t둘째\n3\t"셋째" 글\n', ['"시작한 말', "둘째", "셋째 글"]),
        (read_tsv, 'text\tid\n"가\t1\n나"\t2\n"다"\t3\n', ['"가', '나"', "다"]),
        (read_csv, 'id,text\n1,"닫히지 않은\n2,둘째\n3,셋째\n', ['"닫히지 않은', "둘째", "셋째"]),
    ],
)
def test_a_quote_that_is_no_quote_swallows_no_row(reader, stored, expected):
    documents, bad, _ = read(reader, stored.encode())

    assert [document.text for document in documents] == expected
    assert bad == []


def test_a_row_of_another_width_is_bad_and_an_empty_one_skipped():
    stored = b'id,text\n1,a,b\n2,b\n,\n\n4\n5,"e\n' + b"6,f\n"

    documents, bad, skipped = read(read_csv, stored)

    assert [document.text for document in documents] == ["b", '"e', "f"]
    assert [(each.reason, each.where) for each in bad] == [
        ("bad_row", "byte 8 (line 2)"),
        ("bad_row", "byte 21 (line 6)"),
    ]
    assert bad[0].detail == "3 values in a table of 2 columns"
    assert skipped == ["empty_row"]


@pytest.mark.parametrize("reader", [read_csv, read_tsv])
def test_a_table_without_the_declared_column_is_one_bad_record_that_names_its_columns(reader):
    delimiter = "," if reader is read_csv else "\t"

    documents, bad, _ = read(reader, table(["id", "content"], ["1", "글"], ["2", "글"], delimiter=delimiter))

    assert documents == []
    assert [(each.reason, each.where) for each in bad] == [("missing_column", "header")]
    assert bad[0].detail.startswith("no column is named text; the columns are id, content:")


@pytest.mark.parametrize(
    ("reader", "stored"),
    [
        (read_csv, "제목".encode("cp949") + ",본문\n".encode() + "가,나\n".encode() * 9),
        (read_jsonl, b'{"\\ud800": 1}\n'),
    ],
)
def test_names_that_have_no_utf_8_are_told_as_far_as_they_can_be_written(reader, stored):
    documents, bad, _ = read(reader, stored)

    assert documents == []
    assert [each.reason for each in bad] == ["missing_column" if reader is read_csv else "missing_text"]
    assert b"only ?" in bad[0].detail.encode() or b"columns are ????, " in bad[0].detail.encode()


@pytest.mark.parametrize(
    ("reader", "stored"),
    [
        (read_csv, b"id,text\n1\xff,a\n2,b\n"),
        (read_csv, b"url,text\n1\xff,a\n2,b\n"),
        (read_jsonl, b'{"id": "\\ud800", "text": "a"}\n{"id": "2", "text": "b"}\n'),
    ],
)
def test_an_id_or_address_that_has_no_utf_8_costs_its_record(reader, stored):
    documents, bad, _ = read(reader, stored)

    assert [document.text for document in documents] == ["b"]
    assert [each.reason for each in bad] == ["bad_encoding"]


def test_a_whole_table_in_cp949_is_read_and_says_so():
    stored = table(["제목", "text"], ["똠방각하", "펲시콜라와 찦차"]).decode().encode("cp949")

    (document,), _, _ = read(read_csv, stored, source=source_config(fields={"title": "제목"}))

    assert (document.title, document.text) == ("똠방각하", "펲시콜라와 찦차")
    assert document.metadata == {"encoding": "cp949"}


def test_one_broken_character_costs_its_row_and_not_the_encoding():
    rows = [f"{number},한국어로 쓴 글 {number}\n".encode() for number in range(50)]
    rows[20] = b"20,\xb0\xa1\xff\n"

    documents, bad, _ = read(read_csv, b"id,text\n" + b"".join(rows))

    assert len(documents) == 49
    assert documents[-1].text == "한국어로 쓴 글 49"
    assert [each.reason for each in bad] == ["bad_encoding"]


def test_utf_16_is_refused_in_a_sentence():
    _, bad, _ = read(read_csv, "id,text\n1,글\n".encode("utf-16"))

    assert [(each.reason, each.detail) for each in bad] == [("bad_encoding", "the file is in UTF-16; save it as UTF-8")]


def test_values_beyond_the_csv_module_s_own_limit_are_read():
    text = "긴 글 " * 100_000

    assert texts_of(read_csv, table(["text"], [text])) == [text]


@pytest.mark.parametrize("reader", [read_csv, read_tsv, read_jsonl])
@given(stored=st.binary(max_size=200))
def test_no_bytes_make_a_reader_raise(reader, stored):
    read(partial(reader), b"text,a\tb\n" + stored)
