"""FindRepeatedPassages: lines, or three sentences in a row, that stood in the corpus before."""

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam

from beam_jobs.dedupe.copies import ranks_of
from beam_jobs.dedupe.nodes import Blob, deal, file_of, nodes_of, partition_of, together
from beam_jobs.dedupe.passages import Passages, repeated
from beam_jobs.dedupe.remaining import Gone, Remaining, Verdicts
from beam_jobs.dedupe_config import DedupeConfig
from beam_jobs.each_file import document_batches

Part = tuple[int, Blob]


@dataclasses.dataclass
class FindRepeatedPassages(beam.PTransform):
    """Finds where passages recur among the documents that exact copies left over."""

    config: DedupeConfig
    partitions: int

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, verdicts: Any) -> Any:
        """From (file, Verdicts) to (file, `passages.CUT`)."""
        return (
            verdicts
            | "Passages" >> beam.FlatMap(_passages, self.config, self.partitions).with_output_types(Part)
            | "SamePassage" >> beam.GroupByKey()
            | "AllButFirst" >> beam.FlatMapTuple(_all_but_first).with_output_types(Part)
        )


def _passages(element: tuple[int, Verdicts], config: DedupeConfig, partitions: int) -> Iterator[Part]:
    remaining, passages = Remaining(config, element[1]), Passages(config.lines)
    for rows, documents in document_batches(remaining.file):
        nodes = nodes_of(remaining.file.number, rows).tolist()
        ranks = ranks_of(config.prefer, (doc.source for doc in documents))
        found = [
            passages.records(doc.text, doc.source, node, rank)
            for row, node, rank, doc in zip(rows.tolist(), nodes, ranks, documents, strict=True)
            if not isinstance(remaining.judge(row, doc), Gone)
        ]
        if found:
            records = together(found)
            yield from deal(records, partition_of(records["key"], partitions))


def _all_but_first(_: int, parts: Iterable[Blob]) -> Iterator[Part]:
    cuts = repeated(together(parts))
    yield from deal(cuts, file_of(cuts["node"]))
