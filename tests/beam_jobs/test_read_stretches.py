import gzip
import json
import random
import shutil
from pathlib import Path

import pytest

from beam_jobs.config import FORMATS_OF, ReadConfig, RunnerConfig, SourceConfig
from beam_jobs.document import BadRecord, Document
from beam_jobs.files.fetching import MissingFile
from beam_jobs.files.stretch import Piece, Stretch
from beam_jobs.read_docs import DEAD_LETTERS, read_documents
from beam_jobs.read_plan import find_sources
from beam_jobs.sources.formats import FORMATS
from beam_jobs.sources.read_stretches import read_stretches, refuse_missing_archives
from model.contract.errors import InputError
from tests.beam_jobs.sample_corpus import SAMPLE
from tests.emulators.range_server import RangeServer

SOURCE = SourceConfig(kind="news", paths=("unused",))
COUNTER = "read_docs/news/bad_missing_archive"


def articles(*texts: str) -> bytes:
    lines = [json.dumps({"id": text, "text": text}) for text in texts]
    return gzip.compress("\n".join(lines).encode())


def stretch(folder: object, name: str) -> Stretch:
    return Stretch(f"{folder}/{name}", name, "jsonl")


@pytest.mark.parametrize("place", ["disk", "web"])
def test_a_file_that_is_missing_is_one_bad_record_and_the_others_are_read(place, tmp_path: Path, server: RangeServer):
    files = {"a.jsonl.gz": articles("하나", "둘"), "c.jsonl.gz": articles("셋")}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
        server.files[f"/{name}"] = data
    folder = tmp_path if place == "disk" else server.address

    outcomes = list(read_stretches([stretch(folder, f"{name}.jsonl.gz") for name in "abc"], SOURCE))

    assert [each.text for each in outcomes if isinstance(each, Document)] == ["하나", "둘", "셋"]
    bad = [each for each in outcomes if isinstance(each, BadRecord)]
    assert [(each.file, each.reason) for each in bad] == [("b.jsonl.gz", "missing_archive")]
    assert "b.jsonl.gz" in bad[0].detail


def test_a_file_that_is_there_and_cannot_be_read_stops_the_work(server: RangeServer):
    server.files["/a.jsonl.gz"] = articles("하나")
    server.faults.extend(["busy"] * 20)

    with pytest.raises(InputError, match=r"a.jsonl.gz could not be read, tried 7 times") as caught:
        list(read_stretches([stretch(server.address, "a.jsonl.gz")], SOURCE))
    assert not isinstance(caught.value, MissingFile)


@pytest.mark.parametrize("format_name", sorted(FORMATS))
def test_no_reader_takes_a_server_s_failure_for_damage(format_name: str, server: RangeServer):
    server.files["/data"] = articles("하나")
    server.faults.extend(["busy"] * 20)
    kind = next(kind for kind, formats in FORMATS_OF.items() if format_name in formats)
    source = SourceConfig(kind=kind, format=format_name, paths=("unused",))

    with pytest.raises(InputError, match="data could not be read, tried 7 times"):
        list(read_stretches([Stretch(f"{server.address}/data", "data", format_name, 0, 10)], source))


@pytest.mark.parametrize("packing", ["zip", "gztar"])
@pytest.mark.parametrize("answered", [0, 1])
def test_nor_does_the_reader_of_a_container(packing: str, answered: int, server: RangeServer, tmp_path: Path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.jsonl").write_bytes(random.Random(0).randbytes(2_000_000))
    packed = Path(shutil.make_archive(str(tmp_path / "packed"), packing, tmp_path / "raw"))
    server.files[f"/{packed.name}"] = packed.read_bytes()
    server.faults.extend([None] * answered + ["busy"] * 20)

    with pytest.raises(InputError, match=f"{packed.name} could not be read, tried 7 times"):
        list(read_stretches([Stretch(f"{server.address}/{packed.name}", packed.name, "")], SOURCE))


def test_more_missing_archives_than_the_limit_stop_the_job_however_many_records_the_others_hold():
    stretches = tuple(stretch("x", str(number)) for number in range(5))
    pieces = [Piece("news", number, 2, stretches) for number in range(2)]

    refuse_missing_archives({COUNTER: 1, "read_docs/news/documents": 900_000}, pieces, 0.1)
    with pytest.raises(InputError, match=r"2 of 10 archives of source news are missing or closed"):
        refuse_missing_archives({COUNTER: 2, "read_docs/news/documents": 900_000}, pieces, 0.1)


@pytest.fixture
def month(server: RangeServer) -> RangeServer:
    """A server with a path list of ten archives, of which the last is missing."""
    names = [f"crawl/{number}.wet" for number in range(10)]
    archive = gzip.decompress((SAMPLE / "crawl-00000.warc.wet.gz").read_bytes())[:50_000].rpartition(b"WARC/1.0")[0]
    server.files |= {f"/{name}": archive for name in names[:-1]}
    server.files["/wet.paths.gz"] = gzip.compress("\n".join(names).encode())
    return server


def read_month(server: RangeServer, out: Path, max_bad_share: float):
    source = SourceConfig(kind="common_crawl", paths=(f"{server.address}/wet.paths.gz",), base=server.address)
    config = ReadConfig(sources=(source,), max_bad_share=max_bad_share)
    return read_documents(find_sources(config.sources), config, str(out), RunnerConfig())


def test_a_month_is_read_by_its_path_list_a_piece_an_archive_and_what_is_missing_is_counted(month, tmp_path: Path):
    made = read_month(month, tmp_path, max_bad_share=0.2)

    assert made.counters["read_docs/common_crawl/bad_missing_archive"] == 1
    records = [file.records for file in made.outputs if file.name != DEAD_LETTERS]
    assert len(records) == 10
    assert len(set(records[:9])) == 1
    assert records[0] > 3
    assert records[9] == 0


def test_a_month_with_too_many_missing_archives_stops_the_job(month, tmp_path: Path):
    with pytest.raises(InputError, match="1 of 10 archives of source common_crawl are missing or closed"):
        read_month(month, tmp_path, max_bad_share=0.09)
