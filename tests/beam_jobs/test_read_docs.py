import gzip
import json

import apache_beam as beam
import pytest
from apache_beam.io.filesystems import FileSystems
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to

from beam_jobs.config import SourceConfig
from beam_jobs.document import Document
from beam_jobs.read_docs import ReadDocs, SourceFile, expand_paths
from model.contract.errors import InputError
from tests.beam_jobs.sample_corpus import SAMPLE


def source(*paths: str, name: str = "news", format: str = "jsonl") -> SourceConfig:
    return SourceConfig(name=name, format=format, paths=paths)


def counters(result) -> dict[str, int]:
    found = result.metrics().query(beam.metrics.MetricsFilter().with_namespace("read_docs"))["counters"]
    return {counter.key.metric.name: counter.committed for counter in found}


@pytest.fixture
def news_folder(tmp_path):
    for name in ("b", "a"):
        for part in (1, 2):
            file = tmp_path / name / f"part-{part}.jsonl"
            file.parent.mkdir(exist_ok=True)
            file.write_text(json.dumps({"text": f"{name}{part}"}))
    return tmp_path


def test_every_source_of_the_sample_is_read_and_every_record_counted():
    files = expand_paths(
        [
            source(f"{SAMPLE}/*.warc.gz", name="common_crawl", format="warc"),
            source(f"{SAMPLE}/*.wet.gz", name="common_crawl", format="wet"),
            source(f"{SAMPLE}/*.xml.bz2", name="wikipedia", format="mediawiki"),
            source(f"{SAMPLE}/*.jsonl.gz"),
            source(f"{SAMPLE}/nikl/*.json", name="everyones_corpus", format="nikl"),
        ]
    )

    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        read = pipeline | "Read" >> ReadDocs(files)
        count = read.documents | beam.Map(lambda document: document.source) | beam.combiners.Count.PerElement()
        expected = {"common_crawl": 522, "wikipedia": 28, "news": 20, "everyones_corpus": 536}
        assert_that(count, equal_to(expected.items()))
        assert_that(read.bad, equal_to([]), label="NoneIsBad")
    result = pipeline.result

    assert read.documents.element_type is Document
    assert counters(result) == {
        **{f"{name}_documents": number for name, number in expected.items()},
        "wikipedia_skipped_redirect": 2,
        "wikipedia_skipped_namespace": 1,
    }


def test_bad_records_come_out_beside_the_documents_and_are_counted(tmp_path):
    good, broken = json.dumps({"id": 1, "text": "글"}), "{"
    file = tmp_path / "news.jsonl.gz"
    file.write_bytes(gzip.compress(f"{good}\n{broken}\n".encode()) + gzip.compress(b"{}")[:-9])

    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        read = pipeline | ReadDocs(expand_paths([source(str(file))]))
        assert_that(read.documents | beam.Map(lambda document: document.text), equal_to(["글"]))
        reasons = read.bad | beam.Map(lambda bad: (bad.file, bad.where, bad.reason))
        expected = [("news.jsonl.gz", "line 2", "bad_json"), ("news.jsonl.gz", "end", "truncated_file")]
        assert_that(reasons, equal_to(expected), label="Bad")

    assert counters(pipeline.result) == {
        "news_documents": 1,
        "news_bad_bad_json": 1,
        "news_bad_truncated_file": 1,
    }


def test_files_are_sorted_and_named_from_the_globs_folder_on(news_folder):
    files = expand_paths([source(f"{news_folder}/**.jsonl"), source(f"{news_folder}/a/part-2.jsonl")])

    assert [file.name for file in files] == [
        "a/part-1.jsonl",
        "a/part-2.jsonl",
        "b/part-1.jsonl",
        "b/part-2.jsonl",
    ]
    assert files[0] == SourceFile("news", "jsonl", f"{news_folder}/a/part-1.jsonl", "a/part-1.jsonl")


def test_names_do_not_tell_where_the_folder_lies(news_folder, monkeypatch):
    monkeypatch.chdir(news_folder)

    for pattern in (f"{news_folder}/a/*.jsonl", "a/*.jsonl", "./a/*.jsonl"):
        assert [file.name for file in expand_paths([source(pattern)])] == ["part-1.jsonl", "part-2.jsonl"]
    monkeypatch.chdir(news_folder / "a")
    assert [file.name for file in expand_paths([source("*.jsonl")])] == ["part-1.jsonl", "part-2.jsonl"]


@pytest.mark.parametrize("path", ["missing.jsonl", "*.txt", "missing/*.jsonl"])
def test_a_path_that_matches_nothing_is_refused_in_one_sentence(news_folder, path):
    with pytest.raises(InputError, match=r"^Source news: no file matches .*; name a file or glob that exists"):
        expand_paths([source(f"{news_folder}/a/part-1.jsonl", f"{news_folder}/{path}")])


def test_an_empty_file_is_refused_in_one_sentence(news_folder):
    (news_folder / "a" / "part-3.jsonl").touch()

    with pytest.raises(InputError, match=r"part-3.jsonl is an empty source \(0 bytes\); remove it or name"):
        expand_paths([source(f"{news_folder}/a/*")])


def test_a_folder_is_refused_in_one_sentence(news_folder):
    with pytest.raises(InputError, match="is a folder; name its files, as in"):
        expand_paths([source(f"{news_folder}/a")])


@pytest.mark.gcs
def test_files_on_cloud_storage_give_the_same_documents(gs_folder):
    local = expand_paths([source(f"{SAMPLE}/news-*.jsonl.gz"), source(f"{SAMPLE}/*.wet.gz", format="wet")])
    for file in local:
        with FileSystems.create(f"{gs_folder}/raw/{file.name}", compression_type="uncompressed") as stored:
            stored.write((SAMPLE / file.name).read_bytes())
    remote = expand_paths([source(f"{gs_folder}/raw/*.jsonl.gz"), source(f"{gs_folder}/raw/*.wet.gz", format="wet")])

    assert [file.name for file in remote] == [file.name for file in local]
    assert [file.path for file in remote] == [f"{gs_folder}/raw/{file.name}" for file in local]
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        pairs = [
            (pipeline | label >> ReadDocs(files)).documents | f"Pair{label}" >> beam.Map(lambda read: (read, 1))
            for label, files in (("Local", local), ("Remote", remote))
        ]
        counts = pairs | beam.CoGroupByKey() | beam.MapTuple(lambda _, found: [len(list(each)) for each in found])
        assert_that(counts, equal_to([[1, 1]] * 366))


@pytest.mark.gcs
def test_a_missing_bucket_is_refused_in_one_sentence(gcs):
    with pytest.raises(InputError, match=r"^Source news: .*gs://no-such-bucket"):
        expand_paths([source("gs://no-such-bucket/raw/*.jsonl")])
