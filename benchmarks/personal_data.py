"""Masking personal data: precision and recall on cases by hand, what is masked in real text, and how fast.

A place counts as found when kind, beginning and end are all as in the case; tests/data/personal_data/README.md says
how the cases were made. What is masked in the corpus is counted, not shown: it is somebody's.
"""

import collections
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from beam_jobs.clean_config import PersonalDataConfig
from beam_jobs.cleaning.normal_form import Normaliser
from beam_jobs.cleaning.personal.spans import Span
from beam_jobs.cleaning.personal_data import PersonalData
from beam_jobs.read_docs import PieceReading
from beam_jobs.read_plan import find_sources, plan_pieces
from benchmarks.corpus_text import corpus_config, megabytes
from benchmarks.harness import Findings, Options, run_benchmark
from flows.tables import Row
from model.contract.errors import InputError

CASES = Path(__file__).parents[1] / "tests" / "data" / "personal_data" / "cases.jsonl"
HALVES = ("before", "after")
"""Cases the patterns were made to pass, and cases thought up when the patterns were frozen."""
_SHORT_BYTES = 2_000_000
_ROUNDS, _ROUNDS_SHORT = 5, 1


class Case(NamedTuple):
    """A line of text, and what in it is personal data."""

    text: str
    spans: frozenset[Span]
    written: str


class Counts(NamedTuple):
    """Places found rightly, found where nothing is, and missed."""

    right: int
    false: int
    missed: int

    @property
    def precision(self) -> float | None:
        """Of what was found, what is right; None where nothing was found."""
        return round(self.right / (self.right + self.false), 3) if self.right + self.false else None

    @property
    def recall(self) -> float | None:
        """Of what is there, what was found; None where nothing is."""
        return round(self.right / (self.right + self.missed), 3) if self.right + self.missed else None


def measure(options: Options) -> Findings:
    """The cases, then the corpus."""
    cases = list(_cases())
    every_kind = PersonalData(PersonalDataConfig(business_number=True))
    counts = {half: _counts([case for case in cases if case.written == half], every_kind) for half in HALVES}
    texts = _texts(options.data, _SHORT_BYTES if options.short else None)
    masked = collections.Counter(cut.rule for text in texts for cut in every_kind(text)[1])
    figures = {f"{name}_{half}": value for half in HALVES for name, value in _totals(counts[half]).items()}
    speed = _speed(texts, PersonalData(PersonalDataConfig()), _ROUNDS_SHORT if options.short else _ROUNDS)
    return Findings(
        rows=_rows(counts),
        figures={
            "benchmark": "personal_data",
            **figures,
            "megabytes": round(megabytes(texts), 1),
            "megabytes_per_second": speed,
            "masked": dict(sorted(masked.items())),
        },
        notes=[
            f"{sum(bool(case.spans) for case in cases)} cases with personal data, "
            f"{sum(not case.spans for case in cases)} without; {len(texts)} documents, one process."
        ],
    )


def _cases() -> Iterator[Case]:
    for line in CASES.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        yield Case(case["text"], frozenset(Span(*span) for span in case["spans"]), case["written"])


def _counts(cases: Iterable[Case], mask: PersonalData) -> dict[str, Counts]:
    """By kind."""
    tallies = [collections.Counter[str]() for _ in Counts._fields]
    for case in cases:
        found = set(mask.find(case.text))
        for tally, spans in zip(tallies, (found & case.spans, found - case.spans, case.spans - found), strict=True):
            tally.update(span.kind for span in spans)
    return {kind: Counts(*(tally[kind] for tally in tallies)) for kind in sorted(set().union(*tallies))}


def _all(counts: dict[str, Counts]) -> Counts:
    return Counts(*map(sum, zip(*counts.values(), strict=True)))


def _totals(counts: dict[str, Counts]) -> dict[str, float | None]:
    total = _all(counts)
    return {"precision": total.precision, "recall": total.recall}


def _rows(counts: dict[str, dict[str, Counts]]) -> list[Row]:
    kinds = sorted({kind for half in HALVES for kind in counts[half]})
    table = {half: {**counts[half], "all": _all(counts[half])} for half in HALVES}
    return [{"kind": kind} | _columns(table, kind) for kind in (*kinds, "all")]


def _columns(table: dict[str, dict[str, Counts]], kind: str) -> Row:
    row: Row = {}
    for half in HALVES:
        count = table[half].get(kind, Counts(0, 0, 0))
        row |= {
            f"{half}: right / false / missed": " / ".join(map(str, count)),
            f"{half}: precision": count.precision,
            f"{half}: recall": count.recall,
        }
    return row


def _texts(data: Path | None, at_most: int | None) -> list[str]:
    """Every document that is read, in normal form, none dropped: masking has most to err on in what is no prose."""
    config = corpus_config(data)
    normalise = Normaliser(config.clean.normalise)
    found = find_sources(config.read.sources)
    settings = {source.config.name: source.config for source in found}
    texts: list[str] = []
    size = 0
    for piece in plan_pieces(found, config.read):
        for document in PieceReading(piece, settings[piece.source], dead_letters=1).documents():
            if at_most is None or size < at_most:
                texts.append(normalise(document.text)[0])
                size += len(texts[-1].encode())
    if not size:
        raise InputError(f"no text came out of {data}; name a folder that holds raw corpus files.")
    return texts


def _speed(texts: Sequence[str], mask: PersonalData, rounds: int) -> float:
    """MB of UTF-8 a second of one core, in the best of the rounds."""
    seconds: list[float] = []
    for _ in range(rounds):
        began = time.process_time()
        for text in texts:
            mask(text)
        seconds.append(time.process_time() - began)
    return round(megabytes(list(texts)) / min(seconds), 1)


if __name__ == "__main__":
    run_benchmark(__doc__ or "", measure)
