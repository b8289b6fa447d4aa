import bz2
import io
import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.document import BadRecord, Document
from beam_jobs.files.bzip2_streams import STREAM_START
from beam_jobs.files.raw_files import RawFile
from beam_jobs.files.stretch import Stretch
from beam_jobs.sources.wiki.multistream import cut_multistream
from beam_jobs.sources.wiki.wikipedia import read_mediawiki
from model.contract.errors import InputError
from tests.beam_jobs.sample_corpus import SAMPLE, read, source_config

SINGLE = (SAMPLE / "enwiki-pages-articles.xml.bz2").read_bytes()
DUMP, INDEX = "wiki-pages-articles-multistream.xml.bz2", "wiki-pages-articles-multistream-index.txt.bz2"
PAGES_A_STREAM = 2


def multistream(plain: bytes) -> tuple[bytes, bytes]:
    """A dump of a header stream, streams of pages and a last one, and its index, as Wikimedia makes them."""
    header, *pages = re.split(rb"(?=<page>)", plain)
    last, end = pages[-1].split(b"</mediawiki>")[0], b"</mediawiki>\n"
    pages[-1] = last
    stored, lines = bz2.compress(header), []
    for first in range(0, len(pages), PAGES_A_STREAM):
        stream = pages[first : first + PAGES_A_STREAM]
        for page in stream:
            number, title = re.search(rb"<id>(\d+)", page)[1], re.search(rb"<title>(.*)</title>", page)[1]
            lines.append(b"%d:%s:%s\n" % (len(stored), number, title))
        stored += bz2.compress(b"".join(stream))
    return stored + bz2.compress(end), b"".join(lines)


STORED, LINES = multistream(bz2.decompress(SINGLE))
OFFSETS = sorted({int(line.split(b":")[0]) for line in LINES.splitlines()})
PACKED_LINES = bz2.compress(LINES)
WHOLE = read(read_mediawiki, SINGLE)


def lie_in(folder, stored=STORED, index=PACKED_LINES, index_name=INDEX):
    """Puts a dump and its index into a folder; returns the dump as a raw file, and its stretch."""
    path = folder / DUMP
    path.write_bytes(stored)
    (folder / index_name).write_bytes(index)
    return RawFile(str(path), DUMP, len(stored)), Stretch(str(path), DUMP, "mediawiki")


def page_of(document):
    return document.metadata["page_id"]


def read_in(stretches, stored=STORED):
    """What the stretches hold, one after another."""
    results = [read(read_mediawiki, stored, start=stretch.start, end=stretch.end) for stretch in stretches]
    return tuple(list(itertools.chain.from_iterable(parts)) for parts in zip(*results, strict=True))


def test_a_multistream_dump_reads_as_the_same_dump_in_one_stream():
    assert read(read_mediawiki, STORED) == WHOLE


@given(st.lists(st.integers(1, len(STORED) - 1), unique=True, max_size=6))
def test_each_page_is_read_once_wherever_the_dump_is_cut(cuts):
    starts = [0, *sorted(cuts)]
    stretches = [
        Stretch("unused", "file", "", start, end) for start, end in zip(starts, [*starts[1:], None], strict=True)
    ]

    assert read_in(stretches) == WHOLE


@pytest.mark.parametrize("index_name", [INDEX, INDEX.removesuffix(".bz2")])
@pytest.mark.parametrize("target", [1, 9_000, 1_000_000])
def test_a_dump_is_cut_where_streams_begin_into_parts_of_about_the_target(tmp_path, target, index_name):
    index = PACKED_LINES if index_name.endswith("bz2") else LINES
    file, stretch = lie_in(tmp_path, index=index, index_name=index_name)

    cuts = cut_multistream(file, source_config("wikipedia"), stretch, target)

    assert {cut.stretch.start for cut in cuts} <= {0, *OFFSETS}
    assert len(cuts) == {1: len(OFFSETS) + 1, 9_000: 3, 1_000_000: 1}[target]
    assert sum(cut.bytes for cut in cuts) == file.bytes
    assert read_in([cut.stretch for cut in cuts]) == WHOLE


def test_a_part_of_a_large_dump_has_an_index_of_its_own(tmp_path):
    path = tmp_path / "wiki-multistream2.xml-p10p20.bz2"
    path.write_bytes(STORED)
    (tmp_path / "wiki-multistream-index2.txt-p10p20.bz2").write_bytes(PACKED_LINES)

    cuts = cut_multistream(
        RawFile(str(path), path.name, 0), source_config("wikipedia"), Stretch(str(path), path.name, ""), 1
    )

    assert len(cuts) == len(OFFSETS) + 1


def test_a_dump_without_an_index_is_read_in_one_stretch(tmp_path):
    file, stretch = lie_in(tmp_path, index_name="other.txt")

    assert [cut.stretch for cut in cut_multistream(file, source_config("wikipedia"), stretch, 1)] == [stretch]


