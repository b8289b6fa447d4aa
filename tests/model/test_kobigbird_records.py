import io
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from model.config import DeviceConfig, MaskingConfig, OptimizerConfig, PretrainConfig
from model.contract import places
from model.contract.errors import InputError, SettingError
from model.contract.manifest import StageOutput, open_stage
from model.input_pipeline import training_batches, validation_batches
from model.kobigbird_records import adopt
from model.masking import PieceTable
from model.pretrain import pretrain
from model.record_files import open_records
from model.verify_records import faults
from tests.model.kobigbird_files import LENGTH, write_kobigbird_files
from tests.model.record_stages import PIECES, SMALL_ENCODER, SPECIAL_IDS, records_stage

TABLE = PieceTable.from_vocabulary(PIECES, SPECIAL_IDS)
CONFIG = PretrainConfig(
    sequence_length=LENGTH,
    batch_size=4,
    steps=10,
    steps_per_loop=5,
    checkpoint_every=10,
    validate_every=10,
    precision="float32",
    masking=MaskingConfig(max_predictions=8),
    optimizer=OptimizerConfig(warmup_steps=2),
)
STORED = CONFIG.model_copy(update={"masking": MaskingConfig(max_predictions=8, stored=True)})


@pytest.fixture
def written(tmp_path):
    return write_kobigbird_files(tmp_path, [3, 0, 5, 2])


def rows(batches):
    """Each row's ids, nothing hidden and no padding, with what is hidden."""
    for batch in batches:
        for shown, mask, positions, labels, weights in zip(
            *(batch[name].numpy() for name in ("input_ids", "attention_mask", "positions", "labels", "weights")),
            strict=True,
        ):
            if mask.sum() > 1:  # else it only fills the batch up
                hidden = dict(zip(positions[weights > 0].tolist(), shown[positions[weights > 0]].tolist(), strict=True))
                shown[positions[weights > 0]] = labels[weights > 0]
                yield shown[mask].tolist(), hidden


def test_adopted_records_are_read_with_their_masks_undone_and_masked_anew(written):
    adopt(written.directory, written.vocabulary)
    shards = open_records(open_stage(written.directory), "train")

    epochs = [list(rows(training_batches(shards, TABLE, CONFIG, 4 * epoch).take(2))) for epoch in range(2)]

    # Eight records in two batches: an epoch.
    assert [sorted(ids for ids, _ in epoch) for epoch in epochs] == [sorted(written.sequences[:8])] * 2
    masks = [{tuple(ids): hidden for ids, hidden in epoch} for epoch in epochs]
    assert masks[0] != masks[1]


def test_adopted_records_can_be_trained_on_with_the_masks_that_they_hold(written):
    adopt(written.directory, written.vocabulary)

    found = list(rows(training_batches(open_records(open_stage(written.directory), "train"), TABLE, STORED, 0).take(2)))

    assert sorted(found, key=str) == sorted(zip(written.sequences[:8], written.hidden[:8], strict=True), key=str)


def test_the_last_files_with_records_are_held_aside(written):
    adopt(written.directory, written.vocabulary, validation_shards=2)
    stage = open_stage(written.directory)

    held_aside = list(rows(validation_batches(open_records(stage, "validation"), TABLE, CONFIG)))

    assert open_records(stage, "train").total == 3
    assert [ids for ids, _ in held_aside] == written.sequences[3:]


def test_the_manifest_of_adopted_records_is_true_and_counts_the_training_tokens(written):
    manifest = adopt(written.directory, written.vocabulary)

    assert list(faults(written.directory)) == []
    counts = np.load(io.BytesIO(places.read_bytes(f"{written.directory}/token-counts.npy")))
    expected = Counter(token for ids in written.sequences[:8] for token in ids[1:-1])
    assert {int(token): int(counts[token]) for token in np.flatnonzero(counts)} == expected
    assert manifest.counters["adopt/records"] == 10
    assert manifest.counters["adopt/hidden"] == 30


