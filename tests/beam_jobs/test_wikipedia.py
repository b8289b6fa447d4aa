import bz2
import gzip

import pytest
import zstandard

from beam_jobs.sources.wiki.wikipedia import read_mediawiki
from tests.beam_jobs.sample_corpus import GOLDEN, SAMPLE, as_golden, read

KOWIKI = (SAMPLE / "kowiki-pages-articles.xml.bz2").read_bytes()
ENWIKI = (SAMPLE / "enwiki-pages-articles.xml.bz2").read_bytes()
KOWIKTIONARY = (SAMPLE / "kowiktionary-pages-articles.xml.bz2").read_bytes()

SITEINFO = """<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="ko">
  <siteinfo>
    <sitename>위키</sitename><dbname>testwiki</dbname><base>https://test.org/wiki/대문</base>
    <namespaces><namespace key="0" /><namespace key="1">토론</namespace><namespace key="6">그림판</namespace>
    </namespaces>
  </siteinfo>
"""


def page(number: int, text: str, title: str = "제목", ns: str | None = "0", model: str = "wikitext") -> str:
    ns_element = f"<ns>{ns}</ns>" if ns is not None else ""
    return (
        f"  <page><title>{title}</title>{ns_element}<id>{number}</id><revision><id>9</id>"
        f"<timestamp>2020-01-02T03:04:05Z</timestamp><model>{model}</model>"
        f'<text bytes="1" xml:space="preserve">{text}</text></revision></page>\n'
    )


def export(*pages: str) -> bytes:
    return (SITEINFO + "".join(pages) + "</mediawiki>\n").encode()


@pytest.mark.parametrize(
    ("golden", "stored", "title"),
    [
        ("wikipedia_article.txt", KOWIKI, "조지 루카스"),
        ("wikipedia_city.txt", KOWIKI, "베를린"),
        ("wikipedia_hanja.txt", KOWIKI, "상태 공간 탐색"),
        ("wikipedia_band.txt", ENWIKI, "N.EX.T"),
        ("wiktionary_entry.txt", KOWIKTIONARY, "놓치다"),
        ("wiktionary_etymology.txt", KOWIKTIONARY, "한글"),
    ],
)
def test_a_real_article_reads_as_its_golden(golden, stored, title):
    article = next(document for document in read(read_mediawiki, stored)[0] if document.title == title)

    assert as_golden(article) == (GOLDEN / golden).read_text()


def test_no_real_article_keeps_marks_of_its_wikitext():
    documents = [document for stored in (KOWIKI, ENWIKI, KOWIKTIONARY) for document in read(read_mediawiki, stored)[0]]

    marks = ("[[", "{{", "}}", "섬네일", "분류:", "<ref", "''", "| ", "()", "( ", "thumb|")
    assert len(documents) > 20
    assert [(document.title, mark) for document in documents for mark in marks if mark in document.text] == []


def test_redirects_disambiguations_and_pages_outside_the_article_namespace_are_skipped():
    documents, bad, skipped = read(read_mediawiki, ENWIKI)

    assert len(documents) == 7
    assert bad == []
    assert sorted(skipped) == ["disambiguation", "namespace", "redirect", "redirect"]


def test_ids_are_made_of_wiki_and_page_whatever_the_file():
    one = read(read_mediawiki, KOWIKI, "one.xml.bz2")[0]
    other = read(read_mediawiki, bz2.decompress(KOWIKI), "folder/other.xml")[0]

    assert one == other
    assert one[1].id == "e9e3e4747f01d1d46e03b2443de20f3e"


def test_urls_and_dates_are_those_of_the_dump():
    (document,), _, _ = read(read_mediawiki, export(page(7, "글", title="가 나/다?")))

    assert document.url == "https://test.org/wiki/%EA%B0%80_%EB%82%98/%EB%8B%A4%3F"
    assert document.date == "2020-01-02T03:04:05Z"
    assert document.metadata == {"wiki": "testwiki", "page_id": "7", "revision_id": "9"}


