"""Pure: what a job saw and did, added up over files: flows, rules, histograms and examples for the corpus report.

A tally is small whatever the corpus's size, but for its hosts, of which Korean has some hundred thousand. Adding
tallies up gives the same in any order.
"""

import bisect
import collections
import hashlib
import heapq
import json
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

STATISTICS = "statistics.json"
EXAMPLES = 10
"""Kept for each rule: those with the least hash of their ids, which is a random choice that never changes."""
HISTOGRAMS: dict[str, tuple[float, ...]] = {
    "characters": tuple(float(2**power) for power in range(4, 22)),
    "hangul_share": tuple(step / 20 for step in range(1, 20)),
    "language_score": tuple(step / 20 for step in range(1, 20)),
}
"""The upper bounds of each histogram's bins, the last bin excepted, which has none."""


_HOST = re.compile(r"[a-z][a-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#:]+)", re.I)
"""Without who is addressed there, the port, and what comes after."""


class Example(NamedTuple):
    """One document, or a passage of it, that a rule dropped or changed."""

    rule: str
    id: str
    source: str
    url: str
    title: str
    before: str
    after: str
    """Empty where nothing stayed."""


class Tally:
    """Documents and characters by source, stage door and rule; histograms; examples.

    Args:
      stage: the job's name.
    """

    def __init__(self, stage: str):
        self.stage = stage
        self.flows: collections.Counter[tuple[str, str, str]] = collections.Counter()
        """By (source, "in" or "out", "documents" or "characters")."""
        self.dropped: collections.Counter[tuple[str, str, str]] = collections.Counter()
        """By (rule, source, "documents" or "characters")."""
        self.changed: collections.Counter[tuple[str, str, str]] = collections.Counter()
        """By (rule, source, "documents", "places" or "characters"): characters are those that are gone."""
        self.bins: collections.Counter[tuple[str, str, str, int]] = collections.Counter()
        """By (histogram, source, "in" or "out", bin)."""
        self.hosts: collections.Counter[tuple[str, str]] = collections.Counter()
        """By (host, "in" or "out"): documents."""
        self.examples: dict[str, list[tuple[str, Example]]] = {}

    def flow(self, source: str, door: str, characters: int) -> None:
        """Counts a document that comes in or goes out."""
        self.flows[source, door, "documents"] += 1
        self.flows[source, door, "characters"] += characters

    def drop(self, rule: str, source: str, characters: int) -> None:
        """Counts a document that a rule dropped."""
        self.dropped[rule, source, "documents"] += 1
        self.dropped[rule, source, "characters"] += characters

    def change(self, rule: str, source: str, places: int, characters: int) -> None:
        """Counts a document that a rule changed in so many places, which took so many characters out."""
        self.changed[rule, source, "documents"] += 1
        self.changed[rule, source, "places"] += places
        self.changed[rule, source, "characters"] += characters

    def measure(self, histogram: str, source: str, door: str, value: float) -> None:
        """Counts a value in its bin."""
        self.bins[histogram, source, door, bisect.bisect_right(HISTOGRAMS[histogram], value)] += 1

    def host(self, url: str, door: str) -> None:
        """Counts a document by its address's host."""
        if (found := _HOST.match(url)) is not None:
            self.hosts[found[1].lower(), door] += 1

    def wants(self, rule: str, document_id: str) -> bool:
        """Whether an example of this rule from this document would be kept."""
        kept = self.examples.get(rule, [])
        return len(kept) < EXAMPLES or _hash(rule, document_id) < kept[-1][0]

    def example(self, example: Example) -> None:
        """Keeps an example if it is among those with the least hashes."""
        if self.wants(example.rule, example.id):
            kept = {*self.examples.get(example.rule, []), (_hash(example.rule, example.id), example)}
            self.examples[example.rule] = heapq.nsmallest(EXAMPLES, kept)

    def add(self, other: "Tally") -> "Tally":
        """Adds another tally of the same job to this one."""
        for own, more in zip(self._counters(), other._counters(), strict=True):
            own.update(more)
        for rule, examples in other.examples.items():
            self.examples[rule] = heapq.nsmallest(EXAMPLES, {*self.examples.get(rule, []), *examples})
        return self

    def _counters(self) -> Iterable[collections.Counter[Any]]:
        return self.flows, self.dropped, self.changed, self.bins, self.hosts

    def to_json(self, clusters: Iterable[Any] = (), top_hosts: int = 50) -> bytes:
        """The file that the report reads; keys in order, so that equal tallies give equal bytes.

        Args:
          clusters: the largest sets of near copies, of the deduplicating job.
          top_hosts: how many hosts are listed, those with most documents first.
        """
        hosts: dict[str, dict[str, int]] = collections.defaultdict(lambda: {"in": 0, "out": 0})
        for (host, door), count in self.hosts.items():
            hosts[host][door] = count
        listed = sorted(hosts.items(), key=lambda pair: (-pair[1]["in"], pair[0]))[:top_hosts]
        found = {
            "stage": self.stage,
            "flows": _nested(self.flows),
            "dropped": _nested(self.dropped),
            "changed": _nested(self.changed),
            "histograms": {
                name: {"bounds": bounds, "sources": _binned(self.bins, name)} for name, bounds in HISTOGRAMS.items()
            },
            "hosts": [{"host": host, **counts} for host, counts in listed],
            "examples": {
                rule: [example._asdict() for _, example in found] for rule, found in sorted(self.examples.items())
            },
            "clusters": list(clusters),
        }
        return json.dumps(found, ensure_ascii=False, indent=1).encode()


def _hash(rule: str, document_id: str) -> str:
    return hashlib.blake2b(f"{rule}\n{document_id}".encode(), digest_size=8).hexdigest()


def _nested(counts: collections.Counter[tuple[str, str, str]]) -> dict[str, dict[str, dict[str, int]]]:
    found: dict[str, dict[str, dict[str, int]]] = {}
    for (first, second, third), count in sorted(counts.items()):
        found.setdefault(first, {}).setdefault(second, {})[third] = count
    return found


def _binned(bins: collections.Counter[tuple[str, str, str, int]], name: str) -> dict[str, dict[str, list[int]]]:
    """By source and door, a count for each bin."""
    found: dict[str, dict[str, list[int]]] = {}
    for (histogram, source, door, number), count in sorted(bins.items()):
        if histogram == name:
            counts = found.setdefault(source, {}).setdefault(door, [0] * (len(HISTOGRAMS[name]) + 1))
            counts[number] = count
    return found
