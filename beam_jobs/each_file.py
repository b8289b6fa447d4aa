"""Jobs that take Documents file by file: one file in, one file of those kept and one removed-table out.

No text is shuffled: what a job decides about a document it decides where the document lies, so files come out in the
order, and with the names, in which they went in, whatever the runner and the number of workers.
"""

import collections
import dataclasses
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import apache_beam as beam
import numpy as np
from apache_beam.metrics import Metrics
from numpy.typing import NDArray

from beam_jobs import removed
from beam_jobs.cleaning.finding import Cut
from beam_jobs.config import RunnerConfig
from beam_jobs.document import Document
from beam_jobs.launch import run_job
from beam_jobs.removed import Removed
from beam_jobs.storage import DOCUMENTS, read_parquet, write_documents, write_shard
from beam_jobs.tally import STATISTICS, Example, Tally
from model.contract.errors import InputError, OutputError
from model.contract.manifest import OutputFile, StageOutput, check_outputs
from model.contract.stage import Made

TALLIES = "tallies"
CONTEXT = 300
"""Characters of an example."""
_ENDING = 20
_LOOKED_AT = 10 * CONTEXT
"""Characters in which personal data is looked for before an excerpt is cut out of them."""
_AT_ONCE = 4_096


class InputFile(NamedTuple):
    """A Parquet file of Documents, and what the files made of it are called."""

    number: int
    """Its place among all files in order of name; with a row, it names a document."""
    path: str
    name: str
    """Without what says whether it holds documents or what was removed, and without ".parquet"."""


class Book:
    """What is written down while one file's documents are judged.

    Args:
      stage: the job's name.
      show: turns a passage into one that may be shown; by default, as it is.
    """

    def __init__(self, stage: str, show: Callable[[str], str] = str):
        self.tally = Tally(stage)
        self.removed: list[Removed] = []
        self._show = show

    def drop(self, doc: Document, rule: str, value: float = 0.0, threshold: float = 0.0, matched: str = "") -> None:
        """Writes down that a document goes, and why; `matched` is the id of what it is a copy of."""
        # Masked before it is cut: half a number is recognised by nothing, and gives most of itself away.
        excerpt = self._show(doc.text[:_LOOKED_AT])[:CONTEXT]
        shown = doc._replace(title=self._show(doc.title), url=self._show(doc.url))
        self.removed.append(removed.row(shown, rule, value, threshold, matched, excerpt))
        self.tally.drop(rule, doc.source, len(doc.text))
        self.tally.example(Example(rule, doc.id, doc.source, shown.url, shown.title, excerpt, ""))

    def change(self, doc: Document, cuts: Iterable[Cut]) -> None:
        """Writes down what was cut out of a document that stays, or masked in it."""
        by_rule: dict[str, list[Cut]] = {}
        for cut in cuts:
            by_rule.setdefault(cut.rule, []).append(cut)
        for rule, own in by_rule.items():
            gone = sum(len(cut.before) - len(cut.after) for cut in own)
            self.tally.change(rule, doc.source, len(own), gone)
            if self.tally.wants(rule, doc.id):
                self._show_change(doc, rule, *(self._show(text)[:CONTEXT] for text in (own[0].before, own[0].after)))

    def rewrite(self, doc: Document, rule: str, before: str, rewritten: Callable[[], str]) -> None:
        """Writes down that a rule rewrote a document's text.

        Args:
          doc: in its new form, but with no personal data masked. If it has some, it is no example: before it was
            rewritten, nothing may have recognised it.
          rule: which.
          before: the text.
          rewritten: what the rule alone makes of it; the example shows where the two first differ.
        """
        self.tally.change(rule, doc.source, 1, 0)
        shown = f"{doc.title}\n{doc.text}"
        if self.tally.wants(rule, doc.id) and self._show(shown) == shown:
            self._show_change(doc, rule, *_where_they_differ(before, rewritten()))

    def _show_change(self, doc: Document, rule: str, before: str, after: str) -> None:
        url, title = self._show(doc.url), self._show(doc.title)
        self.tally.example(Example(rule, doc.id, doc.source, url, title, before, after))


