"""Pure: what is asked of Korean text everywhere: its composed form, its blanks folded, its share of Hangul."""

import unicodedata
from functools import cache

import numpy as np
from numpy.typing import NDArray

_OTHER, _LETTER, _HANGUL = range(3)


def to_nfc(text: str) -> str:
    """Composes decomposed syllables: Hangul from file names and macOS comes as separate letters (jamo)."""
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def fold_blanks(text: str) -> str:
    """The text as words parted by one space each: what stays the same when a page is only laid out anew."""
    return " ".join(text.split())


def code_points(text: str) -> NDArray[np.uint32]:
    """The text's code points; [characters], uint32."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def hangul_share(text: str) -> float:
    """The share of Hangul, syllables and jamo, among the letters of a text; 0 where there are no letters."""
    kinds = _kinds_of_the_basic_plane()[np.minimum(code_points(text), 0xFFFF)]
    _, letters, hangul = np.bincount(kinds, minlength=3).tolist()
    return hangul / (letters + hangul) if hangul else 0.0


@cache
def _kinds_of_the_basic_plane() -> NDArray[np.uint8]:
    """Beyond the basic plane all counts as other, as U+FFFF does: emoji, and the rarest Hanja."""
    kinds = np.full(0x10000, _OTHER, np.uint8)
    for code in range(0x10000):
        if chr(code).isalpha():
            kinds[code] = _HANGUL if unicodedata.name(chr(code), "").startswith("HANGUL") else _LETTER
    return kinds
