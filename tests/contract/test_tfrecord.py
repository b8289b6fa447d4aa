import io

import google_crc32c
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.storage import tfrecord_bytes
from model.contract.tfrecord import Damage, StoredRecord, TfrecordReader, masked_crc32c, record_at, start_of_record

RECORDS = [b"", b"one", b"two" * 100, b"\x00" * 9]
FILE = tfrecord_bytes(RECORDS)
STARTS = [0, 16, 16 + 19, 16 + 19 + 316]


def read(data):
    return list(TfrecordReader(io.BytesIO(data), len(data)))


def test_records_are_read_as_tensorflow_wrote_them(tmp_path):
    path = str(tmp_path / "records")
    with tf.io.TFRecordWriter(path) as writer:
        for record in RECORDS:
            writer.write(record)
    data = (tmp_path / "records").read_bytes()

    found = read(data)

    assert found == [StoredRecord(*each) for each in zip(range(4), STARTS, RECORDS, strict=True)]


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_whatever_is_written_is_read_again(records):
    assert [found.data for found in read(tfrecord_bytes(records))] == records


@given(st.integers(0, len(FILE) - 1), st.integers(0, 7))
def test_a_flipped_bit_anywhere_is_damage_in_the_record_that_holds_it(place, bit):
    data = bytearray(FILE)
    data[place] ^= 1 << bit
    record = max(number for number, start in enumerate(STARTS) if start <= place)

    damage = [found for found in read(bytes(data)) if isinstance(found, Damage)]

    assert [(found.number, found.start) for found in damage] == [(record, STARTS[record])]


@given(st.integers(0, len(FILE) - 1))
def test_a_file_cut_anywhere_but_between_records_breaks_off_in_the_record_that_is_cut(size):
    found = read(FILE[:size])

    if size in STARTS:
        assert all(isinstance(each, StoredRecord) for each in found)
    else:
        assert isinstance(found[-1], Damage)
        assert "breaks off" in found[-1].reason
        assert found[-1].start == max(start for start in STARTS if start < size)


def test_a_reader_knows_checksum_and_size_of_all_it_read_even_after_damage():
    data = b"\x01" + FILE[1:]
    reader = TfrecordReader(io.BytesIO(data), len(data))

    (damage,) = reader

    assert damage.last
    assert (reader.read, reader.records) == (len(data), 1)
    assert reader.crc32c == f"{google_crc32c.value(data):08x}"


def test_records_are_found_by_number_and_by_byte():
    file = io.BytesIO(FILE)

    assert [start_of_record(file, number) for number in range(6)] == [*STARTS, None, None]
    assert [record_at(file, start) for start in STARTS] == RECORDS


@pytest.mark.parametrize("place", [1, 17, len(FILE)])
def test_where_no_record_begins_none_is_found(place):
    assert record_at(io.BytesIO(FILE), place) is None


def test_a_record_with_other_data_is_none():
    data = FILE[:30] + b"X" + FILE[31:]

    assert record_at(io.BytesIO(data), STARTS[1]) is None
    assert masked_crc32c(b"") == 0xA282EAD8
