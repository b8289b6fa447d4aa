"""How similar texts truly are: the Jaccard similarity of their n-grams, of every pair if need be, without any sketch.

Characters: letters and digits in lower case, blanks left out. Words: runs of letters and digits in lower case, as the
peers take them.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

LENGTH = 5
Shingles = Callable[[str], set[str]]
_WORDS = re.compile(r"\w+")
_ROWS_AT_ONCE = 256


class Pair(NamedTuple):
    """Two texts by their places, the lesser first."""

    first: int
    second: int
    similarity: float


def character_shingles(text: str) -> set[str]:
    """Its runs of five characters."""
    characters = "".join(filter(str.isalnum, text.lower()))
    return {characters[at : at + LENGTH] for at in range(max(len(characters) - LENGTH + 1, 1))}


def word_shingles(text: str) -> set[str]:
    """Its runs of five words."""
    words = _WORDS.findall(text.lower())
    return {" ".join(words[at : at + LENGTH]) for at in range(max(len(words) - LENGTH + 1, 1))}


def jaccard(one: str, other: str, shingles: Shingles) -> float:
    """Shared n-grams among all n-grams of two texts."""
    ours, theirs = shingles(one), shingles(other)
    shared = len(ours & theirs)
    return shared / (len(ours) + len(theirs) - shared)


def similar_pairs(texts: Sequence[str], shingles: Shingles, least: float) -> Iterator[Pair]:
    """Every pair of texts at least so similar, found by counting the n-grams that each text shares with each other."""
    numbers: dict[str, int] = {}
    sets = [
        np.fromiter((numbers.setdefault(gram, len(numbers)) for gram in shingles(text)), np.int64) for text in texts
    ]
    sizes = np.array([len(each) for each in sets], np.int64)
    counted = csr_matrix(
        (np.ones(sizes.sum(), np.int32), np.concatenate(sets), np.concatenate([[0], np.cumsum(sizes)])),
        shape=(len(texts), len(numbers)),
    )
    recurring = counted[:, np.flatnonzero(np.bincount(counted.indices, minlength=len(numbers)) > 1)]
    by_gram = recurring.T.tocsr()
    for start in range(0, len(texts), _ROWS_AT_ONCE):
        shared = (recurring[start : start + _ROWS_AT_ONCE] @ by_gram).tocoo()
        yield from _pairs(shared.row.astype(np.int64) + start, shared.col, shared.data, sizes, least)


def _pairs(
    first: NDArray[np.int64],
    second: NDArray[np.int32],
    shared: NDArray[np.int32],
    sizes: NDArray[np.int64],
    least: float,
) -> Iterator[Pair]:
    similarity = shared / (sizes[first] + sizes[second] - shared)
    wanted = (first < second) & (similarity >= least)
    for pair in zip(first[wanted].tolist(), second[wanted].tolist(), similarity[wanted].tolist(), strict=True):
        yield Pair(*pair)
