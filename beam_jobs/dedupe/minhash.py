"""Pure: MinHash signatures of many texts at a time, over character n-grams, in NumPy.

Why characters: a Korean word (eojeol) is a stem with particles and endings, so "서울에서" and "서울에" share no word,
and spacing varies from writer to writer. Runs of letters and digits, blanks left out, change only where the text does.

Why this sketch: k-permutation MinHash reads every n-gram k times. Fast similarity sketching (Dahlgaard, Knudsen and
Thorup, "Fast Similarity Sketching", FOCS 2017) throws each n-gram into one of k bins, keeps each bin's least value, and
throws all of them again, by another hash, only while a bin is empty. Two texts agree in a bin with the probability of
their Jaccard similarity, as in MinHash, at the cost of one pass whatever k.

Every hash is arithmetic modulo 2^64 on code points, so it is the same in every process, on every machine.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from beam_jobs.dedupe_config import NearConfig
from beam_jobs.korean_text import code_points

Hashes = NDArray[np.uint64]
Signatures = NDArray[np.uint16]
Narrow = NDArray[np.uint8]

_BATCH = 1 << 18
"""Characters sketched at once: their hashes are 2 MB, which stays in a core's cache."""
_EMPTY = np.uint32(0xFFFFFFFF)
_CHARACTER_BASE = np.uint64(0x9E3779B97F4A7C15)
"""Of the polynomial over an n-gram's characters: any odd number with scattered bits will do."""
_ROUND = 0xD1342543DE82EF95
"""What a round's hashes are shifted by before they are mixed: odd, so that no two rounds are alike."""
_BY_CHANCE = 1 / 256
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


class MinHasher:
    """Makes signatures; those of one setting can be compared with each other and with no others."""

    def __init__(self, config: NearConfig):
        self._length = config.shingle_characters
        self._bins = config.permutations
        self._start = int(np.random.Generator(np.random.PCG64(config.seed)).integers(2**64, dtype=np.uint64))

    def signatures(self, texts: Sequence[str]) -> Signatures:
        """The sketch of each text; [texts, permutations], uint16.

        Of each bin's least value 16 bits are kept (b-bit minwise hashing, arXiv:0910.3349): two that differ look
        equal once in 65,536. Letter case, punctuation and blanks do not count, unless a text holds nothing else.
        """
        parts = [self._sketch(batch) for batch in _batches(texts)]
        return np.concatenate([np.empty((0, self._bins), np.uint16), *parts])

    def _sketch(self, texts: Sequence[str]) -> Signatures:
        hashes, counts = shingles(texts, self._length)
        bins = np.full((len(texts), self._bins), _EMPTY, np.uint32)
        owners = np.repeat(np.arange(len(texts), dtype=np.int64), counts)
        number = 0
        while len(owners):
            self._throw(bins, owners, hashes, number)
            number += 1
            # Those of texts with an empty bin are thrown again: once in a while for a long text, often for a short.
            again = (bins == _EMPTY).any(axis=1)[owners]
            owners, hashes = owners[again], hashes[again]
        return bins.astype(np.uint16)

    def _throw(self, bins: NDArray[np.uint32], owners: NDArray[np.int64], hashes: Hashes, number: int) -> None:
        """One round: sets each bin that was empty to the least value thrown into it."""
        thrown = _mix(hashes + np.uint64((self._start + _ROUND * number) % 2**64))
        # The upper half chooses the bin, the lower half is the value; they are independent of each other.
        places = owners * self._bins + (((thrown >> _HALF) * np.uint64(self._bins)) >> _HALF).astype(np.int64)
        values = np.minimum(thrown & _LOW, _LOW - np.uint64(1)).astype(np.uint32)
        flat = bins.reshape(-1)
        if number:
            empty = flat[places] == _EMPTY
            places, values = places[empty], values[empty]
        np.minimum.at(flat, places, values)


def narrowed(signatures: Signatures) -> Narrow:
    """Signatures of a byte a place, which are enough to compare two by `agreement` and half as much to move."""
    return signatures.astype(np.uint8)


def agreement(signature: Narrow, others: Narrow) -> NDArray[np.float64]:
    """The estimated Jaccard similarity of a narrowed signature [size], or [n, size], to each of others [n, size]; [n].

    Places that differ look equal once in 256, which is taken off (b-bit minwise hashing, sec. 3).
    """
    equal = np.count_nonzero(others == signature, axis=1) / others.shape[1]
    estimates: NDArray[np.float64] = (equal - _BY_CHANCE) / (1 - _BY_CHANCE)
    return estimates


def shingles(texts: Sequence[str], length: int) -> tuple[Hashes, NDArray[np.int64]]:
    """A hash of each run of so many characters of each text, and how many runs each text has.

    Returns:
      [runs of all texts], uint64, text after text; and [texts]. A text of fewer characters is one run.
    """
    lowered = [text.lower() for text in texts]
    codes = code_points("".join(lowered))
    ends = np.array([0, *accumulate(map(len, lowered))])
    inside = _is_word_character()[np.minimum(codes, 0xFFFF)]
    _keep_something(inside, ends)
    kept = np.concatenate([[0], np.cumsum(inside)])[ends]  # where each text begins among the characters kept
    return _runs(codes[inside].astype(np.uint64), kept, length)


def _keep_something(inside: NDArray[np.bool_], ends: NDArray[np.int64]) -> None:
    """Marks every character of the texts of which none is marked: "!!!" is a text, too."""
    marked = np.concatenate([[0], np.cumsum(inside)])[ends]
    for number in np.flatnonzero(marked[1:] == marked[:-1]):
        inside[ends[number] : ends[number + 1]] = True


def _runs(codes: Hashes, borders: NDArray[np.int64], length: int) -> tuple[Hashes, NDArray[np.int64]]:
    lengths = np.diff(borders)
    counts = np.maximum(lengths - length + 1, 1)
    padded = np.concatenate([codes, np.zeros(length, np.uint64)])
    totals = padded[: len(codes) + 1].copy()
    for offset in range(1, length):
        totals *= _CHARACTER_BASE
        totals += padded[offset : offset + len(codes) + 1]
    firsts = np.cumsum(counts) - counts  # where each text's runs begin among all runs
    runs = totals[np.repeat(borders[:-1] - firsts, counts) + np.arange(counts.sum())]
    for number in np.flatnonzero(lengths < length):
        runs[firsts[number]] = _short_run(codes[borders[number] : borders[number + 1]])
    return runs, counts


def _short_run(codes: Hashes) -> np.uint64:
    """Of a text that is shorter than a run: a zero before its first character keeps it unlike any whole run."""
    total = 0
    for code in codes.tolist():
        total = (total * int(_CHARACTER_BASE) + code) % 2**64
    return np.uint64(total)


def _batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    begin = characters = 0
    for end, text in enumerate(texts):
        if characters and characters + len(text) > _BATCH:
            yield texts[begin:end]
            begin, characters = end, 0
        characters += len(text)
    if begin < len(texts):
        yield texts[begin:]


def _mix(values: Hashes) -> Hashes:
    """Scatters every bit over all 64 (the finalizer of SplitMix64, Steele et al. 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


@cache
def _is_word_character() -> NDArray[np.bool_]:
    """By code point of the basic plane; what lies beyond counts as its last, which is no word character."""
    return np.array([chr(code).isalnum() for code in range(0x10000)])
