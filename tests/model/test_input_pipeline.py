import numpy as np
import pytest

from model.config import MaskingConfig, PretrainConfig
from model.contract import places
from model.contract.errors import OutputError, SettingError
from model.input_pipeline import check_format, open_records, training_batches, validation_batches
from model.masking import PieceTable
from tests.model.record_stages import FIRST_WORD, PIECES, SPECIAL_IDS, records_stage

TABLE = PieceTable.from_vocabulary(PIECES, SPECIAL_IDS)
CONFIG = PretrainConfig(
    sequence_length=32,
    batch_size=4,
    steps=100,
    validate_every=100,
    checkpoint_every=100,
    masking=MaskingConfig(max_predictions=6),
)


@pytest.fixture
def corpus(tmp_path):
    return records_stage(tmp_path, length=32, shards={"train": [5, 0, 3, 7], "validation": [6]})


def numbers(batch):
    """Which records a batch holds; a record's second token says it, wherever masking has put it."""
    shown = batch["input_ids"].numpy().copy()
    for row, positions, labels, weights in zip(
        shown, batch["positions"].numpy(), batch["labels"].numpy(), batch["weights"].numpy(), strict=True
    ):
        row[positions[weights > 0]] = labels[weights > 0]
    return [int(row[1]) - FIRST_WORD - 20 for row in shown]


def take(dataset, count):
    return list(dataset.take(count))


def test_an_epoch_holds_every_record_once_and_the_next_another_order(corpus):
    batches = take(training_batches(open_records(corpus, "train"), TABLE, CONFIG, 0), 30)

    seen = [number for batch in batches for number in numbers(batch)]
    epochs = [seen[start : start + 15] for start in range(0, 120, 15)]
    assert all(sorted(epoch) == list(range(15)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) > 1


@pytest.mark.parametrize("steps", [1, 3, 4, 11])
def test_a_reader_that_starts_later_sees_the_same_examples_and_masks(corpus, steps):
    shards = open_records(corpus, "train")
    through = take(training_batches(shards, TABLE, CONFIG, 0), steps + 6)

    resumed = take(training_batches(shards, TABLE, CONFIG, steps * CONFIG.batch_size), 6)

    for expected, found in zip(through[steps:], resumed, strict=True):
        for name in expected:
            np.testing.assert_array_equal(found[name], expected[name])


def test_masks_differ_from_epoch_to_epoch(corpus):
    shards = open_records(corpus, "train")
    positions = {}

    for batch in take(training_batches(shards, TABLE, CONFIG, 0), 15):
        for number, row in zip(numbers(batch), batch["positions"].numpy(), strict=True):
            positions.setdefault(number, set()).add(tuple(row))

    assert all(len(drawn) > 1 for drawn in positions.values())


def test_validation_holds_every_record_once_with_the_same_masks_and_fills_up_with_rows_that_do_not_count(
    corpus,
):
    shards = open_records(corpus, "validation")

    once, again = (list(validation_batches(shards, TABLE, CONFIG)) for _ in range(2))

    weights = np.concatenate([batch["weights"].numpy() for batch in once])
    assert [len(batch["weights"]) for batch in once] == [4, 4]
    assert (weights.sum(1) > 0).tolist() == [True] * 6 + [False] * 2
    for first, second in zip(once, again, strict=True):
        np.testing.assert_array_equal(first["input_ids"], second["input_ids"])


def test_padding_is_not_attended_to(corpus):
    for batch in take(training_batches(open_records(corpus, "train"), TABLE, CONFIG, 0), 4):
        np.testing.assert_array_equal(batch["attention_mask"], batch["input_ids"].numpy() != SPECIAL_IDS.pad)


def test_a_truncated_shard_is_named_before_anything_is_read(corpus):
    path = corpus.paths(prefix="train-00002")[0]
    places.replace_bytes(path, places.read_bytes(path)[:-7])

    with pytest.raises(OutputError, match=r"train-00002-of-00004.tfrecord has [\d,]+ bytes where its manifest says"):
        open_records(corpus, "train")


def test_a_split_without_a_record_is_refused(tmp_path):
    corpus = records_stage(tmp_path, length=32, shards={"train": [2], "validation": [0]})

    with pytest.raises(OutputError, match="has no validation record"):
        open_records(corpus, "validation")


def test_records_of_another_length_or_vocabulary_are_refused_in_one_sentence(corpus):
    found = open_records(corpus, "train").format

    with pytest.raises(SettingError, match=r"up to 32 tokens, but pretrain.sequence_length is 64"):
        check_format(found, 64, len(PIECES))
    with pytest.raises(SettingError, match=rf"has {len(PIECES)} pieces, but encoder.vocabulary_size is 5; set"):
        check_format(found, 32, 5)
