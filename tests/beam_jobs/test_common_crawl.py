import gzip
import itertools
import time

import pytest

from beam_jobs.sources.crawl.common_crawl import read_warc, read_wet
from beam_jobs.sources.crawl.http_response import headers_of
from tests.beam_jobs.sample_corpus import GOLDEN, SAMPLE, as_golden, read, source_config

WARC = (SAMPLE / "crawl-00000.warc.gz").read_bytes()
WET = (SAMPLE / "crawl-00000.warc.wet.gz").read_bytes()
HTTPD = "https://httpd.apache.org/docs/2.4/ko/"


@pytest.fixture(scope="module")
def pages():
    return {document.url: document for document in read(read_warc, WARC)[0]}


def record(block: bytes, kind: str = "response", url: str = "https://example.org/", headers: str = "") -> bytes:
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:uuid:0>\r\nWARC-Date: 2026-01-02T03:04:05Z\r\n"
        f"WARC-Target-URI: {url}\r\n{headers}Content-Length: {len(block)}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def html(text: str, headers: str = "", status: str = "200 OK", kind: str = "text/html; charset=utf-8") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{headers}\r\n<p>{text}</p>".encode()


def coded(body: bytes, headers: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: TEXT/HTML\r\n{headers}\r\n\r\n".encode() + body


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
    whole = record(html("첫째"), url="https://a/") + record(html("둘째"), url="https://b/")

    assert [document.text for document in read(read_warc, whole)[0]] == ["첫째", "둘째"]
    documents, bad, _ = read(read_warc, whole[:-20])
    assert [document.text for document in documents] == ["첫째"]
    assert [each.reason for each in bad] == ["truncated_file"]


def test_a_corrupted_archive_keeps_the_records_around_the_damage_and_says_where_it_is():
    first, second, third = (gzip.compress(record(html(text * 999))) for text in ("첫", "둘", "셋"))

    documents, bad, _ = read(read_warc, first + second[:60] + b"\xff\xff" + second[62:] + third)

    assert [document.text for document in documents] == ["첫" * 999, "셋" * 999]
    assert [(each.reason, each.where) for each in bad] == [("damaged_file", f"byte {len(first)}")]


@pytest.mark.parametrize("reader", [read_warc, read_wet])
def test_reading_in_stretches_gives_the_same_documents_with_the_same_ids(reader):
    stored = WARC if reader is read_warc else WET
    borders = [0, 1, 70_001, 140_000, 300_000, len(stored) - 1, None]

    parts = [read(reader, stored, start=start, end=end)[0] for start, end in itertools.pairwise(borders)]

    assert list(itertools.chain(*parts)) == read(reader, stored)[0]


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
    assert read(read_warc, record(http)) == ([], [], [reason])


@pytest.mark.parametrize(
    ("http", "reason"),
    [
        (b"<p>no headers at all</p>", "bad_http"),
        (coded(b"\x1f\x8b and no more of gzip", "Content-Encoding: gzip"), "bad_http"),
        (coded(b"no chunk", "Transfer-Encoding: chunked"), "bad_http"),
        (html("") + bytes(range(0x80, 0x100)) * 20 + "가".encode(), "bad_encoding"),
    ],
)
def test_a_broken_response_is_a_bad_record_and_the_next_is_read(http, reason):
    documents, bad, _ = read(read_warc, record(http) + record(html("다음")))

    assert [document.text for document in documents] == ["다음"]
    assert [(each.reason, each.where) for each in bad] == [(reason, "https://example.org/")]


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (gzip.compress("<p>눌러 담은 글</p>".encode()), "Content-Encoding: x-gzip"),
        ("<p>눌러 담은 글</p>".encode(), "Content-Encoding: none"),
        (b"18\r\n" + "<p>눌러 담은 글</p>".encode() + b"\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
        ("<p>눌러 담은 글</p>".encode(), "Content-Encoding: gzip"),
        ("<p>눌러 담은 글</p>".encode("utf-8-sig"), "Content-Encoding: gzip"),
        ("<p>눌러 담은 글</p>".encode(), "Transfer-Encoding: chunked"),
    ],
)
def test_a_body_is_decoded_unless_the_crawler_stored_it_so(body, headers):
    documents, _, _ = read(read_warc, record(coded(body, headers)))

    assert [document.text for document in documents] == ["눌러 담은 글"]


def test_headers_full_of_blanks_take_no_time_by_the_square_of_them():
    began = time.monotonic()

    found = headers_of(b"A: " + b" " * 60_000 + b"b" + b" " * 60_000 + b"c \t\r\nD:\r\ne:f")

    assert time.monotonic() - began < 2
    assert (found["a"][0], found["a"][-1], found["d"], found["e"]) == ("b", "c", "", "f")


