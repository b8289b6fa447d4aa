import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.korean_text import fold_blanks, hangul_share, normalise, to_nfc

awkward = st.text(
    st.sampled_from("가한ᄒ\u1161\u11abaé\u0301 \t\r\n\v\f\u00a0\u200b\u2028\u3000\ufeff\x85\ud800\ufffe\ue000")
)
any_text = st.text() | awkward


@given(any_text)
def test_normalising_twice_changes_nothing_more(text):
    once = normalise(text)

    assert normalise(once) == once


@given(any_text)
def test_a_normalised_text_is_nfc_without_control_characters_or_trailing_blanks(text):
    normal = normalise(text)

    assert unicodedata.is_normalized("NFC", normal)
    assert {unicodedata.category(character) for character in normal} & {"Cc", "Cs", "Co", "Zl", "Zp"} <= {"Cc"}
    assert all(character == "\n" or unicodedata.category(character) != "Cc" for character in normal)
    assert all(line == line.rstrip() for line in normal.split("\n"))
    assert "\n\n\n" not in normal


@pytest.mark.parametrize(
    "code",
    [
        0x85,
        0xAD,
        0x200B,
        0x200D,
        0x200E,
        0x2060,
        0xFEFF,
        0xFE0F,
        0xFFFE,
        0xFDD0,
        0x1FFFF,
        0xE000,
        0xD800,
        0x0,
    ],
)
def test_invisible_characters_go_and_part_no_word(code):
    assert normalise(f"한{chr(code)}글") == "한글"


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n", "\v", "\f", "\u2028", "\u2029"])
def test_every_line_end_becomes_a_line_feed(end):
    assert normalise(f"위{end}아래") == "위\n아래"


@pytest.mark.parametrize("blank", ["\t", "\u00a0", "\u2003", "\u202f", "\u3000", "\u3164"])
def test_every_blank_becomes_a_space(blank):
    assert normalise(f"앞{blank}뒤") == "앞 뒤"


def test_letters_that_an_invisible_character_parted_become_a_syllable():
    assert normalise("\u1112\u200b\u1161\u11ab") == "한"


def test_trailing_blanks_go_blank_lines_are_squeezed_and_indentation_stays():
    assert normalise("제목  \n \n\t\n\n    본문 \n\n") == "제목\n\n    본문"


def test_decomposed_hangul_is_composed():
    assert to_nfc(unicodedata.normalize("NFD", "대한민국")) == "대한민국"


@given(st.lists(st.text("가나다ab", min_size=1), min_size=1), st.sampled_from([" ", "\n", "  \n\n "]))
def test_folding_makes_texts_equal_that_differ_in_layout_alone(words, blank):
    assert fold_blanks(blank.join(words)) == fold_blanks(" ".join(words))


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("", 0.0),
        ("123 !?", 0.0),
        ("한국 ab", 0.5),
        ("ㅋㅋ", 1.0),
        ("\u1112\u1161\u11ab", 1.0),
        ("漢字 한글 😀", 0.5),
    ],
)
def test_hangul_is_counted_among_letters_only(text, share):
    assert hangul_share(text) == share


@given(st.text())
def test_the_hangul_share_equals_counting_by_hand(text):
    letters = [c for c in text if c.isalpha() and ord(c) < 0x10000]
    hangul = [c for c in letters if unicodedata.name(c, "").startswith("HANGUL")]

    assert hangul_share(text) == (len(hangul) / len(letters) if letters else 0.0)
