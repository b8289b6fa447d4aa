import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.cleaning.letter_forms import to_middle_dot, to_plain_width, to_usual_jamo


@given(st.text(st.characters(min_codepoint=0xFF01, max_codepoint=0xFF5E)))
def test_full_width_latin_is_what_unicode_says_it_stands_for(text):
    assert to_plain_width(text) == unicodedata.normalize("NFKC", text)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Ｍ＆Ａ（주）：１０～２０％", "M&A(주):10~20%"),
        ("￦1,000, ￥", "₩1,000, ¥"),
        ("｢민법｣ 사랑･애틋", "「민법」 사랑·애틋"),
        ("ﾡﾤￂ", "ㄱㄴㅏ"),
    ],
)
def test_unusual_widths_become_plain(text, plain):
    assert to_plain_width(text) == plain


@pytest.mark.parametrize("text", ["「」『』·…—、。", "㈜한국 30㎏ ①", "(￣▽￣)", "ｶﾀｶﾅ", "한글 Latin 漢字"])
def test_what_has_its_own_place_stays(text):
    assert to_plain_width(text) == text


@pytest.mark.parametrize(
    ("text", "usual"),
    [
        ("\u110f\u110f\u110f", "ㅋㅋㅋ"),
        ("\u1172\u1172", "ㅠㅠ"),
        ("각\u11ba", "각ㅅ"),
        ("슬프다\u11a2\u11a2", "슬프다...."),
    ],
)
def test_jamo_without_a_syllable_become_letters_and_dots(text, usual):
    assert to_usual_jamo(text) == usual


@pytest.mark.parametrize("text", ["\u1112\u119e\u11ab글", "나랏말\u110a\u119e미", "ㅋㅋㅋ", "한글"])
def test_old_korean_and_usual_letters_stay(text):
    assert to_usual_jamo(text) == text


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("시ㆍ도지사", "시·도지사"),
        ("3ㆍ1운동", "3·1운동"),
        ("짱ㆍㆍㆍ", "짱···"),
        ("일\u2024가정, 문화\u2027예술, 산\u22c5들", "일·가정, 문화·예술, 산·들"),
    ],
)
def test_signs_that_stand_for_a_middle_dot_become_one(text, plain):
    assert to_middle_dot(text) == plain


@pytest.mark.parametrize("text", ["모음 ㅏㆍㅗ", "\u1112ㆍ", "a\u22c5b = 3\u22c54", "가·나"])
def test_vowels_products_and_middle_dots_stay(text):
    assert to_middle_dot(text) == text
