"""Pure: connected components from edges, a partition of nodes at a time, by stars in turn.

Large-star and small-star (Kiveris et al., "Connected Components in MapReduce and Beyond", SoCC 2014): each rewires
edges towards smaller nodes without joining or parting any component, until every one is a star around its least node.
No step makes more edges than it is given, and none gives a node with many neighbours more of them to hold.
"""

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from beam_jobs.dedupe.nodes import Nodes, Records, group_starts

EDGE = np.dtype([("node", "u8"), ("other", "u8")])


def edges(nodes: Nodes, others: Nodes) -> Records:
    """Edges between nodes and others, each once, those from a node to itself left out."""
    found = np.empty(len(nodes), EDGE)
    found["node"], found["other"] = nodes, others
    return np.unique(found[nodes != others])


def bucket_edges(keys: Nodes, nodes: Nodes) -> Records:
    """Edges from each node of a bucket to its least, not between all pairs: keys of one bucket are equal."""
    order = np.lexsort((nodes, keys))
    starts = group_starts(keys[order])
    sizes = np.diff([*starts, len(order)])
    return edges(nodes[order], np.repeat(nodes[order][starts], sizes))


def both_ways(found: Records) -> Records:
    """Each edge from either end."""
    return edges(np.concatenate([found["node"], found["other"]]), np.concatenate([found["other"], found["node"]]))


def large_star(found: Records) -> Records:
    """Hangs each node's larger neighbours on the least of it and them.

    Takes all edges of some nodes, both ways, by their `node`; gives edges from a larger node to a smaller.
    """
    ordered = np.unique(found)
    least = _least_neighbours(ordered)
    centres = np.minimum(least, ordered["node"])
    larger = ordered["other"] > ordered["node"]
    return edges(ordered["other"][larger], centres[larger])


def small_star(found: Records) -> Records:
    """Hangs each node and its smaller neighbours on the least of these.

    Takes all edges of some nodes to smaller ones, by the larger; gives the like.
    """
    ordered = np.unique(found)
    least = _least_neighbours(ordered)
    return edges(np.concatenate([ordered["other"], ordered["node"]]), np.concatenate([least, least]))


def unsettled(found: Records) -> int:
    """How many nodes hang on more than one other, or on another while others hang on them.

    Takes all edges of some nodes to smaller ones by the larger, and (n, n) for each n that another hangs on.
    """
    ordered = np.unique(found)
    sizes = np.diff([*group_starts(ordered["node"]), len(ordered)])
    return int((sizes > 1).sum())


def components(found: Records) -> Records:
    """The same by one worker, as (node, least node of its component): exact, whatever the shape."""
    names, places = np.unique(np.concatenate([found["node"], found["other"]]), return_inverse=True)
    left, right = places[: len(found)], places[len(found) :]
    graph = coo_matrix((np.ones(len(found), np.bool_), (left, right)), shape=(len(names), len(names)))
    count, labels = connected_components(graph, directed=False)
    least = np.full(count, np.iinfo(np.uint64).max, np.uint64)
    np.minimum.at(least, labels, names)
    return edges(names, least[labels])


def _least_neighbours(ordered: Records) -> Nodes:
    """For each edge, the least neighbour of its node; edges sorted by node, then neighbour."""
    starts = group_starts(ordered["node"])
    sizes = np.diff([*starts, len(ordered)])
    least: Nodes = np.repeat(ordered["other"][starts], sizes)
    return least
