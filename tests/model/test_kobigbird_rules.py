import numpy as np
import pytest

from model.contract.record import RecordFormat
from model.kobigbird_rules import PaddedRecord, broken_rules
from model.verify_records import faults
from tests.model.record_directory import PIECES, SPECIAL_IDS, example, padded_directory

FORMAT = RecordFormat(
    layout="kobigbird",
    predictions=3,
    sequence_length=8,
    vocabulary_size=len(PIECES),
    vocabulary_crc32c="0",
    special_ids=SPECIAL_IDS,
)
FIELDS = {
    "input_ids": [2, 4, 8, 14, 3, 0, 0, 0],
    "segment_ids": [0] * 8,
    "masked_lm_positions": [1, 3, 0],
    "masked_lm_ids": [7, 9, 0],
    "masked_lm_weights": [1.0, 1.0, 0.0],
    "next_sentence_labels": [0],
}


def record(**changed):
    fields = FIELDS | changed
    return {
        name: np.array(values, np.float32 if name == "masked_lm_weights" else np.int64)
        for name, values in fields.items()
        if values is not None
    }


def test_a_record_as_its_script_writes_it_breaks_no_rule():
    found = PaddedRecord.of(record())

    assert list(broken_rules(found, FORMAT)) == []
    assert found.original_ids.tolist() == [2, 7, 8, 9, 3, 0, 0, 0]
    assert found.hidden.tolist() == [1, 3]


def test_padding_as_a_random_replacement_is_none():
    found = PaddedRecord.of(record(input_ids=[2, 0, 8, 0, 3, 0, 0, 0]))

    assert list(broken_rules(found, FORMAT)) == []


def test_a_text_that_spells_padding_out_is_none():
    assert list(broken_rules(PaddedRecord.of(record(input_ids=[2, 4, 0, 14, 3, 0, 0, 0])), FORMAT)) == []


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"input_ids": [2, 7, 3]}, "has 3 input_ids and 8 segment_ids where sequence_length is 8"),
        ({"segment_ids": [0]}, "has 8 input_ids and 1 segment_ids where sequence_length is 8"),
        (
            {"masked_lm_ids": [7]},
            "has 1, 3 masked_lm_positions, masked_lm_ids and masked_lm_weights where records hold 3",
        ),
        ({"masked_lm_positions": [1, 8, 0]}, "hides a token at 8, outside its 8"),
        ({"input_ids": [2, 4, 99, 14, 3, 0, 0, 0]}, "has id 99 among its input_ids, which lies outside the vocabulary"),
        ({"masked_lm_ids": [7, -1, 0]}, "has id -1 among its masked_lm_ids, which lies outside the vocabulary"),
        ({"input_ids": [7, 4, 8, 14, 3, 0, 0, 0]}, "begins with id 7 where [CLS] is 2"),
        ({"input_ids": [2, 4, 8, 14, 9, 0, 0, 0]}, "ends with id 9 where [SEP] is 3"),
        ({"input_ids": [2, 4, 3, 14, 0, 9, 0, 0]}, "ends with id 9 where [SEP] is 3"),
        ({"input_ids": [0] * 8, "masked_lm_weights": [0.0] * 3}, "begins with id 0 where [CLS] is 2"),
        ({"segment_ids": [2] * 8}, "has segment_ids other than 0 and 1"),
    ],
)
def test_each_broken_rule_is_told(changed, complaint):
    (reason, *_) = broken_rules(PaddedRecord.of(record(**changed)), FORMAT)

    assert reason.startswith(complaint)


@pytest.mark.parametrize("name", [name for name in FIELDS if name != "next_sentence_labels"])
def test_a_missing_field_is_told(name):
    with pytest.raises(ValueError, match=f"^lacks {name}$"):
        PaddedRecord.of(record(**{name: None}))


def test_verify_looks_at_records_in_this_layout(tmp_path):
    wrong = FIELDS | {"input_ids": [2, 4, 8, 14, 9, 0, 0, 0]}
    padded_directory(tmp_path, [example(FIELDS), example(wrong), b"\x07"], FORMAT)

    found = list(faults(str(tmp_path)))

    assert [fault.partition(", at byte ")[0] for fault in found] == [
        f"Record {number} of {tmp_path}/pretrain_data.tfrecord-0-of-1" for number in (1, 2)
    ]
    assert found[0].endswith("ends with id 9 where [SEP] is 3.")
    assert found[1].endswith("is no record of KoBigBird's: it holds a field of wire type 7.")
