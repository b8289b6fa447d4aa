"""FindExactCopies: documents with the id, the address or the text of another."""

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam

from beam_jobs.dedupe import copies
from beam_jobs.dedupe.nodes import Blob, deal, file_of, nodes_of, partition_of, together
from beam_jobs.dedupe_config import DedupeConfig, Preference
from beam_jobs.each_file import InputFile, document_batches

Part = tuple[int, Blob]
Gone = tuple[int, tuple[str, Blob]]
"""A file's number, a rule that some of its documents broke, and these as from `copies.gone`."""
RULES = {copies.ID: "repeated_id", copies.ADDRESS: "repeated_address", copies.TEXT: "exact_copy"}
GONE = "gone"


@dataclasses.dataclass
class FindExactCopies(beam.PTransform):
    """Of documents with one id, then of those with one address, then of those with one text, all but the best.

    One after another: a page whose address recurs must not take with it a copy of its text elsewhere.
    """

    config: DedupeConfig
    partitions: int

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, files: Any) -> Any:
        """From InputFiles to the documents that go: (file, (rule, (node, matched id)))."""
        wanted = {copies.ID: self.config.ids, copies.ADDRESS: self.config.addresses, copies.TEXT: self.config.texts}
        keys = [key for key, on in wanted.items() if on]
        if not keys:
            return files | "Nothing" >> beam.FlatMap(lambda _: ()).with_output_types(Gone)
        left = files | "Describe" >> beam.FlatMap(
            _described, self.config.preference, keys[0], self.partitions
        ).with_output_types(Part)
        gone = []
        for key, after in zip(keys, [*keys[1:], ""], strict=True):
            sorted_out = (
                left
                | f"Same {key}" >> beam.GroupByKey()
                | f"Best {key}" >> beam.ParDo(BestFn(key, after, self.partitions)).with_outputs(GONE, main="left")
            )
            left = sorted_out.left
            gone.append(sorted_out[GONE])
        return gone | "Gone" >> beam.Flatten()


class BestFn(beam.DoFn):
    """Keeps the best of those that share a key; yields them by the next key, and under GONE the others by file."""

    def __init__(self, key: str, after: str, partitions: int):
        self._key, self._after, self._partitions = key, after, partitions

    def process(self, group: tuple[int, Iterable[Blob]]) -> Iterator[Any]:
        """Takes all records of one partition of the key."""
        records = together(group[1])
        stays, gone = copies.without_copies(records, self._key)
        for file, part in deal(gone, file_of(gone["node"])):
            yield beam.pvalue.TaggedOutput(GONE, (file, (RULES[self._key], part)))
        if self._after:
            yield from deal(stays, partition_of(copies.place_key(stays, self._after), self._partitions))


def _described(file: InputFile, preference: Preference, first: str, partitions: int) -> Iterator[Part]:
    for rows, documents in document_batches(file):
        records = copies.copy_records(nodes_of(file.number, rows), documents, preference)
        yield from deal(records, partition_of(copies.place_key(records, first), partitions))
