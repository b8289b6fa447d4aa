import json
import logging
from pathlib import Path

import pytest

from beam_jobs.config import ReadConfig, RunnerConfig
from beam_jobs.document import Document
from beam_jobs.read_crawl_index import piece_of, pieces_of_index
from beam_jobs.read_docs import DEAD_LETTERS, read_documents
from beam_jobs.read_plan import find_sources
from beam_jobs.sources.crawl.common_crawl import read_warc
from beam_jobs.sources.crawl.crawl_index import Location
from beam_jobs.storage import read_parquet
from tests.beam_jobs.crawl_archive import STORED, index_file, index_source, sample_pages
from tests.beam_jobs.sample_corpus import read
from tests.emulators.range_server import RangeServer

PAGES = sample_pages()
KOREAN = [each for each in PAGES if each.content_languages == "kor,eng"]
KOREAN_BYTES = sum(each.warc_record_length for each in KOREAN)


def whole_archive(source_name: str = "crawl") -> dict[str, Document]:
    return {each.url: each for each in read(read_warc, STORED, source=index_source(name=source_name))[0]}


def test_a_bucket_s_pages_come_in_the_order_of_their_archives_and_each_once():
    groups = [[Location("b", 9, 1), Location("a", 5, 1)], [Location("b", 10, 1), Location("a", 5, 1)]]

    piece = piece_of((2, groups), index_source(base="https://crawl.example/"))

    assert [(each.path, each.start, each.end) for each in piece.stretches] == [
        ("https://crawl.example/a", 5, 6),
        ("https://crawl.example/b", 9, 10),
        ("https://crawl.example/b", 10, 11),
    ]
    assert (piece.source, piece.number, piece.pieces) == ("crawl", 2, 3)


def read_index(server: RangeServer, out: Path, processes: int = 1, **settings):
    paths = [f"{server.address}{name}" for name in server.files if name.endswith(".parquet")]
    source = index_source(paths=paths, base=server.address, **settings)
    config = ReadConfig(sources=(source,), max_bad_share=0.5)
    runner = RunnerConfig(processes=processes)
    return read_documents(find_sources(config.sources), config, str(out), runner)


def documents(made, folder: Path) -> list[Document]:
    names = [file.name for file in made.outputs if file.name.endswith(".parquet")]
    return [each for name in names for each in read_parquet(f"{folder}/{name}")]


@pytest.fixture
def month(server: RangeServer) -> RangeServer:
    """A server with the sample as three archives, of which two index files tell."""
    archives = [f"crawl-data/part-{number}.warc.gz" for number in range(3)]
    server.files |= {f"/{archive}": STORED for archive in archives}
    everything = [each._replace(warc_filename=archives[n % 3]) for n, each in enumerate(PAGES)]
    server.files["/cc-index/0.parquet"] = index_file(everything[:100])
    server.files["/cc-index/1.parquet"] = index_file(everything[100:])
    return server


def test_a_job_reads_the_selected_pages_counts_the_share_and_gives_a_file_for_every_bucket(month, tmp_path, caplog):
    caplog.set_level(logging.INFO, "kobigbird")

    made = read_index(month, tmp_path, buckets=5)

    found, whole = documents(made, tmp_path), whole_archive()
    assert sorted(each.id for each in found) == sorted(whole[each.url].id for each in KOREAN)
    assert made.counters == {
        "read_docs/crawl/documents": len(KOREAN),
        "read_docs/crawl/index_bytes": sum(each.warc_record_length for each in PAGES),
        "read_docs/crawl/index_rows": len(PAGES),
        "read_docs/crawl/selected_bytes": KOREAN_BYTES,
        "read_docs/crawl/selected_rows": len(KOREAN),
    }
    names = [f"documents-crawl-{bucket:05d}-of-00005.parquet" for bucket in range(5)]
    assert [file.name for file in made.outputs] == [DEAD_LETTERS, *names]
    assert 0 in [file.records for file in made.outputs[1:]]
    assert f"the index named {len(KOREAN)} of {len(PAGES)} records" in caplog.text


def test_two_processes_write_the_bytes_that_one_writes(month: RangeServer, tmp_path: Path):
    one, two = (read_index(month, tmp_path / str(processes), processes) for processes in (1, 2))

    assert one == two


def test_denied_hosts_are_neither_fetched_nor_read(month: RangeServer, tmp_path: Path):
    denied = {"filters": {"hosts_deny": ["apache.org", "pytorch.kr"]}}

    made = read_index(month, tmp_path, **denied)

    found = documents(made, tmp_path)
    assert found
    assert {each.url.split("/")[2] for each in found} == {"help.libreoffice.org"}
    assert made.counters["read_docs/crawl/selected_rows"] == len(found)


def test_a_missing_archive_is_counted_by_its_records_and_named_in_the_dead_letters(month, tmp_path):
    del month.files["/crawl-data/part-1.warc.gz"]

    made = read_index(month, tmp_path)

    lost = made.counters["read_docs/crawl/bad_missing_archive"]
    assert lost + made.counters["read_docs/crawl/documents"] == len(KOREAN)
    assert lost > 20
    letters = [json.loads(line) for line in (tmp_path / DEAD_LETTERS).read_text().splitlines()]
    assert {letter["file"].split(":")[0] for letter in letters} == {"crawl-data/part-1.warc.gz"}


def test_a_missing_index_file_stops_the_job(month: RangeServer, tmp_path: Path):
    source = index_source(paths=[f"{month.address}/cc-index/0.parquet"], base=month.address)
    config = ReadConfig(sources=(source,))
    found = find_sources(config.sources)
    del month.files["/cc-index/0.parquet"]

    with pytest.raises(Exception, match=r"/cc-index/0.parquet does not exist \(HTTP 404\)"):
        read_documents(found, config, str(tmp_path), RunnerConfig())


def test_without_a_job_the_pieces_hold_the_same_pages(month: RangeServer):
    source = index_source(base=month.address)

    pieces = list(pieces_of_index(source, [f"{month.address}/cc-index/{number}.parquet" for number in range(2)]))

    assert [piece.number for piece in pieces] == list(range(source.buckets))
    assert sum(len(piece.stretches) for piece in pieces) == len(KOREAN)
