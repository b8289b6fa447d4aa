import json
import shutil

import google_crc32c
import pytest

from model.contract import places, record
from model.contract.manifest import MANIFEST
from model.verify_records import Verification, faults
from tests.model.record_directory import (
    PIECES,
    SHARDS,
    edit_manifest,
    example,
    fields_of,
    records_directory,
    with_train,
    write_tfrecord,
)

FIRST = "train-00000-of-00002.tfrecord"
SECOND = "train-00001-of-00002.tfrecord"
FRAME = 16
"""Bytes of a TFRecord beside its data."""


@pytest.fixture
def records(tmp_path):
    folder = tmp_path / "records"
    records_directory(folder)
    return folder


def flip(path, place):
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(bytes(data))


def second_record():
    """The byte at which the second record of the first shard begins."""
    return len(example(fields_of(SHARDS["train"][0][0]))) + FRAME


def test_a_directory_as_it_was_made_has_no_fault_and_everything_in_it_is_counted(records):
    look = Verification(str(records))

    assert list(look.faults()) == []
    assert (look.checked.files, look.checked.records, look.checked.documents) == (5, 6, 6)
    assert look.checked.tokens == sum(len(ids) for split in SHARDS.values() for f in split for r in f for *_, ids in r)
    assert look.checked.bytes == sum(path.stat().st_size for path in records.iterdir() if path.name != MANIFEST)


def test_a_quick_look_at_a_directory_as_it_was_made_finds_nothing(records):
    look = Verification(str(records), quick=True)

    assert list(look.faults()) == []
    assert (look.checked.files, look.checked.records) == (5, 6)


def test_a_folder_without_a_manifest_is_one_fault(records):
    (records / MANIFEST).unlink()

    (fault,) = faults(str(records))

    assert fault == f"{records} holds no manifest.json, so its stage is not done; run the stage first."


def test_an_unreadable_manifest_is_one_fault(records):
    (records / MANIFEST).write_text('{"stage": "tok')

    (fault,) = faults(str(records))

    assert fault.startswith(f"{records}/manifest.json is no manifest of this version;")


def test_a_manifest_of_something_else_is_one_fault(records):
    edit_manifest(records, facts={})

    (fault,) = faults(str(records))

    assert "tells no record_format, so it is the manifest of no records" in fault


@pytest.mark.parametrize("quick", [False, True])
def test_a_missing_file_is_named(records, quick):
    (records / FIRST).unlink()

    assert list(faults(str(records), quick)) == [f"{records}/{FIRST} is in the manifest but missing."]


@pytest.mark.parametrize("quick", [False, True])
def test_a_file_of_something_else_is_named(records, quick):
    (records / "train-00002-of-00003.tfrecord").write_bytes(b"")

    (fault,) = faults(str(records), quick)

    assert fault.startswith(f"{records}/train-00002-of-00003.tfrecord is not in the manifest")


def test_a_manifest_that_lists_no_records_is_told(records):
    manifest = json.loads((records / MANIFEST).read_text())
    edit_manifest(records, outputs=[file for file in manifest["outputs"] if "tfrecord" not in file["name"]])

    first, *others = faults(str(records))

    assert first == f"{records}/manifest.json lists no file of records, so there is nothing to train on."
    assert [fault.split(" is not in")[0].split("/")[-1] for fault in others] == [
        FIRST,
        SECOND,
        "validation-00000-of-00001.tfrecord",
    ]


def test_a_flipped_byte_is_named_with_its_record_and_the_byte_at_which_that_begins(records):
    flip(records / FIRST, second_record() + 20)

    assert list(faults(str(records))) == [
        f"Record 1 of {records}/{FIRST}, at byte {second_record()}, holds data that does not fit its checksum."
    ]


def test_a_flipped_byte_in_a_record_does_not_hide_the_next(records):
    flip(records / FIRST, 20)
    flip(records / FIRST, second_record() + 20)

    first, second = faults(str(records))

    assert first.startswith(f"Record 0 of {records}/{FIRST}, at byte 0, holds data")
    assert second.startswith(f"Record 1 of {records}/{FIRST}, at byte {second_record()}, holds data")


def test_a_flipped_byte_in_a_length_is_told_as_what_it_is(records):
    flip(records / SECOND, 1)

    (fault,) = faults(str(records))

    assert fault.startswith(f"Record 0 of {records}/{SECOND}, at byte 0, has a length that does not fit its checksum")


@pytest.mark.parametrize("left", [3, 11, 20])
def test_a_truncated_file_is_named_with_the_record_in_which_it_breaks_off(records, left):
    path = records / FIRST
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[: second_record() + left])

    (fault,) = faults(str(records))

    assert fault.startswith(f"Record 1 of {path}, at byte {second_record()}, breaks off: the file ends at byte ")
    assert (f"the record at {size}" in fault) == (left == 20)


def test_a_file_cut_off_between_two_records_is_not_the_one_of_the_manifest(records):
    path = records / FIRST
    path.write_bytes(path.read_bytes()[: second_record()])

    (fault,) = faults(str(records))

    assert fault.startswith(f"{path} is whole in itself (1 records, {second_record()} bytes, CRC-32C ")
    assert fault.endswith("it is of another run, or cut off between two records.")


@pytest.mark.parametrize("same_size", [False, True])
def test_a_shard_of_another_run_is_told_as_one(records, tmp_path, same_size):
    tokens = [10, 11, 12] if same_size else [10, 11]
    other = [[("other", 0, tokens)], [("third", 0, [1, 12])], [("fourth", 0, [14, 15, 16])]]
    records_directory(tmp_path / "other", {**SHARDS, "train": [SHARDS["train"][0], other]})
    shutil.copy(tmp_path / "other" / SECOND, records / SECOND)

    (fault,) = faults(str(records))

    assert fault.startswith(f"{records}/{SECOND} is whole in itself (3 records, ")
    assert "is not the file that the manifest describes (3, " in fault


