"""Pure: candidates into clusters of true near copies, and which document of each stays."""

import numpy as np
from numpy.typing import NDArray

from beam_jobs.dedupe.bands import band_keys
from beam_jobs.dedupe.minhash import Narrow, agreement
from beam_jobs.dedupe.nodes import group_starts
from beam_jobs.dedupe.stars import bucket_edges, components, edges

Labels = NDArray[np.int64]
MOST_COMPARED = 200_000_000
"""Pairs of one cluster that are compared: some minutes. Of 20,000 signatures it is every pair."""
_SMALL = 64
"""Clusters of so many or fewer are compared many at a time."""
_PAIRS_AT_ONCE = 1 << 15


def checked(clusters: NDArray[np.uint64], signatures: Narrow, threshold: float, rows: int) -> Labels:
    """Parts clusters of candidates until each hangs together by pairs whose signatures agree by `threshold`.

    In a large cluster equal signatures are taken for one. What is left after `MOST_COMPARED` comparisons, which are
    signatures that hardly agree with any, is parted by stricter bands first, where a pair near the threshold may part.

    Args:
      clusters: [candidates]; in order, so that those of one cluster stand together.
      signatures: narrowed; [candidates, permutations].
      threshold: a Jaccard similarity.
      rows: of the bands by which they became candidates.

    Returns:
      [candidates]; equal where two belong together.
    """
    starts = group_starts(clusters)
    sizes = np.diff([*starts, len(clusters)])
    labels = _small_clusters(starts, sizes, signatures, threshold)
    for start, size in zip(starts[sizes > _SMALL], sizes[sizes > _SMALL], strict=True):
        distinct, places = np.unique(signatures[start : start + size], axis=0, return_inverse=True)
        labels[start : start + size] = start + _large_cluster(distinct, threshold, rows)[places.reshape(-1)]
    return labels


def _small_clusters(starts: Labels, sizes: Labels, signatures: Narrow, threshold: float) -> Labels:
    left, right = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for size in np.unique(sizes[sizes <= _SMALL]):
        first, second = np.triu_indices(size, 1)
        begins = starts[sizes == size][:, None]
        left.append((begins + first).reshape(-1))
        right.append((begins + second).reshape(-1))
    pairs = np.concatenate(left), np.concatenate(right)
    near = []
    for at in range(0, len(pairs[0]), _PAIRS_AT_ONCE):
        some = slice(at, at + _PAIRS_AT_ONCE)
        near.append(agreement(signatures[pairs[0][some]], signatures[pairs[1][some]]) >= threshold)
    chosen = np.concatenate([np.empty(0, np.bool_), *near])
    return _least_of_component(pairs[0][chosen], pairs[1][chosen], len(signatures))


def _large_cluster(signatures: Narrow, threshold: float, rows: int) -> Labels:
    """Of signatures that all differ; labels are below their number.

    One after the other takes all that agree with it out of what is left, then these do, and so on: of a template's
    pages the first takes nearly all.
    """
    labels = np.arange(len(signatures))
    left, compared = np.arange(len(signatures)), 0
    while len(left) > 1:
        if compared > MOST_COMPARED:
            return _parted(signatures, labels, left, threshold, rows)
        centre, left = left[0], left[1:]
        waiting = [centre]
        while waiting and len(left):
            compared += len(left)
            near = agreement(signatures[waiting.pop()], signatures[left]) >= threshold
            labels[left[near]] = centre
            waiting += left[near].tolist()
            left = left[~near]
    return labels


def _parted(signatures: Narrow, labels: Labels, left: Labels, threshold: float, rows: int) -> Labels:
    """The labels, with what is left parted by bands of a quarter more rows and each part looked at by itself."""
    rows += max(rows // 4, 1)
    if rows <= signatures.shape[1]:
        for part in _parts(signatures[left], rows):
            members = left[part]
            labels[members] = members[_large_cluster(signatures[members], threshold, rows)]
    return labels


def _parts(signatures: Narrow, rows: int) -> list[Labels]:
    """Candidates that hang together by bands of so many rows."""
    bands = signatures.shape[1] // rows
    keys = band_keys(signatures, bands, rows)
    nodes = np.repeat(np.arange(len(signatures), dtype=np.uint64), bands)
    found = bucket_edges(keys.reshape(-1), nodes)
    least = _least_of_component(found["node"].astype(np.int64), found["other"].astype(np.int64), len(signatures))
    order = np.argsort(least, kind="stable")
    return np.split(order, group_starts(least[order])[1:])


def _least_of_component(left: Labels, right: Labels, count: int) -> Labels:
    """For each of so many places the least that it hangs together with, by pairs of places."""
    found = components(edges(left.astype(np.uint64), right.astype(np.uint64)))
    least = np.arange(count)
    least[found["node"].astype(np.int64)] = found["other"].astype(np.int64)
    return least
