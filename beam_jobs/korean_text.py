"""Pure rules on Korean text: one normal form for every source, and what share of a text is Hangul."""

import re
import unicodedata
from functools import cache

import numpy as np
from numpy.typing import NDArray

_INVISIBLE = re.compile(
    "["
    "\x00-\x08\x0e-\x1f\x7f-\x9f"  # control characters, U+0085 among them, but not tab and line ends
    "\u00ad\u034f\u061c\u180e"  # soft hyphen, grapheme joiner, Arabic letter mark, Mongolian vowel separator
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"  # zero-width, directional and byte-order marks
    "\ufe00-\ufe0f\U000e0000-\U000e0fff"  # variation selectors and tags
    "\ufff9-\ufffc"  # interlinear annotation, object replacement
    "\ud800-\udfff"  # lone surrogates: they have no UTF-8 form
    "\ue000-\uf8ff\U000f0000-\U0010ffff"  # private use: icon fonts
    "\ufdd0-\ufdef"  # noncharacters, as the next: never text, and CLD2 refuses them
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
    + "]+"
)
_BLANK = re.compile("[\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\u3164\uffa0]")
"""A tab, every space of Unicode but the plain one, and the two Hangul fillers that show as a space."""
_BLANK_LINES = re.compile("\n{3,}")
_OTHER, _LETTER, _HANGUL = range(3)


def to_nfc(text: str) -> str:
    """Composes decomposed syllables: Hangul from file names and macOS comes as separate letters (jamo)."""
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def normalise(text: str) -> str:
    r"""Brings a text into the one form that every later stage sees.

    Invisible and private-use characters go, every line end becomes "\n" and every blank a plain space; blanks
    at line ends and at both ends of the text go, of blank lines in a row one stays, and the rest is in NFC.
    Indentation stays. Normalising twice changes nothing more.

    >>> normalise("\ufeff한\u1100\u1161\r\n\r\n\r\n\r\n\u200b글\u00a0\n")
    '한가\n\n글'
    """
    text = _BLANK.sub(" ", _INVISIBLE.sub("", text))
    text = to_nfc(text)  # after the invisible: one of them can part the letters of a syllable
    lines = [line.rstrip(" ") for line in text.splitlines()]  # at \r, \v, \f, U+2028 and U+2029 too
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip("\n ")


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
