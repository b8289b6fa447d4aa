"""What the corpus report says, as plain values: the page and the artifacts are made of these and of nothing else."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from beam_jobs.tally import Example


@dataclasses.dataclass(frozen=True)
class Amount:
    """Documents, and the characters of their texts."""

    documents: int = 0
    characters: int = 0

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.documents + other.documents, self.characters + other.characters)

    def __sub__(self, other: "Amount") -> "Amount":
        return Amount(self.documents - other.documents, self.characters - other.characters)


@dataclasses.dataclass(frozen=True)
class Change:
    """Documents that a rule changed, in how many places, and by how many characters they are shorter for it."""

    documents: int = 0
    places: int = 0
    characters: int = 0

    def __add__(self, other: "Change") -> "Change":
        return Change(self.documents + other.documents, self.places + other.places, self.characters + other.characters)


@dataclasses.dataclass(frozen=True)
class Rule:
    """What one rule did, by source."""

    name: str
    stage: str
    dropped: Mapping[str, Amount]
    changed: Mapping[str, Change]
    examples: tuple[Example, ...]

    @property
    def dropped_in_all(self) -> Amount:
        """Over all sources."""
        return total(self.dropped)

    @property
    def changed_in_all(self) -> Change:
        """Over all sources."""
        return sum(self.changed.values(), start=Change())


@dataclasses.dataclass(frozen=True)
class Histogram:
    """Documents by bins of one measure; bin i ends at `bounds[i]`, the last has no end."""

    name: str
    bounds: tuple[float, ...]
    first_stage: str
    before: Mapping[str, tuple[int, ...]]
    """By source, as the documents came into the first stage that measured them."""
    last_stage: str
    after: Mapping[str, tuple[int, ...]]
    """By source, as they left the last stage that did."""


@dataclasses.dataclass(frozen=True)
class Host:
    """Documents from one host that came in, and how many of them each stage let through, in order of stages."""

    host: str
    came_in: int
    stayed: tuple[int | None, ...]
    """None where a stage's list of hosts ends before this one."""


@dataclasses.dataclass(frozen=True)
class Copy:
    """A document in a set of near copies."""

    id: str
    source: str
    url: str
    title: str
    excerpt: str
    similarity: float = 1.0
    """To the one that stays."""


@dataclasses.dataclass(frozen=True)
class Cluster:
    """A set of near copies: how many, the one that stays, and some of the others."""

    size: int
    survivor: Copy
    members: tuple[Copy, ...]
    all_stay: bool = False
    """Whether the others stay, too, with a mark."""


@dataclasses.dataclass(frozen=True)
class StageFacts:
    """What one stage took in and let through, and why."""

    name: str
    came_in: Mapping[str, Amount]
    went_out: Mapping[str, Amount]
    rules: tuple[Rule, ...]

    @property
    def dropped(self) -> Mapping[str, Amount]:
        """By source, by all rules together."""
        return {source: total(rule.dropped.get(source, Amount()) for rule in self.rules) for source in self.came_in}


@dataclasses.dataclass(frozen=True)
class Reading:
    """What became of one source's records when they were read."""

    source: str
    documents: int
    lost: Mapping[str, int]
    """By reason."""


@dataclasses.dataclass(frozen=True)
class Tokens:
    """One source's documents and tokens, training and validation together."""

    documents: int
    unique_tokens: int
    """Each text's once."""
    tokens: int
    """In the records: a source's weight repeats it, or leaves some out."""


@dataclasses.dataclass(frozen=True)
class Made:
    """By what a stage's output was made."""

    stage: str
    fingerprint: str
    package_version: str
    settings: Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class CorpusFacts:
    """All that the report says of one corpus."""

    reading: tuple[Reading, ...]
    """Empty where the reading stage is not known."""
    stages: tuple[StageFacts, ...]
    """At least one, in the order in which they ran."""
    histograms: tuple[Histogram, ...]
    hosts: tuple[Host, ...]
    clusters: tuple[Cluster, ...]
    tokens: Mapping[str, Tokens]
    """By source; empty where nothing is tokenized yet."""
    made: tuple[Made, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """All sources, the largest first: by their shares of the documents and of the characters, added up."""
        first, all_of_it = self.stages[0].came_in, self.came_in
        names = {source for stage in self.stages for source in (*stage.came_in, *stage.went_out)}

        def size(source: str) -> float:
            own = first.get(source, Amount())
            return own.documents / max(all_of_it.documents, 1) + own.characters / max(all_of_it.characters, 1)

        return tuple(sorted(names, key=lambda source: (-size(source), source)))

    @property
    def rules(self) -> Iterator[Rule]:
        """Of all stages, in order."""
        for stage in self.stages:
            yield from stage.rules

    @property
    def came_in(self) -> Amount:
        """What the first stage took in."""
        return total(self.stages[0].came_in)

    @property
    def stayed(self) -> Amount:
        """What the last stage let through."""
        return total(self.stages[-1].went_out)


def total(amounts: Mapping[str, Amount] | Iterable[Amount]) -> Amount:
    """The sum; of a mapping, of its values."""
    return sum(amounts.values() if isinstance(amounts, Mapping) else amounts, start=Amount())
