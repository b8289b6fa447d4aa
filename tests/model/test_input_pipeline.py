import numpy as np
import pytest
import tensorflow as tf

from model.config import MaskingConfig, PretrainConfig
from model.contract import places
from model.contract.errors import SettingError
from model.input_pipeline import training_batches, validation_batches
from model.masking import PieceTable
from model.record_files import open_records
from model.record_parsing import parse, parse_stored
from tests.model.record_directory import example
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

    resumed = take(training_batches(shards, TABLE, CONFIG, steps), 6)

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


def test_two_hosts_read_each_half_of_a_batch_from_shards_of_their_own(corpus):
    shards = open_records(corpus, "train")

    read = [take(training_batches(shards, TABLE, CONFIG, 0, host=host, hosts=2), 30) for host in range(2)]

    seen = [{number for batch in host for number in numbers(batch)} for host in read]
    assert [sorted(host) for host in seen] == [[0, 1, 2, 3, 4, *range(8, 15)], [5, 6, 7]]
    assert all(len(batch["input_ids"]) == CONFIG.batch_size // 2 for host in read for batch in host)


def test_a_record_has_the_same_masks_however_many_hosts_read(corpus):
    shards = open_records(corpus, "train")

    def first_epoch(batches):
        return {
            number: row.tolist()
            for batch in batches
            for number, row in zip(numbers(batch), batch["positions"].numpy(), strict=True)
        }

    alone = first_epoch(take(training_batches(shards, TABLE, CONFIG, 0, replica_batch=1), 15))
    second = first_epoch(take(training_batches(shards, TABLE, CONFIG, 0, replica_batch=1, host=1, hosts=2), 3))

    assert sorted(second) == [5, 6, 7]
    assert second == {number: alone[number] for number in second}


@pytest.mark.parametrize("step", [3, 5, 9])
def test_a_host_that_resumes_opens_no_shard_that_it_is_done_with(corpus, step):
    shards = open_records(corpus, "train")
    own = shards.of_host(0, 2)
    through = take(training_batches(shards, TABLE, CONFIG, 0, host=0, hosts=2), step + 1)
    needed = {number // 8 for batch in through[step:] for number in numbers(batch)}  # 0 or 1: which of its two shards
    for place, path in enumerate(own.paths):
        if place not in needed:
            places.remove(path)

    (found,) = take(training_batches(shards, TABLE, CONFIG, step, host=0, hosts=2).prefetch(0), 1)

    np.testing.assert_array_equal(found["input_ids"], through[step]["input_ids"])


def test_a_batch_that_hosts_cannot_share_is_refused(corpus):
    with pytest.raises(SettingError, match="batch_size 4 cannot be dealt to 3 hosts; use a multiple of 3"):
        training_batches(open_records(corpus, "train"), TABLE, CONFIG, 0, hosts=3)


def test_the_second_of_a_pair_is_segment_one(corpus):
    row = example({"input_ids": [2, 8, 9, 3, 10, 3], "second_segment": [4]})

    found = parse(tf.constant(row), open_records(corpus, "train").format)

    assert found.segment_ids.numpy().tolist() == [0, 0, 0, 0, 1, 1]


def test_padding_ends_a_padded_record_but_a_text_may_spell_it_out(corpus):
    row = example(
        {
            "input_ids": [2, 8, 0, 4, 3, 9, 3, 0, 0, 0],
            "segment_ids": [0, 0, 0, 0, 0, 1, 1, 0, 0, 0],
            "masked_lm_positions": [3, 0],
            "masked_lm_ids": [11, 0],
            "masked_lm_weights": [1.0, 0.0],
        }
    )
    padded = open_records(corpus, "train").format.model_copy(update={"layout": "kobigbird"})

    found, stored = parse_stored(tf.constant(row), padded)

    assert found.input_ids.numpy().tolist() == [2, 8, 0, 11, 3, 9, 3]
    assert found.segment_ids.numpy().tolist() == [0, 0, 0, 0, 0, 1, 1]
    assert stored.input_ids.numpy().tolist() == [2, 8, 0, 4, 3, 9, 3]
    assert parse(tf.constant(row), padded).input_ids.numpy().tolist() == found.input_ids.numpy().tolist()
