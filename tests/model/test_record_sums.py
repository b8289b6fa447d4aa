"""What verify says of records that are sound one by one, but do not add up."""

import json

import google_crc32c
import numpy as np
import pytest

from model.contract.manifest import MANIFEST
from model.verify_records import faults
from tests.model.record_directory import edit_manifest, records_directory, with_train


@pytest.fixture
def records(tmp_path):
    folder = tmp_path / "records"
    records_directory(folder)
    return folder


def test_token_counts_of_something_else_are_told(records):
    edit_counts(records, {7: 3, 9: 100})

    (fault,) = faults(str(records))

    assert fault.startswith(
        f"{records}/token-counts.npy counts id 7 3 times where the training records hold it 2 times"
    )
    assert fault.endswith("times, and 1 more ids differ.")


def edit_counts(records, changes):
    path = records / "token-counts.npy"
    counts = np.load(path)
    for piece, count in changes.items():
        counts[piece] = count
    np.save(path, counts)
    manifest = json.loads((records / MANIFEST).read_text())
    (file,) = [file for file in manifest["outputs"] if file["name"] == path.name]
    file["crc32c"] = f"{google_crc32c.value(path.read_bytes()):08x}"
    edit_manifest(records, outputs=manifest["outputs"])


def test_counters_that_differ_from_what_is_there_are_told(records):
    counters = json.loads((records / MANIFEST).read_text())["counters"]
    edit_manifest(records, counters=counters | {"tokenize_docs/wiki/train_tokens": 77, "tokenize_docs/padding": 5})

    padding, tokens = faults(str(records))

    assert padding.startswith(f"{records}/manifest.json counts 5 tokenize_docs/padding where its records hold ")
    assert tokens.startswith(
        f"{records}/manifest.json counts 77 tokenize_docs/wiki/train_tokens where its records hold "
    )


def test_a_file_of_something_else_hides_no_fault_of_documents(tmp_path):
    records_directory(tmp_path, with_train([[("one", 1, [7])]]))
    (tmp_path / "notes.txt").write_text("mine")

    stranger, gap = faults(str(tmp_path))

    assert "notes.txt is not in the manifest" in stranger
    assert "has its tokens 0 to 1 in no record" in gap


def test_a_document_in_training_and_in_validation_is_named_with_both_records(tmp_path):
    records_directory(tmp_path, with_train([[("aside", 0, [7, 7])]]))

    (fault,) = faults(str(tmp_path))

    assert fault == (
        f"Document aside of {tmp_path} stands in training and in validation (record 0 of train-00000-of-00001.tfrecord "
        "at byte 0 and record 0 of validation-00000-of-00001.tfrecord at byte 0)."
    )


@pytest.mark.parametrize(
    ("parts", "complaint"),
    [
        ([("one", 0, [7, 7]), ("one", 3, [7])], "Document one of {} has its tokens 2 to 3 in no record (record 1 of "),
        ([("one", 1, [7])], "Document one of {} has its tokens 0 to 1 in no record (record 0 of "),
        ([("one", 0, [7, 7]), ("one", 1, [7, 7])], "Document one of {} has its tokens 1 to 2 in two pieces (record 0 "),
        (
            [("one", 0, [7, 7]), ("one", 0, [7, 7])],
            "Document one of {} has its tokens 0 to 2 in 2 places, not in 1 (record",
        ),
    ],
)
def test_documents_that_cannot_be_put_together_are_told(tmp_path, parts, complaint):
    records_directory(tmp_path, with_train([[part] for part in parts]))

    (fault,) = faults(str(tmp_path))

    assert fault.startswith(complaint.format(tmp_path))


@pytest.mark.parametrize(
    ("settings", "copies", "fine"),
    [
        ({"weights": {"wiki": 2.0}}, 2, True),
        ({"weights": {"wiki": 2.0}}, 1, False),
        ({"weights": {"wiki": 2.5}}, 3, True),
        ({"weights": {"wiki": 2.5}}, 4, False),
        ({"weights": {"wiki": 0.5}}, 1, True),
        ({"weights": {"wiki": 0.5}}, 0, True),
        ({"weights": {"news": 2.0}}, 2, False),
        ({"mixture": {"wiki": 1.0}}, 4, True),
        ({"mixture": {"wiki": 1.0}}, 0, True),
    ],
)
def test_a_piece_may_stand_as_often_as_the_weight_of_its_source_says(tmp_path, settings, copies, fine):
    whole, rest = [("one", 0, [7, 7])], [("one", 2, [8, 8])]
    records_directory(tmp_path, with_train([whole] * copies + [rest] * (copies or 1)), settings)

    found = list(faults(str(tmp_path)))

    assert (not found) == fine, found
