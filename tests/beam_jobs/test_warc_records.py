import gzip
import io
import itertools
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.files.raw_files import RawFile
from beam_jobs.files.stretch import Stretch
from beam_jobs.sources.crawl.warc_records import LostRecord, WarcRecord, cut_archive, warc_records
from tests.beam_jobs.sample_corpus import SAMPLE, source_config

MOST = 2_000
WARC = (SAMPLE / "crawl-00000.warc.gz").read_bytes()
FALSE_START = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03 no member" + gzip.compress(b"a member of another kind")


def record(block: bytes, name: str = "x") -> bytes:
    head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {name}\r\nContent-Length: {len(block)}\r\n\r\n"
    return head.encode() + block + b"\r\n\r\n"


def stored_whole(plain: bytes) -> bytes:
    return gzip.compress(plain, 0, mtime=0)


def split_member(plain: bytes) -> bytes:
    return gzip.compress(plain[:50], mtime=0) + gzip.compress(plain[50:], mtime=0)


def padded(plain: bytes) -> bytes:
    return gzip.compress(plain, mtime=0) + b"\0" * 9


LAYOUTS = {
    "a member a record": lambda records: b"".join(gzip.compress(each, mtime=0) for each in records),
    "members that are not compressed": lambda records: b"".join(map(stored_whole, records)),
    "two members a record": lambda records: b"".join(map(split_member, records)),
    "members with zeros behind them": lambda records: b"".join(map(padded, records)),
    "two records a member": lambda records: b"".join(
        gzip.compress(b"".join(records[i : i + 2]), mtime=0) for i in range(0, len(records), 2)
    ),
    "one member": lambda records: gzip.compress(b"".join(records), mtime=0),
    "not compressed": b"".join,
}
blocks = st.lists(
    st.binary(max_size=300) | st.just(FALSE_START) | st.just(b"\r\n\r\nWARC/") | st.just(b"long" * 999),
    min_size=1,
    max_size=8,
)
layouts = st.sampled_from(sorted(LAYOUTS))
cuts = st.lists(st.floats(0, 1), max_size=6)


def archive(found: list[bytes], layout: str) -> bytes:
    return LAYOUTS[layout]([record(block, f"record {number}") for number, block in enumerate(found)])


def read(stored: bytes, start: int = 0, end: int | None = None) -> list[WarcRecord | LostRecord]:
    return list(warc_records(io.BytesIO(stored), Stretch("unused", "file", "warc", start, end), MOST))


def read_in_stretches(stored: bytes, shares: list[float]) -> list[WarcRecord | LostRecord]:
    borders = [0, *sorted(int(share * len(stored)) for share in shares), None]
    return [each for start, end in itertools.pairwise(borders) for each in read(stored, start, end)]


@given(blocks, layouts, cuts)
def test_each_record_is_read_once_whatever_the_stretches(found, layout, shares):
    stored = archive(found, layout)

    records = read_in_stretches(stored, shares)

    assert [each.block for each in records] == [block[:MOST] for block in found]
    assert [each.length for each in records] == [len(block) for block in found]
    assert [each.headers["warc-target-uri"] for each in records] == [f"record {i}" for i in range(len(found))]


@given(blocks, layouts, cuts, st.data())
def test_damage_gives_the_same_records_and_losses_whatever_the_stretches(found, layout, shares, data):
    stored = bytearray(archive(found, layout))
    at = data.draw(st.integers(12, len(stored) - 1))
    stored[at : at + data.draw(st.integers(1, 30))] = data.draw(st.binary(max_size=30))

    assert read_in_stretches(bytes(stored), shares) == read(bytes(stored))


@given(st.lists(st.binary(max_size=300), min_size=2, max_size=6), st.data())
def test_a_damaged_member_costs_its_record_alone_and_is_told(found, data):
    members = [gzip.compress(record(block), mtime=0) for block in found]
    number = data.draw(st.integers(0, len(found) - 1))
    at = data.draw(st.integers(len(members[number]) - 8, len(members[number]) - 5))
    wrong = bytearray(members[number])
    wrong[at] ^= 0xFF

    records = read(b"".join((*members[:number], wrong, *members[number + 1 :])))

    offset = len(b"".join(members[:number]))
    lost = [each for each in records if isinstance(each, LostRecord)]
    kept = [each.block for each in records if isinstance(each, WarcRecord)]
    assert [(each.where, each.reason) for each in lost] == [(f"byte {offset}", "damaged_file")]
    assert [block for block in kept if block != found[number]] == [block for block in found if block != found[number]]


