import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from model.config import MaskingConfig
from model.contract.record import SpecialIds
from model.masking import PieceTable, mask_tokens, unit_of_each_token

PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "<s>", "</s>", *(f"말{n}" for n in range(20))]
PIECES += [f"##이{n}" for n in range(20)]
IDS = SpecialIds(pad=0, unknown=1, cls=2, sep=3, mask=4, begin=5, end=6)
TABLE = PieceTable.from_vocabulary(PIECES, IDS)
CONFIG = MaskingConfig(max_predictions=40)

texts = st.lists(st.integers(7, 46), min_size=1, max_size=120).map(lambda ids: [2, *ids, 3])
seeds = st.tuples(st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1))

mask = tf.function(
    lambda ids, seed: mask_tokens(ids, TABLE, CONFIG, seed),
    input_signature=[tf.TensorSpec([None], tf.int32), tf.TensorSpec([2], tf.int32)],
)


def masked(ids, seed=(1, 2)):
    return mask(tf.constant(ids, tf.int32), tf.constant(seed, tf.int32))


@settings(deadline=None, max_examples=60)
@given(texts, seeds)
def test_labels_are_what_stood_at_the_positions_and_nothing_else_changes(ids, seed):
    found = masked(ids, seed)

    count = int(found.weights.numpy().sum())
    positions, labels = found.positions.numpy()[:count], found.labels.numpy()[:count]
    restored = found.input_ids.numpy().copy()
    restored[positions] = labels
    assert restored.tolist() == ids
    assert np.all(np.diff(positions) > 0)
    assert not np.isin(labels, [2, 3]).any()


@settings(deadline=None, max_examples=60)
@given(texts, seeds)
def test_words_are_hidden_whole_and_within_the_budget(ids, seed):
    found = masked(ids, seed)

    positions = set(found.positions.numpy()[: int(found.weights.numpy().sum())].tolist())
    for at in range(2, len(ids) - 1):
        if PIECES[ids[at]].startswith("##"):
            assert (at in positions) == (at - 1 in positions)
    assert len(positions) <= max(1, round(0.15 * len(ids)))


def test_the_same_seed_hides_the_same_and_another_seed_something_else():
    ids = [2, *(7 + n % 20 for n in range(100)), 3]

    first, again, other = masked(ids), masked(ids), masked(ids, (1, 3))

    assert first.positions.numpy().tolist() == again.positions.numpy().tolist()
    assert first.input_ids.numpy().tolist() == again.input_ids.numpy().tolist()
    assert first.positions.numpy().tolist() != other.positions.numpy().tolist()


def test_the_shares_of_masks_random_pieces_and_kept_tokens_are_berts():
    ids = [2, *(7 + n % 20 for n in range(250)), 3]
    fates = {"masked": 0, "kept": 0, "swapped": 0}

    for seed in range(200):
        found = masked(ids, (seed, 0))
        count = int(found.weights.numpy().sum())
        shown = found.input_ids.numpy()[found.positions.numpy()[:count]]
        fates["masked"] += int((shown == IDS.mask).sum())
        fates["kept"] += int((shown == found.labels.numpy()[:count]).sum())
        fates["swapped"] += count

    # A random piece is the very piece that stood there once in 40.
    assert fates["masked"] / fates["swapped"] == pytest.approx(0.8, abs=0.02)
    assert fates["kept"] / fates["swapped"] == pytest.approx(0.1 + 0.1 / 40, abs=0.02)


def test_every_token_is_hidden_about_equally_often():
    ids = [2, *range(7, 27), *range(7, 27), 3]
    times = np.zeros(len(ids))

    for seed in range(400):
        found = masked(ids, (seed, 9))
        times[found.positions.numpy()[: int(found.weights.numpy().sum())]] += 1

    assert times[1:-1].min() > 0.6 * times[1:-1].mean()
    assert times[1:-1].max() < 1.5 * times[1:-1].mean()


def test_units_are_one_or_two_words_two_to_one():
    ids = tf.constant([2, *([7] * 3_000), 3], tf.int32)

    units = unit_of_each_token(ids, TABLE, 2, tf.constant([3, 4])).numpy()

    sizes = np.bincount(units[1:-1])[:-1]
    assert units[0] == units[-1] == -1
    assert set(sizes) == {1, 2}
    assert (sizes == 1).mean() == pytest.approx(2 / 3, abs=0.04)
