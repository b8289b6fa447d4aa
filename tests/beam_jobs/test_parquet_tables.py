import io
import itertools

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beam_jobs.document import document_id
from beam_jobs.files.raw_files import RawFile
from beam_jobs.files.stretch import Stretch
from beam_jobs.sources.text.parquet_tables import cut_at_row_groups, read_parquet
from tests.beam_jobs.sample_corpus import read, source_config


def parquet(columns, row_group_size=None, **options):
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, row_group_size=row_group_size, **options)
    return sink.getvalue()


def test_declared_columns_of_any_scalar_type_are_read_and_others_if_they_are_strings():
    columns = {
        "no": pa.array([7], pa.int64()),
        "text": pa.array(["글입니다."], pa.large_string()),
        "date": pa.array([1_772_600_000_000], pa.timestamp("ms", "Asia/Seoul")),
        "section": pa.array(["정치"]).dictionary_encode(),
        "clicks": pa.array([12]),
        "tags": pa.array([["a", "b"]]),
    }

    (document,), bad, _ = read(read_parquet, parquet(columns), source=source_config(fields={"id": "no"}))

    assert bad == []
    assert document.id == document_id("a_source", "7")
    assert (document.text, document.date) == ("글입니다.", "2026-03-04T13:53:20+09:00")
    assert document.metadata == {"section": "정치"}


def test_text_that_is_stored_as_bytes_is_read_and_what_is_no_utf_8_costs_its_row():
    columns = {"text": pa.array(["가".encode(), b"\xb0\xa1", None, "라".encode()], pa.binary())}

    documents, bad, _ = read(read_parquet, parquet(columns))

    assert [document.text for document in documents] == ["가", "라"]
    assert [(each.reason, each.where) for each in bad] == [("bad_encoding", "row 1"), ("missing_text", "row 2")]


@settings(deadline=None)
@given(rows=st.integers(0, 30), group=st.integers(1, 10), borders=st.sets(st.integers(1, 30)))
def test_rows_are_the_same_documents_in_any_cuts(rows, group, borders):
    stored = parquet({"text": [f"글 {number}" for number in range(rows)]}, group)
    starts = [0, *sorted(borders)]

    cut = [
        read(read_parquet, stored, "n.parquet", start=start, end=end)[0]
        for start, end in itertools.pairwise([*starts, None])
    ]

    documents = list(itertools.chain(*cut))
    assert [document.text for document in documents] == [f"글 {number}" for number in range(rows)]
    assert [document.id for document in documents] == [
        document_id("a_source", f"n.parquet:{row}") for row in range(rows)
    ]


def test_a_damaged_row_group_costs_its_own_rows_only():
    stored = bytearray(parquet({"text": [f"글 {number} " * 50 for number in range(9)]}, 3, compression="zstd"))
    column = pq.ParquetFile(io.BytesIO(stored)).metadata.row_group(1).column(0)
    start = column.dictionary_page_offset or column.data_page_offset
    stored[start : start + column.total_compressed_size] = b"\xff" * column.total_compressed_size

    documents, bad, _ = read(read_parquet, bytes(stored))

    assert [document.text[:3] for document in documents] == ["글 0", "글 1", "글 2", "글 6", "글 7", "글 8"]
    assert [(each.reason, each.where) for each in bad] == [("damaged_file", "row group 1")]


@pytest.mark.parametrize("stored", [b"PAR1", b"", parquet({"text": ["글"]})[:-20]])
def test_a_file_without_its_footer_is_one_bad_record(stored):
    documents, bad, _ = read(read_parquet, stored)

    assert documents == []
    assert [(each.reason, each.where) for each in bad] == [("damaged_file", "footer")]


@pytest.mark.parametrize("column", ["content", "text"])
def test_a_table_without_text_in_the_declared_column_names_its_columns(column):
    _, bad, _ = read(read_parquet, parquet({"id": ["1"], column: [["글"]]}))

    assert [each.reason for each in bad] == ["missing_column"]
    assert f"the columns are id, {column}" in bad[0].detail


def test_a_table_that_comes_as_a_stream_is_read():
    class Stream(io.BytesIO):
        def seekable(self):
            return False

    outcomes = list(read_parquet(Stream(parquet({"text": ["글"]})), source_config(), Stretch("", "f", "parquet")))

    assert [document.text for document in outcomes] == ["글"]


def test_a_lost_connection_is_no_damage():
    class Lost(io.BytesIO):
        def read(self, size=-1):
            raise ConnectionResetError("gone")

    with pytest.raises(ConnectionResetError):
        list(read_parquet(Lost(parquet({"text": ["글"]})), source_config(), Stretch("", "f", "parquet")))


@given(rows=st.integers(1, 40), group=st.integers(1, 10), target=st.integers(50, 5_000))
def test_a_file_is_cut_at_row_groups_into_neighbours_of_about_the_target(tmp_path_factory, rows, group, target):
    stored = parquet({"text": [f"글 {number}" for number in range(rows)]}, group)
    path = tmp_path_factory.mktemp("cut") / "n.parquet"
    path.write_bytes(stored)

    cuts = cut_at_row_groups(
        RawFile(str(path), "n.parquet", len(stored)), source_config(), Stretch("", "n", ""), target
    )

    if len(stored) <= target:
        assert [(cut.stretch.start, cut.stretch.end) for cut in cuts] == [(0, None)]
    else:
        ends = [cut.stretch.end for cut in cuts]
        assert [cut.stretch.start for cut in cuts] == [0, *ends[:-1]]
        assert ends[-1] == -(-rows // group)
        assert all(cut.bytes <= target or cut.stretch.end == cut.stretch.start + 1 for cut in cuts)


def test_a_large_file_that_is_no_table_is_left_to_its_reader(tmp_path):
    (tmp_path / "n.parquet").write_bytes(b"no table" * 100)
    whole = Stretch("", "n", "")

    cuts = cut_at_row_groups(RawFile(str(tmp_path / "n.parquet"), "n.parquet", 800), source_config(), whole, 100)

    assert [cut.stretch for cut in cuts] == [whole]


def test_a_column_whose_name_is_no_utf_8_makes_a_damaged_file():
    stored = io.BytesIO()
    pq.write_table(pa.table({"text": ["글"], "zzzz": ["나"]}), stored, store_schema=False)

    documents, bad, _ = read(read_parquet, stored.getvalue().replace(b"zzzz", b"\xff\xff\xff\xff"))

    assert documents == []
    assert [(each.reason, each.where) for each in bad] == [("damaged_file", "footer")]
