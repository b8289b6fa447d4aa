import gzip
import json
import os

import pytest

from beam_jobs.config import ReadConfig
from beam_jobs.read_estimate import estimate_sources, refuse_unreadable
from beam_jobs.read_plan import find_sources
from model.contract.errors import InputError
from tests.beam_jobs.crawl_archive import STORED, index_file, sample_pages
from tests.beam_jobs.sample_corpus import SAMPLE


def estimates(*sources):
    config = ReadConfig.model_validate({"sources": sources})
    return list(estimate_sources(find_sources(config.sources), config))


def articles(path, count):
    path.write_text("".join(json.dumps({"id": n, "text": "글" * 2_000}) + "\n" for n in range(count)))


def test_small_files_are_counted_exactly():
    (found,) = estimates({"kind": "everyones_corpus", "paths": [f"{SAMPLE}/nikl/N*.json"]})

    assert (found.documents, found.files, found.formats) == (5, 1, ("nikl",))
    assert found.bytes == (SAMPLE / "nikl" / "NWRW2600000001.json").stat().st_size


def test_many_files_are_estimated_from_a_few(tmp_path):
    for number in range(9):
        articles(tmp_path / f"part-{number}.jsonl", 400)

    (found,) = estimates({"kind": "news", "paths": [f"{tmp_path}/*"]})

    assert found.documents == pytest.approx(3_600, rel=0.1)
    assert (found.files, len(found.paths)) == (9, 9)


def test_limits_and_filters_count_in_the_estimate(tmp_path):
    articles(tmp_path / "part.jsonl", 100)
    paths = [f"{tmp_path}/part.jsonl"]

    limited, filtered = estimates(
        {"kind": "news", "name": "limited", "paths": paths, "limits": {"max_documents": 30}},
        {"kind": "news", "name": "filtered", "paths": paths, "filters": {"max_characters": 1_000}},
    )

    assert (limited.documents, filtered.documents) == (30, 0)


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ({"kind": "common_crawl", "format": "warc"}, r"cannot be read as warc \(.*\); correct the source's kind or f"),
        ({"kind": "wikipedia", "format": "mediawiki"}, r"cannot be read as mediawiki \(not_mediawiki 1\)"),
        ({"kind": "everyones_corpus", "format": "nikl"}, r"cannot be read as nikl \("),
    ],
)
def test_a_wrong_format_is_told_before_any_work(source, complaint, tmp_path):
    articles(tmp_path / "part.jsonl", 3)
    found = find_sources(ReadConfig.model_validate({"sources": [source | {"paths": [f"{tmp_path}/*"]}]}).sources)

    with pytest.raises(InputError, match=f"Source {source['kind']}: {tmp_path}/part.jsonl {complaint}"):
        refuse_unreadable(found)


def test_one_broken_file_among_sound_ones_stops_nothing(tmp_path):
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b"{}")[:-9])
    articles(tmp_path / "b.jsonl", 3)
    found = find_sources(ReadConfig.model_validate({"sources": [{"kind": "news", "paths": [f"{tmp_path}/*"]}]}).sources)

    refuse_unreadable(found)


def test_an_index_tells_how_many_pages_it_would_select(server):
    pages = sample_pages()
    korean = sum(each.content_languages == "kor,eng" for each in pages)
    server.files["/cc-index/0.parquet"] = index_file(pages)
    source = {"kind": "common_crawl", "paths": [f"{server.address}/cc-index/0.parquet"], "buckets": 7}

    (found,) = estimates(source)
    (limited,) = estimates(source | {"limits": {"max_documents": 5}})

    assert found.documents == pytest.approx(korean, rel=0.1)
    assert (found.pieces, found.formats) == (7, ("crawl_index",))
    assert limited.documents == 5
    assert not [asked for asked in server.asked if "warc.gz" in asked.path]


def test_the_size_of_a_path_list_s_files_is_estimated_from_a_few(server):
    names = [f"segments/{number}.warc.gz" for number in range(8)]
    server.files |= {f"/{name}": STORED for name in names}
    server.files["/warc.paths.gz"] = gzip.compress("".join(f"{name}\n" for name in names).encode())

    (found,) = estimates({"kind": "common_crawl", "base": server.address, "paths": [f"{server.address}/warc.paths.gz"]})

    assert (found.files, found.bytes) == (8, 8 * len(STORED))
    assert found.documents == pytest.approx(8 * 176, rel=0.2)


def test_a_parquet_file_that_is_no_index_is_told_before_any_work(server):
    server.files["/cc-index/0.parquet"] = b"PAR1 not quite"
    source = {"kind": "common_crawl", "paths": [f"{server.address}/cc-index/0.parquet"]}

    with pytest.raises(InputError, match="is no Parquet file"):
        refuse_unreadable(find_sources(ReadConfig.model_validate({"sources": [source]}).sources))


def test_sound_records_that_a_filter_drops_are_no_wrong_format(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"id": 1, "text": "글", "date": "2019-01-01"}\n{\n')
    source = {"kind": "news", "paths": [f"{tmp_path}/*"], "filters": {"since": "2020-01-01"}}

    refuse_unreadable(find_sources(ReadConfig.model_validate({"sources": [source]}).sources))


def test_what_was_not_looked_at_is_not_held_against_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr("beam_jobs.read_estimate.BYTES_LOOKED_AT", 200_000)
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(os.urandom(1_000_000).hex().encode()))
    source = {"kind": "news", "paths": [f"{tmp_path}/*"]}

    refuse_unreadable(find_sources(ReadConfig.model_validate({"sources": [source]}).sources))
