from pathlib import Path

import pycld2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.config import CleanConfig
from beam_jobs.korean_text import normalise
from beam_jobs.quality_rules import drop_reason, main_language, repeated_line_share, repeated_ngram_share

EXAMPLES = Path(__file__).parents[1] / "data" / "cleaning"


def example(name):
    return normalise((EXAMPLES / f"{name}.txt").read_text(encoding="utf-8"))


@pytest.mark.parametrize("reason", ["too_short", "low_hangul_share", "not_korean", "repeated_lines", "repeated_ngrams"])
def test_a_real_page_is_dropped_for_its_own_reason(reason):
    assert drop_reason(example(reason), CleanConfig()) == reason


def test_the_constitution_is_kept():
    assert drop_reason(example("kept"), CleanConfig()) is None


def test_the_constitution_is_too_long_where_less_is_allowed():
    assert drop_reason(example("kept"), CleanConfig(max_characters=1000)) == "too_long"


@pytest.mark.parametrize(
    ("reason", "loose"),
    [
        ("too_short", {"min_characters": 50}),
        ("low_hangul_share", {"min_hangul_share": 0.2}),
        ("repeated_lines", {"max_repeated_line_share": 1.0, "max_repeated_ngram_share": 1.0}),
        ("repeated_ngrams", {"max_repeated_ngram_share": 1.0}),
    ],
)
def test_a_looser_threshold_lets_the_page_pass(reason, loose):
    assert drop_reason(example(reason), CleanConfig(**loose)) != reason


def test_no_normalised_text_makes_the_language_detector_fail():
    every_character = normalise("".join(map(chr, range(0x110000))))

    pycld2.detect(every_character, isPlainText=True)


def test_a_text_that_the_detector_refuses_has_an_unknown_language():
    assert main_language("한국어 \ud800") == "un"
    assert main_language("한국어 \x00") == "un"


def test_markup_in_a_text_does_not_hide_the_korean_after_it():
    assert main_language("<script> 요소를 쓰면 문서에 스크립트를 추가할 수 있습니다. " * 5) == "ko"


def test_lines_that_repeat_count_with_their_characters_whatever_their_indentation():
    assert repeated_line_share(["안녕", "", "  안녕", "", "하세요요"]) == 0.25
    assert repeated_line_share([]) == 0.0


@given(st.lists(st.sampled_from(["가", "나다", "라마바"]), max_size=60), st.integers(1, 6))
def test_the_ngram_share_equals_marking_every_character_by_hand(words, length):
    marked = [False] * len(words)
    ngrams = [tuple(words[first : first + length]) for first in range(len(words) - length + 1)]
    for first, ngram in enumerate(ngrams):
        if ngram in ngrams[:first]:
            marked[first : first + length] = [True] * length

    share = repeated_ngram_share(words, length)

    by_hand = sum(len(word) for word, mark in zip(words, marked, strict=True) if mark)
    assert share == (by_hand / sum(map(len, words)) if words else 0.0)


def test_saying_everything_twice_is_a_share_of_a_half_and_a_loop_is_nearly_all():
    words = example("kept").split()

    assert repeated_ngram_share(words + words, 5) == pytest.approx(0.5, abs=0.03)
    assert repeated_ngram_share(["하하"] * 100, 5) == pytest.approx(0.99)


def test_lengths_between_which_nothing_fits_are_refused():
    with pytest.raises(ValueError, match="min_characters 10 exceeds max_characters 5"):
        CleanConfig(min_characters=10, max_characters=5)
