"""DropExactCopies, DropNearCopies, and DedupeDocs, which is both: of each set of copies one Document stays.

Hashes, ids and signatures are shuffled to find the copies; Documents once a transform, to drop them.
"""

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import apache_beam as beam
import numpy as np
from apache_beam.metrics import Metrics

from beam_jobs.config import DedupeConfig, RunnerConfig
from beam_jobs.connected_components import ConnectedComponents, Edge
from beam_jobs.document import Document
from beam_jobs.korean_text import fold_blanks
from beam_jobs.launch import transform_documents
from beam_jobs.minhash import MinHasher, similarity
from model.contract.manifest import StageOutput
from model.contract.stage import Made

NAMESPACE = "dedupe_docs"
Rank = bytes
Sketch = tuple[bytes, bytes]
"""A document's rank and the bytes of its signature."""

_LEADERS = 8
"""Documents of a bucket that the others are compared with: keeps the work linear in the bucket's size."""


def rank(doc: Document) -> Rank:
    """Orders copies, the one to keep first: the longest text, then the smallest id, then a digest of it all.

    The digest tells apart two documents to which their source gave the same id.
    """
    fields = (
        doc.text,
        doc.source,
        doc.url,
        doc.title,
        doc.date,
        doc.language,
        repr(sorted(doc.metadata.items())),
    )
    digest = hashlib.blake2b("\0".join(fields).encode(), digest_size=8).digest()
    longest_first = (2**32 - 1 - len(doc.text)).to_bytes(4, "big")
    return longest_first + doc.id.encode() + digest


def id_of(document_rank: Rank) -> str:
    """The document id within a rank."""
    return document_rank[4:-8].decode()


@dataclasses.dataclass
class DedupeDocs(beam.PTransform):
    """Drops exact and, if the settings say so, near copies, and counts the Documents kept by source."""

    config: DedupeConfig

    def expand(self, docs: beam.PCollection[Document]) -> beam.PCollection[Document]:
        """Documents in; out the same Documents less the copies, with ids that occur once."""
        docs = docs | "DropExactCopies" >> DropExactCopies()
        if self.config.near:
            docs = docs | "DropNearCopies" >> DropNearCopies(self.config)
        return docs | "CountKept" >> beam.Map(_count, "kept")


class DropExactCopies(beam.PTransform):
    """Keeps one of the Documents whose texts differ in blanks alone, and one of those with the same id."""

    def expand(self, docs: beam.PCollection[Document]) -> beam.PCollection[Document]:
        """Documents in; out the same Documents less the copies, with ids that occur once."""
        copies = (
            docs
            | "HashText" >> beam.Map(_by_text_hash)
            | "SameText" >> beam.GroupByKey()
            | "AllButBest" >> beam.FlatMapTuple(_all_but_best)
        )
        return _without(copies, docs, "exact_copy")


@dataclasses.dataclass
class DropNearCopies(beam.PTransform):
    """Keeps one Document of each cluster of similar texts: MinHash, banding, connected components.

    Documents that share a band's key are compared with the best of the bucket, those unlike it with the best
    of the rest, and so on for a few leaders. Pairs as similar as the settings ask make clusters, of which the
    best document stays: the longest, then the one with the smallest id.
    """

    config: DedupeConfig

    def expand(self, docs: beam.PCollection[Document]) -> beam.PCollection[Document]:
        """Documents with unique ids in; out the same Documents less the copies."""
        copies = (
            docs
            | "Sketch" >> beam.ParDo(SketchFn(self.config))
            | "SameBand" >> beam.GroupByKey()
            | "SimilarPairs" >> beam.ParDo(SimilarPairsFn(self.config.min_similarity))
            | "Clusters" >> ConnectedComponents()
            | "AllButBest" >> beam.Keys()
        )
        return _without(copies, docs, "near_copy")


