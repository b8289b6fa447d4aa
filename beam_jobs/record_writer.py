"""RecordWriter: packed sequences to runs of records, with everything counted that a manifest tells."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from apache_beam.metrics import Metrics

from beam_jobs.mixture import copies_of
from beam_jobs.packing import PackedSequence, PackingRules, TokenizedDocument
from beam_jobs.record_example import to_example
from beam_jobs.record_shuffle import Run, shuffle_key, write_run
from beam_jobs.splitting import TRAIN

_NAMESPACE = "tokenize_docs"
_TOGETHER = ("positions", "padding")
"""Counted over all sources and splits; the rest by source and split."""


class RecordWriter:
    """Gathers the records of one worker's element.

    Args:
      rules: by which they are packed.
      vocabulary_size: for counting ids.
      epochs: how often a training record of each source is written, where that is not once.
    """

    def __init__(self, rules: PackingRules, vocabulary_size: int, epochs: Mapping[str, float]):
        self._rules, self._epochs = rules, epochs
        self._keyed: dict[str, list[tuple[bytes, bytes]]] = {}
        self.training_counts = np.zeros(vocabulary_size, np.int64)
        """How often each id of text stands in the training records."""

    def add(self, split: str, source: str, sequences: Sequence[PackedSequence]) -> None:
        """Takes sequences of one source, as often as its records are to be written."""
        epochs = self._epochs.get(source, 1.0) if split == TRAIN else 1.0
        keyed = self._keyed.setdefault(split, [])
        copied: dict[int, list[np.ndarray]] = {}
        counts: Counter[str] = Counter()
        for packed in sequences:
            serialized = to_example(packed, source)
            copies = copies_of(serialized, epochs)
            keyed += [(shuffle_key(serialized, copy, self._rules.seed), serialized) for copy in range(copies)]
            copied.setdefault(copies, []).append(packed.input_ids)
            counts["unique_tokens"] += _text_tokens(packed)
            counts["tokens"] += copies * _text_tokens(packed)
            counts["examples"] += copies
            counts["left_out"] += not copies
            counts["positions"] += copies * self._rules.length
            counts["padding"] += copies * (self._rules.length - len(packed.input_ids))
        for name, number in counts.items():
            if number:
                _count(name if name in _TOGETHER else f"{source}/{split}_{name}", number)
        if split == TRAIN:
            self._count_ids(copied)

    def runs(self, name: str) -> Iterator[Run]:
        """Writes what was added, one file a split, and describes the files."""
        for split, keyed in sorted(self._keyed.items()):
            if keyed:
                yield write_run(split, f"{name}.{split}", keyed)

    def _count_ids(self, copied: Mapping[int, Sequence[np.ndarray]]) -> None:
        for copies, sequences in copied.items():
            found = np.bincount(np.concatenate(sequences), minlength=len(self.training_counts))
            found[[self._rules.cls, self._rules.sep]] = 0  # no text becomes a special token
            self.training_counts += copies * found


def count_documents(split: str, source: str, documents: Sequence[TokenizedDocument]) -> None:
    """Counts what came in; a document without a token is counted apart."""
    empty = sum(not len(document.tokens) for document in documents)
    _count(f"{source}/{split}_documents", len(documents) - empty)
    if empty:
        _count(f"{source}/{split}_empty", empty)


def count_nameless(number: int) -> None:
    """Counts rows that were set aside because they name no id or no source."""
    if number:
        _count("nameless", number)


def documents_in(counters: Mapping[str, int]) -> int:
    """How many documents with a token were read."""
    return sum(count for name, count in counters.items() if name.endswith("_documents"))


def sources_of(counters: Mapping[str, int]) -> dict[str, Any]:
    """Of each source's training records: how often its text stands in them, and its share of their tokens."""
    suffix = f"/{TRAIN}_tokens"
    tokens = {
        name.removeprefix(f"{_NAMESPACE}/").removesuffix(suffix): number
        for name, number in counters.items()
        if name.endswith(suffix)
    }
    unique = {source: counters[f"{_NAMESPACE}/{source}/{TRAIN}_unique_tokens"] for source in tokens}
    total = sum(tokens.values())
    return {
        source: {"epochs": round(tokens[source] / unique[source], 4), "share": round(tokens[source] / total, 4)}
        for source in tokens
    }


def _text_tokens(packed: PackedSequence) -> int:
    """Without [CLS] and the [SEP] after each piece."""
    return len(packed.input_ids) - len(packed.segment_starts) - 2


def _count(name: str, number: int) -> None:
    Metrics.counter(_NAMESPACE, name).inc(number)