@pytest.mark.parametrize(
    ("skipped_page", "reason"),
    [
        (page(1, "글", ns="1"), "namespace"),
        (page(1, "글", title="토론:제목", ns=None), "namespace"),
        (page(1, "글").replace("<revision>", '<redirect title="x" /><revision>'), "redirect"),
        (page(1, "#넘겨주기 [[제목]]"), "redirect"),
        (page(1, "{}", model="json"), "not_wikitext"),
        (page(1, "글 {{동음이의}}"), "disambiguation"),
        (page(1, "{{틀}}"), "no_text"),
        (page(1, ""), "no_text"),
    ],
)
def test_what_is_no_article_is_skipped(skipped_page, reason):
    documents, bad, skipped = read(read_mediawiki, export(skipped_page, page(2, "글")))

    assert [document.text for document in documents] == ["글"]
    assert (bad, skipped) == ([], [reason])


def test_pictures_are_hidden_by_the_dumps_own_namespace_names():
    (document,), _, _ = read(read_mediawiki, export(page(1, "글 [[그림판:a.png|섬네일|설명]][[File:b.png|c]]")))

    assert document.text == "글"


def test_a_broken_page_is_a_bad_record_and_the_next_is_read():
    broken = page(1, "글 <b> & 글")

    documents, bad, _ = read(read_mediawiki, export(broken, page(2, "글")))

    assert [document.text for document in documents] == ["글"]
    assert [(each.reason, each.where) for each in bad] == [("bad_xml", "page id 1")]


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("members", [False, True])
def test_a_truncated_dump_keeps_the_pages_before_the_cut(members, keep):
    whole = read(read_mediawiki, ENWIKI)[0]
    plain = bz2.decompress(ENWIKI)
    # A dump of several bzip2 streams loses no more than the stream that was cut.
    pieces = [plain[start : start + 9_000] for start in range(0, len(plain), 9_000)]
    stored = b"".join(bz2.compress(piece) for piece in pieces) if members else plain

    documents, bad, _ = read(read_mediawiki, stored[: int(len(stored) * keep)])

    assert 0 < len(documents) < len(whole)
    assert documents == whole[: len(documents)]
    assert [each.reason for each in bad] == ["truncated_file"]


def test_a_page_without_an_id_is_a_bad_record():
    nameless = page(1, "글").replace("<id>1</id>", "").replace("<id>9</id>", "")

    documents, bad, _ = read(read_mediawiki, export(nameless, page(2, "글")))

    assert len(documents) == 1
    assert [(each.reason, each.where) for each in bad] == [("bad_xml", "a page without id")]


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress, bytes])
def test_dumps_come_packed_in_several_ways(pack):
    assert read(read_mediawiki, pack(bz2.decompress(ENWIKI))) == read(read_mediawiki, ENWIKI)


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress, bz2.compress, bytes])
def test_an_export_without_its_end_is_counted_once(pack):
    cut_off = export(page(1, "글"), page(2, "글")).removesuffix(b"</mediawiki>\n")

    documents, bad, _ = read(read_mediawiki, pack(cut_off))

    assert len(documents) == 2
    assert [(each.reason, each.where) for each in bad] == [("truncated_file", "after page id 2")]


@pytest.mark.parametrize(
    "stored",
    [
        *(b"", b"no XML at all", b"<html></html>", b"<mediawiki></mediawiki>"),
        b'<?xml version="1.0" encoding="euc-kr"?><mediawiki></mediawiki>',
        b'<?xml version="1.0" encoding="no-such"?><mediawiki></mediawiki>',
    ],
)
def test_a_file_of_another_kind_is_one_bad_record(stored):
    documents, bad, _ = read(read_mediawiki, stored)

    assert documents == []
    assert [each.reason for each in bad] == ["not_mediawiki"]
