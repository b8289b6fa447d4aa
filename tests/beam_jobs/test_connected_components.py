import random
from collections import defaultdict
from itertools import pairwise

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.connected_components import ConnectedComponents, large_star, small_star

nodes = st.integers(0, 30).map(lambda number: b"%02d" % number)
graphs = st.lists(st.tuples(nodes, nodes).filter(lambda edge: edge[0] != edge[1]), max_size=60)


def clusters_by_union_find(edges):
    """The slow twin: (node, smallest node of its cluster) for every node that is not the smallest itself."""
    parent = {}

    def root(node):
        while parent.setdefault(node, node) != node:
            node = parent[node]
        return node

    for one, other in edges:
        low, high = sorted((root(one), root(other)))
        parent[high] = low
    return sorted((node, root(node)) for node in parent if root(node) != node)


def grouped(edges):
    groups = defaultdict(list)
    for key, value in edges:
        groups[key].append(value)
    return groups.items()


def one_round(edges):
    both_ways = [*edges, *((other, one) for one, other in edges)]
    edges = {edge for node, others in grouped(both_ways) for edge in large_star(node, others)}
    return {edge for node, others in grouped(edges) for edge in small_star(node, others)}


def clusters_in_a_pipeline(edges, **settings):
    pipeline = beam.Pipeline(runner=FnApiRunner())
    return pipeline, pipeline | beam.Create(edges) | ConnectedComponents(**settings)


def counters(result):
    return {found.key.metric.name: found.committed for found in result.metrics().query()["counters"]}


@given(graphs)
def test_a_round_joins_and_parts_no_clusters_and_makes_no_more_edges(edges):
    after = one_round(edges)

    assert clusters_by_union_find(after) == clusters_by_union_find(edges)
    assert len(after) <= len(set(map(frozenset, edges)))


@given(graphs)
def test_six_rounds_make_stars_around_the_smallest_node(edges):
    stars = edges
    for _ in range(6):
        stars = one_round(stars)

    assert sorted(stars) == clusters_by_union_find(edges)


def test_clusters_of_many_random_graphs_equal_union_find():
    generator = random.Random(5)
    edges = [
        tuple(b"%03d-%02d" % (graph, generator.randrange(2 + graph % 40)) for _ in range(2))
        for graph in range(120)
        for _ in range(graph % 37)
    ]
    pipeline, clusters = clusters_in_a_pipeline(edges)
    assert_that(clusters, equal_to(clusters_by_union_find(edges)))

    result = pipeline.run()

    assert counters(result) == {"members": len(clusters_by_union_find(edges))}


@pytest.mark.parametrize("ordered", [True, False])
def test_a_chain_of_64_nodes_becomes_one_cluster(ordered):
    chain = [b"%02d" % number for number in range(64)]
    if not ordered:
        random.Random(3).shuffle(chain)
    edges = list(pairwise(chain))
    pipeline, clusters = clusters_in_a_pipeline(edges)
    assert_that(clusters, equal_to([(node, b"00") for node in chain if node != b"00"]))

    result = pipeline.run()

    assert "unsettled" not in counters(result)


def test_too_few_rounds_are_counted_and_join_nothing_that_is_apart():
    chain = [b"%03d" % number for number in range(200)]
    edges = [edge for edge in pairwise(chain) if edge != (b"099", b"100")]
    pipeline, clusters = clusters_in_a_pipeline(edges, rounds=2)

    def labels_are_smaller_nodes_of_the_same_chain(found):
        assert {node for node, _ in found} == set(chain) - {b"000", b"100"}
        assert all(label < node and (label < b"100") == (node < b"100") for node, label in found)

    assert_that(clusters, labels_are_smaller_nodes_of_the_same_chain)

    result = pipeline.run()

    assert counters(result)["unsettled"] > 0