def test_a_quick_look_finds_flipped_bytes_and_other_sizes_without_saying_where(records):
    flip(records / FIRST, 20)
    (records / SECOND).write_bytes((records / SECOND).read_bytes()[:-1])

    first, second = faults(str(records), quick=True)

    assert first.startswith(f"{records}/{FIRST} has CRC-32C ")
    assert second.startswith(f"{records}/{SECOND} has ")
    assert "bytes where its manifest says" in second


def test_a_manifest_that_counts_other_records_is_told(records):
    manifest = json.loads((records / MANIFEST).read_text())
    (file,) = [file for file in manifest["outputs"] if file["name"] == SECOND]
    file["records"] = 4
    edit_manifest(records, outputs=manifest["outputs"])

    assert list(faults(str(records))) == [f"{records}/{SECOND} holds 3 records where its manifest says 4."]


def test_the_manifest_of_another_vocabulary_is_told(records, tmp_path):
    records_directory(tmp_path / "other", pieces=[*PIECES, "바다"])
    shutil.copy(tmp_path / "other" / MANIFEST, records / MANIFEST)

    found = list(faults(str(records)))

    assert "vocab.txt has CRC-32C " in found[0]
    assert "but the records are of a vocabulary with " in found[0]
    assert sum("vocab.txt" in fault for fault in found) == 1


def test_another_vocabulary_beside_the_records_is_told(records):
    (records / record.VOCABULARY_FILE).write_text("\n".join([*PIECES, "바다"]) + "\n")

    (fault,) = faults(str(records))

    assert "but the records are of a vocabulary with " in fault


@pytest.mark.parametrize(
    ("format_fields", "complaint"),
    [
        ({"vocabulary_size": 20}, "vocab.txt has 18 pieces where the manifest says 20."),
        (
            {"special_ids": {"pad": 0, "unknown": 1, "cls": 2, "sep": 3, "mask": 4, "begin": 6, "end": 5}},
            "does not have <s> at 6, where the manifest says it is.",
        ),
    ],
)
def test_a_format_that_does_not_fit_the_vocabulary_is_told(records, format_fields, complaint):
    facts = json.loads((records / MANIFEST).read_text())["facts"]
    edit_manifest(records, facts={"record_format": facts["record_format"] | format_fields})

    assert any(complaint in fault for fault in faults(str(records)))


def test_bytes_that_are_no_example_are_told(tmp_path):
    written = records_directory(tmp_path)
    write_tfrecord(f"{tmp_path}/{FIRST}", [b"\x0a\xff", b"\x07"])
    stored = (tmp_path / FIRST).read_bytes()
    outputs = [file.model_dump() for file in written.manifest.outputs]
    (described,) = [file for file in outputs if file["name"] == FIRST]
    described.update(bytes=len(stored), crc32c=f"{google_crc32c.value(stored):08x}")
    edit_manifest(tmp_path, outputs=outputs)

    found = list(faults(str(tmp_path)))

    assert [fault.partition(", is ")[2] for fault in found] == [
        "no record of ours: it holds a number that breaks off.",
        "no record of ours: it holds a field of wire type 7.",
    ]


def test_damage_is_told_however_many_records_before_it_break_rules(tmp_path):
    name = "train-00000-of-00001.tfrecord"
    records_directory(tmp_path, with_train([[(str(n), 0, [7])] for n in range(33)]), change={record.INPUT_IDS: [2, 3]})
    flip(tmp_path / name, (tmp_path / name).stat().st_size - 20)

    found = [fault for fault in faults(str(tmp_path)) if "/train-" in fault]

    assert found[20].startswith(f"Record 32 of {tmp_path}/{name}, at byte ")
    assert found[20].endswith(" holds data that does not fit its checksum.")
    assert found[21] == f"12 more records of {tmp_path}/{name} break the rules for records."


def test_records_beyond_twenty_that_break_rules_are_counted(tmp_path):
    records_directory(tmp_path, with_train([[(str(n), 0, [7])] for n in range(33)]), change={record.INPUT_IDS: [2, 3]})

    found = list(faults(str(tmp_path)))

    in_training = [fault for fault in found if "/train-" in fault]
    assert len(in_training) == 21
    assert (
        in_training[-1] == f"13 more records of {tmp_path}/train-00000-of-00001.tfrecord break the rules for records."
    )


def test_records_on_cloud_storage_are_looked_through_where_they_lie(records, gs_folder):
    for path in records.iterdir():
        data = bytearray(path.read_bytes())
        if path.name == FIRST:
            data[second_record() + 20] ^= 1
        places.replace_bytes(f"{gs_folder}/{path.name}", bytes(data))

    assert list(faults(gs_folder)) == [
        f"Record 1 of {gs_folder}/{FIRST}, at byte {second_record()}, holds data that does not fit its checksum."
    ]
    assert [fault.split(" where ")[0] for fault in faults(gs_folder, quick=True)] == [
        f"{gs_folder}/{FIRST} has CRC-32C {places.checksum(f'{gs_folder}/{FIRST}').crc32c}"
    ]


def test_long_work_tells_how_far_it_is(records, monkeypatch):
    monkeypatch.setattr("model.verify_records._SECONDS", 0.0)
    lines = []

    assert list(Verification(str(records), report=lines.append).faults()) == []

    assert lines[-1].startswith("verify: 0.00 of 0.00 GB, ")
    assert lines[-1].endswith(" MB/s, 0 s left")