def test_a_member_that_is_cut_off_in_the_middle_of_the_file_costs_its_record_alone():
    first, second, third = (gzip.compress(record(bytes([48 + i]) * 999), mtime=0) for i in range(3))

    records = read(first + second[:-20] + third)

    assert [type(each) for each in records] == [WarcRecord, LostRecord, WarcRecord]
    assert records[2].block == b"2" * 999


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_the_end_of_a_file_that_is_cut_off_is_told_once(layout):
    stored = archive([b"a" * 300, b"b" * 300], layout)

    records = read(stored[:-40])

    assert [each.reason for each in records if isinstance(each, LostRecord)] == ["truncated_file"]


@pytest.mark.parametrize(
    ("wrong", "detail"),
    [
        (record(b"short").replace(b"Content-Length: 5", b"Content-Length: 4"), "longer than it says"),
        (record(b"short").replace(b"Content-Length: 5", b"Content-Length: 50"), "shorter than it says"),
        (record(b"none").replace(b"Content-Length: 4", b"Content-Size: 4"), "does not say its length"),
        (record(b"none").replace(b"Length: 4", b"Length: " + b"4" * 5_000), "does not say its length"),
        (b"WARC/1.0\r\n" + b"X: y\r\n" * 20_000, "headers do not end"),
        (b"no record at all", "no WARC record begins here"),
    ],
)
def test_a_record_that_is_none_is_told_and_the_next_is_read(wrong, detail):
    first, _, third = records = read(b"".join(map(gzip.compress, (record(b"first"), wrong, record(b"third")))))

    assert [first.block, third.block] == [b"first", b"third"]
    assert records[1].reason == "bad_warc"
    assert detail in records[1].detail


@pytest.mark.parametrize("wrong", [b"4", b"50", b"x"])
def test_in_a_file_without_members_reading_goes_on_at_the_next_record(wrong):
    broken = record(b"short").replace(b"Content-Length: 5", b"Content-Length: " + wrong)

    records = read(record(b"first") + broken + record(b"third"))

    assert [each.block for each in records if isinstance(each, WarcRecord)] == [b"first", b"third"]
    assert len(records) == 3


def test_a_long_record_takes_no_more_memory_than_asked_for():
    squeezing = zlib.compressobj(wbits=31)
    head = b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: %d\r\n\r\n" % (1 << 27)
    long = squeezing.compress(head) + b"".join(squeezing.compress(b"\0" * (1 << 20)) for _ in range(128))
    longest = 0

    class Watched(io.BytesIO):
        pass

    import tracemalloc

    tracemalloc.start()
    records = read(long + squeezing.compress(b"\r\n\r\n") + squeezing.flush() + gzip.compress(record(b"next")))
    longest = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert [(each.length, len(each.block)) for each in records] == [(1 << 27, MOST), (4, 4)]
    assert longest < 1 << 24


def test_files_of_another_kind_are_one_loss():
    assert [each.reason for each in read(b"plain text, no archive\n" * 9)] == ["bad_warc"]


def test_headers_may_end_in_line_feeds_alone():
    stored = record(b"block").replace(b"\r\n", b"\n")

    assert [each.block for each in read(stored)] == [b"block"]


@pytest.mark.parametrize("target", [1 << 16, 1 << 20])
def test_an_archive_is_cut_into_stretches_of_at_most_the_target(tmp_path: Path, target):
    path = tmp_path / "a.warc.gz"
    path.write_bytes(WARC)
    stretch = Stretch(str(path), "a.warc.gz", "warc")

    found = cut_archive(RawFile(str(path), "a.warc.gz", len(WARC)), source_config("common_crawl"), stretch, target)

    assert max(cut.bytes for cut in found) <= target
    assert sum(cut.bytes for cut in found) == len(WARC)
    parts = [each for cut in found for each in warc_records(io.BytesIO(WARC), cut.stretch, 1 << 24)]
    assert parts == list(warc_records(io.BytesIO(WARC), stretch, 1 << 24))


@pytest.mark.parametrize("stored", [b"BZh9 not read in parts" * 99, WARC[:100]])
def test_what_cannot_be_cut_or_is_small_is_one_stretch(tmp_path: Path, stored):
    path = tmp_path / "a.warc"
    path.write_bytes(stored)
    stretch = Stretch(str(path), "a.warc", "warc")

    found = cut_archive(RawFile(str(path), "a.warc", len(stored)), source_config("common_crawl"), stretch, 1_000)

    assert [cut.stretch for cut in found] == [stretch]
