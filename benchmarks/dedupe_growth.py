"""How the cost of near deduplication grows with the number of documents, and the memory that it takes.

From signatures to clusters in one process, on drawn signatures; and the whole job, two processes, on passages of real
texts, over and over with edits.
"""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from beam_jobs.dedupe.bands import band_keys
from beam_jobs.dedupe.clusters import checked
from beam_jobs.dedupe.minhash import Signatures
from beam_jobs.dedupe.nodes import deal, partition_of, partitions_for
from beam_jobs.dedupe.stars import EDGE, bucket_edges, components
from beam_jobs.dedupe_config import NearConfig
from benchmarks import dedupe_job
from benchmarks.harness import Findings
from benchmarks.planted import parts_of
from benchmarks.repeated_corpus import FILES, write_number_of

PASSAGE_CHARACTERS = 250
GIGABYTE = 1e9
_SMALLEST = 100
"""Passages of fewer characters are left out."""
_COPIED, _REDRAWN = 0.1, 0.15
"""Of drawn signatures so many are near copies of another, which differ from it in this share of their places."""
_SHORTEST = 1e-3
"""Seconds below which nothing was measured."""
_AT_ONCE = 50_000
"""Signatures whose bands are hashed together, as the job does file by file."""


def measure_growth(texts: Sequence[str], sizes: Sequence[int]) -> Findings:
    """A row for each size, and what the last ten-fold step costs; 10 is linear."""
    near = NearConfig()
    clustering = {size: _time_clustering(drawn_signatures(size, near.permutations), near) for size in sizes}
    passages = [part for text in texts for part in parts_of(text, PASSAGE_CHARACTERS) if len(part) >= _SMALLEST]
    start = _run_job(passages, FILES, near).job_seconds
    runs = {size: _run_job(passages, size, near) for size in sizes}
    work = {size: max(run.job_seconds - start, _SHORTEST) for size, run in runs.items()}
    middle, last = sizes[-2:]
    figures = {
        "growth_10x": float(f"{clustering[last] / max(clustering[middle], _SHORTEST):.3g}"),
        "growth_10x_whole_job": float(f"{work[last] / work[middle]:.3g}"),
        "peak_gb": round(runs[last].peak_bytes / GIGABYTE, 2),
        "peak_gb_documents": last,
    }
    note = (
        f"Growth: cost of {last:,} over that of {middle:,}; 10 is linear. Signatures are drawn, one in ten a near "
        f"copy, and clustered in one process (processor time); documents are passages of about {PASSAGE_CHARACTERS} "
        f"characters. Start-up is a job of {FILES} documents, {start:.1f} s. Peak: the most that all processes of the "
        "job hold at once, pages they share counted once."
    )
    return Findings([_row(size, clustering[size], runs[size], work[size]) for size in sizes], figures, [note])


def _row(size: int, clustering: float, run: dedupe_job.Run, work: float) -> dict[str, Any]:
    return {
        "documents": size,
        "signatures to clusters, s": clustering,
        "µs a signature": clustering / size * 1e6,
        "whole job, s": run.seconds,
        "without start-up, s": work,
        "documents/s": round(size / work),
        "kept": run.kept,
        "peak GB, all processes": run.peak_bytes / GIGABYTE,
    }


def drawn_signatures(count: int, permutations: int, seed: int = 42) -> Signatures:
    """Signatures of texts of which one in ten is a near copy of another and the rest have nothing in common."""
    generator = np.random.default_rng(seed)
    signatures = generator.integers(1 << 16, size=(count, permutations), dtype=np.uint16)
    originals, copies = np.split(generator.permutation(count), [count - round(count * _COPIED)])
    for start in range(0, len(copies), _AT_ONCE):
        some = copies[start : start + _AT_ONCE]
        redrawn = generator.random((len(some), permutations)) < _REDRAWN
        theirs = signatures[generator.choice(originals, len(some))]
        signatures[some] = np.where(redrawn, signatures[some], theirs)
    return signatures


def clusters_of(signatures: Signatures, near: NearConfig) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """What the job does between sketching and choosing who stays: candidates, and the label of each one's cluster."""
    found = components(_candidate_edges(signatures, near))
    centres = np.unique(found["other"])
    nodes = np.concatenate([found["node"], centres])
    names = np.concatenate([found["other"], centres])
    order = np.lexsort((nodes, names))
    candidates = nodes[order].astype(np.int64)
    return candidates, checked(names[order], signatures[candidates], near.threshold, near.bands[1])


def _candidate_edges(signatures: Signatures, near: NearConfig) -> NDArray[Any]:
    bands, rows = near.bands
    partitions = partitions_for(len(signatures))
    dealt: dict[int, list[NDArray[Any]]] = {}
    for start in range(0, len(signatures), _AT_ONCE):
        keys = band_keys(signatures[start : start + _AT_ONCE], bands, rows)
        keyed = np.empty(keys.size, [("key", "u8"), ("node", "u8")])
        keyed["key"] = keys.reshape(-1)
        keyed["node"] = np.repeat(np.arange(start, start + len(keys), dtype=np.uint64), bands)
        for partition, part in deal(keyed, partition_of(keyed["key"], partitions)):
            dealt.setdefault(partition, []).append(part)
    together = (np.concatenate(parts) for parts in dealt.values())
    return np.concatenate([np.empty(0, EDGE), *(bucket_edges(part["key"], part["node"]) for part in together)])


def _time_clustering(signatures: Signatures, near: NearConfig) -> float:
    began = time.process_time()
    clusters_of(signatures, near)
    return time.process_time() - began


def _run_job(passages: Sequence[str], size: int, near: NearConfig) -> dedupe_job.Run:
    with tempfile.TemporaryDirectory() as folder:
        documents = Path(folder, "documents")
        write_number_of(passages, documents, size)
        return dedupe_job.run(documents, Path(folder, "out"), near)
