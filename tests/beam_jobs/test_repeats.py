import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.cleaning.repeats import Repeats

shrink = Repeats(3)
noisy = st.text(st.sampled_from("ㅋㅎㅠㅜㅁ하!.?~가,| \n1-=^aㆍ"), max_size=60)


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("ㅋㅋㅋㅋㅋㅋㅋ 웃겨", "ㅋㅋㅋ 웃겨"),
        ("ㅠㅠㅠㅠ 슬퍼요.......", "ㅠㅠㅠ 슬퍼요..."),
        ("너~~~~~~~무 재밌어요!!!!! ^^^^;;;;;", "너~~~무 재밌어요!!! ^^^;;;"),
        ("재밌다아아아아아앙 하하하하하", "재밌다아아아앙 하하하"),
        ("ㅋㅎㅋㅎㅋㅎㅋㅎㅋㅎ", "ㅋㅎㅋㅎㅋㅎ"),
        ("그냥 저냥,,,,,,", "그냥 저냥,,,"),
        ("제목\n==========\n-----\n────────", "제목\n===\n---\n───"),
        ("② ------------.-----", "② ---.---"),
        ("제1장 총칙 ................ 3", "제1장 총칙 ... 3"),
    ],
)
def test_what_is_held_down_or_drawn_is_shrunk(text, short):
    assert shrink(text) == short


@pytest.mark.parametrize(
    "text",
    [
        "ㅋㅋㅋ ㅠㅠ 하하하 ... !!! ㅎㅎ",
        "1000000원, 010-1111-1111",
        "aaaaaa 0xffffffff www xxxxxx",
        "○○○○ 주식회사와 △△△△△, ♡♡♡♡병원, ㅁㅁㅁㅁ병원, ★★★★★",
        "sera**** int**** #### //// '''' <<<<<<< HEAD",
        "| 이름 | 값 |\n| ------- | :-----: |\n+------+------+",
        "┌──────┬──────┐\n│      │      │\n└──────┴──────┘",
        "  | let x = y;\n  |         ^^^^^^ 이동된 값\n  | ------ 여기서",
        "-----BEGIN CERTIFICATE-----",
        "a____b, __name____",
        "소외 4----240,000",
        "int[,,,,] a = f(,,,,);",
        "                들여쓰기",
    ],
)
def test_words_numbers_code_tables_and_masks_stay(text):
    assert shrink(text) == text


def test_a_line_is_a_table_by_itself_alone():
    assert shrink("-----\n| --- | ----- |\n-----") == "---\n| --- | ----- |\n---"


@pytest.mark.parametrize("most", [2, 5])
def test_as_many_stay_as_the_settings_say(most):
    assert Repeats(most)("ㅋ" * 9 + "!" * 9) == "ㅋ" * most + "!" * most


@given(noisy, st.integers(2, 5))
def test_no_sound_recurs_more_than_allowed_and_everything_else_stays(text, most):
    short = Repeats(most)(text)

    assert not any(character * (most + 1) in short for character in "ㅋㅎㅠㅜ하!?가")
    assert re.sub(r"(.)\1*", r"\1", short) == re.sub(r"(.)\1*", r"\1", text) or re.search(
        "([ㄱ-ㅣ]{2})" + r"\1" * most, text
    )
    for kept in "1a|ㅁ \n":
        assert short.count(kept) == text.count(kept)


@given(noisy, noisy)
def test_a_long_text_is_shrunk_as_its_lines_are(first, second):
    prose = "\n" + "긴 글의 한 줄은 이렇게 생겼다.\n" * 40

    assert shrink(first + prose + second) == shrink(first) + prose + shrink(second)


@pytest.mark.parametrize(
    "text", ["SELECT ???? FROM 표", "날짜 ????-??-??", "1;;;;2", "1^^^^2", "x = [....]", 'print("????")', "IN (????)"]
)
def test_signs_beside_code_and_dates_stand_for_themselves(text):
    assert Repeats(3)(text) == text


def test_the_same_signs_beside_words_are_shrunk():
    assert Repeats(3)("정말???? ㅋㅋ.... 네;;;;;") == "정말??? ㅋㅋ... 네;;;"
