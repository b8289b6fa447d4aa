"""Decontamination: evaluation examples are cut out of Documents, or the Documents dropped, and every one is listed."""

import dataclasses
import functools
import json
from collections.abc import Iterator, Sequence
from typing import Any

import apache_beam as beam

from beam_jobs.cleaning.finding import Cut
from beam_jobs.config import RunnerConfig
from beam_jobs.decontamination.cutting import judge
from beam_jobs.decontamination.evaluation_index import EvaluationIndex, build_index
from beam_jobs.decontamination.evaluation_texts import evaluation_texts
from beam_jobs.decontamination.matching import Match, Matcher
from beam_jobs.dedupe_config import DecontaminateConfig
from beam_jobs.document import Document
from beam_jobs.each_file import (
    CONTEXT,
    TALLIES,
    Book,
    InputFile,
    WriteStatistics,
    count,
    input_files,
    made,
    sift_file,
)
from beam_jobs.korean_text import to_nfc
from beam_jobs.launch import run_job
from beam_jobs.storage import write_shard
from model.contract.errors import SettingError
from model.contract.manifest import OutputFile, StageOutput
from model.contract.stage import Made

STAGE = "decontaminate"
LISTED = "contaminated-"
"""How the files begin that list every match, as JSON lines."""


def decontaminate_documents(
    documents: StageOutput, config: DecontaminateConfig, directory: str, runner: RunnerConfig
) -> Made:
    """The decontaminating job: for each file of Documents one of those that stay, and a list of what was found.

    The manifest's facts say how many evaluation texts of each task could be looked for.

    Raises:
      SettingError: when no evaluation is named.
      InputError: when an evaluation file is missing or of another format, or no example could be indexed.
      OutputError: when a file of the earlier stage is damaged, or no document is left.
    """
    files = input_files(documents)
    index = _index(config)  # before any work, so that a file that is missing is told at once

    def build(pipeline: beam.Pipeline) -> Any:
        found = (
            pipeline
            | "Files" >> beam.Create(files, reshuffle=False)
            | "Spread" >> beam.Reshuffle()
            | "Decontaminate" >> beam.ParDo(DecontaminateFileFn(config, directory)).with_outputs(TALLIES, main="files")
        )
        statistics = found[TALLIES] | WriteStatistics(STAGE, directory)
        return (found.files, statistics) | "AllFiles" >> beam.Flatten()

    outputs, counters = run_job(build, directory, runner)
    return dataclasses.replace(made(documents, outputs, counters), facts={"evaluation_texts": index.counts})


def _index(config: DecontaminateConfig) -> EvaluationIndex:
    if not config.evaluations:
        raise SettingError("decontaminate.evaluations is empty; name a task and its files, or leave the stage out.")
    return build_index(evaluation_texts(config.evaluations), config)


class DecontaminateFileFn(beam.DoFn):
    """Takes one file; yields the files written, and under TALLIES what was seen."""

    def __init__(self, config: DecontaminateConfig, directory: str):
        self._config, self._directory = config, directory

    def setup(self) -> None:
        """Indexes the evaluation examples, once a worker."""
        self._decide = Decontaminator(_index(self._config), self._config)

    def process(self, file: InputFile) -> Iterator[Any]:
        """One file to three: Documents, those removed, and every match."""
        book, listed = Book(STAGE), list[dict[str, Any]]()
        decide = functools.partial(self._decide, listed)
        yield from sift_file(file, decide, book, self._directory)
        yield _write_list(self._directory, file.name, listed)
        count(book.tally)
        yield beam.pvalue.TaggedOutput(TALLIES, book.tally)


class Decontaminator:
    """Judges Documents one by one."""

    def __init__(self, index: EvaluationIndex, config: DecontaminateConfig):
        self._matcher, self._config = Matcher(index, config), config

    def __call__(self, listed: list[dict[str, Any]], row: int, doc: Document, book: Book) -> Document | None:
        """The document that stays, if any; every match goes into the list."""
        text = to_nfc(doc.text)
        matches = self._matcher.matches(text)
        if not matches:
            return doc
        left, cuts = judge(text, matches, self._config)
        action = "dropped" if left is None else "cut"
        listed += (_row(doc, text, match, action) for match in matches)
        if left is None:
            most = max(matches, key=_weight)
            book.drop(doc, _rule(most), most.share, self._config.min_share, str(most.example))
            return None
        book.change(doc, [Cut(_rule(_most_within(matches, cut)), text[slice(*cut)], "") for cut in cuts])
        return doc._replace(text=left)


def _rule(match: Match) -> str:
    return f"holds_{match.example.task}"


def _weight(match: Match) -> tuple[int, float]:
    return match.letters, match.share


def _most_within(matches: Sequence[Match], cut: tuple[int, int]) -> Match:
    return max((match for match in matches if cut[0] <= match.start < cut[1]), key=_weight)


def _row(doc: Document, text: str, match: Match, action: str) -> dict[str, Any]:
    """A line of the list."""
    return {
        "document": doc.id,
        "source": doc.source,
        "url": doc.url,
        "title": doc.title,
        "action": action,
        "task": match.example.task,
        "example": match.example.example,
        "share": round(match.share, 4),
        "letters": match.letters,
        "start": match.start,
        "end": match.end,
        "passage": text[match.start : match.end][:CONTEXT],
    }


def _write_list(directory: str, name: str, rows: Sequence[dict[str, Any]]) -> OutputFile:
    data = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode()
    return write_shard(directory, f"{LISTED}{name}.jsonl", data, len(rows))
