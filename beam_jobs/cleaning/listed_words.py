"""Pure: how often the words of a list stand in a text, however they are parted."""

import re
from collections import Counter
from collections.abc import Iterable

from beam_jobs.cleaning.keywords import Keywords
from beam_jobs.korean_text import code_points

_SHORT = 300
"""Characters; in fewer a pattern is tried everywhere in less time than NumPy takes to begin."""
_SIGNS = " .,·ㆍ-_*★☆♥♡/~^|"
_SIGN = f"[{re.escape(_SIGNS)}]"
_SYLLABLES = re.compile(r"[가-힣]{3,}")
_TWO_SYLLABLES = re.compile(r"[가-힣] ?[가-힣]")
_NOT_WORD = re.compile(r"[\W_]+")


class ListedWords:
    """Finds any of many words, the longest first.

    A blank in a word may be missing in the text. One of three syllables or more is found in pieces, too, when the same
    sign parts all of them ("카.지.노").

    Args:
      words: tens of thousands at most: those that begin alike are tried one after the other.
      within: whether words of two syllables count within longer ones ("검찰" in "대검찰청"), too.
    """

    def __init__(self, words: Iterable[str], *, within: bool = False):
        forms = sorted({" ".join(word.split()) for word in words}, key=lambda word: (-len(word), word))
        pieces = [form for form in forms if _SYLLABLES.fullmatch(form)]
        patterns = [("" if within else _at_a_word(form)) + re.escape(form).replace(r"\ ", " ?") for form in forms]
        parted = (
            rf"{form[0]}(?P<p{number}>{_SIGN})" + rf"(?P=p{number})".join(form[1:])
            for number, form in enumerate(pieces)
        )
        self._pattern = re.compile("|".join((*patterns, *parted)) or r"(?!)")
        self._starts = Keywords([*forms, *map(fold, forms), *(sign.join(form) for form in pieces for sign in _SIGNS)])

    def count(self, text: str) -> Counter[str]:
        """How often each word stands in the text; by `fold`."""
        if len(text) < _SHORT:
            return Counter([fold(found[0]) for found in self._pattern.finditer(text)])
        counts: Counter[str] = Counter()
        end = 0
        for start in self._starts.starts(code_points(text)).tolist():
            if start >= end and (found := self._pattern.match(text, start)):
                counts[fold(found[0])] += 1
                end = found.end()
        return counts


def _at_a_word(form: str) -> str:
    """Two syllables stand within other words by chance ("분야동향"), so these must begin one."""
    return "(?<![가-힣])" if _TWO_SYLLABLES.fullmatch(form) else ""


def fold(word: str) -> str:
    """A word without blanks and signs: what it is counted under."""
    return _NOT_WORD.sub("", word)
