import random
from itertools import pairwise

import apache_beam as beam
import numpy as np
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.dedupe import stars
from beam_jobs.dedupe.connected_components import ConnectedComponents
from tests.beam_jobs.dedupe import dedupe_twin

nodes = st.integers(0, 30)
graphs = st.lists(st.tuples(nodes, nodes).filter(lambda edge: edge[0] != edge[1]), max_size=60)


def array(edges):
    left, right = zip(*edges, strict=True) if edges else ((), ())
    return stars.edges(np.array(left, np.uint64), np.array(right, np.uint64))


def pairs(edges):
    return sorted(zip(edges["node"].tolist(), edges["other"].tolist(), strict=True))


def one_round(edges):
    return stars.small_star(stars.large_star(stars.both_ways(edges)))


def components_in_a_pipeline(edges, parts=3, options=None, **settings):
    """The components of edges that come in several arrays, and the job's counters."""
    pipeline = beam.Pipeline(runner=FnApiRunner(), options=PipelineOptions(**(options or {})))
    arrays = np.array_split(array(edges), parts)
    found = pipeline | beam.Create(arrays) | ConnectedComponents(**{"partitions": 5} | settings)

    def are_exact(components):
        got = [pair for _, part in components for pair in pairs(part)]
        assert sorted(got) == dedupe_twin.components(edges)

    assert_that(found, are_exact)
    counters = pipeline.run().metrics().query()["counters"]
    return {found.key.metric.name: found.committed for found in counters}


@given(graphs)
def test_a_round_joins_and_parts_no_components_and_makes_no_more_edges(edges):
    after = one_round(array(edges))

    assert dedupe_twin.components(pairs(after)) == dedupe_twin.components(edges)
    assert len(after) <= len({frozenset(edge) for edge in edges})


@given(graphs)
def test_six_rounds_make_stars_around_the_least_node(edges):
    after = array(edges)
    for _ in range(6):
        after = one_round(after)

    assert pairs(after) == dedupe_twin.components(edges)
    assert stars.unsettled(after) == 0


@given(graphs)
def test_one_worker_finds_the_same(edges):
    assert pairs(stars.components(array(edges))) == dedupe_twin.components(edges)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 50)), max_size=40))
def test_a_bucket_is_tied_to_its_least_node_by_fewer_edges_than_it_has_nodes(keyed):
    keys, members = (np.array(column, np.uint64) for column in (zip(*keyed, strict=True) if keyed else ((), ())))

    found = stars.bucket_edges(keys, members)

    least = {key: min(node for other, node in keyed if other == key) for key, _ in keyed}
    assert pairs(found) == sorted({(node, least[key]) for key, node in keyed if node != least[key]})


def test_components_of_many_random_graphs_equal_union_find():
    generator = random.Random(5)
    edges = [
        tuple(graph * 100 + generator.randrange(2 + graph % 40) for _ in range(2))
        for graph in range(120)
        for _ in range(graph % 37)
    ]
    edges = [edge for edge in edges if edge[0] != edge[1]]

    assert components_in_a_pipeline(edges) == {"unsettled_nodes": 0}


def test_two_processes_find_the_same():
    generator = random.Random(6)
    edges = [(generator.randrange(0, 300), generator.randrange(300, 600)) for _ in range(250)]
    options = {"direct_num_workers": 2, "direct_running_mode": "multi_processing"}

    assert components_in_a_pipeline(edges, options=options) == {"unsettled_nodes": 0}


@pytest.mark.parametrize("ordered", [True, False])
def test_six_rounds_settle_a_chain_of_64_nodes(ordered):
    chain = list(range(64))
    if not ordered:
        random.Random(3).shuffle(chain)

    assert components_in_a_pipeline(list(pairwise(chain))) == {"unsettled_nodes": 0}


def test_what_too_few_rounds_leave_unsettled_is_counted_and_finished_all_the_same():
    edges = [edge for edge in pairwise(range(400)) if edge != (199, 200)]

    counters = components_in_a_pipeline(edges, rounds=2)

    assert counters["unsettled_nodes"] > 0


def test_a_hub_with_thousands_of_neighbours_makes_as_many_edges_and_no_more():
    hub = [(0, node) for node in range(1, 5_000)]

    after = one_round(array(hub))

    assert len(after) == len(hub)
    assert components_in_a_pipeline(hub) == {"unsettled_nodes": 0}


def test_no_edges_have_no_components():
    components_in_a_pipeline([], parts=1)
