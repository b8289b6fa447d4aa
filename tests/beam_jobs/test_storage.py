import io

import google_crc32c
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from beam_jobs.document import Document
from beam_jobs.storage import (
    ROW_GROUP,
    parquet_bytes,
    read_parquet,
    shard_name,
    tfrecord_bytes,
    write_documents,
)
from model.contract.errors import InputError
from tests.beam_jobs.documents import document, files_in, real_documents

texts = st.text(max_size=30)  # of any characters but surrogates, NUL and line ends among them
made_up = st.builds(
    Document, *[texts] * (len(Document._fields) - 1), metadata=st.dictionaries(texts, texts, max_size=3)
)


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


@pytest.mark.parametrize("count", [0, 5])
def test_a_file_of_documents_appears_whole_and_is_described_truly(tmp_path, count):
    documents = [document(str(number), f"글 {number}") for number in range(count)]

    described = write_documents(str(tmp_path / "deep" / "er"), "a.parquet", iter(documents))

    stored = (tmp_path / "deep" / "er" / "a.parquet").read_bytes()
    assert (described.name, described.records, described.bytes) == ("a.parquet", count, len(stored))
    assert described.crc32c == f"{google_crc32c.value(stored):08x}"
    assert list(files_in(tmp_path)) == ["deep/er/a.parquet"]
    assert read_back(tmp_path / "deep" / "er" / "a.parquet") == documents


def test_what_was_written_is_read_by_the_next_job(tmp_path):
    documents = list(real_documents())
    for part in range(3):
        write_documents(str(tmp_path), f"{part}.parquet", documents[part::3])

    read = [doc for part in range(3) for doc in read_parquet(str(tmp_path / f"{part}.parquet"))]

    assert sorted(read) == documents


def test_shard_names_sort_by_number():
    assert shard_name("train", 2, 64, "tfrecord") == "train-00002-of-00064.tfrecord"
    assert shard_name("train", 9, 64, "tfrecord") < shard_name("train", 10, 64, "tfrecord")