def _where_they_differ(before: str, after: str) -> tuple[str, str]:
    """A passage of each around their first difference, which end alike where that can be seen."""
    pairs = enumerate(zip(before, after, strict=False))
    start = max(next((at for at, (one, other) in pairs if one != other), len(after)) - CONTEXT // 4, 0)
    end = start + CONTEXT
    if end >= len(before):
        return before[start:], after[start:end]
    ending = before[end - _ENDING : end]
    found = after.find(ending, start, end + _ENDING)
    return before[start:end], after[start : found + _ENDING if found >= 0 else end]


Decide = Callable[[int, Document, Book], Document | None]
"""From a document and its row in the file to the document that stays, if any; the book has the reasons."""


class Sieve(Protocol):
    """What judges documents one by one, the same way in every file."""

    stage: str

    def setup(self) -> None:
        """Loads what is heavy, once a worker."""

    def show(self, text: str) -> str:
        """A passage as it may be shown to people."""

    def __call__(self, row: int, doc: Document, book: Book) -> Document | None:
        """See `Decide`."""


def input_files(documents: StageOutput) -> list[InputFile]:
    """A stage's files of Documents, numbered in order of name.

    Raises:
      OutputError: when one is damaged, or two would get one name.
    """
    check_outputs(documents)
    names = [file.name for file in documents.files(suffix=".parquet") if not file.name.startswith(removed.PREFIX)]
    short = [name.removeprefix(DOCUMENTS).removesuffix(".parquet").replace("/", "-") for name in names]
    if twice := sorted(name for name, count in collections.Counter(short).items() if count > 1):
        raise OutputError(f"two files of {documents.directory} would both be written as {twice[0]}; rename one.")
    paths = dict(zip(short, names, strict=True))
    directory = documents.directory.rstrip("/")
    return [InputFile(number, f"{directory}/{paths[name]}", name) for number, name in enumerate(sorted(short))]


def document_batches(file: InputFile) -> Iterator[tuple[NDArray[np.int64], list[Document]]]:
    """A file's documents, some thousands at a time, with their rows."""
    first = 0
    documents = read_parquet(file.path)
    while batch := list(itertools.islice(documents, _AT_ONCE)):
        yield np.arange(first, first + len(batch)), batch
        first += len(batch)


def sift_file(file: InputFile, decide: Decide, book: Book, directory: str) -> list[OutputFile]:
    """Writes the documents of a file that stay, and the table of those that do not."""

    def kept() -> Iterator[Document]:
        for row, doc in enumerate(read_parquet(file.path)):
            _see(book.tally, doc, "in")
            if (stays := decide(row, doc, book)) is not None:
                _see(book.tally, stays, "out")
                yield stays

    documents = write_documents(directory, f"{DOCUMENTS}{file.name}.parquet", kept())
    table = removed.table_bytes(book.removed)
    return [documents, write_shard(directory, f"{removed.PREFIX}{file.name}.parquet", table, len(book.removed))]


def _see(tally: Tally, doc: Document, door: str) -> None:
    tally.flow(doc.source, door, len(doc.text))
    tally.measure("characters", doc.source, door, len(doc.text))
    if doc.url:
        tally.host(doc.url, door)


def count(tally: Tally) -> None:
    """Adds a file's documents to the job's counters.

    `{stage}_docs/{source}/` has `kept` and each rule that drops, and so adds up to what came in;
    `{stage}_changes/{source}/` has the rules that only change what stays.
    """
    for (source, door, unit), number in tally.flows.items():
        if door == "out" and unit == "documents":
            Metrics.counter(f"{tally.stage}_docs", f"{source}/kept").inc(number)
    for namespace, counts in ((f"{tally.stage}_docs", tally.dropped), (f"{tally.stage}_changes", tally.changed)):
        for (rule, source, unit), number in counts.items():
            if unit == "documents":
                Metrics.counter(namespace, f"{source}/{rule}").inc(number)


class SiftFileFn(beam.DoFn):
    """Sifts one file; yields the files written, and under TALLIES what was seen."""

    def __init__(self, sieve: Sieve, directory: str):
        self._sieve, self._directory = sieve, directory

    def setup(self) -> None:
        """Makes the sieve ready."""
        self._sieve.setup()

    def process(self, file: InputFile) -> Iterator[Any]:
        """One file to two."""
        book = Book(self._sieve.stage, self._sieve.show)
        yield from sift_file(file, self._sieve, book, self._directory)
        count(book.tally)
        yield beam.pvalue.TaggedOutput(TALLIES, book.tally)


@dataclasses.dataclass
class WriteStatistics(beam.PTransform):
    """Adds tallies up and writes them as one file, which it describes.

    `clusters` is a PCollection of one list: the largest sets of copies, for the report.
    """

    stage: str
    directory: str
    clusters: Any = None

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, tallies: Any) -> Any:
        """From Tallies to an OutputFile."""
        clusters = beam.pvalue.AsSingleton(self.clusters) if self.clusters is not None else ()
        return (
            tallies
            | "AddUp" >> beam.CombineGlobally(AddTallies(self.stage))
            | "WriteStatistics" >> beam.Map(_write_statistics, self.directory, clusters)
        )


