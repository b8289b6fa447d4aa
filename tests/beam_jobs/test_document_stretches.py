import pyarrow.parquet as pq
import pytest

from beam_jobs import document_stretches
from beam_jobs.document_stretches import read_columns, stretches
from beam_jobs.storage import parquet_bytes, read_parquet
from tests.beam_jobs.documents import document


@pytest.fixture
def file(tmp_path, monkeypatch):
    """Five row groups of two documents each."""
    path = tmp_path / "documents.parquet"
    path.write_bytes(parquet_bytes([document(str(number), f"글 {number}") for number in range(10)]))
    pq.write_table(pq.read_table(path), path, row_group_size=2)
    return str(path)


def test_a_small_file_is_one_stretch(file):
    assert [(s.first, s.last) for s in stretches(3, file)] == [(0, 5)]


def test_stretches_hold_every_document_once_in_order(file, monkeypatch):
    monkeypatch.setattr(
        document_stretches, "STRETCH_BYTES", 2 * pq.ParquetFile(file).metadata.row_group(0).total_byte_size
    )

    found = list(stretches(3, file))

    assert len(found) > 1
    assert all(stretch.file == 3 for stretch in found)
    texts = [text for stretch in found for text in read_columns(stretch, ["text"])["text"]]
    assert texts == [doc.text for doc in read_parquet(file)]


def test_a_group_larger_than_a_stretch_is_a_stretch_by_itself(file, monkeypatch):
    monkeypatch.setattr(document_stretches, "STRETCH_BYTES", 1)

    assert [(s.first, s.last) for s in stretches(0, file)] == [(n, n + 1) for n in range(5)]


def test_a_file_without_documents_gives_no_stretch(tmp_path):
    path = tmp_path / "empty.parquet"
    path.write_bytes(parquet_bytes([]))

    assert list(stretches(0, str(path))) == []
