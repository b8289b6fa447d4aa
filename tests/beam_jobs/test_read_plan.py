import gzip
import itertools
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.config import ReadConfig, SourceConfig
from beam_jobs.files.raw_files import RawFile
from beam_jobs.files.stretch import Piece, Stretch
from beam_jobs.read_plan import SourceFiles, find_sources, identities, packed, plan_pieces, unpacked
from model.contract.errors import SettingError
from tests.beam_jobs.crawl_archive import index_file, page

MEGABYTE = 1_000_000


def crawl(*paths: object, **settings) -> SourceConfig:
    return SourceConfig(kind="common_crawl", name="crawl", paths=tuple(map(str, paths)) or ("unused",), **settings)


def uncut_files(*sizes: int) -> SourceFiles:
    return SourceFiles(
        crawl(format="wet"), tuple(RawFile(f"/{n}.tar.gz", f"{n}.tar.gz", size) for n, size in enumerate(sizes))
    )


@given(st.lists(st.integers(1, 3 * MEGABYTE), max_size=30))
def test_each_file_is_in_one_piece_in_order_and_no_piece_of_several_exceeds_its_size(sizes: list[int]):
    found = uncut_files(*sizes) if sizes else uncut_files(1)

    pieces = plan_pieces([found], ReadConfig(sources=(found.config,), piece_megabytes=2))

    paths = [stretch.path for piece in pieces for stretch in piece.stretches]
    assert list(dict.fromkeys(paths)) == [file.path for file in found.files]
    assert [piece.number for piece in pieces] == list(range(len(pieces)))
    assert {piece.pieces for piece in pieces} == {len(pieces)}
    size_of = {file.path: file.bytes for file in found.files}
    for piece in pieces:
        if all(stretch.end is None for stretch in piece.stretches) and len(piece.stretches) > 1:
            assert sum(size_of[stretch.path] for stretch in piece.stretches) <= 2 * MEGABYTE


def test_two_neighbouring_pieces_could_not_have_been_one():
    found = uncut_files(*[300_000] * 20)

    pieces = plan_pieces([found], ReadConfig(sources=(found.config,), piece_megabytes=1))

    assert [len(piece.stretches) for piece in pieces] == [3, 3, 3, 3, 3, 3, 2]


def test_a_file_of_unknown_size_is_a_piece_of_its_own():
    found = uncut_files(10, 0, 0, 10, 10)

    pieces = plan_pieces([found], ReadConfig(sources=(found.config,)))

    assert [[stretch.name for stretch in piece.stretches] for piece in pieces] == [
        ["0.tar.gz"],
        ["1.tar.gz"],
        ["2.tar.gz"],
        ["3.tar.gz", "4.tar.gz"],
    ]


def test_pieces_are_unpacked_as_they_were_and_those_of_ninety_thousand_archives_take_under_ten_megabytes():
    draw = random.Random(0)
    names = [
        f"crawl-data/CC-MAIN-2024-10/segments/17079{draw.randrange(10**8):08d}.{draw.randrange(100)}/warc/"
        f"CC-MAIN-20240220211055-20240221001055-{number:05d}.warc.gz"
        for number in range(15_000)
    ]
    pieces = [
        Piece("crawl", number, len(names), (Stretch(f"https://data.commoncrawl.org/{name}", name, "warc"),))
        for number, name in enumerate(names)
    ]

    stored = packed(pieces)

    assert unpacked(stored) == pieces
    assert 6 * len(stored) < 10_000_000


def test_the_files_of_a_path_list_have_one_identity_together_and_two_lists_of_one_name_have_two(tmp_path: Path):
    for month in ("01", "02"):
        (tmp_path / month).mkdir()
        files = [f"{month}/{number}.wet" for number in range(3)]
        for name in files:
            (tmp_path / name).write_text(name)
        (tmp_path / month / "wet.paths.gz").write_bytes(gzip.compress("\n".join(files).encode()))

    found = find_sources(
        [crawl(tmp_path / "01" / "wet.paths.gz", tmp_path / "02" / "wet.paths.gz", base=str(tmp_path))]
    )
    known = identities(found, ReadConfig())

    assert len(found[0].files) == 6
    lists = {key for key in known if key.startswith("crawl/wet/wet.paths.gz ")}
    assert len(lists) == len({known[key] for key in lists}) == 2
    assert set(known) == {"plan", *lists}


def test_identities_tell_content_and_name_and_format_and_not_place(tmp_path: Path):
    for place, text in itertools.product("ab", ("one", "two")):
        (tmp_path / place).mkdir(exist_ok=True)
        (tmp_path / place / f"{text}.wet").write_text(text)

    here, there = (identities(find_sources([crawl(tmp_path / place / "*.wet")]), ReadConfig()) for place in "ab")

    assert here == there
    assert set(here) == {"plan", "crawl/wet/one.wet", "crawl/wet/two.wet"}


def test_the_order_of_paths_is_part_of_the_identity_because_pieces_follow_it(tmp_path: Path):
    paths = [tmp_path / name for name in ("one.wet", "two.wet")]
    for path in paths:
        path.write_text(path.name)

    forward, backward = (identities(find_sources([crawl(*order)]), ReadConfig()) for order in (paths, paths[::-1]))

    assert forward != backward
    assert forward | {"plan": ""} == backward | {"plan": ""}


def test_an_index_is_told_by_its_name_and_gives_no_pieces_of_its_own(tmp_path: Path):
    (tmp_path / "part-0.parquet").write_bytes(index_file([page()]))
    source = crawl(tmp_path / "*.parquet")

    found = find_sources([source])

    assert found[0].is_index
    assert plan_pieces(found, ReadConfig(sources=(source,))) == []


def test_an_index_and_archives_in_one_source_are_refused(tmp_path: Path):
    (tmp_path / "part-0.parquet").write_bytes(index_file([page()]))
    (tmp_path / "a.warc").write_bytes(b"x")

    with pytest.raises(SettingError, match=r"Source crawl holds a crawl's index and files of other formats \(warc\)"):
        find_sources([crawl(tmp_path / "*")])