def test_training_runs_on_adopted_records(written, tmp_path):
    adopt(written.directory, written.vocabulary)
    records = open_stage(written.directory)
    pieces = records.manifest.model_copy(update={"outputs": tuple(records.files("vocab.txt"))})
    vocabulary = StageOutput(directory=records.directory, manifest=pieces)

    made = pretrain(SMALL_ENCODER, CONFIG, records, vocabulary, str(tmp_path / "run"), DeviceConfig(), print)

    assert made.counters["pretrain/steps"] == 10


def test_stored_masks_are_refused_for_records_that_hold_none(tmp_path):
    corpus = records_stage(tmp_path, length=LENGTH, shards={"train": [5], "validation": [1]})

    with pytest.raises(SettingError, match="masking.stored is for records of KoBigBird's"):
        training_batches(open_records(corpus, "train"), TABLE, STORED, 0)


def test_stored_masks_that_find_no_room_are_refused(written):
    adopt(written.directory, written.vocabulary)
    tight = STORED.model_copy(update={"masking": MaskingConfig(max_predictions=5, stored=True)})

    with pytest.raises(SettingError, match="hold up to 6 masks, but .*max_predictions is 5; set it to 6"):
        training_batches(open_records(open_stage(written.directory), "train"), TABLE, tight, 0)


def change(written, name, how):
    path = Path(written.directory) / name
    path.write_bytes(how(path.read_bytes()))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda w: change(w, "pretrain_data.tfrecord-2-of-4", lambda data: data[:-9]), "record 4 of .* breaks off"),
        (lambda w: change(w, "pretrain_data.tfrecord-0-of-4", lambda data: b"x" * 40), "record 0 of .*, has a length"),
        (lambda w: Path(w.vocabulary).write_text("\n".join(PIECES[:20]) + "\n"), "outside the vocabulary of 20 pieces"),
        (lambda w: Path(w.vocabulary).write_text("[PAD]\n[UNK]\n"), "lacks \\[CLS\\]; name the vocab.txt"),
        (lambda w: Path(w.vocabulary).write_bytes(b"\xff\xfe"), "is not UTF-8 text; name the vocab.txt"),
        (lambda w: Path(w.vocabulary).write_text("\n".join([*PIECES, PIECES[9]])), "holds a piece twice"),
        (lambda w: Path(w.directory, "manifest.json").write_text("{}"), "has a manifest.json already"),
        (lambda w: Path(w.directory, "vocab.txt").write_text("mine"), "vocab.txt is no file of records; move it out"),
    ],
    ids=[
        "truncated",
        "no TFRecord",
        "another vocabulary",
        "no vocabulary",
        "no text",
        "a piece twice",
        "adopted already",
        "other files",
    ],
)
def test_what_cannot_be_adopted_is_refused_in_a_sentence_and_left_as_it_is(written, spoil, sentence):
    spoil(written)
    before = sorted(path.name for path in Path(written.directory).iterdir())

    with pytest.raises(InputError, match=sentence):
        adopt(written.directory, written.vocabulary)

    assert sorted(path.name for path in Path(written.directory).iterdir()) == before


def test_more_files_cannot_be_held_aside_than_there_are(written):
    with pytest.raises(InputError, match="has 3 files with records, so 3 cannot be held aside; use .* of 1 to 2"):
        adopt(written.directory, written.vocabulary, validation_shards=3)


def test_a_folder_without_records_and_one_with_too_few_files_are_refused(tmp_path):
    few = write_kobigbird_files(tmp_path, [3])

    with pytest.raises(InputError, match="has 1 files with records, and one is held aside; make it of two or more"):
        adopt(few.directory, few.vocabulary)
    with pytest.raises(InputError, match="holds no file whose name has .tfrecord"):
        adopt(str(tmp_path / "elsewhere"), few.vocabulary)
