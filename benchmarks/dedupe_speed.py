"""The whole near deduplication, Parquet to Parquet with two processes: ours beside datatrove's local pipeline.

Ours runs by its defaults, with a check of every candidate pair and the removed-table; datatrove's four steps by theirs,
on words split at blanks.
"""

import shutil
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from beam_jobs.dedupe_config import NearConfig
from benchmarks import dedupe_job
from benchmarks.harness import Findings, Ratio, alternate
from benchmarks.peer_environment import Peers

OURS, DATATROVE = "ours", "datatrove"
BUCKETS, HASHES = 14, 8
"""datatrove's defaults."""
PROCESSES = 2


class Run(NamedTuple):
    """One run: wall seconds of all of it, and once Python and its imports have started."""

    seconds: float
    without_start: float
    kept: int


def measure_whole_job(documents: Path, work: Path, peers: Peers | None, rounds: int) -> Findings:
    """A row for either side and `near_dedupe_vs_datatrove`, which is null without the peers.

    Args:
      documents: a folder of Parquet files.
      work: where both write.
      peers: None leaves datatrove out.
      rounds: in which both run.
    """
    ways: dict[str, Callable[[], Run]] = {OURS: lambda: _ours(documents, _emptied(work / OURS))}
    if peers:
        ways[DATATROVE] = lambda: _datatrove(documents, _emptied(work / DATATROVE), peers)
    runs: dict[str, list[Run]] = {name: [] for name in ways}
    alternate({name: lambda name=name: runs[name].append(ways[name]()) for name in ways}, rounds)
    whole = _ratio(runs, "seconds")
    bands, rows = NearConfig().bands
    note = (
        f"Whole job: ours with {bands} bands of {rows} rows over characters, a check of every candidate pair and the "
        f"removed-table, datatrove with {BUCKETS} of {HASHES} over words at blanks; {PROCESSES} processes each. "
        "Start-up is Python's and that of imports; starting the worker processes counts on either side, and is most of "
        "what a small corpus takes."
    )
    return Findings(_rows(runs), {"near_dedupe_vs_datatrove": whole.median if whole else None}, [note])


def _ours(documents: Path, work: Path) -> Run:
    done = dedupe_job.run(documents, work, NearConfig(), PROCESSES)
    return Run(done.seconds, done.job_seconds, done.kept)


def _datatrove(documents: Path, work: Path, peers: Peers) -> Run:
    request = {"folder": str(documents), "work": str(work), "buckets": BUCKETS, "hashes": HASHES, "clusters": False}
    done = peers.ask("datatrove_pipeline.py", {**request, "tasks": PROCESSES, "workers": PROCESSES})
    return Run(done.seconds, done.result["seconds"], done.result["kept"])


def _rows(runs: Mapping[str, Sequence[Run]]) -> list[dict[str, Any]]:
    return [
        {
            "by": name,
            "s": statistics.median(run.seconds for run in own),
            "s without start-up": statistics.median(run.without_start for run in own),
            "documents kept": own[0].kept,
            "ours is faster by (range over rounds)": str(_ratio(runs, "seconds")) if name == DATATROVE else "",
            "without start-up": str(_ratio(runs, "without_start")) if name == DATATROVE else "",
        }
        for name, own in runs.items()
    ]


def _ratio(runs: Mapping[str, Sequence[Run]], seconds: str) -> Ratio | None:
    if DATATROVE not in runs:
        return None
    return Ratio.of(*([getattr(run, seconds) for run in runs[name]] for name in (OURS, DATATROVE)))


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder
