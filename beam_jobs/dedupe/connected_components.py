"""ConnectedComponents: which nodes hang together, found in a bounded number of rounds, and then checked."""

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import numpy as np
from apache_beam.metrics import Metrics

from beam_jobs.dedupe import stars
from beam_jobs.dedupe.nodes import Blob, deal, partition_of, together
from beam_jobs.dedupe.stars import EDGE

Part = tuple[int, Blob]
"""A partition's number, and edges of the nodes in it: see `stars.EDGE`."""
NAMESPACE = "connected_components"


@dataclasses.dataclass
class ConnectedComponents(beam.PTransform):
    """Edges, as arrays, to the least node of each node's component.

    Each round is two shuffles of edges. Six settle any chain of 64 nodes, and trees of thousands. If a node has not
    settled by then, which the counter `unsettled_nodes` says, one worker finishes: so the result is exact for every
    graph, and depends on its edges alone.

    Attributes:
      partitions: how many parts the nodes are dealt out to; the result does not depend on it.
      rounds: of large-star and small-star.
    """

    partitions: int
    rounds: int = 6

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, edges: Any) -> Any:
        """From arrays of edges to (partition, edges from each node but the least of a component to that least)."""
        for number in range(1, self.rounds + 1):
            edges = (
                edges
                | f"BothWays{number}" >> beam.FlatMap(_both_ways, self.partitions).with_output_types(Part)
                | f"Neighbours{number}" >> beam.GroupByKey()
                | f"LargeStar{number}" >> beam.FlatMap(_large_star, self.partitions).with_output_types(Part)
                | f"Smaller{number}" >> beam.GroupByKey()
                | f"SmallStar{number}" >> beam.Map(_small_star)
            )
        return edges | "Settle" >> _Settle(self.partitions)


@dataclasses.dataclass
class _Settle(beam.PTransform):
    """Names each node's component by its only edge; where a node has two, one worker works it all out."""

    partitions: int

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, edges: Any) -> Any:
        grouped = (
            edges
            | "MarkCentres" >> beam.FlatMap(_with_centres, self.partitions).with_output_types(Part)
            | "Hung" >> beam.GroupByKey()
            | "Distinct" >> beam.MapTuple(_distinct).with_output_types(Part)
        )
        unsettled = grouped | "Unsettled" >> beam.Map(_count_unsettled) | "AddUp" >> beam.CombineGlobally(sum)
        total = beam.pvalue.AsSingleton(unsettled)
        settled = grouped | "Settled" >> beam.FlatMap(_settled, total).with_output_types(Part)
        finished = (
            edges
            | "IfUnsettled" >> beam.FlatMap(_if_unsettled, total).with_output_types(Part)
            | "OneWorker" >> beam.GroupByKey()
            | "Finish" >> beam.FlatMap(_finish, self.partitions).with_output_types(Part)
        )
        return (settled, finished) | "Components" >> beam.Flatten()


def _both_ways(edges: Blob, partitions: int) -> Iterator[Part]:
    yield from _dealt(stars.both_ways(edges), partitions)


def _large_star(group: tuple[int, Iterable[Blob]], partitions: int) -> Iterator[Part]:
    yield from _dealt(stars.large_star(together(group[1])), partitions)


def _small_star(group: tuple[int, Iterable[Blob]]) -> Blob:
    return stars.small_star(together(group[1]))


def _with_centres(edges: Blob, partitions: int) -> Iterator[Part]:
    centres = np.unique(edges["other"])
    marks = np.empty(len(centres), EDGE)
    marks["node"] = marks["other"] = centres
    yield from _dealt(np.concatenate([edges, marks]), partitions)


def _distinct(partition: int, parts: Iterable[Blob]) -> Part:
    return partition, np.unique(together(parts))


def _count_unsettled(part: Part) -> int:
    unsettled = stars.unsettled(part[1])
    Metrics.counter(NAMESPACE, "unsettled_nodes").inc(unsettled)
    return unsettled


def _settled(part: Part, unsettled: int) -> Iterator[Part]:
    if not unsettled:
        partition, edges = part
        yield partition, edges[edges["node"] != edges["other"]]


def _if_unsettled(edges: Blob, unsettled: int) -> Iterator[Part]:
    if unsettled:
        yield 0, edges


def _finish(group: tuple[int, Iterable[Blob]], partitions: int) -> Iterator[Part]:
    yield from _dealt(stars.components(together(group[1])), partitions)


def _dealt(edges: Blob, partitions: int) -> Iterator[Part]:
    yield from deal(edges, partition_of(edges["node"], partitions))
