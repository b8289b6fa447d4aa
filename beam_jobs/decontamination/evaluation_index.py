"""Pure: which n-grams the evaluation examples are made of, and of which examples, in NumPy arrays.

Examples of eight words and more are cut into passages, and a passage's n-grams are indexed. Shorter ones are indexed
as a whole. Words (GPT-3 counts 13 of them) would not do as n-grams: Korean spacing is a matter of habit, and each word
ends in a particle or an ending that is easily another.
"""

import collections
import dataclasses
import hashlib
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from beam_jobs.decontamination.compared_letters import Codes, Hashes, Numbers, letters_of, ngram_hashes, run_hashes
from beam_jobs.decontamination.evaluation_texts import EvaluationText
from beam_jobs.dedupe_config import DecontaminateConfig
from model.contract.errors import InputError

_BITS_PER_NGRAM = 32
"""At least, of the table that is asked before the index: of clean text's n-grams no more than one in so many passes."""
_LEAST_BITS, _MOST_BITS = 16, 30
"""8 KB and 128 MB of table."""
_BIT = np.left_shift(np.uint8(1), np.arange(8, dtype=np.uint8))
_LETTERS_AT_ONCE = 1 << 20
"""Of passages, hashed together."""


class Example(NamedTuple):
    """What a passage is part of."""

    task: str
    example: str

    def __str__(self) -> str:
        return f"{self.task}/{self.example}"


class _Rows(NamedTuple):
    """N-grams of passages, and where in which of them each begins."""

    hashes: Hashes
    passages: NDArray[np.int32]
    offsets: NDArray[np.int32]

    def at(self, which: NDArray[Any]) -> "_Rows":
        """Some of the rows, by number or by mask."""
        return _Rows(self.hashes[which], self.passages[which], self.offsets[which])


_NO_ROWS = _Rows(np.zeros(0, np.uint64), np.zeros(0, np.int32), np.zeros(0, np.int32))


class Occurrences(NamedTuple):
    """N-grams of a text that stand in passages, too: one row for each pair, in the order of the text."""

    letters: Numbers
    """At which of the text's letters the n-gram begins."""
    passages: NDArray[np.int32]
    offsets: NDArray[np.int32]
    """At which of the passage's letters it begins."""

    def at(self, which: NDArray[Any]) -> "Occurrences":
        """Some of the rows, by number or by mask."""
        return Occurrences(self.letters[which], self.passages[which], self.offsets[which])


NO_OCCURRENCES = Occurrences(np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int32))


@dataclasses.dataclass(frozen=True)
class EvaluationIndex:
    """Where to look n-grams and whole lines up; `build_index` makes it."""

    ngrams: Hashes
    """Ascending, each once."""
    first: Numbers
    """Where the occurrences of each begin; one more than there are n-grams."""
    passages: NDArray[np.int32]
    offsets: NDArray[np.int32]
    lengths: NDArray[np.int32]
    """Of each passage, in letters."""
    examples: list[Example]
    """Of each passage."""
    may_hold: NDArray[np.uint8]
    """A bit for each value of an n-gram's highest bits: 0 where no n-gram of the index has these."""
    wholes: Hashes
    """Of the short examples, ascending."""
    whole_examples: list[Example]
    counts: dict[str, dict[str, int]]
    """By task: texts `indexed` by n-grams, looked for as a `whole` line, `repeated` and `too_short`; and passages of
    those indexed that are `too_common` to be found."""

    def find(self, hashes: Hashes) -> Occurrences:
        """The n-grams of a text that stand in passages."""
        places = hashes >> np.uint64(64 - _bits_of(self.may_hold))
        letters = np.flatnonzero(self.may_hold[places >> np.uint64(3)] & _BIT[places & np.uint64(7)])
        if not len(letters):
            return NO_OCCURRENCES
        found = np.searchsorted(self.ngrams, hashes[letters])
        known = self.ngrams[np.minimum(found, len(self.ngrams) - 1)] == hashes[letters]
        letters, found = letters[known], found[known]
        counts = self.first[found + 1] - self.first[found]
        begins = np.cumsum(counts) - counts
        rows = np.repeat(self.first[found] - begins, counts) + np.arange(counts.sum())
        return Occurrences(np.repeat(letters, counts), self.passages[rows], self.offsets[rows])

    def find_wholes(self, hashes: Hashes) -> list[tuple[int, Example]]:
        """Which of the lines with these hashes are short examples."""
        if not len(self.wholes):
            return []
        found = np.minimum(np.searchsorted(self.wholes, hashes), len(self.wholes) - 1)
        lines = np.flatnonzero(self.wholes[found] == hashes)
        return [(int(line), self.whole_examples[found[line]]) for line in lines]


def build_index(texts: Iterable[EvaluationText], config: DecontaminateConfig) -> EvaluationIndex:
    """Indexes the examples' texts.

    Raises:
      InputError: when not one could be indexed, so that decontamination would find nothing.
    """
    collected = _Collected(config)
    for text in texts:
        collected.add(text)
    return collected.index()


