import io

import apache_beam as beam
import google_crc32c
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given, settings
from hypothesis import strategies as st

from beam_jobs.document import Document
from beam_jobs.storage import (
    ROW_GROUP,
    ReadDocuments,
    WriteDocuments,
    parquet_bytes,
    read_parquet,
    shard_name,
    tfrecord_bytes,
)
from model.contract.errors import InputError
from tests.beam_jobs.documents import document, files_in, real_documents, shuffled

texts = st.text(max_size=30)  # of any characters but surrogates, NUL and line ends among them
made_up = st.builds(
    Document, *[texts] * (len(Document._fields) - 1), metadata=st.dictionaries(texts, texts, max_size=3)
)


def write(documents, directory, shards, check=lambda described: None):
    """Runs WriteDocuments; `check` sees, within the job, the descriptions that it gives."""
    pipeline = beam.Pipeline(runner=FnApiRunner())
    described = pipeline | beam.Create(documents) | WriteDocuments(str(directory), shards)
    assert_that(described, lambda found: check(sorted(found, key=lambda file: file.name)))
    pipeline.run().wait_until_finish()


def read_back(path):
    return list(read_parquet(str(path)))


@settings(deadline=None)
@given(st.lists(made_up, max_size=5))
def test_documents_come_back_from_parquet_as_they_went(tmp_path_factory, documents):
    path = tmp_path_factory.mktemp("parquet") / "a.parquet"

    path.write_bytes(parquet_bytes(documents))

    assert read_back(path) == documents


def test_real_documents_come_back_from_parquet_with_their_metadata(tmp_path):
    documents = list(real_documents())
    assert sum(len(doc.metadata) for doc in documents) > len(documents)

    (tmp_path / "a.parquet").write_bytes(parquet_bytes(documents))

    assert read_back(tmp_path / "a.parquet") == documents


def test_more_documents_than_a_row_group_come_back_in_order(tmp_path):
    documents = [document(str(number)) for number in range(ROW_GROUP + 5)]

    (tmp_path / "a.parquet").write_bytes(parquet_bytes(documents))

    assert read_back(tmp_path / "a.parquet") == documents
    assert pq.ParquetFile(tmp_path / "a.parquet").num_row_groups == 2


def test_parquet_is_compressed_with_zstd_and_any_reader_sees_metadata_as_a_map():
    stored = parquet_bytes([document("a", metadata={"기관": "한국은행"})])

    file = pq.ParquetFile(io.BytesIO(stored))

    columns = [file.metadata.row_group(0).column(number) for number in range(file.metadata.num_columns)]
    assert {column.compression for column in columns} == {"ZSTD"}
    assert file.read().to_pylist()[0]["metadata"] == [("기관", "한국은행")]


def test_the_order_in_which_metadata_was_filled_changes_no_byte():
    one, other = ({"a": "1", "b": "2"}, {"b": "2", "a": "1"})

    assert parquet_bytes([document("x", metadata=one)]) == parquet_bytes([document("x", metadata=other)])


def test_a_missing_parquet_file_is_named(tmp_path):
    with pytest.raises(InputError, match="gone.parquet"):
        read_back(tmp_path / "gone.parquet")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=20))
def test_tensorflow_reads_our_records(tmp_path_factory, records):
    path = tmp_path_factory.mktemp("records") / "a.tfrecord"

    path.write_bytes(tfrecord_bytes(records))

    assert list(tf.data.TFRecordDataset(str(path)).as_numpy_iterator()) == records


def test_our_record_framing_is_tensorflows_to_the_byte(tmp_path):
    records = [b"", b"a", "한국어".encode() * 1_000, bytes(range(256))]
    with tf.io.TFRecordWriter(str(tmp_path / "a.tfrecord")) as writer:
        for record in records:
            writer.write(record)

    assert tfrecord_bytes(records) == (tmp_path / "a.tfrecord").read_bytes()


def test_every_shard_is_written_and_described_truly_empty_ones_too(tmp_path):
    documents = [document(str(number), f"글 {number}") for number in range(5)]

    def check(described):
        names = [shard_name("documents", number, 20, "parquet") for number in range(20)]
        stored = [(tmp_path / name).read_bytes() for name in names]
        assert [file.name for file in described] == names
        assert [file.bytes for file in described] == [len(data) for data in stored]
        assert [file.crc32c for file in described] == [f"{google_crc32c.value(data):08x}" for data in stored]
        assert [file.records for file in described] == [len(read_back(tmp_path / name)) for name in names]

    write(documents, tmp_path, 20, check)

    assert len(files_in(tmp_path)) == 20
    read = [read_back(tmp_path / name) for name in sorted(files_in(tmp_path))]
    assert sum(not part for part in read) >= 15
    assert sorted(doc for part in read for doc in part) == sorted(documents)


def test_documents_in_any_order_give_the_same_bytes(tmp_path):
    for seed in (1, 2):
        write(shuffled(real_documents(), seed), tmp_path / str(seed), shards=3)

    assert files_in(tmp_path / "1") == files_in(tmp_path / "2")


def test_documents_of_one_id_are_ordered_by_their_texts(tmp_path):
    same = [document("a", text) for text in ("나", "가", "다")]

    write(same, tmp_path, shards=1)

    assert [doc.text for doc in read_back(tmp_path / "documents-00000-of-00001.parquet")] == ["가", "나", "다"]


def test_what_was_written_is_read_by_the_next_job(tmp_path):
    documents = list(real_documents())
    write(documents, tmp_path, shards=3)

    pipeline = beam.Pipeline(runner=FnApiRunner())
    read = pipeline | ReadDocuments([str(tmp_path / name) for name in files_in(tmp_path)])

    assert read.element_type is Document
    assert_that(read, equal_to(documents))
    pipeline.run().wait_until_finish()


def test_shard_names_sort_by_number():
    assert shard_name("train", 2, 64, "tfrecord") == "train-00002-of-00064.tfrecord"
    assert shard_name("train", 9, 64, "tfrecord") < shard_name("train", 10, 64, "tfrecord")
