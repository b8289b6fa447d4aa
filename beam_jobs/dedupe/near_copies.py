"""FindNearCopies: clusters of similar documents, of each of which one stays, or all do with one mark."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np

from beam_jobs.dedupe import copies, stars
from beam_jobs.dedupe.bands import band_keys
from beam_jobs.dedupe.clusters import checked
from beam_jobs.dedupe.connected_components import ConnectedComponents
from beam_jobs.dedupe.grouping import GroupInTurns
from beam_jobs.dedupe.minhash import MinHasher, agreement, narrowed
from beam_jobs.dedupe.nodes import (
    Blob,
    Nodes,
    Records,
    deal,
    file_of,
    group_starts,
    nodes_of,
    partition_of,
    together,
    with_field,
)
from beam_jobs.dedupe.remaining import Left, Remaining, Verdicts
from beam_jobs.dedupe_config import DedupeConfig, NearConfig
from beam_jobs.document import Document
from beam_jobs.each_file import document_batches

Part = tuple[int, Blob]
RULE = "near_copy"
LARGEST = "largest"
CLUSTERS, MEMBERS = 20, 10
"""How many clusters are listed for the report, and of each how many documents besides the one that stays."""
_KEYED = np.dtype([("key", "u8"), ("node", "u8")])


class Cluster(NamedTuple):
    """A set of near copies: how many, the one that stays, and some others with their similarity to it."""

    size: int
    survivor: int
    members: tuple[tuple[int, float], ...]
    """Nodes, in order."""


@dataclasses.dataclass
class FindNearCopies(beam.PTransform):
    """Sketches what is left of each file's documents, and clusters the sketches."""

    config: DedupeConfig
    near: NearConfig
    partitions: int

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, verdicts: Any) -> Any:
        """From (file, Verdicts) to what `ClusterSketches` gives."""
        sketches = verdicts | "Sketch" >> beam.ParDo(
            SketchFn(self.config, self.near, self.partitions)
        ).with_output_types(Part)
        return sketches | "Cluster" >> ClusterSketches(self.near, self.partitions)


@dataclasses.dataclass
class ClusterSketches(beam.PTransform):
    """Bands, connected components, and in each component the pairs that are truly similar.

    What is shuffled are 16 bytes a band and one sketch a document; candidates meet at the least of those that share
    a band, so a band that a million documents share costs a million edges.
    """

    near: NearConfig
    partitions: int

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, sketches: Any) -> Any:
        """From sketches by node to (file, (rule, `copies.gone`)): what goes or is marked; Clusters under LARGEST."""
        candidates = (
            sketches
            | "Bands" >> beam.FlatMap(_banded, self.near, self.partitions).with_output_types(Part)
            | "SameBand" >> GroupInTurns(_to_the_least)
            | "Candidates" >> ConnectedComponents(self.partitions)
            | "WithTheLeast" >> beam.FlatMap(_with_the_least, self.partitions).with_output_types(Part)
        )
        narrow = sketches | "Narrow" >> beam.MapTuple(_narrow).with_output_types(Part)
        results = (
            {"sketches": narrow, "clusters": candidates}
            | "SketchesOfCandidates" >> GroupInTurns(partial(_by_cluster, partitions=self.partitions))
            | "Keyed" >> beam.Map(lambda part: part).with_output_types(Part)
            | "SameCluster" >> GroupInTurns(partial(_best_of_each, near=self.near))
        )
        return results | "Sort" >> beam.ParDo(_SortFn()).with_outputs(LARGEST, main="gone")


class SketchFn(beam.DoFn):
    """Sketches what is left of a file's documents: (partition, sketches)."""

    def __init__(self, config: DedupeConfig, near: NearConfig, partitions: int):
        self._config, self._near, self._partitions = config, near, partitions

    def setup(self) -> None:
        """Makes ready to hash."""
        self._hasher = MinHasher(self._near)

    def process(self, element: tuple[int, Verdicts]) -> Iterator[Part]:
        """One file."""
        remaining = Remaining(self._config, element[1])
        for rows, documents in document_batches(remaining.file):
            judged = [remaining.judge(row, doc) for row, doc in zip(rows.tolist(), documents, strict=True)]
            left = [
                (row, doc._replace(text=verdict.text))
                for row, doc, verdict in zip(rows, documents, judged, strict=True)
                if isinstance(verdict, Left)
            ]
            if left:
                nodes = nodes_of(remaining.file.number, np.array([row for row, _ in left]))
                yield from self._sketched(nodes, [doc for _, doc in left])

    def _sketched(self, nodes: Nodes, documents: list[Document]) -> Iterator[Part]:
        signatures = self._hasher.signatures([doc.text for doc in documents])
        described = copies.preferences(nodes, documents, self._config.preference, [])
        yield from by_node(with_field(described, "signature", signatures), self._partitions)


