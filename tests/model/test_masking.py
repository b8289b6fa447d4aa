import itertools

import numpy as np
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from model.config import MaskingConfig
from model.contract.record import SpecialIds
from model.masking import PieceTable, gram_of_each_token, mask_tokens

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


def hidden(found):
    """The positions that are predicted."""
    return set(found.positions.numpy()[found.weights.numpy() > 0].tolist())


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
def test_words_are_hidden_whole_or_not_at_all(ids, seed):
    positions = hidden(masked(ids, seed))

    for at in range(2, len(ids) - 1):
        if PIECES[ids[at]].startswith("##"):
            assert (at in positions) == (at - 1 in positions)


@settings(deadline=None, max_examples=60)
@given(texts, seeds, st.integers(1, 30))
def test_there_are_never_more_predictions_than_there_is_room_for(ids, seed, most):
    found = mask_tokens(
        tf.constant(ids), TABLE, MaskingConfig(share=0.6, max_predictions=most), tf.constant(seed, tf.int32)
    )

    assert len(found.positions) == len(found.labels) == len(found.weights) == most
    assert len(hidden(found)) <= most


@settings(deadline=None, max_examples=60)
@given(st.lists(texts, min_size=1, max_size=5), seeds)
def test_grams_are_the_slow_twins(segments, seed):
    ids = [2, *(token for segment in segments for token in segment[1:])]
    sizes = tf.random.stateless_categorical(
        [[0.0, float(np.log(1 / 2)), float(np.log(1 / 3))]], words_in(ids), seed, dtype=tf.int32
    )
    drawn = (sizes.numpy()[0] + 1).tolist()

    found = gram_of_each_token(tf.constant(ids), TABLE, 3, tf.constant(seed, tf.int32)).numpy().tolist()

    assert found == grams_one_by_one(ids, drawn)


def grams_one_by_one(ids, drawn):
    """Each gram takes as many words as were drawn for the next of its segment's words that no gram used yet."""
    grams, gram, word, used, left, first = [], -1, -1, 0, 0, True
    for token in ids:
        if TABLE.special[token]:
            grams.append(-1)
            first = True
            continue
        if first or not TABLE.continues[token]:
            word += 1
            if first:
                used, left = word, 0
            if not left:
                gram, left = gram + 1, drawn[used]
                used += 1
            left -= 1
        first = False
        grams.append(gram)
    return grams


def words_in(ids):
    return sum(
        not TABLE.special[token] and (TABLE.special[before] or not TABLE.continues[token])
        for before, token in itertools.pairwise(ids)
    )


@settings(deadline=None, max_examples=60)
@given(texts, seeds, st.sampled_from([0.05, 0.15, 0.6]), st.integers(1, 60))
def test_the_grams_that_are_hidden_are_the_slow_twins(ids, seed, share, most):
    sizes, order, _ = tf.unstack(tf.random.experimental.stateless_split(tf.constant(seed, tf.int32), 3))
    by_chance, turn = tf.unstack(tf.random.experimental.stateless_split(order, 2))
    grams = gram_of_each_token(tf.constant(ids), TABLE, 2, sizes).numpy().tolist()
    laid = tf.argsort(tf.random.stateless_uniform([max(grams) + 1], by_chance)).numpy().tolist()
    begin = int(tf.random.stateless_uniform([], turn, 0, len(ids) - 2, tf.int32))

    found = mask_tokens(
        tf.constant(ids), TABLE, MaskingConfig(share=share, max_predictions=most), tf.constant(seed, tf.int32)
    )

    budget = min(max(round(share * len(ids)), 1), most)
    taken = taken_one_by_one(grams, laid, begin, budget, most)
    assert hidden(found) == {at for at, gram in enumerate(grams) if gram in taken}


def taken_one_by_one(grams, laid, begin, budget, most):
    """Goes along the arc, a token at a time, and takes each gram that begins there and finds room."""
    circle = [gram for gram in laid for _ in range(grams.count(gram))]
    taken = set()
    for step in range(min(budget, len(circle))):
        place = (begin + step) % len(circle)
        gram = circle[place]
        if (place == 0 or circle[place - 1] != gram) and step + grams.count(gram) <= most:
            taken.add(gram)
    return taken


def test_unknown_pieces_are_never_hidden_and_unused_ones_never_replace():
    pieces = [*PIECES[:7], "[unused0]", "[unused12]", "말"]
    table = PieceTable.from_vocabulary(pieces, IDS)

    assert table.special.tolist() == [True] * 7 + [False] * 3
    assert table.replacements.tolist() == [9]


def test_a_sequence_of_special_tokens_alone_is_left_as_it_is():
    found = masked([2, 1, 1, 3])

    assert found.input_ids.numpy().tolist() == [2, 1, 1, 3]
    assert not hidden(found)


def test_the_same_seed_hides_the_same_and_another_seed_something_else():
    ids = [2, *(7 + n % 20 for n in range(100)), 3]

    first, again, other = masked(ids), masked(ids), masked(ids, (1, 3))

    assert first.positions.numpy().tolist() == again.positions.numpy().tolist()
    assert first.input_ids.numpy().tolist() == again.input_ids.numpy().tolist()
    assert first.positions.numpy().tolist() != other.positions.numpy().tolist()


def test_every_token_is_hidden_about_equally_often():
    ids = [2, *range(7, 27), *range(7, 27), 3]
    times = np.zeros(len(ids))

    for seed in range(400):
        found = masked(ids, (seed, 9))
        times[found.positions.numpy()[: int(found.weights.numpy().sum())]] += 1

    assert times[1:-1].min() > 0.6 * times[1:-1].mean()
    assert times[1:-1].max() < 1.5 * times[1:-1].mean()
