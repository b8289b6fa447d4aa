"""What every benchmark does alike: arguments, timing in alternation, a table, a last line of JSON."""

import argparse
import dataclasses
import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from flows.tables import markdown_table
from model.contract.errors import InputError, KnownError

Work = Callable[[], object]


class UnequalError(KnownError):
    """Two ways that ought to give the same result do not, so their times cannot be compared."""


@dataclasses.dataclass(frozen=True)
class Options:
    """How to run: `short` for a few seconds' look, `data` for another corpus than the sample."""

    short: bool
    data: Path | None
    folders: Mapping[str, Path] = dataclasses.field(default_factory=dict)
    """Further folders that were named, by the names of their arguments."""


@dataclasses.dataclass(frozen=True)
class Findings:
    """What a benchmark measured: rows for people, figures for programs, and what to know when reading them."""

    rows: Sequence[Mapping[str, Any]]
    figures: Mapping[str, Any]
    notes: Sequence[str] = ()
    tables: Mapping[str, Sequence[Mapping[str, Any]]] = dataclasses.field(default_factory=dict)
    """Further tables by their titles."""


@dataclasses.dataclass(frozen=True)
class Ratio:
    """How many times as fast one way is as another: a quotient for each round, in which both ran."""

    rounds: tuple[float, ...]

    @classmethod
    def of(cls, faster: Sequence[float], slower: Sequence[float]) -> "Ratio":
        """From the seconds of each round; above 1 where the first took less time."""
        return cls(tuple(other / own for own, other in zip(faster, slower, strict=True)))

    @property
    def median(self) -> float:
        """What to quote, to three digits."""
        return float(f"{statistics.median(self.rounds):.3g}")

    def __str__(self) -> str:
        return f"{self.median:.2f} ({min(self.rounds):.2f}–{max(self.rounds):.2f})"


def alternate(
    works: Mapping[str, Work], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, list[float]]:
    """Seconds that each work takes, a value for each round.

    In a round every work runs once, and each round begins with another, so that what else the machine does meets
    all alike. Nothing is warmed up here: run each work once before. `time.process_time` as the clock leaves out what
    else the machine does; it is fair among works of one thread each.
    """
    seconds: dict[str, list[float]] = {name: [] for name in works}
    names = list(works)
    for number in range(rounds):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            began = clock()
            works[name]()
            seconds[name].append(clock() - began)
            print(f"round {number + 1}/{rounds}: {name} {seconds[name][-1]:.2f} s", file=sys.stderr)
    return seconds


def run_benchmark(
    description: str, measure: Callable[[Options], Findings], folders: Mapping[str, str] | None = None
) -> None:
    """Runs a benchmark as a command: its table and notes, then its figures as one JSON object on the last line.

    Args:
      description: for `--help`.
      measure: does it.
      folders: what further arguments name, each a folder, by the arguments' names.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--short", action="store_true", help="a few seconds on a part of the data")
    parser.add_argument("--data", type=Path, metavar="DIR", help="a corpus folder; the sample if left out")
    for name, meaning in (folders or {}).items():
        parser.add_argument(f"--{name}", type=Path, metavar="DIR", help=meaning)
    arguments = parser.parse_args()
    named = {name: Path(path).resolve() for name in folders or {} if (path := getattr(arguments, name)) is not None}
    try:
        if arguments.data is not None and not arguments.data.is_dir():
            raise InputError(f"--data {arguments.data} is no folder; name one that holds raw corpus files.")
        findings = measure(Options(arguments.short, arguments.data, named))
    except KnownError as error:
        sys.exit(str(error))
    print(markdown_table([dict(row) for row in findings.rows]))
    for title, rows in findings.tables.items():
        print(f"\n{title}:\n\n{markdown_table([dict(row) for row in rows])}")
    for note in findings.notes:
        print(f"\n{note}")
    print(f"\n{json.dumps({'short': arguments.short, **findings.figures}, ensure_ascii=False)}")
