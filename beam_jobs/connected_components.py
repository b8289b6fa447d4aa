"""Clusters from edges: which nodes hang together, found in a fixed number of rounds of small messages.

Large-star and small-star in turn (Kiveris et al., "Connected Components in MapReduce and Beyond", SoCC 2014):
each rewires edges towards smaller nodes without joining or parting any cluster, until every cluster is a star
around its smallest node. No round makes more edges than it is given; a step sees one node's neighbours.
"""

import dataclasses
from collections.abc import Iterable, Iterator

import apache_beam as beam
from apache_beam.metrics import Metrics

Node = bytes
Edge = tuple[bytes, bytes]

NAMESPACE = "connected_components"


def large_star(node: Node, neighbours: Iterable[Node]) -> Iterator[Edge]:
    """Hangs a node's larger neighbours on the smallest node among it and them; edges as (larger, smaller)."""
    distinct = set(neighbours)
    centre = min(distinct | {node})
    yield from ((neighbour, centre) for neighbour in distinct if neighbour > node)


def small_star(node: Node, smaller: Iterable[Node]) -> Iterator[Edge]:
    """Hangs a node and its smaller neighbours on the smallest of these; edges as (larger, smaller)."""
    distinct = set(smaller)
    centre = min(distinct)
    yield from ((neighbour, centre) for neighbour in (distinct | {node}) - {centre})


class NameClustersFn(beam.DoFn):
    """Names a node's cluster by the smallest node it hangs on; counts the nodes that have not settled."""

    def process(self, group: tuple[Node, Iterable[Node]]) -> Iterator[Edge]:
        """Takes a node with those it hangs on, and itself if others hang on it; yields (node, cluster)."""
        node, hung_on = group[0], set(group[1])
        if (smallest := min(hung_on)) == node:
            return
        Metrics.counter(NAMESPACE, "members").inc()
        if len(hung_on) > 1:
            Metrics.counter(NAMESPACE, "unsettled").inc()
        yield node, smallest


@dataclasses.dataclass
class ConnectedComponents(beam.PTransform):
    """Edges between nodes, as pairs of bytes in any order, to (node, smallest node of its cluster).

    The smallest node itself is not among the results. Six rounds settle any chain of 64 nodes, and trees of
    thousands; a longer chain may come out as several clusters (never joined with another), and the counter
    "unsettled" says on how many nodes that showed. The result depends on the edges alone, not on their order.
    """

    rounds: int = 6

    def expand(self, edges: beam.PCollection[Edge]) -> beam.PCollection[Edge]:
        """Wires the rounds one after another: two shuffles of edges each, and one to name the clusters."""
        edges = edges | "LargerFirst" >> beam.FlatMap(_larger_first)
        for number in range(1, self.rounds + 1):
            edges = (
                edges
                | f"BothWays{number}" >> beam.FlatMap(_both_ways)
                | f"Neighbours{number}" >> beam.GroupByKey()
                | f"LargeStar{number}" >> beam.FlatMapTuple(large_star)
                | f"SmallerNeighbours{number}" >> beam.GroupByKey()
                | f"SmallStar{number}" >> beam.FlatMapTuple(small_star)
            )
        return (
            edges
            | "MarkCentres" >> beam.FlatMap(_with_centre)
            | "Memberships" >> beam.GroupByKey()
            | "NameClusters" >> beam.ParDo(NameClustersFn())
        )


def _larger_first(edge: Edge) -> Iterator[Edge]:
    if edge[0] != edge[1]:
        yield max(edge), min(edge)


def _both_ways(edge: Edge) -> Iterator[Edge]:
    yield edge
    yield edge[1], edge[0]


def _with_centre(edge: Edge) -> Iterator[Edge]:
    yield edge
    yield edge[1], edge[1]
