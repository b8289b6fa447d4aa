import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.cleaning.listed_words import ListedWords

WORDS = ListedWords(["카지노", "카지노 사이트", "바카라", "가입 머니", "출장", "DB 판매"])
parts = st.sampled_from(
    ["카지노", "카지노 사이트", "바.카.라", "바카라", "가입머니", "경찰", "비가", "토토", " ", "\n", "출장"]
)


@given(st.lists(parts, max_size=30))
def test_a_long_text_is_searched_as_a_short_one_is(listed):
    text = " ".join(listed)[:290]

    assert WORDS.count(text) == WORDS.count(text + "\n" + "가" * 400)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("카지노사이트와 카지노", {"카지노사이트": 1, "카지노": 1}),
        ("바★카★라 바 카 라 바카라", {"바카라": 3}),
        ("바.카라, 바.카-라", {}),
        ("출.장", {}),
        ("DB판매, 가입 머니, 가입머니", {"DB판매": 1, "가입머니": 2}),
        ("", {}),
    ],
)
def test_blanks_may_be_missing_and_one_sign_may_part_three_syllables(text, found):
    assert WORDS.count(text) == found


def test_two_syllables_count_within_a_word_only_where_that_is_asked_for():
    text = "대검찰청과 검찰, 분야동향"

    assert ListedWords(["검찰", "야동"]).count(text) == {"검찰": 1}
    assert ListedWords(["검찰", "야동"], within=True).count(text) == {"검찰": 2, "야동": 1}


def test_no_words_find_nothing():
    assert ListedWords([]).count("카지노" * 200) == {}
    assert ListedWords([]).count("카지노") == {}
