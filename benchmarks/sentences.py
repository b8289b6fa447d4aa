"""Where sentences end, annotated by reading: our splitter beside kiwipiepy, kss and a bare full stop, and their speed.

Every splitter is given the same paragraphs, one at a time, and asked where within them sentences end: a paragraph's
own end is known to all and not counted. `--data` takes a folder of raw files, whose texts are timed instead of the
sample's. The peers run in a Python of their own (`benchmarks.peer_environment`); kss's Pecab backend, the default
without MeCab, is so slow that --short leaves it out.
"""

import re
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from beam_jobs.cleaning.korean_sentences import sentences
from benchmarks.corpus_text import cleaned_texts, megabytes
from benchmarks.harness import Findings, Options, Ratio, alternate, run_benchmark
from benchmarks.peer_environment import NoPeersError, Peers, find_peers
from flows.config import PROJECT

GOLD = PROJECT / "tests" / "data" / "sentences"
TUNING, UNSEEN = "tuning", "unseen"
OURS, NAIVE = "ours", "full stop and blank"
PEERS, SLOW_PEER = ("kiwipiepy", "kss, punct", "kss, fast"), "kss, pecab"
TIMED_BYTES, TIMED_BYTES_SHORT, TIMED_BYTES_SLOW = 1_000_000, 100_000, 20_000
_SOURCE, _GLUED = "# ", "+"
_FULL_STOP = re.compile(r"[.!?](?=\s)")

Ends = tuple[int, ...]
"""Characters other than blanks up to each sentence's end, ascending, the paragraph's last."""


class Paragraph(NamedTuple):
    """One line of a document, and where its sentences end, as annotated."""

    genre: str
    text: str
    ends: Ends


class Score(NamedTuple):
    """Ends found, ends missed, and places taken for ends, paragraphs' own ends left out."""

    found: int
    missed: int
    false: int

    @property
    def precision(self) -> float:
        """The share of right ones among those that were taken for ends."""
        return self.found / (self.found + self.false) if self.found + self.false else 1.0

    @property
    def recall(self) -> float:
        """The share of the ends that were found."""
        return self.found / (self.found + self.missed) if self.found + self.missed else 1.0

    @property
    def f1(self) -> float:
        """Their harmonic mean."""
        return 2 * self.found / (2 * self.found + self.missed + self.false) if sum(self) else 1.0


def read_gold(half: str) -> list[Paragraph]:
    """The annotated paragraphs of one half (tests/data/sentences/README.md has the form)."""
    return [
        _paragraph(path.stem, lines)
        for path in sorted((GOLD / half).glob("*.txt"))
        for block in path.read_text(encoding="utf-8").split("\n\n")
        if (lines := [line for line in block.splitlines() if not line.startswith(_SOURCE)])
    ]


def _paragraph(genre: str, lines: Sequence[str]) -> Paragraph:
    text, ends = "", []
    for line in lines:
        text += line.removeprefix(_GLUED) if line.startswith(_GLUED) or not text else f" {line}"
        ends.append(_visible(text))
    return Paragraph(genre, text, tuple(ends))


def _visible(text: str) -> int:
    return sum(not character.isspace() for character in text)


def our_ends(text: str) -> Ends:
    """By `beam_jobs.cleaning.korean_sentences`."""
    return tuple(_visible(text[:end]) for _, end in sentences(text))


def naive_ends(text: str) -> Ends:
    """After every ".", "!" and "?" before a blank."""
    return (*(_visible(text[: found.end()]) for found in _FULL_STOP.finditer(text)), _visible(text))


def score(paragraphs: Sequence[Paragraph], found: Sequence[Sequence[int]]) -> Score:
    """How well the ends found in each paragraph agree with the annotated ones."""
    total = Score(0, 0, 0)
    for paragraph, ends in zip(paragraphs, found, strict=True):
        right, given = set(paragraph.ends[:-1]), set(ends) - {paragraph.ends[-1]}
        some = len(right & given), len(right - given), len(given - right)
        total = Score(*(one + other for one, other in zip(total, some, strict=True)))
    return total


def measure(options: Options) -> Findings:
    """Asks every splitter for the ends in both halves, and times it."""
    paragraphs = {half: read_gold(half) for half in (TUNING, UNSEEN)}
    timed = cleaned_texts(options.data, TIMED_BYTES_SHORT if options.short else TIMED_BYTES)
    texts = [paragraph.text for half in paragraphs.values() for paragraph in half]
    ends: dict[str, Sequence[Sequence[int]]] = {
        OURS: [our_ends(text) for text in texts],
        NAIVE: [naive_ends(text) for text in texts],
    }
    seconds = _own_seconds(timed, rounds=3)
    speeds = {name: megabytes(timed) / statistics.median(own) for name, own in seconds.items()}
    notes = [_note(paragraphs, timed)]
    ratios: dict[str, Ratio] = {NAIVE: Ratio.of(seconds[OURS], seconds[NAIVE])}
    try:
        peers = find_peers(PROJECT / "benchmarks" / "sentence_peers", make=not options.short)
    except NoPeersError as error:
        notes.append(str(error))
    else:
        for name, share, rounds in _plan(timed, options.short):
            asked = [_beside_ours(peers, name, texts, share) for _ in range(rounds)]
            ends[name] = asked[0].ends
            ratios[name] = Ratio.of([each.ours for each in asked], [each.theirs for each in asked])
            speeds[name] = megabytes(share) / statistics.median(each.theirs for each in asked)
    scores = {name: _scores(paragraphs, found) for name, found in ends.items()}
    return Findings(_rows(scores, speeds, ratios), _figures(scores, speeds, ratios), notes)


