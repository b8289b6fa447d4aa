"""Our deduplicating job in a process of its own, timed from its start to its end, with the memory that it takes.

The memory is the most that all of its processes together hold at once: their proportional set sizes (pages that
several share count once), read from Linux's /proc five times a second. They lie in a process group of their own.
"""

import glob
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from beam_jobs import removed
from beam_jobs.dedupe_config import DedupeConfig, NearConfig
from flows.config import PROJECT
from model.contract.errors import KnownError

_EVERY_SECONDS = 0.2


class JobError(KnownError):
    """The job ended without a result."""


class Run(NamedTuple):
    """One run of the job."""

    kept: int
    matched: dict[str, str]
    """Of each document that went, the one that stayed instead."""
    seconds: float
    """Of the process, start-up and all."""
    job_seconds: float
    """Of the job, once everything is imported."""
    peak_bytes: int
    """Of all processes together."""


def near_only(near: NearConfig) -> DedupeConfig:
    """Settings by which documents go for being similar alone, as the peers' do."""
    return DedupeConfig(addresses=False, texts=False, near=near)


def run(folder: Path, out: Path, near: NearConfig, processes: int = 2) -> Run:
    """Near deduplication of a folder of Documents into another."""
    request = {
        "folder": str(folder),
        "out": str(out),
        "config": near_only(near).model_dump(mode="json"),
        "processes": processes,
    }
    began = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-c", "from benchmarks.dedupe_job import main; main()"],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    peak = _Peak(child.pid)
    said, complaint = child.communicate(json.dumps(request))
    seconds = time.perf_counter() - began
    peak.stop()
    if child.returncode:
        raise JobError(f"our deduplicating job failed: {complaint.strip().splitlines()[-1]}")
    done = json.loads(said.splitlines()[-1])
    return Run(done["kept"], _matched(out), seconds, done["seconds"], peak.most)


def main() -> None:
    """The child: reads the request from standard input, and prints what `run` needs."""
    from beam_jobs.config import RunnerConfig
    from beam_jobs.dedupe_docs import dedupe_documents
    from flows.corpus_steps import documents_at

    asked = json.load(sys.stdin)
    config = DedupeConfig.model_validate(asked["config"])
    began = time.perf_counter()
    documents = documents_at([asked["folder"]])
    made = dedupe_documents(documents, config, asked["out"], RunnerConfig(processes=asked["processes"]))
    seconds = time.perf_counter() - began
    kept = sum(file.records or 0 for file in made.outputs if file.name.startswith("documents-"))
    print(json.dumps({"kept": kept, "seconds": seconds}))


def _matched(out: Path) -> dict[str, str]:
    return {row.id: row.matched for path in glob.glob(f"{out}/{removed.PREFIX}*") for row in removed.read_table(path)}


class _Peak:
    """Watches a process group until it is told to stop."""

    def __init__(self, group: int):
        self.most = 0
        self._group = group
        self._ended = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def stop(self) -> None:
        """Ends watching."""
        self._ended.set()
        self._watcher.join()

    def _watch(self) -> None:
        while not self._ended.wait(_EVERY_SECONDS):
            self.most = max(self.most, sum(map(_resident_bytes, _processes_of(self._group))))


def _processes_of(group: int) -> Iterator[int]:
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if os.getpgid(int(name)) == group:
                    yield int(name)
            except ProcessLookupError:
                continue


def _resident_bytes(process: int) -> int:
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except (OSError, ProcessLookupError):
        return 0
    return 1024 * sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
