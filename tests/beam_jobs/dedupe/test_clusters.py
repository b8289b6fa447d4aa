import itertools

import numpy as np
import pytest

from beam_jobs.dedupe import clusters
from beam_jobs.dedupe.clusters import checked
from beam_jobs.dedupe.minhash import agreement
from tests.beam_jobs.dedupe.dedupe_twin import UnionFind, similarity

PLACES = 64


def signatures_like(base, generator, share, count):
    """Signatures that agree with the base in about a share of their places."""
    other = generator.integers(2**8, size=(count, PLACES), dtype=np.uint8)
    return np.where(generator.random((count, PLACES)) < share, base, other).astype(np.uint8)


def by_all_pairs(names, signatures, threshold):
    forest = UnionFind()
    for number in range(len(names)):
        forest.root(number)
    for one, other in itertools.combinations(range(len(names)), 2):
        if names[one] == names[other] and similarity(signatures[one], signatures[other]) >= threshold:
            forest.join(one, other)
    return {frozenset(found) for found in forest.sets()}


def as_sets(labels):
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in np.unique(labels)}


@pytest.mark.parametrize("seed", range(4))
def test_candidates_hang_together_exactly_where_pairs_of_theirs_agree_enough(seed):
    generator = np.random.default_rng(seed)
    sizes = generator.choice([1, 2, 3, 7, 64, 65, 90], 12)
    bases = generator.integers(2**8, size=(len(sizes), PLACES), dtype=np.uint8)
    parts = [signatures_like(base, generator, 0.85, size) for base, size in zip(bases, sizes, strict=True)]
    names, signatures = np.repeat(np.arange(len(sizes), dtype=np.uint64), sizes), np.concatenate(parts)

    labels = checked(names, signatures, 0.7, rows=4)

    assert as_sets(labels) == by_all_pairs(names, signatures, 0.7)


def test_equal_signatures_stay_together_and_unlike_ones_are_parted():
    generator = np.random.default_rng(1)
    one, other = generator.integers(2**8, size=(2, PLACES), dtype=np.uint8)
    signatures = np.concatenate([np.tile(one, (100, 1)), np.tile(other, (100, 1))])

    labels = checked(np.zeros(200, np.uint64), signatures, 0.7, rows=4)

    assert as_sets(labels) == {frozenset(range(100)), frozenset(range(100, 200))}


@pytest.mark.parametrize("count", [65, 5_000])
def test_one_template_is_one_cluster_however_many_pages_it_has(count):
    generator = np.random.default_rng(3)
    template = generator.integers(2**8, size=PLACES, dtype=np.uint8)

    labels = checked(np.zeros(count, np.uint64), signatures_like(template, generator, 0.95, count), 0.65, rows=4)

    assert set(labels.tolist()) == {0}


def test_what_is_left_when_enough_was_compared_is_parted_by_stricter_bands(monkeypatch):
    monkeypatch.setattr(clusters, "MOST_COMPARED", 2_000)
    generator = np.random.default_rng(2)
    template = generator.integers(2**8, size=PLACES, dtype=np.uint8)
    originals = signatures_like(template, generator, 0.45, 150)
    copies = np.concatenate([signatures_like(original, generator, 0.95, 1) for original in originals])

    labels = checked(np.zeros(300, np.uint64), np.concatenate([originals, copies]), 0.8, rows=4)

    together = labels[:150] == labels[150:]
    agree = agreement(originals, copies) >= 0.9
    assert agree.sum() > 100
    assert together[agree].all()
    assert len(np.unique(labels[:150])) == 150
