"""What is masked over 10,000 sequences of real text is as stated, within the intervals that chance leaves.

Sequences are drawn for one by one, so they are the sampling unit: a mean over sequences is compared with what it should
be, and may differ by at most 3.9 standard errors, which chance alone exceeds once in 10,000 times.
"""

import functools
import itertools
import random

import numpy as np
import pytest
import tensorflow as tf

from beam_jobs.packing import PackingRules, TokenizedDocument, pack
from beam_jobs.wordpiece import WordPiece
from model.config import MaskingConfig
from model.contract.record import SpecialIds
from model.masking import PieceTable, gram_of_each_token, mask_tokens
from tests.beam_jobs.documents import real_documents
from tests.beam_jobs.sample_corpus import ROOT

SEQUENCES = 10_000
BY_THE_TWIN = 2_000
STANDARD_ERRORS = 3.9
IDS = SpecialIds(pad=0, unknown=1, cls=2, sep=3, mask=4, begin=5, end=6)
FORMS = [
    pytest.param((512, 96), id="512 tokens"),
    pytest.param((4_096, 640), id="4,096 tokens", marks=pytest.mark.slow),
]


@functools.cache
def pieces():
    return (ROOT / "sample" / "vocab" / "kobigbird" / "vocab.txt").read_text().splitlines()


@functools.cache
def table():
    return PieceTable.from_vocabulary(pieces(), IDS)


@functools.cache
def real_sequences(length):
    wordpiece = WordPiece(pieces())
    tokenized = wordpiece.tokenize_sentences([doc.text for doc in real_documents()])
    documents = [TokenizedDocument(doc.id, *found) for doc, found in zip(real_documents(), tokenized, strict=True)]
    rules = PackingRules(length=length, cls=2, sep=3, continues=table().continues, cut_back=64)
    return [packed.input_ids for packed in pack(documents, rules).sequences]


@pytest.fixture(scope="module", params=FORMS)
def form(request):
    """The sequences' length, and the room for predictions."""
    return request.param


@pytest.fixture(scope="module")
def drawn(form):
    """For each of 10,000 draws, as NumPy arrays: the sequence, what is shown, the grams, what is hidden."""
    length, predictions = form
    config = MaskingConfig(max_predictions=predictions)
    rows = tf.ragged.constant([row.tolist() for row in real_sequences(length)], dtype=tf.int32)
    count = rows.nrows(tf.int64)

    def one(number):
        ids = rows[number % count]
        seed = tf.stack([tf.constant(7), tf.cast(number, tf.int32)])
        sizes = tf.random.experimental.stateless_split(seed, 3)[0]
        found = mask_tokens(ids, table(), config, seed)
        return ids, found.input_ids, gram_of_each_token(ids, table(), 2, sizes), found.positions, found.weights

    numbers = tf.data.Dataset.range(SEQUENCES).map(one, num_parallel_calls=2)
    return [(*arrays, positions[weights > 0]) for *arrays, positions, weights in numbers.as_numpy_iterator()]


def mean_and_error(values):
    values = np.array(values, float)
    error = values.std(ddof=1) / np.sqrt(len(values))
    assert error > 0
    return values.mean(), error


def assert_mean(values, expected):
    """Compares a mean over sequences with what it should be."""
    mean, error = mean_and_error(values)
    assert abs(mean - expected) <= STANDARD_ERRORS * error, (mean, expected, error)


def assert_same_mean(values, others):
    """Compares the means of two lists over sequences, each drawn by itself."""
    (mean, error), (other, its_error) = mean_and_error(values), mean_and_error(others)
    assert abs(mean - other) <= STANDARD_ERRORS * np.hypot(error, its_error), (mean, other, error, its_error)


def taken(row):
    """Of one draw: the grams that were hidden, as the lists of their positions."""
    _, _, grams, positions = row
    return [list(found) for _, found in itertools.groupby(positions, key=lambda at: grams[at])]


def words_of(ids, gram):
    return sum(not table().continues[ids[at]] for at in gram)


def ends_a_segment(ids, gram):
    return table().special[ids[gram[-1] + 1]]


def test_15_percent_of_the_tokens_are_hidden(drawn):
    assert_mean([len(positions) - round(0.15 * len(ids)) for ids, _, _, positions in drawn], 0)
    assert_mean(
        [len(positions) / len(ids) for ids, _, _, positions in drawn],
        np.mean([round(0.15 * len(ids)) / len(ids) for ids, *_ in drawn]),
    )


def test_grams_have_one_or_two_words_two_to_one(drawn):
    surplus = []
    for row in drawn:
        # A segment may end within its last gram, so those say nothing.
        sizes = [words_of(row[0], gram) for gram in taken(row) if not ends_a_segment(row[0], gram)]
        assert set(sizes) <= {1, 2}
        surplus.append(sizes.count(2) - len(sizes) / 3)

    assert_mean(surplus, 0)


