import collections
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.cleaning.repetition import Runs, repeated_share
from beam_jobs.korean_text import code_points

DECISION = (Path(__file__).parents[1] / "data" / "quality" / "kept_decision.txt").read_text(encoding="utf-8")
texts = st.lists(st.sampled_from(["가", "나", "다라", "마바사", "ab"]), max_size=40).flatmap(
    lambda words: st.sampled_from([" ", "  ", "\n"]).map(lambda blank: blank.join(words))
)
"""Of few words, so that runs recur and overlap themselves."""


def runs(text):
    codes = code_points(text)
    return Runs(codes, codes <= ord(" "))


def covered(starts, length, size):
    """How many of so many places lie in a run of a length that begins at one of the starts."""
    return len({place for start in starts for place in range(start, min(start + length, size))})


def most_frequent_by_hand(text, length):
    words = text.split()
    places = collections.defaultdict(list)
    for first in range(len(words) - length + 1):
        places[tuple(words[first : first + length])].append(first)
    taken = [
        sum(len(words[word]) for word in {word for first in starts for word in range(first, first + length)})
        for starts in places.values()
        if len(starts) > 1
    ]
    return max(taken, default=0) / max(sum(map(len, words)), 1)


def repeated_by_hand(text, length):
    characters = "".join(text.split())
    found = [characters[first : first + length] for first in range(len(characters) - length + 1)]
    again = [first for first, run in enumerate(found) if run in found[:first]]
    return covered(again, length, len(characters)) / max(len(characters), 1)


@given(texts, st.integers(1, 5))
def test_the_most_frequent_run_of_words_is_the_one_that_counting_by_hand_finds(text, length):
    assert runs(text).most_frequent_share(length) == most_frequent_by_hand(text, length)


@given(texts, st.integers(1, 5))
def test_no_run_of_words_takes_more_than_it_can_at_most(text, length):
    measured = runs(text)

    assert measured.most_frequent_share(length) <= measured.most_frequent_share_at_most(length) <= 1.0


@given(texts, st.integers(1, 8))
def test_the_repeated_characters_are_those_that_marking_them_by_hand_finds(text, length):
    assert runs(text).repeated_character_share(length) == repeated_by_hand(text, length)


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_a_court_decision_has_the_shares_that_counting_by_hand_finds(length):
    measured = runs(DECISION)

    assert measured.most_frequent_share(length) == most_frequent_by_hand(DECISION, length)
    assert measured.repeated_character_share(5 * length) == repeated_by_hand(DECISION, 5 * length)


def test_words_and_characters_are_counted_without_blanks():
    measured = runs("  가나 다\n\nabc ")

    assert (measured.words, measured.characters) == (3, 6)


@pytest.mark.parametrize("text", ["", " \n ", "가"])
def test_a_text_too_short_for_runs_repeats_nothing(text):
    measured = runs(text)

    assert measured.most_frequent_share(1) == measured.most_frequent_share_at_most(2) == 0.0
    assert measured.repeated_character_share(2) == 0.0


def test_saying_all_twice_is_a_share_of_a_half_and_a_loop_is_nearly_all():
    assert runs(DECISION + DECISION).repeated_character_share(20) == pytest.approx(0.5, abs=0.15)
    assert runs("하하 " * 100).repeated_character_share(20) == pytest.approx(0.99, abs=0.01)
    assert runs("하하 " * 100).most_frequent_share(4) == 1.0


def test_neither_blanks_nor_a_new_line_hide_that_characters_repeat():
    sentence = "원심의 판단은 정당하고 법리를 오해한 위법이 없다"

    spaced = runs(sentence + "\n" + sentence.replace(" ", ""))

    assert spaced.repeated_character_share(10) == 0.5


def test_lines_that_repeat_count_with_their_characters_whatever_their_indentation():
    assert repeated_share(["안녕", "", "  안녕", "", "하세요요"]) == 0.25
    assert repeated_share([]) == repeated_share(["", ""]) == 0.0


@given(st.lists(st.sampled_from(["", "가", " 가", "나다", "라마바"]), max_size=30))
def test_the_share_of_repeated_lines_equals_counting_by_hand(lines):
    stripped = [line.strip() for line in lines]
    repeated = sum(len(line) for number, line in enumerate(stripped) if line in stripped[:number])

    assert repeated_share(lines) == repeated / max(sum(map(len, stripped)), 1)