class _Asked(NamedTuple):
    ends: Sequence[Sequence[int]]
    theirs: float
    ours: float


def _plan(timed: list[str], short: bool) -> Iterator[tuple[str, list[str], int]]:
    """Each peer, the texts that it is timed on, and how often."""
    for name in PEERS:
        yield name, timed, 1 if short else 3
    if not short:
        yield SLOW_PEER, _first(timed, TIMED_BYTES_SLOW), 1


def _first(texts: list[str], size: int) -> list[str]:
    """Of the shorter half of the texts as many as make up so many bytes, or one more."""
    some: list[str] = []
    for text in sorted(texts, key=len)[: len(texts) // 2 + 1]:
        some.append(text)
        if megabytes(some) * 1e6 >= size:
            break
    return some


def _beside_ours(peers: Peers, name: str, paragraphs: list[str], timed: list[str]) -> _Asked:
    ours = _own_seconds(timed, rounds=1)[OURS][0]
    request = {"splitters": [name], "paragraphs": paragraphs, "timed": timed}
    answer = peers.ask("split.py", request).result[name]
    return _Asked(answer["ends"], answer["seconds"], ours)


def _own_seconds(timed: list[str], rounds: int) -> dict[str, list[float]]:
    """Seconds of the processor for all texts once; they are short, so each round has ten passes."""

    def passes(split: Callable[[str], object]) -> Callable[[], object]:
        return lambda: [split(text) for _ in range(10) for text in timed]

    works = {OURS: passes(sentences), NAIVE: passes(lambda text: list(_FULL_STOP.finditer(text)))}
    found = alternate(works, rounds, time.process_time)
    return {name: [second / 10 for second in seconds] for name, seconds in found.items()}


Scores = Mapping[str, Mapping[str, Score]]
"""By half and genre; "" is all genres."""


def _scores(paragraphs: Mapping[str, Sequence[Paragraph]], found: Sequence[Sequence[int]]) -> Scores:
    scores: dict[str, dict[str, Score]] = {}
    first = 0
    for half, own in paragraphs.items():
        ends = found[first : first + len(own)]
        first += len(own)
        for genre in ("", *sorted({paragraph.genre for paragraph in own})):
            places = [place for place, paragraph in enumerate(own) if genre in ("", paragraph.genre)]
            some = score([own[place] for place in places], [ends[place] for place in places])
            scores.setdefault(half, {})[genre] = some
    return scores


def _rows(
    scores: Mapping[str, Scores], speeds: Mapping[str, float], ratios: Mapping[str, Ratio]
) -> list[dict[str, Any]]:
    return [
        {
            "splitter": name,
            "precision": f"{own[UNSEEN][''].precision:.3f}",
            "recall": f"{own[UNSEEN][''].recall:.3f}",
            "F1": f"{own[UNSEEN][''].f1:.3f}",
            **{f"F1 {genre}": f"{part.f1:.3f}" for genre, part in own[UNSEEN].items() if genre},
            "F1 tuning half": f"{own[TUNING][''].f1:.3f}",
            "MB/s": f"{speeds[name]:.3g}",
            "ours: faster by (range over rounds)": str(ratios.get(name, "")),
        }
        for name, own in scores.items()
    ]


def _figures(scores: Mapping[str, Scores], speeds: Mapping[str, float], ratios: Mapping[str, Ratio]) -> dict[str, Any]:
    def key(name: str) -> str:
        return name.replace(",", "").replace(" ", "_")

    return {
        "benchmark": "sentences",
        "f1": {key(name): round(own[UNSEEN][""].f1, 4) for name, own in scores.items()},
        "f1_tuning": {key(name): round(own[TUNING][""].f1, 4) for name, own in scores.items()},
        "megabytes_per_second": {key(name): float(f"{speed:.3g}") for name, speed in speeds.items()},
        "ratios": {f"over_{key(name)}": ratio.median for name, ratio in ratios.items()},
    }


def _note(paragraphs: Mapping[str, Sequence[Paragraph]], timed: list[str]) -> str:
    counted = ", ".join(
        f"{half} half: {sum(len(each.ends) for each in own)} sentences, {sum(len(each.ends) - 1 for each in own)} "
        f"ends within {len(own)} paragraphs"
        for half, own in paragraphs.items()
    )
    return (
        f"Annotated, {counted}; precision, recall and F1 are of the unseen half. MB/s of the processor, one thread, on "
        f"{megabytes(timed):.2f} MB of cleaned texts ({SLOW_PEER}: on {TIMED_BYTES_SLOW:,} bytes of them); ours is "
        "timed anew beside each."
    )


if __name__ == "__main__":
    run_benchmark(__doc__ or "", measure)
