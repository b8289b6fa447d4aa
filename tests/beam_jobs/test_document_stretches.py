import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_jobs import document_stretches
from beam_jobs.document import PARQUET_SCHEMA
from beam_jobs.document_stretches import Row, read_blocks, stretches
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
    rows = [row for stretch in found for block in read_blocks(stretch) for row in block]
    assert rows == [Row(doc.id, doc.source, doc.text, doc.metadata) for doc in read_parquet(file)]


def test_a_group_larger_than_a_stretch_is_a_stretch_by_itself(file, monkeypatch):
    monkeypatch.setattr(document_stretches, "STRETCH_BYTES", 1)

    assert [(s.first, s.last) for s in stretches(0, file)] == [(n, n + 1) for n in range(5)]


def test_a_file_without_documents_gives_no_stretch(tmp_path):
    path = tmp_path / "empty.parquet"
    path.write_bytes(parquet_bytes([]))

    assert list(stretches(0, str(path))) == []


def test_a_group_larger_than_memory_allows_is_read_in_blocks(tmp_path, monkeypatch):
    path = tmp_path / "one-group.parquet"
    pq.write_table(
        pa.Table.from_pylist([document(str(n), "글" * 50)._asdict() for n in range(3_500)], PARQUET_SCHEMA), path
    )
    (stretch,) = stretches(0, str(path))
    monkeypatch.setattr(document_stretches, "STRETCH_BYTES", 1)

    blocks = list(read_blocks(stretch))

    assert [len(block) for block in blocks] == [1_000, 1_000, 1_000, 500]


def test_a_file_whose_groups_tell_no_size_is_read_all_the_same(file, monkeypatch):
    monkeypatch.setattr(document_stretches, "_bytes_of", lambda group: 0)

    (stretch,) = stretches(0, file)

    assert sum(map(len, read_blocks(stretch))) == 10


def test_nulls_are_empty_and_a_row_without_id_or_source_has_no_name(tmp_path):
    path = tmp_path / "others.parquet"
    rows = [("a", "news", None), (None, "news", "글"), ("b", None, "글")]
    columns = {name: [row[place] for row in rows] for place, name in enumerate(("id", "source", "text"))}
    table = pa.table({**columns, "metadata": pa.nulls(3, PARQUET_SCHEMA.field("metadata").type)})
    pq.write_table(table, path)

    (block,) = read_blocks(next(stretches(0, str(path))))

    assert [row.named for row in block] == [True, False, False]
    assert block[0] == Row("a", "news", "", {})
