"""Pure: where a text may hold one of many words, found with a few NumPy passes whatever their number.

Each word belongs to one of 64 groups, a bit each. For each of a word's first characters a table has the bits of the
groups with a word that has this character there: where all have a bit in common, a word may begin. That is the idea of
Hyperscan's literal search (Wang et al., NSDI 2019), with tables for all characters.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

_GROUPS = ((1, 1), (2, 7), (3, 12), (4, 44))
"""How many groups words of one, two, three and more characters get: a short word lets all of its group pass."""
_LOOKED_AT = len(_GROUPS)
"""Characters of a word that are looked at."""
_NONE: tuple[str, ...] = ()
_CHARACTERS = 0x10000
"""Those beyond the basic plane all count as its last, which is none."""


class Keywords:
    """Finds where words may begin; in Latin letters of either case."""

    def __init__(self, words: Iterable[str]):
        self._tables = np.zeros((_LOOKED_AT, _CHARACTERS), np.uint64)
        ordered = sorted({word.lower() for word in words})
        self._by_start: dict[str, tuple[str, ...]] = {}
        for word in ordered:
            start = word[:_LOOKED_AT]
            self._by_start[start] = (*self._by_start.get(start, ()), word)
        self._longest = max(map(len, ordered), default=0)
        before = 0
        for length, groups in _GROUPS:
            alike = [word for word in ordered if min(len(word), _LOOKED_AT) == length]
            for number, word in enumerate(alike):  # neighbours begin alike, so that a group lets little else pass
                self._add(word, np.uint64(1 << before + number * groups // len(alike)))
            before += groups

    def _add(self, word: str, group: np.uint64) -> None:
        for place, table in enumerate(self._tables):
            table[_cases(word[place]) if place < len(word) else slice(None)] |= group

    def starts(self, codes: NDArray[np.uint32]) -> NDArray[np.intp]:
        """Every place where a word begins, and others, in order: what is cheaper to find than to rule out.

        Args:
          codes: of the text's characters (`korean_text.code_points`).
        """
        padded = np.append(codes.astype(np.intp), [_CHARACTERS] * (_LOOKED_AT - 1))
        length = len(codes)
        may = self._tables[0].take(padded[:length], mode="clip")
        for place, table in enumerate(self._tables[1:], start=1):
            may &= table.take(padded[place : place + length], mode="clip")
        return np.flatnonzero(may)

    def begins(self, text: str, place: int) -> bool:
        """Whether a word begins at this place."""
        here = text[place : place + self._longest].lower()
        return any(here.startswith(self._by_start.get(here[:length], _NONE)) for length in range(_LOOKED_AT, 0, -1))


def _cases(character: str) -> list[int]:
    return [
        min(ord(form), _CHARACTERS - 1) for form in {character, character.lower(), character.upper()} if len(form) == 1
    ]
