"""Pure: MinHash signatures of texts in NumPy, and the bands by which near copies meet.

Every hash is arithmetic modulo 2^64 on code points, so it is the same in every process, on every machine.
Words are runs of letters and digits; letter case, punctuation and layout do not count.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from beam_jobs.config import DedupeConfig
from beam_jobs.korean_text import code_points

Hashes = NDArray[np.uint64]
Signature = NDArray[np.uint16]

_CHUNK = 512
"""Shingles permuted at once: 112 permutations of them are 0.4 MB, which stays in a core's cache."""
_CHARACTER_BASE, _WORD_BASE, _ROW_BASE = 0x9E3779B97F4A7C15, 0xD1342543DE82EF95, 0xA0761D6478BD642F
"""Of the polynomials over characters, words and rows: any odd numbers with scattered bits will do."""


class MinHasher:
    """Makes signatures under one set of permutations, which the settings' seed draws."""

    def __init__(self, config: DedupeConfig):
        self._shingle_words = config.shingle_words
        self._bands = config.bands
        generator = np.random.Generator(np.random.PCG64(config.seed))
        size = (config.bands * config.rows, 1)
        self._factors = generator.integers(2**64, size=size, dtype=np.uint64) | np.uint64(1)
        self._offsets = generator.integers(2**64, size=size, dtype=np.uint64)

    def signature(self, text: str) -> Signature:
        """Which shingle comes first under each permutation; [bands * rows], uint16.

        A permutation is a multiply-add modulo 2^64. Of each smallest value 16 mixed bits are kept (b-bit
        minwise hashing, arXiv:0910.3349): two that differ look equal once in 65,536, and 112 take 224 bytes.
        """
        hashes = shingles(text, self._shingle_words)
        smallest = np.full(len(self._factors), np.iinfo(np.uint64).max, np.uint64)
        for start in range(0, len(hashes), _CHUNK):
            permuted = self._factors * hashes[start : start + _CHUNK]
            permuted += self._offsets
            np.minimum(smallest, permuted.min(axis=1), out=smallest)
        return (_mix(smallest) >> np.uint64(48)).astype(np.uint16)

    def band_keys(self, signature: Signature) -> list[bytes]:
        """One key of 8 bytes a band, equal for two signatures that agree in the band's every row."""
        rows = signature.reshape(self._bands, -1).astype(np.uint64)
        band_numbers = np.arange(1, self._bands + 1, dtype=np.uint64)
        keys = _mix(rows @ _powers(_ROW_BASE, rows.shape[1]) + _mix(band_numbers))
        return [key.tobytes() for key in keys.astype(">u8")]


def similarity(signature: Signature, others: Signature) -> NDArray[np.float64]:
    """The estimated Jaccard similarity of a signature [size] to each of others [n, size]; [n]."""
    shares: NDArray[np.float64] = (others == signature).mean(axis=1)
    return shares


def shingles(text: str, words: int) -> Hashes:
    """A hash of each run of so many words, or of all the words where they are fewer; [runs], uint64."""
    hashes = word_hashes(text)
    length = min(words, len(hashes))
    count = len(hashes) - length + 1
    total = np.zeros(count, np.uint64)
    for offset, power in enumerate(_powers(_WORD_BASE, length)):
        total += hashes[offset : offset + count] * power
    return _mix(total)


def word_hashes(text: str) -> Hashes:
    """A hash of each word in order; [words], uint64.

    A word's hash is the polynomial of its code points: what the text's running sum of code point times
    base^position grows by within the word, over base^start. (An odd base has an inverse modulo 2^64.)
    """
    codes = code_points(text.lower())
    inside = _is_word_character()[np.minimum(codes, 0xFFFF)]
    borders = np.flatnonzero(np.diff(inside, prepend=False, append=False))
    starts, ends = borders[::2], borders[1::2]
    sums = np.zeros(len(codes) + 1, np.uint64)
    np.cumsum(codes * _powers(_CHARACTER_BASE, len(codes)), out=sums[1:])
    inverses = _powers(pow(_CHARACTER_BASE, -1, 2**64), len(codes))
    return _mix((sums[ends] - sums[starts]) * inverses[starts])


def _mix(values: Hashes) -> Hashes:
    """Scatters every bit over all 64 (the finalizer of SplitMix64, Steele et al. 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _powers(base: int, count: int) -> Hashes:
    """base^0 … base^(count - 1) modulo 2^64."""
    return _power_table(base, max(count, 1024).bit_length())[:count]


@cache
def _power_table(base: int, bits: int) -> Hashes:
    factors = np.full(2**bits, base, np.uint64)
    factors[0] = 1
    return np.cumprod(factors, dtype=np.uint64)


@cache
def _is_word_character() -> NDArray[np.bool_]:
    """By code point of the basic plane; what lies beyond counts as its last, which is no word character."""
    return np.array([chr(code).isalnum() for code in range(0x10000)])
