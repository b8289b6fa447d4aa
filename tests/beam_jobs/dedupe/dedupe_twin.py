"""The slow twin of deduplication: plain Python over all documents at once, with union-find and all pairs."""

import itertools
from collections import defaultdict

from beam_jobs.dedupe.bands import band_keys
from beam_jobs.dedupe.copies import canonical_address
from beam_jobs.dedupe.minhash import MinHasher
from beam_jobs.korean_text import fold_blanks


class UnionFind:
    """Sets that grow together."""

    def __init__(self):
        self.parent = {}

    def root(self, node):
        while self.parent.setdefault(node, node) != node:
            node = self.parent[node]
        return node

    def join(self, one, other):
        low, high = sorted((self.root(one), self.root(other)))
        self.parent[high] = low

    def sets(self):
        found = defaultdict(set)
        for node in list(self.parent):
            found[self.root(node)].add(node)
        return list(found.values())


def components(edges):
    """(node, least node of its component) for every node that is not the least itself."""
    forest = UnionFind()
    for one, other in edges:
        forest.join(one, other)
    return sorted((node, min(nodes)) for nodes in forest.sets() for node in nodes if node != min(nodes))


def dedupe(documents, config):
    """(documents that stay, {id of one that goes: (rule, id of the one that stays instead)}); ids must differ."""
    gone = {}
    left = list(documents)
    for rule, on, key in (
        ("repeated_address", config.addresses, lambda doc: canonical_address(doc.url)),
        ("exact_copy", config.texts, lambda doc: fold_blanks(doc.text)),
    ):
        groups = defaultdict(list)
        for doc in left if on else []:
            groups[key(doc)].append(doc)
        for value, group in groups.items():
            for other in sorted(group, key=better(config))[1:] if value else []:
                gone[other.id] = (rule, min(group, key=better(config)).id)
        left = [doc for doc in left if doc.id not in gone]
    if config.near is not None:
        for cluster in near_clusters([doc.text for doc in left], config.near):
            best, *others = sorted((left[number] for number in cluster), key=better(config))
            gone |= {other.id: ("near_copy", best.id) for other in others}
    return [doc for doc in left if doc.id not in gone], gone


def better(config):
    """Orders copies, the one to keep first."""

    def key(doc):
        place = config.prefer.index(doc.source) if doc.source in config.prefer else len(config.prefer)
        by = {"longest": -len(doc.text), "source": place}
        return [by[criterion] for criterion in config.keep], doc.id

    return key


def near_clusters(texts, near):
    """Sets of numbers of texts: those that share a band's key, parted into those that agree enough, all with all."""
    signatures = MinHasher(near).signatures(texts)
    candidates = same_band(signatures, near)
    if not near.check:
        return candidates
    pairs = [
        (one, other)
        for cluster in candidates
        for one, other in itertools.combinations(sorted(cluster), 2)
        if similarity(signatures[one], signatures[other]) >= near.threshold
    ]
    forest = UnionFind()
    for pair in pairs:
        forest.join(*pair)
    return forest.sets()


def similarity(one, other):
    """By the lower byte of each place, of which one in 256 is equal by chance."""
    equal = ((one & 0xFF) == (other & 0xFF)).mean()
    return (equal - 1 / 256) / (1 - 1 / 256)


def same_band(signatures, near):
    keys = band_keys(signatures, *near.bands)
    buckets = defaultdict(list)
    for number, own in enumerate(keys.tolist()):
        for band, key in enumerate(own):
            buckets[band, key].append(number)
    forest = UnionFind()
    for bucket in buckets.values():
        for one, other in itertools.combinations(bucket, 2):
            forest.join(one, other)
    return forest.sets()
