"""Reads what the stages of the corpus left behind, their counters and statistics, into one value."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from pydantic import TypeAdapter, ValidationError

from beam_jobs.tally import STATISTICS, Example
from flows.corpus_report.facts import (
    Amount,
    Change,
    Cluster,
    CorpusFacts,
    Histogram,
    Host,
    Made,
    Reading,
    Rule,
    StageFacts,
    Tokens,
)
from flows.tables import NO_FATES
from model.contract import places
from model.contract.errors import InputError, OutputError
from model.contract.manifest import StageOutput

Counts = Mapping[str, Mapping[str, Mapping[str, int]]]


@dataclasses.dataclass(frozen=True)
class Bins:
    """A histogram as a stage writes it: by source and door, a count for each bin."""

    bounds: tuple[float, ...]
    sources: Mapping[str, Mapping[str, tuple[int, ...]]]


@dataclasses.dataclass(frozen=True)
class Statistics:
    """A stage's statistics file (beam_jobs/tally.py)."""

    stage: str
    flows: Counts
    dropped: Counts
    changed: Counts
    histograms: Mapping[str, Bins]
    hosts: tuple[Mapping[str, str | int], ...]
    examples: Mapping[str, tuple[Example, ...]]
    clusters: tuple[Cluster, ...]


_STATISTICS = TypeAdapter(Statistics)


def gather(stages: Sequence[StageOutput]) -> CorpusFacts:
    """The facts of a corpus from whatever stages of it are finished.

    Args:
      stages: in the order in which they ran; those that drop no documents, such as the vocabulary, may be among them.

    Raises:
      InputError: when none of them keeps statistics.
      OutputError: when a stage's statistics cannot be understood.
    """
    found = [read_statistics(stage) for stage in stages if stage.files(STATISTICS, STATISTICS)]
    if not found:
        names = ", ".join(stage.manifest.stage for stage in stages) or "no stages"
        raise InputError(f"{names}: none keeps {STATISTICS}; a report needs the cleaning stage at least.")
    return CorpusFacts(
        reading=tuple(reading for stage in stages for reading in _reading(stage)),
        stages=tuple(_stage(statistics) for statistics in found),
        histograms=tuple(_histograms(found)),
        hosts=tuple(_hosts(found)),
        clusters=tuple(cluster for statistics in found for cluster in statistics.clusters),
        tokens={source: tokens for stage in stages for source, tokens in _tokens(stage).items()},
        made=tuple(_made(stage) for stage in stages),
    )


def read_statistics(stage: StageOutput) -> Statistics:
    """A stage's own statistics.

    Raises:
      OutputError: when they are not of this version.
    """
    path = places.join(stage.directory, STATISTICS)
    try:
        return _STATISTICS.validate_json(places.read_bytes(path))
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise OutputError(
            f"{path} is not of this version ({where or 'no JSON'}); remove its folder to make the stage again."
        ) from None


def _made(stage: StageOutput) -> Made:
    manifest = stage.manifest
    return Made(manifest.stage, manifest.fingerprint, manifest.package_version, manifest.settings)


def _reading(stage: StageOutput) -> list[Reading]:
    fates: dict[str, dict[str, int]] = {}
    for source, fate, count in _counters(stage, "read_docs"):
        if not fate.startswith(NO_FATES):
            fates.setdefault(source, {})[fate] = count
    return [Reading(source, found.pop("documents", 0), found) for source, found in sorted(fates.items())]


def _tokens(stage: StageOutput) -> dict[str, Tokens]:
    found: dict[str, Tokens] = {}
    for source, counter, count in _counters(stage, "tokenize_docs"):
        kind = counter.partition("_")[2]
        if kind in {field.name for field in dataclasses.fields(Tokens)}:
            sofar = found.get(source, Tokens(0, 0, 0))
            found[source] = dataclasses.replace(sofar, **{kind: getattr(sofar, kind) + count})
    return {source: tokens for source, tokens in sorted(found.items()) if tokens.documents}


def _counters(stage: StageOutput, namespace: str) -> Iterator[tuple[str, str, int]]:
    """Source, name and count of a namespace's counters that are kept by source."""
    for counter, count in stage.manifest.counters.items():
        first, *source, name = counter.split("/")
        if first == namespace and len(source) == 1:
            yield source[0], name, count


def _stage(statistics: Statistics) -> StageFacts:
    def through(door: str) -> dict[str, Amount]:
        return {source: Amount(**doors[door]) for source, doors in statistics.flows.items() if door in doors}

    names = {*statistics.dropped, *statistics.changed, *statistics.examples}
    rules = [_rule(name, statistics) for name in names]
    rules.sort(key=lambda rule: (-rule.dropped_in_all.documents, -rule.changed_in_all.documents, rule.name))
    return StageFacts(statistics.stage, through("in"), through("out"), tuple(rules))


def _rule(name: str, statistics: Statistics) -> Rule:
    return Rule(
        name=name,
        stage=statistics.stage,
        dropped={source: Amount(**counts) for source, counts in statistics.dropped.get(name, {}).items()},
        changed={source: Change(**counts) for source, counts in statistics.changed.get(name, {}).items()},
        examples=statistics.examples.get(name, ()),
    )


def _histograms(found: Sequence[Statistics]) -> list[Histogram]:
    """Each measure as documents came into the first stage that took it, and as they left the last one that did."""
    made = []
    for name in dict.fromkeys(name for statistics in found for name in statistics.histograms):
        taken = [(each.stage, each.histograms[name]) for each in found if name in each.histograms]
        before = [(stage, bins.bounds, _door(bins, "in")) for stage, bins in taken if _door(bins, "in")]
        after = [(stage, _door(bins, "out")) for stage, bins in taken if _door(bins, "out")]
        if before and after:
            (first, bounds, came_in), (last, went_out) = before[0], after[-1]
            made.append(Histogram(name, bounds, first, came_in, last, went_out))
    return made


def _door(bins: Bins, door: str) -> dict[str, tuple[int, ...]]:
    return {source: doors[door] for source, doors in bins.sources.items() if door in doors}


def _hosts(found: Sequence[Statistics]) -> list[Host]:
    """The first stage's hosts; a later stage names the commonest too, all of them where it names fewer."""
    first, *_ = listed = [{str(row["host"]): row for row in statistics.hosts} for statistics in found]

    def stayed(host: str, rows: Mapping[str, Mapping[str, str | int]]) -> int | None:
        if host in rows:
            return int(rows[host]["out"])
        return 0 if len(rows) < len(first) else None

    return [Host(host, int(row["in"]), tuple(stayed(host, rows) for rows in listed)) for host, row in first.items()]
