"""Near deduplication beside datatrove, text-dedup, datasketch and rensa: what it finds, how fast it is, how it grows.

What it finds is counted on a planted set (`benchmarks.planted`); speed and growth are measured on real texts, over and
over with edits (`benchmarks.repeated_corpus`). The peers run in a Python of their own (`benchmarks.peer_environment`);
where they cannot be installed, they are left out and the figures that need them are null.
"""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.corpus_text import cleaned_texts
from benchmarks.dedupe_growth import measure_growth
from benchmarks.dedupe_quality import measure_quality
from benchmarks.dedupe_signatures import measure_signatures
from benchmarks.dedupe_speed import measure_whole_job
from benchmarks.harness import Findings, Options, run_benchmark
from benchmarks.peer_environment import NoPeersError, Peers, find_peers
from benchmarks.repeated_corpus import write_bytes_of


class Size(NamedTuple):
    """How much is measured."""

    read: int | None
    """Bytes of real text; None for all."""
    planted: int
    """Real texts of the planted set, of which one in eleven has a copy of a given kind."""
    corpus: int
    """Bytes of text for both speeds."""
    part: int
    """Of these, what every way of every peer is tried on."""
    rounds: int
    growth: tuple[int, ...]
    """Numbers of documents, each ten times the one before."""


FULL = Size(None, 4_400, 105_000_000, 10_000_000, 3, (10_000, 100_000, 1_000_000))
SHORT = Size(1_000_000, 220, 1_500_000, 200_000, 1, (500, 5_000))


def measure(options: Options) -> Findings:
    """All of it, one after the other."""
    size = SHORT if options.short else FULL
    peers, complaints = _peers(options)
    texts = cleaned_texts(options.data, at_most=size.read)
    quality = measure_quality(texts, peers, size.planted)
    signatures, whole = _speeds(texts, peers, size)
    growth = measure_growth(texts, size.growth)
    parts = (quality, signatures, whole, growth)
    figures = {name: figure for part in parts for name, figure in part.figures.items()}
    return Findings(
        quality.rows,
        {"benchmark": "dedupe", **figures},
        [*complaints, *(note for part in parts for note in part.notes), f"Cores here: {os.cpu_count()}."],
        {
            **quality.tables,
            "Signatures": signatures.rows,
            **signatures.tables,
            "The whole near deduplication": whole.rows,
            "Growth and memory": growth.rows,
        },
    )


def _speeds(texts: Sequence[str], peers: Peers | None, size: Size) -> tuple[Findings, Findings]:
    with tempfile.TemporaryDirectory() as folder:
        documents = Path(folder, "documents")
        write_bytes_of(texts, documents, size.corpus)
        signatures = measure_signatures(documents, peers, size.part, size.rounds)
        return signatures, measure_whole_job(documents, Path(folder), peers, size.rounds)


def _peers(options: Options) -> tuple[Peers | None, list[str]]:
    try:
        return find_peers(make=not options.short), []
    except NoPeersError as error:
        return None, [str(error)]


if __name__ == "__main__":
    run_benchmark(__doc__ or "", measure)
