import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.document import BadRecord, Document
from beam_jobs.files.stretch import Stretch
from beam_jobs.read_crawl_index import piece_of
from beam_jobs.sources.crawl import fetch_records
from beam_jobs.sources.crawl.common_crawl import read_warc
from beam_jobs.sources.crawl.crawl_index import Location
from beam_jobs.sources.crawl.fetch_records import touching
from beam_jobs.sources.read_stretches import read_stretches
from model.contract.errors import InputError
from tests.beam_jobs.crawl_archive import ARCHIVE, STORED, Page, index_source, sample_pages
from tests.beam_jobs.sample_corpus import read
from tests.emulators.range_server import RangeServer

PAGES = sample_pages()
KOREAN = [each for each in PAGES if each.content_languages == "kor,eng"]
KOREAN_BYTES = sum(each.warc_record_length for each in KOREAN)


@pytest.fixture(autouse=True)
def served(server: RangeServer) -> None:
    server.files[f"/{ARCHIVE}"] = STORED


def stretches_of(pages: list[Page], base: str, **settings) -> tuple[Stretch, ...]:
    locations = [Location(*each[5:]) for each in pages]
    return piece_of((0, [locations]), index_source(base=base, **settings)).stretches


def outcomes(pages: list[Page], base: str, **settings):
    return list(read_stretches(stretches_of(pages, base), index_source(base=base, **settings)))


def whole_archive(source_name: str = "crawl") -> dict[str, Document]:
    return {each.url: each for each in read(read_warc, STORED, source=index_source(name=source_name))[0]}


def test_pages_are_fetched_by_their_exact_ranges_and_are_those_of_the_whole_archive(server: RangeServer):
    found = outcomes(KOREAN, server.address)

    whole = whole_archive()
    assert found == [whole[each.url] for each in sorted(KOREAN, key=lambda each: each.warc_record_offset)]
    assert server.bytes_sent == KOREAN_BYTES
    assert len(server.asked) == len(KOREAN)


def test_records_on_disk_are_read_by_the_same_ranges(tmp_path: Path):
    (tmp_path / ARCHIVE).parent.mkdir(parents=True)
    (tmp_path / ARCHIVE).write_bytes(STORED)

    assert outcomes(KOREAN[:3], str(tmp_path)) == [whole_archive()[each.url] for each in KOREAN[:3]]


def test_no_more_requests_are_under_way_than_allowed_and_answers_keep_their_order(server: RangeServer):
    server.seconds_an_answer = 0.01

    found = outcomes(KOREAN[:30], server.address, fetch={"concurrency": 3, "requests_per_second": 1e6})

    assert [each.url for each in found] == [each.url for each in KOREAN[:30]]
    assert 1 < server.most_at_once <= 3


def test_no_more_requests_a_second_are_begun_than_allowed(monkeypatch: pytest.MonkeyPatch):
    waits: list[float] = []
    monkeypatch.setattr(fetch_records, "sleep", waits.append)
    monkeypatch.setattr(fetch_records, "monotonic", lambda: 100.0)
    gate = fetch_records._Gate(at_once=4, per_second=2.0)

    for _ in range(4):
        gate.wait_for_turn()

    assert waits == [0.0, 0.5, 1.0, 1.5]


def test_who_stops_early_has_fetched_little_that_was_not_used(server: RangeServer):
    source = index_source(base=server.address, fetch={"concurrency": 2, "requests_per_second": 1e6})

    reading = read_stretches(stretches_of(KOREAN, server.address), source)
    next(reading)
    reading.close()

    assert 1 <= len(server.asked) <= 2 * 2


def test_passing_failures_are_tried_again_and_nothing_is_lost_or_read_twice(server: RangeServer):
    server.faults.extend(["busy", "dropped", "short", "hung_up", "other_part"] * 3)

    found = outcomes(KOREAN[:20], server.address)

    assert [each.url for each in found] == [each.url for each in KOREAN[:20]]


def test_a_server_that_stays_down_stops_the_work_so_that_it_can_be_done_again(server: RangeServer):
    server.faults.extend(["busy"] * 100)

    with pytest.raises(InputError, match=rf"{ARCHIVE} could not be read, tried 3 times \(HTTP 503\)"):
        outcomes(KOREAN[:5], server.address, fetch={"retries": 2, "requests_per_second": 1e6})


def test_each_record_of_an_archive_that_is_missing_is_a_bad_record_and_the_others_are_read(server: RangeServer):
    gone = [each._replace(warc_filename="gone.warc.gz") for each in KOREAN[:2]]

    found = outcomes(KOREAN[:2] + gone, server.address)

    bad = [each for each in found if isinstance(each, BadRecord)]
    assert [each.url for each in found if isinstance(each, Document)] == [each.url for each in KOREAN[:2]]
    assert {each.reason for each in bad} == {"missing_archive"}
    assert [each.file for each in bad] == [f"gone.warc.gz:{each.warc_record_offset}" for each in gone]


@pytest.mark.parametrize("shift", [3, len(STORED)])
def test_a_range_that_holds_something_else_is_a_bad_record_that_says_where(server: RangeServer, shift):
    wrong = KOREAN[1]._replace(warc_record_offset=KOREAN[1].warc_record_offset + shift)

    first, *bad = outcomes([KOREAN[0], wrong], server.address)

    assert isinstance(first, Document)
    assert [type(each) for each in bad] == [BadRecord]
    assert bad[0].file == f"{ARCHIVE}:{wrong.warc_record_offset}"


def test_records_that_touch_are_fetched_by_one_request():
    def record(path: str, start: int, end: int) -> Stretch:
        return Stretch(path, path, "crawl_index", start, end)

    a, b, c, d, e = (
        record("x", 0, 5),
        record("x", 5, 9),
        record("x", 10, 11),
        record("y", 11, 12),
        record("y", 12, 99),
    )

    assert list(touching([a, b, c, d, e], most=50)) == [[a, b], [c], [d], [e]]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 9), st.booleans()), max_size=30), st.integers(1, 30))
def test_putting_records_together_loses_none_and_asks_for_no_byte_between_them(steps, most):
    stretches, position = [], 0
    for path, length, gap in steps:
        position += gap
        stretches.append(Stretch(str(path), "", "crawl_index", position, position + length))
        position += length

    runs = list(touching(stretches, most))

    assert list(itertools.chain(*runs)) == stretches
    for run in runs:
        assert run[-1].end - run[0].start == sum(each.end - each.start for each in run)
        assert len(run) == 1 or run[-1].end - run[0].start <= most


def test_neighbours_fetched_together_are_read_apart(server: RangeServer):
    first = KOREAN[0]
    neighbour = first._replace(
        warc_record_offset=first.warc_record_offset + first.warc_record_length, warc_record_length=100_000
    )

    found = outcomes([first, neighbour], server.address)

    assert len(server.asked) == 1
    assert found[0] == whole_archive()[first.url]