class SketchFn(beam.DoFn):
    """Yields (band key, (rank, signature)) for each band of a document."""

    def __init__(self, config: DedupeConfig):
        self._config = config

    def setup(self) -> None:
        """Draws the permutations."""
        self._hasher = MinHasher(self._config)

    def process(self, doc: Document) -> Iterator[tuple[bytes, Sketch]]:
        """Sketches one document: some 280 bytes a band, whatever its length."""
        signature = self._hasher.signature(doc.text)
        sketch = rank(doc), signature.astype("<u2").tobytes()
        for key in self._hasher.band_keys(signature):
            yield key, sketch


class SimilarPairsFn(beam.DoFn):
    """Yields the pairs of a bucket that are similar enough, as ranks, each a document with a leader."""

    def __init__(self, min_similarity: float):
        self._min_similarity = min_similarity

    def process(self, bucket: tuple[bytes, Iterable[Sketch]]) -> Iterator[Edge]:
        """Takes the documents of one band key; a leader is the best of those unlike every earlier leader."""
        rest = sorted(set(bucket[1]))
        for _ in range(_LEADERS):
            if len(rest) < 2:
                return
            leader, *others = rest
            signatures = np.stack([np.frombuffer(signature, "<u2") for _, signature in others])
            similar = similarity(np.frombuffer(leader[1], "<u2"), signatures) >= self._min_similarity
            yield from ((leader[0], other[0]) for other, near in zip(others, similar, strict=True) if near)
            rest = [other for other, near in zip(others, similar, strict=True) if not near]
        Metrics.counter(NAMESPACE, "not_compared_in_bucket").inc(len(rest))


class KeepUnmarkedFn(beam.DoFn):
    """Drops the marked documents and counts them under `fate`, by source."""

    def __init__(self, fate: str):
        self._fate = fate

    def process(self, same_id: tuple[str, Mapping[str, Iterable[Any]]]) -> Iterator[Document]:
        """Takes what has one id: documents, and the ranks of those to drop; yields the best of the others."""
        marked = set(same_id[1]["marked"])
        unmarked = []
        for doc in same_id[1]["documents"]:
            if marked and rank(doc) in marked:
                _count(doc, self._fate)
            else:
                unmarked.append(doc)
        unmarked.sort(key=rank)
        for doc in unmarked[1:]:
            _count(doc, "repeated_id")
        yield from unmarked[:1]


def _without(marked: beam.PCollection[Rank], docs: beam.PCollection[Document], fate: str) -> beam.PCollection[Document]:
    by_id = {
        "documents": docs | "ById" >> beam.Map(_by_id),
        "marked": marked | "MarkedById" >> beam.Map(_marked_by_id),
    }
    return by_id | "SameId" >> beam.CoGroupByKey() | "KeepUnmarked" >> beam.ParDo(KeepUnmarkedFn(fate))


def _by_text_hash(doc: Document) -> tuple[bytes, Rank]:
    return hashlib.blake2b(fold_blanks(doc.text).encode(), digest_size=16).digest(), rank(doc)


def _all_but_best(_: bytes, ranks: Iterable[Rank]) -> Iterator[Rank]:
    best: Rank | None = None  # one pass and no list: a popular error page comes a million times
    for other in ranks:
        if best is not None and other != best:
            yield max(best, other)
        best = other if best is None else min(best, other)


def _by_id(doc: Document) -> tuple[str, Document]:
    return doc.id, doc


def _marked_by_id(marked: Rank) -> tuple[str, Rank]:
    return id_of(marked), marked


def _count(doc: Document, fate: str) -> Document:
    Metrics.counter(NAMESPACE, f"{doc.source}/{fate}").inc()
    return doc


def dedupe_documents(documents: StageOutput, config: DedupeConfig, directory: str, runner: RunnerConfig) -> Made:
    """The deduplicating job, from the cleaning stage's Documents to those that stay."""
    files, counters = transform_documents(documents, DedupeDocs(config), config.shards, directory, runner)
    return Made(outputs=files, counters=counters)
