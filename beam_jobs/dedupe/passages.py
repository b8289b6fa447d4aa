"""Pure: passages that recur across the corpus, which are cut out of every text but the first that holds them."""

import hashlib
from collections.abc import Collection, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from beam_jobs.cleaning.korean_sentences import sentences
from beam_jobs.dedupe.nodes import Records, group_starts
from beam_jobs.dedupe_config import LineDedupeConfig
from beam_jobs.korean_text import fold_blanks

PASSAGE = np.dtype([("key", "u8"), ("rank", "u2"), ("node", "u8"), ("place", "u4")])
"""A passage by a hash of its text; the rank of its source; where it stands, as a document and a place there."""
CUT = np.dtype([("node", "u8"), ("place", "u4")])
Span = tuple[int, int]
_SENTENCES = 3


class Passages:
    """Finds a text's passages under a source's rule."""

    def __init__(self, config: LineDedupeConfig):
        self._config = config

    def spans(self, text: str, source: str) -> list[Span]:
        """Where passages stand: lines, or three sentences in a row, from each sentence on; places number them."""
        rule = self._config.of(source)
        if rule == "lines":
            return [span for span in _lines(text) if span[1] - span[0] >= self._config.min_characters]
        if rule == "three_sentences":
            return [(first[0], last[1]) for first, last in _runs(sentences(text), _SENTENCES)]
        return []

    def records(self, text: str, source: str, node: int, rank: int) -> Records:
        """A record for each passage."""
        found = self.spans(text, source)
        records = np.zeros(len(found), PASSAGE)
        records["key"] = [_key(text[start:end]) for start, end in found]
        records["rank"], records["node"], records["place"] = rank, node, np.arange(len(found))
        return records

    def cut(self, text: str, source: str, places: Collection[int]) -> tuple[str, list[str]]:
        """The text less the passages at some places, and what was cut."""
        found = self.spans(text, source)
        cuts = _merged([found[place] for place in sorted(places)])
        borders = [0, *(border for span in cuts for border in span), len(text)]
        kept = "".join(text[start:end] for start, end in zip(borders[::2], borders[1::2], strict=True))
        lines = [line.rstrip() for line in kept.split("\n")]
        return _without_gaps(lines), [text[start:end] for start, end in cuts]


def repeated(records: Records) -> Records:
    """Where passages stand that another document had before; [cuts], CUT.

    Documents of better sources come first, then those of lesser nodes. A passage that recurs within the first
    document only is left to the quality rules.
    """
    ordered = records[np.lexsort((records["place"], records["node"], records["rank"], records["key"]))]
    starts = group_starts(ordered["key"])
    firsts = np.repeat(ordered["node"][starts], np.diff([*starts, len(ordered)]))
    again: NDArray[np.bool_] = ordered["node"] != firsts
    cuts = np.zeros(int(again.sum()), CUT)
    cuts["node"], cuts["place"] = ordered["node"][again], ordered["place"][again]
    return cuts


def _lines(text: str) -> Iterator[Span]:
    start = 0
    for line in text.split("\n"):
        yield start, start + len(line)
        start += len(line) + 1


def _runs(spans: Sequence[Span], length: int) -> Iterator[tuple[Span, Span]]:
    yield from zip(spans, spans[length - 1 :], strict=False)


def _merged(spans: Sequence[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def _without_gaps(lines: Sequence[str]) -> str:
    """Of blank lines in a row, which a cut leaves, one stays."""
    kept = [line for line, before in zip(lines, ["", *lines], strict=False) if line or before]
    return "\n".join(kept).strip("\n ")


def _key(passage: str) -> int:
    return int.from_bytes(hashlib.blake2b(fold_blanks(passage).encode(), digest_size=8).digest(), "big")
