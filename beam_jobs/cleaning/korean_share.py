"""Pure: how much of a text is Korean, line by line: a page is what its prose says, not what its menu or its code does.

Shares are by weight, and a letter weighs as it does in UTF-8, as for CLD2: a Hangul syllable three, a Latin letter one.
It says about twice as much: a Korean page has 0.55 of the characters and 1.3 times the bytes of the English page that
it translates (the CNCF glossary, measured).
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from beam_jobs.korean_text import code_points

_BLANK, _LINE_END, _SIGN, _MARK, _LETTER, _WIDE, _HANGUL, _HANJA, _KANA = _KINDS = range(9)
"""A wide letter is of another script that weighs three, as Thai."""
HANGUL_WEIGHT = 3
_WEIGHTS = np.array([0, 0, 0, 0, 1, 3, HANGUL_WEIGHT, 3, 3])
_FIRST_WIDE = 0x800
_HANGUL_BLOCKS = ((0x1100, 0x11FF), (0x3131, 0x318E), (0xA960, 0xA97C), (0xAC00, 0xD7A3), (0xD7B0, 0xD7FB))
_HANJA_BLOCKS = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF))
_KANA_BLOCKS = ((0x3041, 0x3096), (0x30A1, 0x30FA))
_SIGNS = "{}[]()<>=;_/\\#$&|*+`~@^%\"'"
"""What code has between its words, and prose has seldom."""

_MAX_SIGN_SHARE = 0.05
"""Of a line's characters but blanks, in prose of other languages. By this and the next two, 91 % of the characters of
English and French pages are prose, and 4 % of those of the code in Korean documentation (measured)."""
_MIN_LETTER_SHARE = 0.8
_MIN_WORDS = 6
_LETTERS_A_WORD = 2
"""Chinese and Japanese have no blanks between words; theirs have about so many letters."""
_MIN_KOREAN_LETTERS = 12
"""Of a line of Korean prose, Hangul and Hanja: items of a menu have 2 to 8."""
_MIN_KOREAN_WORDS = 3
_MIN_LINE_HANGUL_SHARE = 0.2
"""Of a Korean line's letters. A Korean sentence about English names still has its particles and verbs; an English one
that quotes Korean has a tenth."""
_MIN_MIXED_SHARE = 0.3
"""Hangul among Hangul and Hanja, in mixed script ("悠久한 歷史와 傳統에 빛나는"), which statutes and court decisions
were written in until the 1980s."""
_MAX_KANA = 0.2
"""Kana for each Hangul syllable of a Korean line."""
MIN_PROSE_SHARE = 0.1
"""A text with less prose among its letters (an index, a table) is judged by all its letters. Of 1,168 files of Korean
documentation, code and all, two have less (measured)."""


class KoreanShare(NamedTuple):
    """How much of a text is Korean."""

    share: float
    """By weight, among prose, that in Korean lines; where prose is too little, Hangul among all letters."""
    other_cjk: float
    """By weight, Hanja and kana among all letters."""
    starts: NDArray[np.int64]
    """Where each line of prose begins, [lines]; none where prose is too little."""
    ends: NDArray[np.int64]
    """Just behind its last character."""


class _Lines(NamedTuple):
    """A text's lines; each array is [lines]."""

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    words: NDArray[np.int64]
    counts: NDArray[np.int64]
    """[lines, kinds]: characters of each kind."""


def korean_share(text: str) -> KoreanShare:
    """Tells prose from menus and code, and Korean prose from other, by each line's letters, signs and words."""
    lines = _lines(text)
    korean = _are_korean(lines.counts)
    hangul_and_hanja = lines.counts[:, _HANGUL] + lines.counts[:, _HANJA]
    says_something = (hangul_and_hanja >= _MIN_KOREAN_LETTERS) & (lines.words >= _MIN_KOREAN_WORDS)
    prose = np.where(korean, says_something, _are_foreign_prose(lines))

    weights = lines.counts @ _WEIGHTS
    total, of_prose = int(weights.sum()), int(weights[prose].sum())
    of_kinds = lines.counts.sum(axis=0) * _WEIGHTS
    other_cjk = _share(int(of_kinds[_HANJA] + of_kinds[_KANA]), total)
    if of_prose < MIN_PROSE_SHARE * total:
        none = np.zeros(0, np.int64)
        return KoreanShare(_share(int(of_kinds[_HANGUL]), total), other_cjk, none, none)
    share = _share(int(weights[prose & korean].sum()), of_prose)
    return KoreanShare(share, other_cjk, lines.starts[prose], lines.ends[prose])


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _lines(text: str) -> _Lines:
    kinds = _kinds()[np.minimum(code_points(text), 0xFFFF)]
    ends = np.append(np.flatnonzero(kinds == _LINE_END), len(kinds))
    starts = np.append(0, ends[:-1] + 1)
    line = np.repeat(np.arange(len(ends)), ends - starts + 1)[: len(kinds)]  # its line end belongs to a line
    counts = np.bincount(line * len(_KINDS) + kinds, minlength=len(ends) * len(_KINDS))
    visible = np.append(False, kinds > _LINE_END)
    words = np.bincount(line[visible[1:] & ~visible[:-1]], minlength=len(ends))
    return _Lines(starts, ends, words, counts.reshape(-1, len(_KINDS)))


def _are_korean(counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    hangul, hanja, kana = counts[:, _HANGUL], counts[:, _HANJA], counts[:, _KANA]
    letters = counts[:, _LETTER:].sum(axis=1)
    enough = (hangul > 0) & (hangul + hanja >= _MIN_LINE_HANGUL_SHARE * letters)
    korean: NDArray[np.bool_] = enough & (hangul >= _MIN_MIXED_SHARE * (hangul + hanja)) & (kana <= _MAX_KANA * hangul)
    return korean


def _are_foreign_prose(lines: _Lines) -> NDArray[np.bool_]:
    counts = lines.counts
    letters, visible = counts[:, _LETTER:].sum(axis=1), counts[:, _SIGN:].sum(axis=1)
    words = lines.words + (counts[:, _HANJA] + counts[:, _KANA]) // _LETTERS_A_WORD
    plain = (counts[:, _SIGN] <= _MAX_SIGN_SHARE * visible) & (letters >= _MIN_LETTER_SHARE * visible)
    prose: NDArray[np.bool_] = plain & (words >= _MIN_WORDS)
    return prose


@cache
def _kinds() -> NDArray[np.uint8]:
    """By code point of the basic plane; what is beyond it counts as a mark, as U+FFFF does."""
    kinds = np.full(0x10000, _MARK, np.uint8)
    for code in filter(lambda code: chr(code).isalpha(), range(0x10000)):
        kinds[code] = _LETTER if code < _FIRST_WIDE else _WIDE
    for kind, blocks in ((_HANGUL, _HANGUL_BLOCKS), (_HANJA, _HANJA_BLOCKS), (_KANA, _KANA_BLOCKS)):
        for first, last in blocks:
            block = kinds[first : last + 1]
            block[block == _WIDE] = kind
    kinds[[ord(sign) for sign in _SIGNS]] = _SIGN
    kinds[ord(" ")], kinds[ord("\n")] = _BLANK, _LINE_END
    return kinds
