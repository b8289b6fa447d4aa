"""Our deduplicating job in a process of its own, timed from its start to its end, with the memory that it takes."""

import glob
import json
import sys
import time
from pathlib import Path
from typing import NamedTuple

from beam_jobs import removed
from beam_jobs.dedupe_config import DedupeConfig, NearConfig
from benchmarks.child import run_child


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
    done = run_child("benchmarks.dedupe_job", request)
    return Run(done.answer["kept"], _matched(out), done.seconds, done.answer["seconds"], done.peak_bytes)


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
