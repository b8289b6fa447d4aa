"""Pure: the letters of a text that are compared with evaluation examples, and hashes of runs of them.

Spacing, punctuation, letter case and particles differ between a text and its copies far more often than anything
else, so none of them is compared. What is left are letters and digits, in the order in which they stand.
"""

import unicodedata
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from beam_jobs.korean_text import code_points

Codes = NDArray[np.uint16]
Hashes = NDArray[np.uint64]
Numbers = NDArray[np.int64]

PARTICLES = frozenset("은는이가을를에의와과도로")
"""Syllables that are left out wherever they stand: what is a particle and what part of a word cannot be told without
spacing, and leaving the others out as well changes a text and its copy alike. They are a sixth of Korean prose."""
_SENTENCE_ENDS = frozenset(".!?…。！？")
_NOT_COMPARED, _LINE_END, _SENTENCE_END = range(3)
_BASE = 0x9E3779B97F4A7C15
"""Of the polynomials: any odd number with scattered bits will do."""
_POWERS = np.cumprod(np.full(1 << 16, _BASE, np.uint64), dtype=np.uint64)


class Letters(NamedTuple):
    """The compared letters of a text."""

    codes: Codes
    places: Numbers
    """At which character of the text each stands."""
    line_ends: Numbers
    """How many of the letters stand before the end of each line, the last line's excepted."""
    sentence_ends: Numbers
    """The same for the ends of lines and of sentences; a full stop within a number counts as one, too."""


def letters_of(text: str) -> Letters:
    """The letters of a text in NFC."""
    kinds = _table().take(code_points(text), mode="clip")
    kept = np.flatnonzero(kinds)
    values = kinds[kept]
    letters = values > _SENTENCE_END
    ends = np.flatnonzero(~letters)
    before = ends - np.arange(len(ends))
    return Letters(values[letters], kept[letters], before[values[ends] == _LINE_END], before)


def ngram_hashes(codes: Codes, length: int) -> Hashes:
    """A hash of each run of so many letters; [letters - length + 1], or none where there are fewer.

    Runs are put together of shorter ones, each twice as long as the one before; the last two overlap where the
    length is no power of two.
    """
    if len(codes) < length:
        return np.zeros(0, np.uint64)
    hashes, width = codes.astype(np.uint64), 1
    while width < length:
        step = min(width, length - width)
        hashes = hashes[:-step] * _POWERS[width] + hashes[step:]
        width += step
    return hashes


def run_hashes(codes: Codes, starts: Numbers, lengths: Numbers) -> Hashes:
    """A hash of each of the runs, none of which may be empty or longer than 65,536 letters; [runs]."""
    if not len(starts):
        return np.zeros(0, np.uint64)
    begins = np.cumsum(lengths) - lengths
    offsets = np.arange(lengths.sum()) - np.repeat(begins, lengths)
    values = codes[np.repeat(starts, lengths) + offsets] * _POWERS[offsets]
    return np.add.reduceat(values, begins)


@cache
def _table() -> NDArray[np.uint16]:
    """By code point of the basic plane, the letter that it counts as, or one of the kinds that are no letters.

    Beyond the plane nothing is compared: emoji, and the rarest Hanja.
    """
    table = np.full(0x10000, _NOT_COMPARED, np.uint16)
    for code in range(0x10000):
        table[code] = _kind(chr(code))
    return table


def _kind(character: str) -> int:
    if character == "\n":
        return _LINE_END
    if character in _SENTENCE_ENDS:
        return _SENTENCE_END
    # Jamo that stand alone laugh and cry (ㅋㅋㅋ, ㅠㅠ): as little compared as exclamation marks.
    if not character.isalnum() or "\u3130" <= character <= "\u318f":
        return _NOT_COMPARED
    plain = unicodedata.normalize("NFKC", character).casefold()  # full-width forms
    one = plain if len(plain) == 1 and plain.isalnum() and plain < "\U00010000" else character
    return _NOT_COMPARED if one in PARTICLES else ord(one)