def test_a_page_is_too_large_by_its_decompressed_size():
    source = source_config("common_crawl", html={"max_bytes": 100_000})
    bomb = coded(gzip.compress(b"<p>" + b"0" * 10_000_000), "Content-Encoding: gzip")
    long = coded(b"<p>" + b"0" * 300_000, "Server: any")
    picture = long.replace(b"TEXT/HTML", b"image/gif")
    fits = coded(b"<p>" + b"0" * 99_000, "Server: any")

    documents, bad, skipped = read(read_warc, b"".join(map(record, (bomb, long, picture, fits))), source=source)

    assert [len(document.text) for document in documents] == [99_000]
    assert bad == []
    assert skipped == ["too_large", "too_large", "content_type"]


def test_a_page_that_the_crawl_cut_off_is_kept_and_says_so():
    stored = record(html("처음과 나중"), headers="WARC-Truncated: length\r\n")

    documents = read(read_warc, stored)[0]

    assert documents[0].metadata == {"charset": "utf-8", "truncated": "length"}


@pytest.mark.parametrize(("kind", "is_read"), [("text/html", True), ("application/pdf", False), ("", False)])
def test_where_the_header_says_no_type_the_detected_one_counts(kind, is_read):
    headers = f"WARC-Identified-Payload-Type: {kind}\r\n" if kind else ""

    documents, _, skipped = read(read_warc, record(b"HTTP/1.1 200 OK\r\n\r\n<p>a</p>", headers=headers))

    assert len(documents) == is_read
    assert skipped == [] if is_read else ["content_type"]


def test_records_of_other_types_are_counted_but_for_those_that_tell_of_fetching():
    kinds = ("warcinfo", "request", "response", "metadata", "revisit", "resource", "conversion", "strange")

    documents, bad, skipped = read(read_warc, b"".join(record(html("글"), kind) for kind in kinds))

    assert (len(documents), bad) == (1, [])
    assert skipped == ["record_revisit", "record_resource", "record_conversion", "record_type"]


def test_hosts_are_judged_before_anything_of_the_page_is():
    source = source_config("common_crawl", filters={"hosts_allow": ["a.kr"], "hosts_deny": ["no.a.kr"]})
    hosts = ("a.kr", "www.a.kr", "no.a.kr", "b.kr")
    stored = b"".join(record(html("글"), url=f"https://{host}/") for host in hosts) + record(
        b"no HTTP", url="https://b.kr"
    )

    documents, bad, skipped = read(read_warc, stored, source=source)

    assert [document.url for document in documents] == ["https://a.kr/", "https://www.a.kr/"]
    assert bad == []
    assert skipped == ["host_denied", "host_not_allowed", "host_not_allowed"]


def test_a_page_whose_address_is_none_has_no_host_to_be_judged():
    stored = record(html("글"), url="http://[half/an/address")

    documents, _, _ = read(read_warc, stored, source=source_config("common_crawl", filters={"hosts_deny": ["a.kr"]}))
    _, _, skipped = read(read_warc, stored, source=source_config("common_crawl", filters={"hosts_allow": ["a.kr"]}))

    assert [document.text for document in documents] == ["글"]
    assert skipped == ["host_not_allowed"]


def test_wet_records_are_judged_by_the_languages_that_they_say():
    source = source_config("common_crawl", filters={"languages": ["kor"]})
    said = ("WARC-Identified-Content-Language: eng,kor\r\n", "WARC-Identified-Content-Language: eng\r\n", "")
    stored = b"".join(record("글".encode(), "conversion", headers=headers) for headers in said)

    documents, _, skipped = read(read_wet, stored, source=source)

    assert [document.metadata for document in documents] == [{"languages": "eng,kor"}, {}]
    assert skipped == ["language"]


def test_news_archives_are_read_alike_under_the_name_of_their_source():
    source = source_config("news", name="cc_news", format="warc")

    documents, bad, skipped = read(read_warc, WARC, source=source)

    assert (len(documents), bad, skipped) == (176, [], [])
    assert {document.source for document in documents} == {"cc_news"}
    assert not {document.id for document in documents} & {document.id for document in read(read_warc, WARC)[0]}
    assert documents[0].date == read(read_warc, WARC)[0][0].date != ""


def test_the_other_extractor_gives_other_texts_of_the_same_pages():
    source = source_config("common_crawl", html={"extractor": "trafilatura"})
    stored = (GOLDEN.parent / "extraction" / "pages.warc.gz").read_bytes()[:40_000]

    by_trafilatura, by_rules = read(read_warc, stored, source=source)[0], read(read_warc, stored)[0]

    assert [document.id for document in by_trafilatura] == [document.id for document in by_rules] != []
    assert [document.text for document in by_trafilatura] != [document.text for document in by_rules]


@pytest.mark.parametrize(("stored", "reason"), [(b"plain text, no archive\n" * 9, "bad_warc"), (b"", "no_records")])
def test_a_file_of_another_kind_is_one_bad_record(stored, reason):
    documents, bad, _ = read(read_warc, stored)

    assert documents == []
    assert [each.reason for each in bad] == [reason]
