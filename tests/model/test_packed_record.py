import numpy as np
import pytest

from model.contract import record
from model.packed_record import PackedRecord, Piece
from model.verify_records import faults
from tests.model.record_directory import LENGTH, fields_of, records_directory, with_train


def test_the_pieces_of_a_record_are_told_without_their_special_tokens():
    fields = {
        name: np.array(values, np.int64) if not values or isinstance(values[0], int) else values
        for name, values in fields_of([("a", 5, [7, 8, 9]), ("b", 0, [10])]).items()
    }

    assert PackedRecord.of(fields).pieces == [Piece(b"a", 5, 1, 3), Piece(b"b", 0, 5, 1)]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({record.INPUT_IDS: [2, 7, 99, 3]}, "holds id 99, which lies outside the vocabulary of 18 pieces"),
        ({record.INPUT_IDS: [2, 7, -1, 3]}, "holds id -1, which lies outside the vocabulary of 18 pieces"),
        ({record.INPUT_IDS: [7, 7, 7, 3]}, "begins with id 7 where [CLS] is 2"),
        ({record.INPUT_IDS: [2, 7, 7, 7]}, "ends with id 7 where [SEP] is 3"),
        ({record.INPUT_IDS: [2, *[7] * LENGTH, 3]}, "has 18 tokens where sequence_length is 16"),
        ({record.INPUT_IDS: [2, 3]}, "has 2 tokens, which leaves none between [CLS] and [SEP]"),
        ({record.INPUT_IDS: [2, 7, 4, 3]}, "holds the special id 4 at 2, where text stands"),
        ({record.INPUT_IDS: [2, 7, 3, 7, 3]}, "holds the special id 3 at 2, where text stands"),
        ({record.SEGMENT_STARTS: [3]}, "has 2 segments but 1 documents and 1 document_offsets"),
        ({record.SEGMENT_STARTS: [9]}, "has segment_starts [9], which are no ascending offsets into its 4 tokens"),
        ({record.INPUT_IDS: [2, 7, 7, 7, 7, 3], record.SEGMENT_STARTS: [3]}, "has no [SEP] before the segment that"),
        ({record.DOCUMENTS: [b"a", b"b"]}, "has 1 segments but 2 documents and 1 document_offsets"),
        ({record.DOCUMENT_OFFSETS: [-3]}, "has a document offset of -3"),
        ({record.SECOND_SEGMENT: [2]}, "has second_segment [2], where none of its segments begins"),
        ({record.INPUT_IDS: None}, "is no record of ours: it lacks input_ids"),
        ({record.INPUT_IDS: [0.5]}, "is no record of ours: it has float32 numbers for input_ids"),
        ({record.DOCUMENTS: [1]}, "is no record of ours: it has numbers for documents"),
        ({record.SOURCE: [b"wiki", b"news"]}, "is no record of ours: it names 2 sources where a record has one"),
    ],
)
def test_a_record_that_breaks_a_rule_is_named_with_the_rule(tmp_path, change, complaint):
    records_directory(tmp_path, with_train([[("one", 0, [7, 7])]]) | {"validation": []}, change=change)

    found = list(faults(str(tmp_path)))

    assert any(
        fault.startswith(f"Record 0 of {tmp_path}/train-00000-of-00001.tfrecord, at byte 0, {complaint}")
        for fault in found
    ), found
