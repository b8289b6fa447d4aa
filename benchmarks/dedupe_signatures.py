"""How fast signatures are computed: ours beside datatrove's, datasketch's and rensa's, on the same texts.

A peer offers several ways to make shingles; all are tried on a part of the texts, and those it is fastest by are timed
on all of them, in turn with ours: one thread a side, as processor time, without reading and importing.
"""

import statistics
import time
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from beam_jobs.dedupe.minhash import MinHasher
from beam_jobs.dedupe_config import NearConfig
from beam_jobs.storage import read_parquet
from benchmarks.harness import Findings, Ratio, alternate
from benchmarks.peer_environment import Peers

PERMUTATIONS = (112, 256)
OURS, DATATROVE = "ours", "datatrove"
SAMPLED = "sampled"
"""Begins the names of ways that leave shingles out, so that a copy can be missed for where it begins."""
WORDS = "single words"
"""A way that leaves out in which order words stand: two texts on one subject look alike."""
WAYS = {
    "rensa": (WORDS, "5 words", "5 characters", f"{SAMPLED} {WORDS}", f"{SAMPLED} 5 words", f"{SAMPLED} 5 characters"),
    "datasketch": (WORDS, "5 words", "5 characters"),
    DATATROVE: ("5 words", "plain 5 words", "plain 5 characters"),
}


class Contest(NamedTuple):
    """One way of one peer at one number of permutations."""

    peer: str
    way: str
    permutations: int


Seconds = Mapping[Contest, list[float]]
"""Of each round."""


def measure_signatures(documents: Path, peers: Peers | None, part: int, rounds: int) -> Findings:
    """Ours at either number of permutations, and what each peer is fastest by; figures are null without the peers.

    Args:
      documents: a folder of Parquet files.
      peers: None leaves them out.
      part: bytes of text that all ways are tried on.
      rounds: on all of it.
    """
    paths = [str(path) for path in sorted(documents.glob("*.parquet"))]
    texts = [document.text for path in paths for document in read_parquet(path)]
    tried = _try_all(peers, paths, part) if peers else {}
    seconds: dict[Contest, list[float]] = {_ours(count): [] for count in PERMUTATIONS}
    seconds |= {contest: [] for contest in _fastest(tried)}
    works = {OURS: lambda: _time_ours(texts, seconds)}
    for peer in WAYS if peers else ():
        works[peer] = lambda peer=peer: _time_peer(peers, paths, peer, seconds)
    alternate(works, rounds)
    ratios = {each: Ratio.of(seconds[_ours(each.permutations)], taken) for each, taken in seconds.items()}
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    return Findings(
        _rows(seconds, ratios, len(texts), megabytes),
        _figures(ratios),
        [f"Signatures: {len(texts):,} documents, {megabytes:.1f} MB of UTF-8; medians of {rounds} rounds. {_NOTE}"],
        {"Signatures, all ways on a part, documents/s": _tried_rows(tried)} if tried else {},
    )


_NOTE = (
    "Processor time, one thread each, without reading and importing. `signatures_vs_fastest` is the least ratio to any "
    f"way that reads the whole text, {WORDS} (without their order) among them; `…_5grams` leaves those out; "
    "`…_sampled` is to rensa's rho, which reads a part of the shingles. plain: datatrove without taking Hangul "
    "syllables apart, as it does by default."
)


def _try_all(peers: Peers, paths: Sequence[str], size: int) -> dict[Contest, float]:
    """Documents a second of every way on a part."""
    found = {}
    for peer, ways in WAYS.items():
        contests = [Contest(peer, way, count) for way in ways for count in PERMUTATIONS]
        request = {"peer": peer, "parquet": paths, "bytes": size, "ways": [each[1:] for each in contests]}
        done = peers.ask("signatures.py", request).result
        rates = (done["documents"] / max(seconds, 1e-9) for seconds in done["seconds"])
        found |= dict(zip(contests, rates, strict=True))
    return found


def _fastest(tried: Mapping[Contest, float]) -> list[Contest]:
    """Of each peer and number of permutations the fastest of all whole ways, of n-grams, and of sampled ways."""
    chosen: list[Contest] = []
    for _, group in groupby(sorted(tried, key=_place), key=_place):
        own = sorted(group, key=lambda contest: -tried[contest])
        kinds = (
            [each for each in own if not each.way.startswith(SAMPLED)],
            [each for each in own if not each.way.startswith(SAMPLED) and each.way != WORDS],
            [each for each in own if each.way.startswith(SAMPLED)],
        )
        chosen += [kind[0] for kind in kinds if kind]
    return list(dict.fromkeys(chosen))


def _place(contest: Contest) -> tuple[str, int]:
    return contest.peer, contest.permutations


def _time_ours(texts: Sequence[str], seconds: Seconds) -> None:
    for contest in seconds:
        if contest.peer == OURS:
            hasher = MinHasher(NearConfig(permutations=contest.permutations))
            hasher.signatures(texts[:10])
            began = time.process_time()
            hasher.signatures(texts)
            seconds[contest].append(time.process_time() - began)


def _time_peer(peers: Peers, paths: Sequence[str], peer: str, seconds: Seconds) -> None:
    contests = [contest for contest in seconds if contest.peer == peer]
    request = {"peer": peer, "parquet": paths, "bytes": None, "ways": [each[1:] for each in contests]}
    for contest, taken in zip(contests, peers.ask("signatures.py", request).result["seconds"], strict=True):
        seconds[contest].append(taken)


def _ours(permutations: int) -> Contest:
    return Contest(OURS, "5 characters", permutations)


def _rows(seconds: Seconds, ratios: Mapping[Contest, Ratio], documents: int, megabytes: float) -> list[dict[str, Any]]:
    return [
        {
            "signatures by": contest.peer,
            "shingles": contest.way,
            "permutations": contest.permutations,
            "documents/s": round(documents / statistics.median(taken)),
            "MB/s": megabytes / statistics.median(taken),
            "ours is faster by (range over rounds)": "" if contest.peer == OURS else str(ratios[contest]),
        }
        for contest, taken in sorted(
            seconds.items(), key=lambda item: (item[0].permutations, statistics.median(item[1]))
        )
    ]


def _tried_rows(tried: Mapping[Contest, float]) -> list[dict[str, Any]]:
    pairs = dict.fromkeys((contest.peer, contest.way) for contest in tried)
    return [
        {
            "by": peer,
            "shingles": way,
            **{f"{count} permutations": round(tried[Contest(peer, way, count)]) for count in PERMUTATIONS},
        }
        for peer, way in pairs
    ]


def _figures(ratios: Mapping[Contest, Ratio]) -> dict[str, float | None]:
    whole = {each: ratio.median for each, ratio in ratios.items() if each.peer != OURS}
    sampled = {each: whole.pop(each) for each in list(whole) if each.way.startswith(SAMPLED)}
    ngrams = {each: ratio for each, ratio in whole.items() if each.way != WORDS}
    return {
        "signatures_vs_fastest": min(whole.values(), default=None),
        "signatures_vs_fastest_5grams": min(ngrams.values(), default=None),
        "signatures_vs_fastest_sampled": min(sampled.values(), default=None),
    }