class AddTallies(beam.CombineFn):
    """Adds tallies to one, in any order."""

    def __init__(self, stage: str):
        self._stage = stage

    def create_accumulator(self) -> Tally:
        """Nothing seen yet."""
        return Tally(self._stage)

    def add_input(self, total: Tally, tally: Tally) -> Tally:
        """One file more."""
        return total.add(tally)

    def merge_accumulators(self, totals: Iterable[Tally]) -> Tally:
        """The files of several workers."""
        merged = Tally(self._stage)
        for total in totals:
            merged.add(total)
        return merged

    def extract_output(self, total: Tally) -> Tally:
        """All of it."""
        return total


def _write_statistics(tally: Tally, directory: str, clusters: Sequence[Any]) -> OutputFile:
    data = tally.to_json(clusters)
    return write_shard(directory, STATISTICS, data, 0).model_copy(update={"records": None})


def sift_documents(documents: StageOutput, sieve: Sieve, directory: str, runner: RunnerConfig) -> Made:
    """The job that sifts every file of an earlier stage by one sieve.

    Raises:
      OutputError: when a file of the earlier stage is damaged, or no document is left.
    """
    files = input_files(documents)

    def build(pipeline: beam.Pipeline) -> Any:
        sifted = (
            pipeline
            | "Files" >> beam.Create(files, reshuffle=False)
            | "Spread" >> beam.Reshuffle()
            | "Sift" >> beam.ParDo(SiftFileFn(sieve, directory)).with_outputs(TALLIES, main="files")
        )
        statistics = sifted[TALLIES] | WriteStatistics(sieve.stage, directory)
        return (sifted.files, statistics) | "AllFiles" >> beam.Flatten()

    outputs, counters = run_job(build, directory, runner)
    return made(documents, outputs, counters)


def made(documents: StageOutput, outputs: Sequence[OutputFile], counters: dict[str, int]) -> Made:
    """What a job hands back.

    Raises:
      InputError: when there was none.
      OutputError: when no document is left.
    """
    if not any(name.startswith(("clean_docs/", "dedupe_docs/", "decontaminate_docs/")) for name in counters):
        raise InputError(f"{documents.directory} holds no document; give files that do.")
    if not any(file.records for file in outputs if file.name.startswith(DOCUMENTS)):
        raise OutputError(
            f"no document of {documents.directory} is left; {counters} says why: loosen what dropped most."
        )
    return Made(outputs=outputs, counters=counters)
