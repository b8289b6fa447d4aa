import bz2
import gzip
import io

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.files import lines
from beam_jobs.files.lines import cut_at_lines, lines_of, split_lines
from beam_jobs.files.raw_files import RawFile
from beam_jobs.files.stretch import Stretch
from tests.beam_jobs.sample_corpus import source_config

WHOLE = Stretch("unused", "file", "jsonl")
contents = st.lists(st.sampled_from([b"a", b"bb", b"\n", b"\r\n", "글".encode()]), max_size=40).map(b"".join)


@given(contents, st.integers(1, 7))
def test_lines_are_those_between_line_ends_however_the_stream_comes(content, size):
    chunks = [content[at : at + size] for at in range(0, len(content), size)]

    found = list(split_lines(chunks))

    assert [line for _, line in found] == content.removesuffix(b"\n").split(b"\n") if content else not found
    assert all(content[offset : offset + len(line)] == line for offset, line in found)


@given(contents, st.sets(st.integers(1, 80)))
def test_any_cuts_give_each_line_once(content, borders):
    starts = [0, *sorted(borders)]
    stretches = [WHOLE._replace(start=start, end=end) for start, end in zip(starts, [*starts[1:], None], strict=True)]

    found = [line for stretch in stretches for line in lines_of(io.BytesIO(content), stretch)]

    assert found == list(lines_of(io.BytesIO(content), WHOLE))


def test_a_stretch_is_not_read_further_than_the_line_that_it_ends_in():
    content = b"line\n" * 1_000_000
    file = io.BytesIO(content)

    found = list(lines_of(file, WHOLE._replace(start=7, end=21)))

    assert found == [(10, b"line"), (15, b"line"), (20, b"line")]
    assert file.tell() < len(content) / 10


@pytest.mark.parametrize("chunk", [1, 3, 100])
def test_a_line_without_end_is_cut_off_and_the_next_is_whole(chunk, monkeypatch):
    monkeypatch.setattr(lines, "MAX_LINE", 5)
    content = b"12345\n123456789012345\n1234"

    found = list(split_lines(content[at : at + chunk] for at in range(0, len(content), chunk)))

    assert found == [(0, b"12345"), (6, b"123456"), (22, b"1234")]


@given(size=st.integers(1, 300), target=st.integers(1, 100))
def test_a_large_file_is_cut_into_neighbours_of_at_most_the_target(tmp_path_factory, size, target):
    path = tmp_path_factory.mktemp("cut") / "news.jsonl"
    path.write_bytes(b"x" * size)

    cuts = cut_at_lines(RawFile(str(path), "news.jsonl", size), source_config(), WHOLE, target)

    ends = [cut.stretch.end for cut in cuts]
    assert [cut.stretch.start for cut in cuts] == [0, *ends[:-1]]
    assert ends[-1] == (size if size > target else None)
    assert sum(cut.bytes for cut in cuts) == size
    assert max(cut.bytes for cut in cuts) <= target or len(cuts) == 1


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, zstandard.compress])
def test_a_compressed_file_stays_whole_whatever_its_name(tmp_path, compress):
    stored = compress(b'{"text": "a"}\n')
    path = tmp_path / "news.jsonl"
    path.write_bytes(stored)

    cuts = cut_at_lines(RawFile(str(path), "news.jsonl", len(stored)), source_config(), WHOLE, 10)

    assert [cut.stretch for cut in cuts] == [WHOLE]
