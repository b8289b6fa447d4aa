"""Pure: which documents a vocabulary is trained on, and which are held aside for its report.

Each document has a place in [0, 1), a hash of its id: a source's training sample are those from 0 up to some share,
its report's those from another share up to 1. So the choice depends neither on the order of documents nor on who looks
at them, a larger sample holds the smaller one, and the two never meet.
"""

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from beam_jobs.vocabulary_config import VocabularyConfig
from model.contract.errors import SettingError

TRAIN, REPORT = "train", "report"


class Shares(NamedTuple):
    """By source, how much of its documents each use takes."""

    train: Mapping[str, float]
    report: Mapping[str, float]

    def use_of(self, source: str, place: float) -> str | None:
        """What a document is for, if for anything.

        >>> shares = Shares(train={"wiki": 0.5}, report={"wiki": 0.1})
        >>> [shares.use_of("wiki", place) for place in (0.0, 0.5, 0.9)]
        ['train', None, 'report']
        """
        if place < self.train.get(source, 0.0):
            return TRAIN
        return REPORT if place >= 1.0 - self.report.get(source, 0.0) else None


def place_of(key: str, seed: int) -> float:
    """A key's place in [0, 1); documents that are near copies of one another share key and place."""
    drawn = hashlib.blake2b(f"{seed}\n{key}".encode(), digest_size=8, person=b"vocabulary").digest()
    return (int.from_bytes(drawn, "big") >> 11) / 2**53


def shares_of(text_bytes: Mapping[str, int], config: VocabularyConfig, weights: Mapping[str, float]) -> Shares:
    """How much of each source is trained on and reported on.

    Args:
      text_bytes: of each source's text.
      config: its sizes, in bytes, are kept on average: documents are taken whole.
      weights: how often a source's documents stand in training, where that is not once.

    Raises:
      SettingError: when `train.weights` leaves out a source that has text.
    """
    aside = config.report.held_aside if config.train else 1.0
    known = {source: number for source, number in sorted(text_bytes.items()) if number}
    wanted = {source: number * weights.get(source, 1.0) for source, number in known.items()}
    train: dict[str, float] = {}
    if config.train is not None:
        if config.train.weights:
            wanted = _named(config.train.weights, known)
        train = _filled(config.train.sample_megabytes * 1e6, wanted, known, 1.0 - aside)
    return Shares(train, _filled(config.report.megabytes * 1e6, wanted, known, aside))


def _named(weights: Mapping[str, float], known: Mapping[str, int]) -> dict[str, float]:
    if without := sorted(set(known) - set(weights)):
        raise SettingError(f"vocabulary.train.weights gives {without[0]} no share; name every source there, or none.")
    return {source: weights[source] for source in known}


def _filled(room: float, wanted: Mapping[str, float], known: Mapping[str, int], most: float) -> dict[str, float]:
    """The share of each source that fills so many bytes in the proportions wanted.

    A source that has too little gives `most` of itself, and the others share what it leaves.

    >>> _filled(60, {"small": 1, "large": 1}, {"small": 10, "large": 100}, 1.0)
    {'large': 0.5, 'small': 1.0}
    """
    shares: dict[str, float] = {}
    left = dict(wanted)
    while left:
        whole = sum(left.values())
        asked = {source: room * weight / whole / known[source] for source, weight in left.items()}
        short = [source for source, share in asked.items() if share >= most]
        if not short:
            shares |= asked
            break
        for source in short:
            shares[source] = most
            room -= most * known[source]
            left.pop(source)
    return dict(sorted(shares.items()))
