"""Pure: laughter, tears, shouting and drawn rules, shrunk to a few of each: "ㅋㅋㅋㅋㅋ", "!!!!!", "-------"."""

import re

import numpy as np

from beam_jobs.korean_text import code_points

_JAMO = "ㄱ-ㅀㅂ-ㅆㅈ-ㅣ"  # all but "ㅁ" and "ㅇ", which stand for "□" and "○"
_SPOKEN = f"{_JAMO}가-힣!?;…·‼"
"""Never digits and Latin letters; nor signs such as "○△♡", whose number tells the masked names of a decision apart, nor
"*#/", which code and masks are made of."""
_DRAWN = "-=_~^.─━═—–―"
"""They draw tables, headings and the underlining of a compiler's messages as well."""
_RULES = frozenset("-=_─━═—–―")
_TABLE = re.compile("[|+\u2502-\u254f\u2551-\u257f]")
"""What makes a line one of a table, or of a compiler's message."""
_NEAR = 300
"""So many characters of a line are looked at for that on either side, so that long lines take no quadratic time."""
_COMMA = ","
_IN_CODE = frozenset("?;.^")
"""They stand for themselves beside what code and dates are made of: "IN (????)", "????-??-??", "1;;;;2"."""
_CODE_SIGNS = frozenset("\"'=-[](){}<>_%$")
_ANY_JAMO = re.compile("[ㄱ-ㅣ]")
_FIRST_JAMO, _LAST_JAMO = map(ord, "ㄱㅣ")
_LONG = 400
"""From so many characters on, NumPy is faster than the regular expression in telling that nothing is repeated."""
_BLANKS_AND_DIGITS = np.frombuffer(" \n0123456789".encode("utf-32-le"), dtype="<u4")


class Repeats:
    """Shrinks what is repeated.

    Args:
      most: so many of a letter stay in a row.
    """

    def __init__(self, most: int):
        self._most = most
        self._repeated = re.compile(rf"([{_SPOKEN}{_COMMA}{re.escape(_DRAWN)}])\1{{{most},}}")
        self._alternating = re.compile(rf"([{_JAMO}]{{2}})\1{{{most},}}")

    def __call__(self, text: str) -> str:
        """The text with no letter more often in a row; tables and code keep theirs.

        >>> Repeats(3)("재밌다아아아아앙ㅋㅋㅋㅋㅋㅋ!!!!! 10000원")
        '재밌다아아아앙ㅋㅋㅋ!!! 10000원'
        """
        if len(text) >= _LONG and not self._may_repeat(text):
            return text
        text = self._repeated.sub(self._shrunk, text)
        if _ANY_JAMO.search(text):
            while (shorter := self._alternating.sub(lambda found: found[1] * self._most, text)) != text:
                text = shorter
        return text

    def _may_repeat(self, text: str) -> bool:
        codes = code_points(text)
        starts = len(codes) - self._most
        same = codes[:starts] == codes[self._most :]
        for offset in range(1, self._most):
            same &= codes[offset : offset + starts] == codes[self._most :]
        if ((codes >= _FIRST_JAMO) & (codes <= _LAST_JAMO)).any():
            return True
        return not np.isin(codes[:starts][same], _BLANKS_AND_DIGITS).all()

    def _shrunk(self, found: re.Match[str]) -> str:
        letter = found[1]
        if letter == _COMMA:
            kept = not "가" <= found.string[found.start() - 1 : found.start()] <= "힣"
        elif letter in _IN_CODE and _beside_code(found):
            kept = True
        else:
            kept = letter in _DRAWN and (
                _TABLE.search(_line_of(found)) is not None or (letter in _RULES and _within_a_word(found))
            )
        return found[0] if kept else letter * self._most


def _line_of(found: re.Match[str]) -> str:
    """What stands near a repeat in its line."""
    text, start, end = found.string, found.start(), found.end()
    before, after = text[max(0, start - _NEAR) : start], text[end : end + _NEAR]
    return before[before.rfind("\n") + 1 :] + found[0] + after.partition("\n")[0]


def _beside_code(found: re.Match[str]) -> bool:
    """Whether what is nearest to either side (to "?" beyond blanks) is a Latin letter, a digit or a sign of code."""
    before = found.string[max(0, found.start() - _NEAR) : found.start()]
    after = found.string[found.end() : found.end() + _NEAR]
    if found[1] == "?":
        before, after = before.rstrip(" "), after.lstrip(" ")
    before, after = before[-1:], after[:1]
    return any((near.isascii() and near.isalnum()) or near in _CODE_SIGNS for near in (before, after) if near)


def _within_a_word(found: re.Match[str]) -> bool:
    """Whether Latin letters or digits touch it: "-----BEGIN", "a____b"; in a table without bars, "4----240,000"."""
    before, after = found.string[found.start() - 1 : found.start()], found.string[found.end() : found.end() + 1]
    return any(letter.isascii() and letter.isalnum() for letter in (before, after))
