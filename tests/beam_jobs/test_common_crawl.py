import gzip

import pytest

from beam_jobs.sources.common_crawl import read_warc, read_wet
from tests.beam_jobs.sample_corpus import GOLDEN, SAMPLE, as_golden, read

WARC = (SAMPLE / "crawl-00000.warc.gz").read_bytes()
WET = (SAMPLE / "crawl-00000.warc.wet.gz").read_bytes()
HTTPD = "https://httpd.apache.org/docs/2.4/ko/"


@pytest.fixture(scope="module")
def pages():
    return {document.url: document for document in read(read_warc, WARC)[0]}


def response(http: bytes, url: str = "https://example.org/") -> bytes:
    headers = (
        "WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:0>\r\n"
        "WARC-Date: 2026-01-02T03:04:05Z\r\n"
        f"WARC-Target-URI: {url}\r\nContent-Type: application/http; msgtype=response\r\n"
        f"Content-Length: {len(http)}\r\n\r\n"
    )
    return headers.encode() + http + b"\r\n\r\n"


def html(text: str, headers: str = "", status: str = "200 OK", kind: str = "text/html; charset=utf-8") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{headers}\r\n<p>{text}</p>".encode()


@pytest.mark.parametrize(
    ("golden", "url"),
    [
        ("euc_kr_page_without_charset_header.txt", f"{HTTPD}filter.html"),
        ("euc_kr_page.txt", f"{HTTPD}mod/mod_suexec.html"),
        ("utf_8_page.txt", "https://help.libreoffice.org/7.4/ko/text/shared/autopi/01010100.html"),
    ],
)
def test_a_real_page_reads_as_its_golden(pages, golden, url):
    assert as_golden(pages[url]) == (GOLDEN / golden).read_text()


def test_every_page_of_the_sample_is_read_without_a_broken_character():
    documents, bad, skipped = read(read_warc, WARC)

    assert (len(documents), bad, skipped) == (176, [], [])
    assert not [document.url for document in documents if "\ufffd" in document.text]


def test_a_wet_record_keeps_its_text_url_date_and_languages():
    documents, bad, skipped = read(read_wet, WET)

    assert (len(documents), bad, skipped) == (346, [], [])
    document = next(each for each in documents if each.url.endswith("/optionen/01020100.html"))
    assert document.date == "2023-01-20T00:00:00Z"
    assert document.metadata == {"languages": "kor,eng"}
    assert document.text.startswith("프록시\nLibreOffice 7.4 Help\n")


def test_a_page_in_both_archives_has_two_ids_and_each_is_stable(pages):
    in_wet = {document.url: document for document in read(read_wet, WET)[0]}
    shared = pages.keys() & in_wet.keys()
    all_ids = [document.id for document in (*pages.values(), *in_wet.values())]

    assert len(shared) == 42
    assert len(set(all_ids)) == len(all_ids)
    assert [each.id for each in read(read_warc, WARC, "another name")[0]] == [each.id for each in pages.values()]
    assert pages[f"{HTTPD}filter.html"].id == "3cfe3fb6d144a370252ee82e32f5855d"


@pytest.mark.parametrize("reader", [read_warc, read_wet])
@pytest.mark.parametrize("keep", [0.5, 0.9, 0.999])
def test_a_truncated_archive_keeps_the_records_before_the_cut(reader, keep):
    stored = WARC if reader is read_warc else WET
    whole = read(reader, stored)[0]

    documents, bad, _ = read(reader, stored[: int(len(stored) * keep)])

    assert documents == whole[: len(documents)]
    assert len(documents) > len(whole) * keep * 0.7
    assert [each.reason for each in bad] == ["truncated_file"]


def test_an_archive_that_is_not_compressed_is_read_and_its_cut_is_seen():
    whole = response(html("첫째"), "https://a/") + response(html("둘째"), "https://b/")

    assert [document.text for document in read(read_warc, whole)[0]] == ["첫째", "둘째"]
    documents, bad, _ = read(read_warc, whole[:-20])
    assert [document.text for document in documents] == ["첫째"]
    assert [each.reason for each in bad] == ["truncated_file"]


def test_a_corrupted_archive_keeps_the_records_before_the_damage():
    first, second = (gzip.compress(response(html(text * 999), "https://a/")) for text in ("첫", "둘"))

    documents, bad, _ = read(read_warc, first + second[:60] + b"\xff\xff" + second[62:])

    assert [document.text for document in documents] == ["첫" * 999]
    assert [each.reason for each in bad] == ["damaged_file"]


@pytest.mark.parametrize(
    ("http", "reason"),
    [
        (html("없다", status="404 Not Found"), "http_status"),
        (html("옮겼다", status="301 Moved"), "http_status"),
        (html("{}", kind="application/json"), "content_type"),
        (b"HTTP/1.1 200 OK\r\n\r\n<p>no type</p>", "content_type"),
        (html(" "), "no_text"),
    ],
)
def test_what_is_no_page_of_text_is_skipped(http, reason):
    assert read(read_warc, response(http)) == ([], [], [reason])


@pytest.mark.parametrize(
    ("http", "reason"),
    [
        (b"<p>no headers at all</p>", "bad_http"),
        (html("압축이 아니다", headers="Content-Encoding: gzip\r\n"), "bad_http"),
        (html("덩이가 아니다", headers="Transfer-Encoding: chunked\r\n"), "bad_http"),
        (html("") + bytes(range(0x80, 0x100)) * 20 + "가".encode(), "bad_encoding"),
    ],
)
def test_a_broken_response_is_a_bad_record_and_the_next_is_read(http, reason):
    documents, bad, _ = read(read_warc, response(http) + response(html("다음")))

    assert [document.text for document in documents] == ["다음"]
    assert [(each.reason, each.where) for each in bad] == [(reason, "https://example.org/")]


def test_a_compressed_response_is_read():
    body = gzip.compress("<p>눌러 담은 글</p>".encode())
    http = b"HTTP/1.1 200 OK\r\nContent-Type: TEXT/HTML\r\nContent-Encoding: gzip\r\n\r\n" + body

    assert [document.text for document in read(read_warc, response(http))[0]] == ["눌러 담은 글"]


@pytest.mark.parametrize(
    ("stored", "reason"), [(b"plain text, no archive\n" * 9, "bad_warc"), (WET[:320], "no_records")]
)
def test_a_file_of_another_kind_is_one_bad_record(stored, reason):
    documents, bad, _ = read(read_warc, stored)

    assert documents == []
    assert [each.reason for each in bad] == [reason]
