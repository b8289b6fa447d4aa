"""The corpus stages of the tiny preset, raw files to training records, with Beam in one process and in two.

Each stage runs as the flow runs it, manifest and all, in turn with one process and with two; both must write the same
bytes. A job of several processes begins by starting them, which a job that does nothing shows: where there are only a
few megabytes to work on, that is most of what it does.
"""

import statistics
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import apache_beam as beam

from beam_jobs.clean_docs import clean_documents
from beam_jobs.config import CorpusConfig, RunnerConfig
from beam_jobs.dedupe_docs import dedupe_documents
from beam_jobs.launch import run_job
from beam_jobs.read_docs import read_documents
from beam_jobs.read_plan import find_sources
from beam_jobs.storage import read_parquet
from beam_jobs.tokenize_docs import tokenize_documents
from beam_jobs.vocabulary import make_vocabulary
from benchmarks.corpus_text import corpus_config
from benchmarks.harness import Findings, Options, Ratio, UnequalError, alternate, run_benchmark
from model.contract.manifest import OutputFile, StageOutput
from model.contract.stage import Made, Stage

ONE, TWO = "one process", "two processes"
PROCESSES = {ONE: 1, TWO: 2}
START, ALL = "start", "all four"

Work = Callable[[str, RunnerConfig], Made]
"""Writes a stage's files into a directory, on a runner."""
Seconds = dict[str, list[float]]
"""Of each round, by number of processes."""


def measure(options: Options) -> Findings:
    """Times the stages one after the other, each on what the one before it made."""
    config = _config(options)
    files = find_sources(config.read.sources)
    seconds: dict[str, Seconds] = {}
    with tempfile.TemporaryDirectory() as folder:
        stages = _Stages(Path(folder), options.short)
        if not options.short:
            seconds[START], _ = stages.time(START, _do_nothing)
        seconds["read"], documents = stages.time("read", lambda to, on: read_documents(files, config.read, to, on))
        seconds["clean"], cleaned = stages.time(
            "clean", lambda to, on: clean_documents(documents, config.clean, to, on)
        )
        seconds["dedupe"], unique = stages.time(
            "dedupe", lambda to, on: dedupe_documents(cleaned, config.dedupe, to, on)
        )
        # A short run's few documents may all fall to one side of the split.
        tokenizing = config.tokenize.model_copy(update={"validation_share": 0.0})
        pieces = stages.make("vocabulary", lambda to, _: make_vocabulary(config.vocabulary, to), ONE)
        seconds["tokenize"], _ = stages.time(
            "tokenize", lambda to, on: tokenize_documents(unique, pieces, tokenizing, {}, to, on)
        )
        sizes = [len(doc.text.encode()) for path in documents.paths(suffix=".parquet") for doc in read_parquet(path)]
    return _findings(seconds, sizes)


class _Stages:
    """Runs stages in folders of their own, since one that is done would be skipped."""

    def __init__(self, folder: Path, short: bool):
        self._folder, self._short = folder, short
        self._made = 0

    def time(self, name: str, work: Work) -> tuple[Seconds, StageOutput]:
        """A stage's seconds and its output; in short after the first stage with one process only.

        Raises:
          UnequalError: when its files are not the same with one process and with two.
        """
        outputs: dict[str, StageOutput] = {}

        def run(processes: str) -> None:
            outputs[processes] = self.make(name, work, processes)

        ways = [ONE] if self._short and name != "read" else [ONE, TWO]
        works = {f"{name}, {way}": lambda way=way: run(way) for way in ways}
        if not self._short:
            alternate(works, rounds=1)  # loads what the jobs need
        seconds = alternate(works, rounds=1 if self._short else 3)
        if any(outputs[way].manifest.outputs != outputs[ONE].manifest.outputs for way in ways):
            raise UnequalError(f"the stage {name} wrote other files with two processes than with one.")
        return {way: seconds[f"{name}, {way}"] for way in ways}, outputs[ONE]

    def make(self, name: str, work: Work, processes: str) -> StageOutput:
        """The stage's output, made anew."""
        self._made += 1
        stage = Stage(name, str(self._folder / str(self._made)), {}, (), {})
        runner = RunnerConfig(processes=PROCESSES[processes])
        return stage.run(lambda directory: work(directory, runner), log=lambda _: None)


def _do_nothing(directory: str, runner: RunnerConfig) -> Made:
    nothing = OutputFile(name="nothing", bytes=0, records=0, crc32c="")
    files, counters = run_job(lambda pipeline: pipeline | beam.Create([nothing]), directory, runner)
    return Made(outputs=files, counters=counters)


def _findings(seconds: dict[str, Seconds], sizes: Sequence[int]) -> Findings:
    stages = [stage for stage in seconds if stage != START]
    ways = [way for way in PROCESSES if all(way in seconds[stage] for stage in stages)]
    rounds = {way: zip(*(seconds[stage][way] for stage in stages), strict=True) for way in ways}
    seconds = seconds | {ALL: {way: [sum(parts) for parts in rounds[way]] for way in ways}}
    medians = {stage: {way: statistics.median(taken[way]) for way in taken} for stage, taken in seconds.items()}
    ratios = {stage: Ratio.of(taken[TWO], taken[ONE]) for stage, taken in seconds.items() if TWO in taken}
    megabytes = sum(sizes) / 1e6
    rate = {stage: megabytes / medians[stage][ONE] for stage in [*stages, ALL]}
    rows = [
        {
            "stage": stage,
            **{f"s, {way}": medians[stage].get(way, "") for way in PROCESSES},
            "MB/s, one process": rate.get(stage, ""),
            "MB/s, two processes": megabytes / medians[stage][TWO] if TWO in taken and stage != START else "",
            "two as fast as one (range over rounds)": str(ratios.get(stage, "")),
        }
        for stage, taken in seconds.items()
    ]
    figures = {
        "benchmark": "corpus_pipeline",
        "ratios": {f"{_key(stage)}_two_processes_over_one": ratio.median for stage, ratio in ratios.items()},
        "megabytes_per_second": {_key(stage): float(f"{value:.3g}") for stage, value in rate.items()},
    }
    note = (
        f"MB: the {megabytes:.1f} MB of text in the {len(sizes):,} documents that reading gives, for every stage. "
        f"Medians of rounds; {START}: a job that does nothing."
    )
    return Findings(rows, figures, [note])


def _key(stage: str) -> str:
    return stage.replace(" ", "_")


def _config(options: Options) -> CorpusConfig:
    """In short the first source whose files take no parsing to speak of, or else the first."""
    config = corpus_config(options.data)
    if not options.short:
        return config
    plain = [source for source in config.read.sources if source.format in ("nikl", "jsonl")]
    sources = tuple((plain or list(config.read.sources))[:1])
    return config.model_copy(update={"read": config.read.model_copy(update={"sources": sources})})


if __name__ == "__main__":
    run_benchmark(__doc__ or "", measure)