def by_node(sketches: Records, partitions: int) -> Iterator[Part]:
    """Sketches by the partition of their nodes: `copies.preferences` with a field `signature`."""
    yield from deal(sketches, partition_of(sketches["node"], partitions))


def _narrow(partition: int, sketches: Blob) -> Part:
    described = sketches[["node", "worth", "id"]]
    return partition, with_field(described, "signature", narrowed(sketches["signature"]))


def _banded(part: Part, near: NearConfig, partitions: int) -> Iterator[Part]:
    bands, rows = near.bands
    _, sketches = part
    keyed = np.empty(len(sketches) * bands, _KEYED)
    keyed["key"] = band_keys(sketches["signature"], bands, rows).reshape(-1)
    keyed["node"] = np.repeat(sketches["node"], bands)
    yield from deal(keyed, partition_of(keyed["key"], partitions))


class _SortFn(beam.DoFn):
    """Clusters go under LARGEST, what goes to the main output."""

    def process(self, result: Any) -> Iterator[Any]:
        yield beam.pvalue.TaggedOutput(LARGEST, result) if isinstance(result, Cluster) else result


def _best_of_each(group: tuple[int, Iterable[Blob]], near: NearConfig) -> Iterator[Any]:
    """Parts the candidates of one partition of components; yields those that go or are marked by file, and Clusters."""
    members = together(group[1])
    members = members[np.lexsort((members["node"], members["cluster"]))]
    labels = members["cluster"]
    if near.check:
        labels = checked(labels, members["signature"], near.threshold, near.bands[1])
    order = copies.best_first(members, labels.astype(np.uint64))
    members, starts = members[order], group_starts(labels[order])
    sizes = np.diff([*starts, len(members)])
    best = np.repeat(starts, sizes)
    similar = agreement(members["signature"], members["signature"][best])
    found = best != np.arange(len(members)) if near.action == "drop" else np.repeat(sizes > 1, sizes)
    gone = copies.gone(members[found], members["id"][best[found]], similar[found])
    yield from ((file, (RULE, part)) for file, part in deal(gone, file_of(gone["node"])))
    largest = np.lexsort((members["node"][starts], -sizes))[:CLUSTERS]
    for start, size in zip(starts[largest].tolist(), sizes[largest].tolist(), strict=True):
        if size > 1:
            yield _cluster(members["node"], similar, start, size)


def _cluster(nodes: Any, similar: Any, start: int, size: int) -> Cluster:
    others = range(start + 1, start + min(size, MEMBERS + 1))
    return Cluster(size, int(nodes[start]), tuple((int(nodes[at]), float(similar[at])) for at in others))


def _to_the_least(group: tuple[int, Iterable[Blob]]) -> Iterator[Blob]:
    keyed = together(group[1])
    yield stars.bucket_edges(keyed["key"], keyed["node"])


def _with_the_least(part: Part, partitions: int) -> Iterator[Part]:
    """Components are named by their least node, which is a member, too."""
    yield part
    components = part[1]
    centres = np.unique(components["other"])
    own = np.empty(len(centres), stars.EDGE)
    own["node"] = own["other"] = centres
    yield from deal(own, partition_of(centres, partitions))


def _by_cluster(group: tuple[int, Mapping[str, Iterable[Blob]]], partitions: int) -> Iterator[Part]:
    parts = group[1]
    clusters = np.unique(together(parts["clusters"], like=np.empty(0, stars.EDGE)))
    for sketches in parts["sketches"] if len(clusters) else ():
        places = np.minimum(np.searchsorted(clusters["node"], sketches["node"]), len(clusters) - 1)
        known = clusters["node"][places] == sketches["node"]
        members = with_field(sketches[known], "cluster", clusters["other"][places[known]])
        yield from deal(members, partition_of(members["cluster"], partitions))
