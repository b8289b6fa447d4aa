import gzip
import itertools
import random
import tarfile
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.document import document_id
from beam_jobs.sources.formats import read_stretch
from beam_jobs.sources.packed.members import Member
from beam_jobs.sources.packed.tar_members import tar_members
from tests.beam_jobs.packed import TWO, lines, reasons, tarred, texts
from tests.beam_jobs.sample_corpus import read, source_config


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_long_and_korean_names_in_tars_are_read(form):
    name = "폴더/" * 12 + "신문.jsonl"

    (document,), bad, _ = read(read_stretch, tarred({name: lines("글"), "x.pdf": b"x"}, form), "c.tar")

    assert bad == []
    assert document.id == document_id("a_source", f"c.tar/{name}:0")


@given(st.lists(st.binary(max_size=2_000), min_size=1, max_size=5), st.integers(1, 3_000))
def test_a_tar_cut_anywhere_is_told_once_and_what_came_before_is_read(contents, cut):
    members = {f"{number}.jsonl": lines(content.hex() or "글") for number, content in enumerate(contents)}
    stored = tarred(members).rstrip(b"\0")[:-cut]

    documents, bad, _ = read(read_stretch, stored, "c.tar", source_config())

    whole = texts(read(read_stretch, tarred(members), "c.tar")[0])
    assert texts(documents) == whole[: len(documents)]
    assert [record.reason for record in bad][:1] in (["truncated_file"], ["bad_json"], ["damaged_file"])
    assert sum(record.reason != "bad_json" for record in bad) == 1


def test_a_truncated_gzip_around_a_tar_is_one_bad_record_of_the_member_it_ends_in():
    noise = random.Random(0)
    big = lines(*(noise.randbytes(100).hex() for _ in range(2_000)))

    stored = gzip.compress(tarred({"a.jsonl": lines("글"), "b.jsonl": big}))

    documents, bad, _ = read(read_stretch, stored[:-90_000], "c.tgz")

    assert texts(documents)[0] == "글"
    assert 100 < len(documents) < 2_000
    assert reasons(bad) == [("c.tgz/b.jsonl", "truncated_file")]


def test_a_gzip_cut_off_behind_the_last_member_is_told():
    documents, bad, _ = read(read_stretch, gzip.compress(tarred(TWO))[:-3], "c.tgz")

    assert len(documents) == 3
    assert reasons(bad) == [("c.tgz", "truncated_file")]


def test_members_behind_a_damaged_tar_header_are_read():
    stored = bytearray(tarred({f"{number}.jsonl": lines(f"글 {number}") for number in range(4)}))
    stored[1024 + 5] ^= 1

    documents, bad, _ = read(read_stretch, bytes(stored), "c.tar")

    assert texts(documents) == ["글 0", "글 2", "글 3"]
    assert reasons(bad) == [("c.tar", "damaged_file")]


def test_a_size_of_more_digits_than_numbers_have_is_not_believed():
    header = tarfile.TarInfo("a.jsonl")
    header.pax_headers = {"size": "1" * 5_000}
    header.size = len(lines("글"))
    stored = header.tobuf(tarfile.PAX_FORMAT) + lines("글").ljust(512, b"\0") + bytes(1024)

    documents, bad, _ = read(read_stretch, stored, "c.tar")

    assert texts(documents) == ["글"]
    assert bad == []


def test_reading_a_tar_takes_the_same_memory_whatever_the_number_of_its_members():
    def tar(count):
        header = tarfile.TarInfo("a.jsonl")
        header.size = 512
        block = header.tobuf() + lines("x").ljust(512)
        yield from itertools.repeat(block, count)

    def most_memory(count):
        tracemalloc.start()
        assert sum(isinstance(member, Member) for member in tar_members(tar(count))) == count
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    most_memory(10)
    assert most_memory(3_000) < most_memory(100) + 20_000
