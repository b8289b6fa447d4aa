"""Documents, characters and tokens at each point of the corpus's way, by source; and where the sums disagree."""

import dataclasses
from collections.abc import Iterator, Mapping

from flows.corpus_report.facts import Amount, CorpusFacts
from flows.corpus_report.rule_sentences import stage_name


@dataclasses.dataclass(frozen=True)
class Point:
    """What there is before the first stage, or after one."""

    label: str
    amounts: Mapping[str, int]
    """By source; one that has nothing left is there with 0."""

    @property
    def total(self) -> int:
        """Over all sources."""
        return sum(self.amounts.values())


@dataclasses.dataclass(frozen=True)
class Flow:
    """One unit through all stages."""

    unit: str
    estimated: bool
    """Whether the figures are reckoned from others and not counted."""
    points: tuple[Point, ...]
    """One more than there are stages."""


def flows(facts: CorpusFacts) -> tuple[Flow, ...]:
    """Of documents, of characters, and of tokens where some are known."""
    points = list(_points(facts))

    def flow(unit: str) -> Flow:
        amounts = [(label, {source: getattr(amount, unit) for source, amount in at.items()}) for label, at in points]
        return Flow(unit, False, tuple(Point(label, found) for label, found in amounts))

    documents, characters = flow("documents"), flow("characters")
    if not facts.tokens:
        return documents, characters
    rates = tokens_per_character(facts)
    tokens = tuple(
        Point(point.label, {source: round(count * rates[source]) for source, count in point.amounts.items()})
        for point in characters.points
    )
    return documents, characters, Flow("tokens", True, tokens)


def _points(facts: CorpusFacts) -> Iterator[tuple[str, dict[str, Amount]]]:
    before = "as read" if facts.reading else f"before {stage_name(facts.stages[0].name)}"
    sources = facts.sources
    yield before, {source: facts.stages[0].came_in.get(source, Amount()) for source in sources}
    for stage in facts.stages:
        yield f"after {stage_name(stage.name)}", {source: stage.went_out.get(source, Amount()) for source in sources}


def tokens_per_character(facts: CorpusFacts) -> dict[str, float]:
    """By source, each text once; a source of which nothing was tokenized gets the rate of all others together."""
    left = facts.stages[-1].went_out
    known = {source: found for source, found in facts.tokens.items() if left.get(source, Amount()).characters}
    characters = sum(left[source].characters for source in known)
    mean = sum(found.unique_tokens for found in known.values()) / max(characters, 1)
    return {
        source: known[source].unique_tokens / left[source].characters if source in known else mean
        for source in facts.sources
    }


def disagreements(facts: CorpusFacts) -> tuple[str, ...]:
    """A sentence for each sum that should agree and does not; empty in a sound corpus."""
    return (*_between_stages(facts), *_within_stages(facts))


def _within_stages(facts: CorpusFacts) -> Iterator[str]:
    for stage in facts.stages:
        dropped = stage.dropped
        for source in sorted({*stage.came_in, *stage.went_out}):
            came, stayed = stage.came_in.get(source, Amount()), stage.went_out.get(source, Amount())
            gone = dropped.get(source, Amount())
            if came.documents != stayed.documents + gone.documents:
                yield (
                    f"{stage_name(stage.name).capitalize()}, {source}: {came.documents:,} documents came in, but "
                    f"{stayed.documents:,} stayed and {gone.documents:,} were dropped."
                )


def _between_stages(facts: CorpusFacts) -> Iterator[str]:
    if facts.reading:
        read = {reading.source: reading.documents for reading in facts.reading}
        first = facts.stages[0]
        for source in sorted({*read, *first.came_in}):
            came = first.came_in.get(source, Amount()).documents
            if came != read.get(source, 0):
                yield (
                    f"{source}: {read.get(source, 0):,} documents were read, but {came:,} came into "
                    f"{stage_name(first.name)}."
                )
    for before, after in zip(facts.stages, facts.stages[1:], strict=False):
        for source in sorted({*before.went_out, *after.came_in}):
            left, came_in = before.went_out.get(source, Amount()), after.came_in.get(source, Amount())
            if left != came_in:
                yield (
                    f"{source}: {left.documents:,} documents ({left.characters:,} characters) left "
                    f"{stage_name(before.name)}, but {came_in.documents:,} ({came_in.characters:,}) came into "
                    f"{stage_name(after.name)}."
                )
