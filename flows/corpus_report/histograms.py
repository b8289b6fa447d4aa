"""Pure: histograms as bars, before and after, with heights in percent of the tallest."""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence

from flows.corpus_report.facts import Histogram
from flows.corpus_report.figures import short

TITLES = {
    "characters": "Length in characters",
    "hangul_share": "Hangul among the letters",
    "language_score": "Score of the language classifier for Korean",
}
_LABELLED = 4
"""Every so many bins one is labelled at its beginning, so that labels stay apart on a phone."""


@dataclasses.dataclass(frozen=True)
class Bar:
    """One bin."""

    name: str
    tick: str
    """What stands below its beginning; mostly nothing."""
    before: int
    after: int
    before_height: float
    """Percent of the tallest bar."""
    after_height: float


@dataclasses.dataclass(frozen=True)
class Bars:
    """One histogram as it is drawn."""

    title: str
    first_stage: str
    last_stage: str
    bars: tuple[Bar, ...]
    tallest: int
    before: int
    """Documents in all bins."""
    after: int
    middle_before: str
    """The bin that the middle one of all documents is in; empty where there are none."""
    middle_after: str


def bars_of_all(histogram: Histogram) -> Bars:
    """A histogram of all sources together."""
    title = TITLES.get(histogram.name, histogram.name)
    return _bars(title, histogram, _sum(histogram.before), _sum(histogram.after))


def bars_by_source(histogram: Histogram, sources: Sequence[str]) -> tuple[Bars, ...]:
    """A histogram for each of the sources that were measured, in their order."""
    none: tuple[int, ...] = ()
    return tuple(
        _bars(source, histogram, histogram.before.get(source, none), histogram.after.get(source, none))
        for source in sources
        if source in histogram.before or source in histogram.after
    )


def bin_names(bounds: Sequence[float]) -> list[str]:
    """What each bin holds.

    >>> bin_names((16.0, 2048.0))
    ['under 16', '16 to 2,048', '2,048 or more']
    """
    inner = [f"{_number(low)} to {_number(high)}" for low, high in itertools.pairwise(bounds)]
    return [f"under {_number(bounds[0])}", *inner, f"{_number(bounds[-1])} or more"]


def _bars(title: str, histogram: Histogram, before: Sequence[int], after: Sequence[int]) -> Bars:
    names = bin_names(histogram.bounds)
    before, after = ([*counts, *[0] * (len(names) - len(counts))] for counts in (before, after))
    tallest = max(*before, *after)
    bars = tuple(
        Bar(name, _tick(at, histogram.bounds), old, new, _height(old, tallest), _height(new, tallest))
        for at, (name, old, new) in enumerate(zip(names, before, after, strict=True))
    )
    middles = _middle(names, before), _middle(names, after)
    stages = histogram.first_stage, histogram.last_stage
    return Bars(title, *stages, bars, tallest, sum(before), sum(after), *middles)


def _sum(counts: Mapping[str, Sequence[int]]) -> list[int]:
    return [sum(column) for column in zip(*counts.values(), strict=True)]


def _middle(names: Sequence[str], counts: Sequence[int]) -> str:
    half = (sum(counts) + 1) // 2
    reached = itertools.accumulate(counts)
    return next((name for name, sofar in zip(names, reached, strict=True) if sofar >= half), "") if half else ""


def _height(count: int, tallest: int) -> float:
    return round(100 * count / tallest, 2) if count else 0.0


def _tick(at: int, bounds: Sequence[float]) -> str:
    """Bin 1 begins at the first bound."""
    if at == 0 or at % _LABELLED:
        return ""
    begins = bounds[at - 1]
    return short(int(begins)).replace(" ", "") if begins == int(begins) else _number(begins)


def _number(value: float) -> str:
    return f"{int(value):,}" if value == int(value) else f"{value:g}"
