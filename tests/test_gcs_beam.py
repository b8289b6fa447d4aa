"""Beam's own gs:// file system against the emulator; the runner is named: Beam's default may be another."""

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from apache_beam.io.filesystems import FileSystems

from model.contract import places
from tests.conftest import Gcs

pytestmark = pytest.mark.gcs

SCHEMA = pa.schema([("id", pa.string()), ("text", pa.string())])


@pytest.fixture
def root(gcs: Gcs, request: pytest.FixtureRequest) -> str:
    return places.join(gcs.root, request.node.name)


def copy_upper(path: str, directory: str) -> str:
    with FileSystems.open(path) as source:
        text = source.read().decode()
    target = FileSystems.join(directory, path.rsplit("/", 1)[-1])
    with FileSystems.create(target) as sink:
        sink.write(text.upper().encode())
    return target


def test_a_job_reads_and_writes_bytes_on_gs(root: str):
    texts = {f"문서-{index}.txt": f"한국어 text {index}\n" * 1_000 for index in range(5)}
    for name, text in texts.items():
        places.replace_bytes(places.join(root, "in", name), text.encode())

    with beam.Pipeline("FnApiRunner") as pipeline:
        paths = pipeline | beam.Create(places.glob(places.join(root, "in", "*.txt")), reshuffle=False)
        _ = paths | beam.Map(copy_upper, places.join(root, "out"))

    written = {path.rsplit("/", 1)[-1]: places.read_bytes(path).decode() for path in places.glob(f"{root}/out/*")}
    assert written == {name: text.upper() for name, text in texts.items()}


def test_parquet_written_by_beam_is_whole_and_leaves_no_temporary_files(root: str):
    rows = [{"id": f"{index:03d}", "text": f"문서 {index}"} for index in range(100)]

    with beam.Pipeline("FnApiRunner") as pipeline:
        _ = (
            pipeline
            | beam.Create(rows, reshuffle=False)
            | beam.io.WriteToParquet(places.join(root, "documents"), SCHEMA, file_name_suffix=".parquet", num_shards=3)
        )

    paths = [fact.path for fact in places.list_files(root)]
    assert paths == [places.join(root, f"documents-{shard:05d}-of-00003.parquet") for shard in range(3)]
    read = [row for path in paths for row in pq.read_table(pa.BufferReader(places.read_bytes(path))).to_pylist()]
    assert sorted(read, key=lambda row: row["id"]) == rows


def test_parquet_written_by_places_is_read_by_beam(root: str):
    rows = [{"id": f"{index:03d}", "text": f"문서 {index}"} for index in range(100)]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), sink, compression="zstd")
    places.replace_bytes(places.join(root, "documents.parquet"), sink.getvalue().to_pybytes())

    with beam.Pipeline("FnApiRunner") as pipeline:
        read = pipeline | beam.io.ReadFromParquet(places.join(root, "*.parquet"))
        _ = (
            read
            | beam.Map(lambda row: f"{row['id']} {row['text']}")
            | beam.io.WriteToText(places.join(root, "lines"), num_shards=1, shard_name_template="")
        )

    lines = places.read_bytes(places.join(root, "lines")).decode().splitlines()
    assert sorted(lines) == [f"{row['id']} {row['text']}" for row in rows]


def test_worker_processes_find_the_storage_too(root: str):
    for index in range(4):
        places.replace_bytes(places.join(root, "in", str(index)), b"text")

    options = beam.options.pipeline_options.PipelineOptions(
        [], direct_num_workers=2, direct_running_mode="multi_processing"
    )
    with beam.Pipeline("FnApiRunner", options=options) as pipeline:
        paths = pipeline | beam.Create([places.join(root, "in", str(index)) for index in range(4)])
        _ = paths | beam.Map(lambda path: places.replace_bytes(path.replace("/in/", "/out/"), places.read_bytes(path)))

    assert [fact.bytes for fact in places.list_files(places.join(root, "out"))] == [4] * 4
