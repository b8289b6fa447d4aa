import io
import itertools
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.files.raw_files import open_raw
from beam_jobs.sources.crawl.crawl_index import Location, Selection, count_row_groups, estimate_pages, select_pages
from beam_jobs.sources.selection import host_is
from model.contract.errors import InputError
from tests.beam_jobs.crawl_archive import ARCHIVE, Page, index_file, index_source, page, sample_pages
from tests.emulators.range_server import RangeServer

PAGES = sample_pages()
KOREAN = [each for each in PAGES if each.content_languages == "kor,eng"]
KOREAN_BYTES = sum(each.warc_record_length for each in KOREAN)


def select(*pages: Page, group: int = 0, **filters) -> Selection:
    stored = index_file(list(pages))
    return select_pages(io.BytesIO(stored), "an index", group, index_source(filters=filters))


@pytest.mark.parametrize(
    ("changes", "selected"),
    [
        ({}, True),
        ({"content_languages": "kor,eng"}, True),
        ({"content_languages": "eng,kor"}, True),
        ({"content_languages": "eng"}, False),
        ({"content_languages": "korx,xkor"}, False),
        ({"content_languages": ""}, False),
        ({"content_languages": None}, False),
        ({"content_mime_detected": "application/xhtml+xml"}, True),
        ({"content_mime_detected": "application/pdf"}, False),
        ({"content_mime_detected": None}, False),
        ({"fetch_status": 404}, False),
        ({"fetch_status": None}, False),
    ],
)
def test_korean_html_that_came_with_status_200_is_selected(changes, selected):
    found = select(page(**changes))

    assert found.locations == ([Location(ARCHIVE, 0, 100)] if selected else [])
    assert found[1:] == (1, 100, 100 * selected)


def test_other_languages_are_selected_if_the_filters_name_them():
    found = select(page(), page(content_languages="jpn", warc_record_offset=1), languages=["jpn", "deu"])

    assert found.locations == [Location(ARCHIVE, 1, 100)]


@given(
    hosts=st.lists(st.sampled_from(["a.kr", "b.a.kr", "xa.kr", "kr", "c.com", None]), min_size=1),
    allow=st.lists(st.sampled_from(["a.kr", "kr", "c.com"]), max_size=2),
    deny=st.lists(st.sampled_from(["a.kr", "b.a.kr", "c.com"]), max_size=2),
)
def test_hosts_are_selected_by_the_rule_that_documents_are_filtered_by(hosts, allow, deny):
    pages = [page(url_host_name=host, warc_record_offset=number) for number, host in enumerate(hosts)]

    found = select(*pages, hosts_allow=allow, hosts_deny=deny)

    kept = [
        number
        for number, host in enumerate(hosts)
        if (not allow or host_is(host or "", tuple(allow))) and not host_is(host or "", tuple(deny))
    ]
    assert [location.offset for location in found.locations] == kept


def test_every_row_group_is_counted_and_selected_by_itself():
    stored = index_file(PAGES, row_group_size=50)

    assert count_row_groups(io.BytesIO(stored), "an index") == 4
    found = [select_pages(io.BytesIO(stored), "an index", group, index_source()) for group in range(4)]
    assert [each.rows for each in found] == [50, 50, 50, len(PAGES) - 150]
    assert list(itertools.chain(*(each.locations for each in found))) == [Location(*each[5:]) for each in KOREAN]
    assert sum(each.selected_bytes for each in found) == KOREAN_BYTES


@pytest.mark.parametrize(("language", "selected"), [("kor", 3_000), ("eng", 0)])
def test_only_the_columns_that_are_needed_are_fetched(server: RangeServer, language, selected):
    draw = random.Random(0)
    pages = [
        page(url=draw.randbytes(700).hex(), content_languages=language, warc_record_offset=n) for n in range(3_000)
    ]
    stored = server.files["/index.parquet"] = index_file(pages, row_group_size=3_000)

    with open_raw(f"{server.address}/index.parquet") as file:
        found = select_pages(file, "an index", 0, index_source())

    assert (len(found.locations), found.rows) == (selected, 3_000)
    assert server.bytes_sent < len(stored) / 1.5
    assert len(server.asked) < 8


@pytest.mark.parametrize(
    ("stored", "sentence"),
    [
        (b"no parquet", "an index is no Parquet file"),
        (index_file([page()])[:-1], "an index is no Parquet file"),
    ],
)
def test_what_is_no_index_is_refused_in_one_sentence(stored, sentence):
    with pytest.raises(InputError, match=sentence):
        count_row_groups(io.BytesIO(stored), "an index")


def test_a_parquet_file_of_other_columns_is_refused_with_what_it_lacks():
    sink = io.BytesIO()
    pq.write_table(pa.table({"url": ["https://a.kr"], "warc_filename": ["a"]}), sink)

    with pytest.raises(InputError, match="it lacks content_languages, content_mime_detected, fetch_status, url_host_"):
        count_row_groups(sink, "an index")


def test_a_damaged_row_group_stops_the_job_with_a_sentence():
    stored = bytearray(index_file([page(warc_record_offset=number) for number in range(2_000)]))
    stored[4:400] = b"\xff" * 396

    with pytest.raises(InputError, match=r"an index is damaged in row group 0 \(.*\); fetch it again"):
        select_pages(io.BytesIO(bytes(stored)), "an index", 0, index_source())


def test_the_number_of_pages_is_estimated_from_a_few_row_groups(tmp_path: Path):
    foreign = page(content_languages="eng")
    for number in range(9):
        rows = [page() if n % 4 == 0 else foreign for n in range(400)]
        (tmp_path / f"{number}.parquet").write_bytes(index_file(rows, row_group_size=100))

    assert estimate_pages([f"{tmp_path}/{number}.parquet" for number in range(9)], index_source()) == 900
    (tmp_path / "8.parquet").write_bytes(index_file([page()] * 200, row_group_size=100))
    assert estimate_pages([f"{tmp_path}/{number}.parquet" for number in (0, 8)], index_source()) == 375


def test_an_index_without_a_row_is_estimated_to_name_no_page(tmp_path: Path):
    (tmp_path / "empty.parquet").write_bytes(index_file([page()][:0]))

    assert estimate_pages([f"{tmp_path}/empty.parquet"], index_source()) == 0
