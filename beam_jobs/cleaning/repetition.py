"""Pure: how much of a text says again what it has said (Gopher's repetition rules, arXiv:2112.11446, A1.1), in NumPy.

Words, runs of words and runs of characters are hashed by one polynomial over the whole text; equal ones are found by
one sort. Hashes are arithmetic modulo 2^64, the same on every machine; two different runs of a text of a million
characters look equal with a probability under 2^-40.
"""

from collections.abc import Sequence
from functools import cache, cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]

_CHARACTER_BASE, _WORD_BASE = 0x9E3779B97F4A7C15, 0xD1342543DE82EF95
"""Of the polynomials over characters and over words: any odd numbers with scattered bits will do."""


def repeated_share(passages: Sequence[str]) -> float:
    """The share of characters in lines or paragraphs that repeat an earlier one; blanks around them do not count.

    >>> repeated_share(["가나다라", "마바", "", "  가나다라"])
    0.4
    """
    stripped = [passage.strip() for passage in passages]
    different = set(stripped)
    if len(different) == len(stripped):
        return 0.0
    characters = sum(map(len, stripped))
    return (characters - sum(map(len, different))) / max(characters, 1)


class _Groups(NamedTuple):
    """Equal runs of words that come more than once."""

    starts: Places
    """The word with which each begins; those of a group side by side, in the text's order."""
    first: Places
    """Where in `starts` each group begins."""


class Runs:
    """A text's runs of words and characters, as hashes.

    Args:
      codes: the text's code points.
      blank: which of them are blanks or line ends; they part words, and runs of characters leave them out.
    """

    def __init__(self, codes: NDArray[np.uint32], blank: NDArray[np.bool_]):
        inside = np.zeros(len(codes) + 2, np.bool_)
        np.logical_not(blank, out=inside[1:-1])
        self._codes = codes[inside[1:-1]]
        borders = np.flatnonzero(inside[1:] != inside[:-1])
        self._ends = np.zeros(len(borders) // 2 + 1, np.int64)  # [i]: how many characters words 0 … i - 1 have
        np.cumsum(borders[1::2] - borders[::2], out=self._ends[1:])
        self._taken_by_length: dict[int, Places] = {}

    @property
    def words(self) -> int:
        """How many words there are."""
        return len(self._ends) - 1

    @property
    def characters(self) -> int:
        """How many characters they have in all."""
        return len(self._codes)

    def most_frequent_share(self, length: int) -> float:
        """The share of characters in one run of so many words wherever it comes: the run that has most of them.

        Where a run overlaps itself its characters count once; 0 where none comes twice.
        """
        taken = self._taken(length)
        return float(taken.max()) / self.characters if len(taken) else 0.0

    def most_frequent_share_at_most(self, length: int) -> float:
        """What `most_frequent_share` cannot exceed: what the most frequent words take, as many as a run may have."""
        most = self._most_frequent_words
        return float(most[: length + 1][-1]) / max(self.characters, 1)

    def repeated_character_share(self, length: int) -> float:
        """The share of characters in runs of so many that began earlier in the text as well."""
        count = self.characters - length + 1
        if count < 2:
            return 0.0
        hashes = (self._sums[length:] - self._sums[:count]) * _inverses(count)
        ordered, mask = _ordered(hashes, np.arange(count, dtype=np.uint64))
        again = (ordered[1:] ^ ordered[:-1]) <= mask
        starts = (ordered[1:][again] & mask).astype(np.int64)
        if not len(starts):
            return 0.0
        steps = np.zeros(self.characters + 1, np.int8)  # into a run, and out of it
        steps[starts] = 1
        steps[starts + length] -= 1
        return float(np.count_nonzero(np.cumsum(steps, dtype=np.int32))) / self.characters

    @cached_property
    def _most_frequent_words(self) -> Places:
        """[i]: how many characters those i words take that take most."""
        taken = self._taken(1)
        sums = np.zeros(len(taken) + 1, np.int64)
        np.cumsum(np.sort(taken)[::-1], out=sums[1:])
        return sums

    @cached_property
    def _sums(self) -> Hashes:
        """[i]: the polynomial over the characters 0 … i - 1; a run's is what it grows by, over base^start."""
        sums = np.zeros(self.characters + 1, np.uint64)
        np.cumsum(self._codes * _powers(self.characters), out=sums[1:])
        return sums

    @cached_property
    def _hashes(self) -> Hashes:
        """One for each word."""
        starts = self._ends[:-1]
        return np.diff(self._sums[self._ends]) * _inverses(self.characters)[starts]

    def _taken(self, length: int) -> Places:
        """How many characters each run of so many words takes that comes more than once."""
        if length not in self._taken_by_length:
            self._taken_by_length[length] = self._characters_in(self._groups(length), length)
        return self._taken_by_length[length]

    def _characters_in(self, groups: "_Groups", length: int) -> Places:
        if not len(groups.first):
            return groups.first
        starts, ends = self._ends[groups.starts], self._ends[groups.starts + length]
        covered = np.zeros_like(ends)  # up to where a group's runs before this one reach
        covered[1:] = ends[:-1]
        covered[groups.first] = 0
        taken: Places = np.add.reduceat(ends - np.maximum(starts, covered), groups.first)
        return taken

    def _groups(self, length: int) -> _Groups:
        count = max(self.words - length + 1, 0)
        hashes = np.zeros(count, np.uint64)
        for offset in range(length if count else 0):
            hashes = hashes * np.uint64(_WORD_BASE) + self._hashes[offset : offset + count]
        ordered, mask = _ordered(hashes, np.arange(count, dtype=np.uint64))
        equal = np.zeros(count + 1, np.bool_)  # [i]: whether i is in the group of i - 1
        np.less_equal(ordered[1:] ^ ordered[:-1], mask, out=equal[1:-1])
        inside = equal[:-1] | equal[1:]
        return _Groups((ordered[inside] & mask).astype(np.int64), np.flatnonzero(~equal[:-1][inside]))


def _ordered(hashes: Hashes, places: Hashes) -> tuple[Hashes, np.uint64]:
    """Hashes in order, their lowest bits replaced by where they stood; and the mask of those bits.

    A plain sort of one array is several times as fast as one that carries the places along.
    """
    mask = np.uint64((1 << len(hashes).bit_length()) - 1)
    ordered = (hashes & ~mask) | places
    ordered.sort()
    return ordered, mask


def _powers(count: int) -> Hashes:
    """base^1 … base^count modulo 2^64: times the first, a lone character's bits are scattered, too."""
    return _power_table(_CHARACTER_BASE, max(count, 1024).bit_length())[1 : count + 1]


def _inverses(count: int) -> Hashes:
    """base^0 … base^-(count - 1) modulo 2^64: an odd base has an inverse."""
    return _power_table(pow(_CHARACTER_BASE, -1, 2**64), max(count, 1024).bit_length())[:count]


@cache
def _power_table(base: int, bits: int) -> Hashes:
    factors = np.full(2**bits + 1, base, np.uint64)
    factors[0] = 1
    return np.cumprod(factors, dtype=np.uint64)
