"""DedupeDocs: of each set of copies one Document stays, and every other is listed with the one that it is a copy of;
or near copies all stay, and are marked.

Addresses and texts first, then recurring passages, then similar texts, each judged on what those before left. Files
are read once for each of these and once to be written; what is shuffled are hashes and numbers, never texts.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import apache_beam as beam

from beam_jobs.cleaning.finding import Cut
from beam_jobs.config import RunnerConfig
from beam_jobs.dedupe.exact_copies import RULES, FindExactCopies
from beam_jobs.dedupe.near_copies import CLUSTERS, LARGEST, RULE, Cluster, FindNearCopies
from beam_jobs.dedupe.nodes import nodes_of, partitions_for
from beam_jobs.dedupe.remaining import CUTS, FILE, GONE, MARKED, TOO_SHORT, Gone, Remaining, Verdicts
from beam_jobs.dedupe.repeated_passages import FindRepeatedPassages
from beam_jobs.dedupe_config import DedupeConfig
from beam_jobs.document import NEAR_COPIES, Document
from beam_jobs.each_file import CONTEXT, TALLIES, Book, InputFile, WriteStatistics, count, input_files, made, sift_file
from beam_jobs.launch import run_job
from beam_jobs.tally import Example
from model.contract.manifest import StageOutput
from model.contract.stage import Made

STAGE = "dedupe"
PASSAGE = "repeated_passage"
DESCRIBED = "described"


@dataclasses.dataclass
class DedupeDocs(beam.PTransform):
    """Finds copies among files of Documents, and writes those that stay."""

    config: DedupeConfig
    directory: str
    partitions: int

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, files: Any) -> Any:
        """From InputFiles to the OutputFiles written."""
        numbered = files | "ByNumber" >> beam.Map(lambda file: (file.number, file)).with_output_types(
            tuple[int, InputFile]
        )
        verdicts = {FILE: numbered, GONE: files | "ExactCopies" >> FindExactCopies(self.config, self.partitions)}
        if self.config.lines.any:
            verdicts[CUTS] = _together("LeftByExact", verdicts) | "Repeats" >> FindRepeatedPassages(
                self.config, self.partitions
            )
        largest = files.pipeline | "NoCluster" >> beam.Create([[]])
        if self.config.near is not None:
            near = _together("LeftByRepeats", verdicts) | "NearCopies" >> FindNearCopies(
                self.config, self.config.near, self.partitions
            )
            if self.config.near.action == "mark":
                verdicts[MARKED] = near.gone
            else:
                verdicts[GONE] = (verdicts[GONE], near.gone) | "AllGone" >> beam.Flatten()
            largest = near[LARGEST] | "Largest" >> beam.CombineGlobally(_largest)
        written = _together("Judge", verdicts) | "Write" >> beam.ParDo(
            WriteRemainingFn(self.config, self.directory), beam.pvalue.AsSingleton(largest)
        ).with_outputs(TALLIES, DESCRIBED, main="files")
        all_stay = self.config.near is not None and self.config.near.action == "mark"
        listed = largest | "List" >> beam.Map(_listed, beam.pvalue.AsIter(written[DESCRIBED]), all_stay)
        statistics = written[TALLIES] | WriteStatistics(STAGE, self.directory, listed)
        return (written.files, statistics) | "AllFiles" >> beam.Flatten()


class WriteRemainingFn(beam.DoFn):
    """Writes what is left of a file; under DESCRIBED, the members of the largest clusters that lie in it."""

    def __init__(self, config: DedupeConfig, directory: str):
        self._config, self._directory = config, directory
        self._thresholds = dict.fromkeys(RULES.values(), 1.0) | {TOO_SHORT: config.lines.min_text_characters}

    def process(self, element: tuple[int, Verdicts], largest: Sequence[Cluster]) -> Iterator[Any]:
        """One file."""
        remaining = Remaining(self._config, element[1])
        wanted = {node for cluster in largest for node in (cluster.survivor, *dict(cluster.members))}
        described: list[tuple[int, dict[str, str]]] = []

        def decide(row: int, doc: Document, book: Book) -> Document | None:
            node = int(nodes_of(remaining.file.number, row))
            if node in wanted:
                described.append((node, _description(doc)))
            return self._decided(remaining, row, doc, book)

        book = Book(STAGE)
        yield from sift_file(remaining.file, decide, book, self._directory)
        count(book.tally)
        yield beam.pvalue.TaggedOutput(TALLIES, book.tally)
        yield from (beam.pvalue.TaggedOutput(DESCRIBED, pair) for pair in described)

    def _decided(self, remaining: Remaining, row: int, doc: Document, book: Book) -> Document | None:
        verdict = remaining.judge(row, doc)
        if isinstance(verdict, Gone):
            near = self._config.near.threshold if self._config.near else 1.0
            threshold = self._thresholds.get(verdict.rule, near)
            book.drop(doc, verdict.rule, verdict.value, threshold, verdict.matched)
            return None
        book.change(doc, (Cut(PASSAGE, passage, "") for passage in verdict.cut))
        if verdict.near_copies:
            doc = _marked(doc, verdict.near_copies, book)
        return doc._replace(text=verdict.text)


def dedupe_documents(documents: StageOutput, config: DedupeConfig, directory: str, runner: RunnerConfig) -> Made:
    """The deduplicating job, from the cleaning stage's Documents to those that stay.

    Raises:
      OutputError: when a file of the earlier stage is damaged, or no document is left.
    """
    files = input_files(documents)
    partitions = partitions_for(sum(file.records or 0 for file in documents.files(suffix=".parquet")))

    def build(pipeline: beam.Pipeline) -> Any:
        numbered = pipeline | "Files" >> beam.Create(files, reshuffle=False) | "Spread" >> beam.Reshuffle()
        return numbered | DedupeDocs(config, directory, partitions)

    outputs, counters = run_job(build, directory, runner)
    return made(documents, outputs, counters)


def _marked(doc: Document, near_copies: str, book: Book) -> Document:
    shown = Example(RULE, doc.id, doc.source, doc.url, doc.title, doc.text[:CONTEXT], f"{NEAR_COPIES}: {near_copies}")
    book.tally.change(RULE, doc.source, 1, 0)
    book.tally.example(shown)
    return doc._replace(metadata={**doc.metadata, NEAR_COPIES: near_copies})


def _together(label: str, verdicts: dict[str, Any]) -> Any:
    return verdicts | label >> beam.CoGroupByKey()


def _largest(found: Iterable[Any]) -> list[Cluster]:
    """The largest clusters, of some or of lists of some: what `CombineGlobally` adds up in any order."""
    clusters = [cluster for each in found for cluster in (each if isinstance(each, list) else [each])]
    return sorted(clusters, key=lambda cluster: (-cluster.size, cluster.survivor))[:CLUSTERS]


def _description(doc: Document) -> dict[str, str]:
    return {
        "id": doc.id,
        "source": doc.source,
        "url": doc.url,
        "title": doc.title,
        "excerpt": doc.text[:CONTEXT],
    }


def _listed(
    largest: Sequence[Cluster], described: Iterable[tuple[int, dict[str, str]]], all_stay: bool
) -> list[dict[str, Any]]:
    """The clusters as the report shows them."""
    by_node = dict(described)
    return [
        {
            "size": cluster.size,
            "all_stay": all_stay,
            "survivor": by_node[cluster.survivor],
            "members": [{**by_node[node], "similarity": similarity} for node, similarity in cluster.members],
        }
        for cluster in largest
    ]
