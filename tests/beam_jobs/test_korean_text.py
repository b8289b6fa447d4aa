import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.korean_text import fold_blanks, hangul_share, to_nfc


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
