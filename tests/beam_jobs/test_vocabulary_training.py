import itertools
import json
import os
import random
import re
import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beam_jobs.vocabularies.alphabet import spelling_pieces
from beam_jobs.vocabularies.training import reserved_pieces, train_pieces
from beam_jobs.vocabulary_config import VocabularyTrainingConfig
from model.contract.errors import InputError
from model.contract.record import SPECIAL_TOKENS
from tests.awkward_texts import PIECES

FEW = 5 * 7


def config(size, **settings):
    return VocabularyTrainingConfig(**({"size": size, "unused": 0} | settings))


def trained(counts, more=0, **settings):
    """With room for as many pieces beyond the alphabet."""
    characters = frozenset("".join(counts))
    size = len(SPECIAL_TOKENS) + len(spelling_pieces(characters)) + more
    return train_pieces(sorted(counts.items()), characters, config(size, **settings))


def learnt(counts, more, **settings):
    return trained(counts, more, **settings)[-more:]


def test_reserved_pieces_stand_where_kobigbirds_do():
    assert reserved_pieces(498) == PIECES[:505]


def test_the_most_frequent_pairs_become_pieces_first():
    counts = {"가나다": 10, "가나": 5, "라나다": 3}

    assert learnt(counts, 2) == ["가나", "가나다"]


def test_a_piece_that_goes_on_is_another_than_one_that_begins_a_word():
    assert learnt({"나다": 9, "가나다": 5, "라나다": 5}, 2) == ["##나다", "나다"]


def pieces_by_hand(counts, more):
    """The same, slowly: each time the pair that stands most often, of equals the first in order of code."""
    words = {word: [(char, at > 0) for at, char in enumerate(word)] for word in counts}
    order = {piece: number for number, piece in enumerate(_coded_order(counts))}
    found = []
    while len(found) < more:
        pairs = Counter()
        for word, parts in words.items():
            for pair in itertools.pairwise(parts):
                pairs[pair] += counts[word]
        pairs = {pair: count for pair, count in pairs.items() if count >= 2}
        if not pairs:
            return found
        best = min(pairs, key=lambda pair: (-pairs[pair], order[pair[0]], order[pair[1]]))
        merged = (best[0][0] + best[1][0], best[0][1])
        if merged not in order:
            order[merged] = len(order)
            found.append("##" * merged[1] + merged[0])
        words = {word: _merge(parts, best, merged) for word, parts in words.items()}
    return found


def _coded_order(counts):
    characters = sorted(set("".join(counts)))
    return [*((character, False) for character in characters), *((character, True) for character in characters)]


def _merge(parts, pair, merged):
    out = []
    for part in parts:
        if out and (out[-1], part) == pair:
            out[-1] = merged
        else:
            out.append(part)
    return out


@given(st.dictionaries(st.text("가나다라", min_size=1, max_size=6), st.integers(1, 50), min_size=1, max_size=12))
@settings(deadline=None)
def test_pieces_are_those_of_byte_pair_encoding_by_hand(counts):
    expected = pieces_by_hand(counts, FEW)

    assert expected == (learnt(counts, len(expected), max_repeats=10) if expected else [])


TRAIN = """
import hashlib, json, sys
from beam_jobs.vocabularies.training import train_pieces
from beam_jobs.vocabulary_config import VocabularyTrainingConfig
counts = json.load(sys.stdin)
config = VocabularyTrainingConfig(size=1_000, unused=0)
pieces = train_pieces(counts.items(), frozenset("".join(counts)), config)
print(hashlib.sha256("\\n".join(pieces).encode()).hexdigest())
"""


def words_with_ties():
    """Of which many pairs stand equally often."""
    syllables = "가나다라마바사아자차카타파하"
    return {a + b + c: 2 + (ord(a) * ord(b) + ord(c)) % 3 for a in syllables for b in syllables for c in syllables}


def test_pieces_are_the_same_in_every_process_with_any_number_of_threads_and_in_any_order_of_words():
    found = set()
    for number, threads in enumerate(({}, {"RAYON_NUM_THREADS": "1"}, {"TOKENIZERS_PARALLELISM": "false"})):
        words = list(words_with_ties().items())
        random.Random(number).shuffle(words)
        environment = {**os.environ, "PYTHONHASHSEED": str(number), **threads}
        command = [sys.executable, "-c", TRAIN]
        done = subprocess.run(command, input=json.dumps(dict(words)), env=environment, capture_output=True, text=True)
        found.add(done.stdout)

    assert len(found) == 1
    assert re.fullmatch("[0-9a-f]{64}\n", found.pop())


def test_words_with_a_character_outside_the_alphabet_teach_nothing():
    counts = {"가나": 2, "다라漢": 100, "다라": 1}

    found = train_pieces(sorted(counts.items()), frozenset("가나다라"), config(len(SPECIAL_TOKENS) + 9))

    assert found[-1] == "가나"


def test_words_too_long_to_be_tokenized_teach_nothing():
    assert learnt({"가나": 2, "다라" * 51: 100}, 1) == ["가나"]


def test_no_piece_has_more_characters_than_allowed():
    longest = "abcdefghij"

    found = learnt({longest: 100}, 6, max_piece_characters=4)

    assert max(len(piece.removeprefix("##")) for piece in found) == 4


def test_no_piece_has_more_digits_in_a_row_than_allowed():
    found = learnt({"20240501": 100, "2024년": 50}, 7)

    assert "2024년" in found
    assert "##0501" in found
    assert not [piece for piece in found if re.search("[0-9]{5}", piece)]


def test_no_piece_has_the_same_character_more_often_in_a_row_than_allowed():
    found = learnt({"ㅋ" * 9: 100, "아ㅋㅋ": 50}, 4, max_repeats=3)

    assert {"ㅋㅋㅋ", "##ㅋㅋㅋ"} < set(found)
    assert not [piece for piece in found if "ㅋㅋㅋㅋ" in piece]


def test_an_alphabet_larger_than_the_vocabulary_is_refused_with_both_sizes():
    with pytest.raises(InputError, match=r"train.size is 11, but .* the sample's 2 characters take 11; set a larger"):
        train_pieces([("가나", 2)], frozenset("가나"), config(11))


def test_too_few_words_are_refused_with_what_they_give():
    with pytest.raises(InputError, match=r"the sample gives 12 of the 50 pieces that vocabulary.train.size asks for"):
        train_pieces([("가나", 2)], frozenset("가나"), config(50))
