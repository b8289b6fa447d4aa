"""Pure: the places of a text that hold an evaluation example."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from beam_jobs.decontamination.compared_letters import Letters, Numbers, letters_of, ngram_hashes, run_hashes
from beam_jobs.decontamination.evaluation_index import (
    NO_OCCURRENCES,
    EvaluationIndex,
    Example,
    Occurrences,
)
from beam_jobs.dedupe_config import DecontaminateConfig

_LETTERS_AT_ONCE = 1 << 15
"""Hashed together: with what is computed from them they stay in a core's cache."""
_GAP = 100
"""Letters that may lie between two n-grams of one copy of a passage, and no more than the passage has: room for a line
put in between, while two copies are two, and stock phrases strewn over a long text do not add up."""


class Match(NamedTuple):
    """A place of a text that holds a passage of an example, or most of one."""

    start: int
    end: int
    """The characters [start, end) of the text, from the first letter found to the last."""
    example: Example
    share: float
    """Of the passage's letters, those found here."""
    letters: int
    """How many these are."""


class Matcher:
    """Finds evaluation examples in texts.

    Args:
      index: the examples.
      config: what the index was built with.
    """

    def __init__(self, index: EvaluationIndex, config: DecontaminateConfig):
        self._index, self._config = index, config

    def matches(self, text: str) -> list[Match]:
        """What a text in NFC holds, in the order in which it stands there."""
        letters = letters_of(text)
        found = [*self._passages(letters), *self._wholes(letters)]
        return sorted(found, key=lambda match: (match.start, match.end, match.example))

    def _passages(self, letters: Letters) -> Iterator[Match]:
        length = self._config.ngram_characters
        found = self._occurrences(letters)
        fewest = -(-self._config.min_characters // length)  # n-grams that can hold so many letters
        gaps = np.minimum(self._index.lengths[found.passages], _GAP)
        for copy in _copies(found, gaps, fewest):
            offsets = np.unique(found.offsets[copy])
            covered = int(np.minimum(np.diff(offsets), length).sum()) + length
            passage = found.passages[copy.start]
            share = covered / int(self._index.lengths[passage])
            if covered >= self._config.min_characters and share >= self._config.min_share:
                first, last = found.letters[copy.start], found.letters[copy.stop - 1] + length - 1
                yield _match(letters, first, last, self._index.examples[passage], share, covered)

    def _occurrences(self, letters: Letters) -> Occurrences:
        """Those of each passage together, in the order of the text."""
        length, parts = self._config.ngram_characters, []
        for start in range(0, len(letters.codes), _LETTERS_AT_ONCE):
            part = letters.codes[start : start + _LETTERS_AT_ONCE + length - 1]
            found = self._index.find(ngram_hashes(part, length))
            if len(found.letters):
                parts.append(found._replace(letters=found.letters + start))
        if not parts:
            return NO_OCCURRENCES
        every = Occurrences(*map(np.concatenate, zip(*parts, strict=True)))
        return every.at(np.lexsort((every.letters, every.passages)))

    def _wholes(self, letters: Letters) -> Iterator[Match]:
        least, most = self._config.min_whole_characters, self._config.min_characters - 1
        starts, lengths = _runs(letters, least, most)
        for run, example in self._index.find_wholes(run_hashes(letters.codes, starts, lengths)):
            yield _match(letters, starts[run], starts[run] + lengths[run] - 1, example, 1.0, int(lengths[run]))


def _copies(found: Occurrences, gaps: NDArray[np.int32], fewest: int) -> Iterator[slice]:
    """Rows of one passage without a wider gap in the text, where they are not too few."""
    if len(found.letters) < fewest:
        return
    new = (np.diff(found.passages) != 0) | (np.diff(found.letters) > gaps[1:])
    borders = np.concatenate(([0], np.flatnonzero(new) + 1, [len(found.letters)]))
    for copy in np.flatnonzero(np.diff(borders) >= fewest):
        yield slice(int(borders[copy]), int(borders[copy + 1]))


def _runs(letters: Letters, least: int, most: int) -> tuple[Numbers, Numbers]:
    """Where lines and sentences of so many letters begin, and how many letters they have."""
    total = len(letters.codes)
    keys = []
    for ends in (letters.line_ends, letters.sentence_ends):
        borders = np.concatenate(([0], ends, [total]))
        lengths = np.diff(borders)
        fits = (lengths >= least) & (lengths <= most)
        keys.append(borders[:-1][fits] * (most + 1) + lengths[fits])
    once = np.unique(np.concatenate(keys))  # a line of one sentence is both
    return once // (most + 1), once % (most + 1)


def _match(letters: Letters, first: int, last: int, example: Example, share: float, covered: int) -> Match:
    return Match(int(letters.places[first]), int(letters.places[last]) + 1, example, share, covered)