def test_grams_become_masks_random_pieces_or_stay_8_to_1_to_1(drawn):
    surplus = {"masked": [], "replaced": [], "kept": []}
    for row in drawn:
        ids, shown, _, _ = row
        fates = []
        for gram in taken(row):
            masked = shown[gram] == IDS.mask
            assert masked.all() or not masked.any()
            # A random piece is the one that stood there once in 32,000 times: no matter.
            fates.append("masked" if masked.all() else "kept" if (shown[gram] == ids[gram]).all() else "replaced")
        for fate, share in (("masked", 0.8), ("replaced", 0.1), ("kept", 0.1)):
            surplus[fate].append(fates.count(fate) - share * len(fates))

    for values in surplus.values():
        assert_mean(values, 0)


def test_no_special_token_is_hidden_or_put_in_and_no_word_is_halved(drawn):
    special, continues = table().special, table().continues
    for ids, shown, _, positions in drawn:
        assert not special[ids[positions]].any()
        others = positions[shown[positions] != IDS.mask]
        assert np.isin(shown[others], table().replacements).all()
        untouched = np.ones(len(ids), bool)
        untouched[positions] = False
        assert (shown[untouched] == ids[untouched]).all()
        goes_on = continues[ids] & ~special[np.roll(ids, 1)]
        assert (untouched[goes_on] == untouched[np.flatnonzero(goes_on) - 1]).all()


def test_tokens_of_a_replaced_gram_get_random_pieces_of_their_own(drawn):
    replaced = []
    for row in drawn[:BY_THE_TWIN]:
        ids, shown, _, _ = row
        grams = [gram for gram in taken(row) if len(gram) > 1 and (shown[gram] != ids[gram]).all()]
        replaced += [shown[gram] for gram in grams if (shown[gram] != IDS.mask).all()]

    # Two tokens draw the same piece once in 32,000 times.
    assert sum(len(set(pieces.tolist())) < len(pieces) for pieces in replaced) < 0.01 * len(replaced)
    # Grams are replaced one by one, so the first piece of each is a draw of its own; any is as likely as another.
    places = np.searchsorted(table().replacements, [pieces[0] for pieces in replaced])
    assert_mean((places + 0.5) / len(table().replacements), 0.5)


def test_what_is_hidden_spreads_and_lies_together_as_by_the_slow_twin(drawn, form):
    generator = random.Random(11)
    rows = drawn[:BY_THE_TWIN]

    twin = [(ids, drawn_one_by_one(ids, form[1], generator)) for ids, *_ in rows]

    fast = [(row[0], taken(row)) for row in rows]
    for measure in (squared_distance_from_the_budget, neighbours, number_of_grams):
        assert_same_mean([measure(*one) for one in fast], [measure(*one) for one in twin])


def drawn_one_by_one(ids, room, generator):
    """What the docstring of model.masking says, word by word and gram by gram; as `taken`."""
    grams, segment = [], []
    for at, piece in enumerate(ids.tolist()):
        if table().special[piece]:
            grams += grams_of(segment, generator)
            segment = []
        elif segment and table().continues[piece]:
            segment[-1].append(at)
        else:
            segment.append([at])
    generator.shuffle(grams)
    around, budget, found, place = sum(map(len, grams)), round(0.15 * len(ids)), [], 0
    turned = generator.randrange(around)
    for gram in grams:
        begins = (place - turned) % around
        if begins < budget and begins + len(gram) <= room:
            found.append(gram)
        place += len(gram)
    return sorted(found)


def grams_of(words, generator):
    """The words of a segment in grams of one, or half as often two."""
    grams, at = [], 0
    while at < len(words):
        size = generator.choices([1, 2], [1, 1 / 2])[0]
        grams.append(list(itertools.chain(*words[at : at + size])))
        at += size
    return grams


def squared_distance_from_the_budget(ids, grams):
    return (sum(map(len, grams)) - round(0.15 * len(ids))) ** 2


def neighbours(ids, grams):
    return sum(before[-1] + 1 == after[0] for before, after in itertools.pairwise(grams))


def number_of_grams(ids, grams):
    return len(grams)


def test_every_place_of_a_sequence_is_hidden_equally_often(drawn):
    """Whether a gram is taken depends neither on where it stands nor on how long it is."""
    front, long = [], []
    for ids, _, grams, positions in drawn:
        chance = round(0.15 * len(ids)) / (grams >= 0).sum()
        half = grams[: len(ids) // 2]
        front.append((positions < len(half)).sum() - chance * (half >= 0).sum())
        sizes = np.bincount(grams[grams >= 0])
        hidden = np.unique(grams[positions])
        long.append((sizes[hidden] >= 4).sum() - chance * (sizes >= 4).sum())

    assert_mean(front, 0)
    assert_mean(long, 0)