def test_the_index_that_the_source_names_is_used_whatever_its_name(tmp_path):
    file, stretch = lie_in(tmp_path, index=LINES, index_name="index")

    cuts = cut_multistream(file, source_config("wikipedia", index=str(tmp_path / "index")), stretch, 1)

    assert len(cuts) == len(OFFSETS) + 1


@pytest.mark.parametrize(
    ("index", "complaint"),
    [
        (re.sub(rb"^(\d+)", lambda offset: b"%d" % (int(offset[1]) + 7), LINES, flags=re.M), "is not the index of"),
        (b"99999999:1:Title\n", "is not the index of"),
        (b"", "is not the index of"),
        (b"<html>404</html>\n", "is no index of a multistream dump"),
        (b"600:1:Title\n500:2:Title\n", "its offsets do not rise"),
        (PACKED_LINES[:-20], "is damaged"),
    ],
)
def test_an_index_of_another_dump_or_of_none_is_refused_before_reading(tmp_path, index, complaint):
    file, stretch = lie_in(tmp_path, index=index)

    with pytest.raises(InputError, match=complaint):
        cut_multistream(file, source_config("wikipedia"), stretch, 1)


def test_a_named_index_that_is_missing_is_refused(tmp_path):
    file, stretch = lie_in(tmp_path)

    with pytest.raises(InputError, match="gone.txt"):
        cut_multistream(file, source_config("wikipedia", index=str(tmp_path / "gone.txt")), stretch, 1)


@pytest.mark.parametrize("at", range(len(OFFSETS)))
def test_a_damaged_stream_costs_only_its_own_pages_and_is_named_with_them(tmp_path, at):
    begin, end = OFFSETS[at], [*OFFSETS[1:], len(STORED)][at]
    stored = bytearray(STORED)
    stored[(begin + end) // 2] ^= 0xFF
    file, stretch = lie_in(tmp_path, stored=bytes(stored))
    lost = [line.split(b":")[1].decode() for line in LINES.splitlines() if line.startswith(b"%d:" % begin)]

    outcomes = []
    for cut in cut_multistream(file, source_config("wikipedia"), stretch, 20_000):
        outcomes += read_mediawiki(io.BytesIO(stored), source_config("wikipedia"), cut.stretch)

    (bad,) = [outcome for outcome in outcomes if isinstance(outcome, BadRecord)]
    read_pages = [page_of(outcome) for outcome in outcomes if isinstance(outcome, Document)]
    assert read_pages == [page for page in map(page_of, WHOLE[0]) if page not in lost]
    assert bad.reason == "damaged_file"
    assert bad.where.startswith(f"stream at byte {begin}")
    assert bad.detail.endswith(f"the index names {len(lost)} pages there: {', '.join(lost)}")


def test_damage_without_an_index_costs_one_stream_too():
    stored = bytearray(STORED)
    stored[(OFFSETS[1] + OFFSETS[2]) // 2] ^= 0xFF

    documents, bad, _ = read(read_mediawiki, bytes(stored))

    assert [document for document in WHOLE[0] if document not in documents]
    assert documents[-1] == WHOLE[0][-1]
    assert [each.reason for each in bad] == ["damaged_file"]


def test_a_dump_that_ends_before_its_index_is_read_up_to_there_and_the_cut_counted(tmp_path):
    kept = OFFSETS[-2] + 30
    file, stretch = lie_in(tmp_path, stored=STORED[:kept])

    cuts = cut_multistream(file, source_config("wikipedia"), stretch, 1)
    documents, bad, _ = read_in([cut.stretch for cut in cuts], STORED[:kept])

    assert sum(cut.bytes for cut in cuts) == kept
    assert 0 < len(documents) < len(WHOLE[0])
    assert documents == WHOLE[0][: len(documents)]
    assert [each.reason for each in bad] == ["truncated_file"]


def test_a_damaged_header_stream_leaves_nothing_to_name_pages_by():
    stored = bytearray(STORED)
    stored[OFFSETS[0] // 2] ^= 0xFF

    documents, bad, _ = read(read_mediawiki, bytes(stored), start=OFFSETS[1])

    assert documents == []
    assert [(each.where, each.reason) for each in bad] == [("start", "damaged_file")]


def test_streams_may_be_padded_with_zeros():
    parts = [STORED[begin:end] for begin, end in zip([0, *OFFSETS], [*OFFSETS, len(STORED)], strict=True)]

    assert read(read_mediawiki, (b"\0" * 70_000).join(parts) + b"\0") == WHOLE


def test_every_stream_of_the_dump_begins_as_streams_do():
    assert [found.start() for found in STREAM_START.finditer(STORED)][: len(OFFSETS) + 1] == [0, *OFFSETS]