class _Collected:
    """Passages and short examples, each text once: a premise comes with three hypotheses."""

    def __init__(self, config: DecontaminateConfig):
        self._config = config
        self._seen: set[bytes] = set()
        self._waiting: list[Codes] = []
        self._waiting_letters = 0
        self._examples: list[Example] = []
        self._lengths: list[int] = []
        self._strides: list[int] = []
        self._rows: list[_Rows] = []
        self._wholes: dict[int, Example] = {}
        self._counts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)

    def add(self, text: EvaluationText) -> None:
        """Takes one text."""
        codes = letters_of(text.text).codes
        example = Example(text.task, text.example)
        fate = self._fate(codes)
        self._counts[text.task][fate] += 1
        if fate == "whole":
            hashed = run_hashes(codes, np.array([0]), np.array([len(codes)]))
            self._wholes.setdefault(int(hashed[0]), example)
        elif fate == "indexed":
            self._add_passages(codes, example)

    def _fate(self, codes: Codes) -> str:
        if len(codes) < self._config.min_whole_characters:
            return "too_short"
        digest = hashlib.blake2b(codes.tobytes(), digest_size=16).digest()
        if digest in self._seen:
            return "repeated"
        self._seen.add(digest)
        return "indexed" if len(codes) >= self._config.min_characters else "whole"

    def _add_passages(self, codes: Codes, example: Example) -> None:
        parts = max(1, len(codes) // self._config.passage_characters)
        passages = np.array_split(codes, parts)
        self._waiting += passages
        self._waiting_letters += len(codes)
        self._examples += [example] * parts
        self._lengths += map(len, passages)
        # A part of a long text has n-grams to spare; a sentence needs every one where words were changed.
        self._strides += [max(1, self._config.ngram_characters // 2) if parts > 1 else 1] * parts
        if self._waiting_letters >= _LETTERS_AT_ONCE:
            self._index_waiting()

    def _index_waiting(self) -> None:
        if self._waiting:
            first = len(self._lengths) - len(self._waiting)
            lengths, strides = np.array(self._lengths[first:]), np.array(self._strides[first:])
            self._rows.append(
                _rows(np.concatenate(self._waiting), lengths, strides, first, self._config.ngram_characters)
            )
        self._waiting, self._waiting_letters = [], 0

    def index(self) -> EvaluationIndex:
        """All that was taken, as arrays."""
        self._index_waiting()
        if not self._rows and not self._wholes:
            raise InputError(
                f"none of the {sum(counts.total() for counts in self._counts.values())} evaluation texts has "
                f"{self._config.min_whole_characters} compared letters, so nothing could be found in the corpus; "
                "check the files, or lower min_whole_characters."
            )
        every = _Rows(*map(np.concatenate, zip(_NO_ROWS, *self._rows, strict=True)))
        rows = _without_common(_sorted_once(every), self._config.max_passages_per_ngram)
        self._count_too_common(every, rows)
        ngrams, first = np.unique(rows.hashes, return_index=True)
        wholes = sorted(self._wholes)
        return EvaluationIndex(
            ngrams,
            np.append(first, len(rows.hashes)),
            rows.passages,
            rows.offsets,
            np.array(self._lengths, np.int32),
            self._examples,
            _table(ngrams),
            np.array(wholes, np.uint64),
            [self._wholes[whole] for whole in wholes],
            {task: dict(sorted(counts.items())) for task, counts in self._counts.items()},
        )

    def _count_too_common(self, every: _Rows, kept: _Rows) -> None:
        """Counts the passages that cannot be found since too few of their n-grams are their own."""
        sizes = [np.bincount(rows.passages, minlength=len(self._lengths)) for rows in (every, kept)]
        for passage in np.flatnonzero(sizes[1] < self._config.min_share * sizes[0]):
            self._counts[self._examples[passage].task]["too_common"] += 1


def _rows(codes: Codes, lengths: Numbers, strides: Numbers, first: int, ngram: int) -> _Rows:
    """The n-grams of passages that lie one behind the other, numbered from `first` on."""
    begins = np.cumsum(lengths) - lengths
    hashes = ngram_hashes(codes, ngram)
    passages = np.repeat(np.arange(len(lengths)), lengths)[: len(hashes)]
    offsets = np.arange(len(hashes)) - begins[passages]
    last = lengths[passages] - ngram
    taken = (offsets <= last) & ((offsets % strides[passages] == 0) | (offsets == last))
    return _Rows(hashes[taken], (passages[taken] + first).astype(np.int32), offsets[taken].astype(np.int32))


def _sorted_once(rows: _Rows) -> _Rows:
    """By hash; of an n-gram that recurs in a passage the first one, so that "0101…" is not many n-grams but two."""
    ordered = rows.at(np.lexsort((rows.offsets, rows.passages, rows.hashes)))
    first = np.ones(len(ordered.hashes), np.bool_)
    first[1:] = (np.diff(ordered.hashes) != 0) | (np.diff(ordered.passages) != 0)
    return ordered.at(first)


def _without_common(rows: _Rows, most: int) -> _Rows:
    """Without the n-grams that stand in more passages."""
    _, numbers, counts = np.unique(rows.hashes, return_inverse=True, return_counts=True)
    return rows.at(counts[numbers] <= most)


def _table(ngrams: Hashes) -> NDArray[np.uint8]:
    """See `EvaluationIndex.may_hold`; the n-grams are in ascending order."""
    bits = min(max((len(ngrams) * _BITS_PER_NGRAM).bit_length(), _LEAST_BITS), _MOST_BITS)
    table = np.zeros(2**bits // 8, np.uint8)
    places = ngrams >> np.uint64(64 - bits)
    held, first = np.unique(places >> np.uint64(3), return_index=True)
    if len(held):
        table[held] = np.bitwise_or.reduceat(_BIT[places & np.uint64(7)], first)
    return table


def _bits_of(table: NDArray[np.uint8]) -> int:
    return (8 * len(table)).bit_length() - 1
