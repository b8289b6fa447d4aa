"""What a directory's records add up to, beside what its manifest and its token counts say."""

import math
from collections import Counter
from collections.abc import Iterator

import numpy as np

from model.contract.manifest import StageManifest
from model.contract.record import RecordFormat
from model.document_pieces import ONCE, DocumentFault, DocumentPieces, RecordPlace, Times
from model.packed_record import PackedRecord

_NAMESPACE = "tokenize_docs"
_WITHOUT_LIMIT = Times(0, math.inf)
_ARRAYS = 256
"""Records whose ids are counted at once."""


class RecordSums:
    """Adds up sound records.

    Args:
      record_format: of all of them.
      manifest: of their directory; its settings say how often a training record is repeated.
    """

    def __init__(self, record_format: RecordFormat, manifest: StageManifest):
        self._format, self._manifest = record_format, manifest
        self._waiting: list[np.ndarray] = []
        self._sources: dict[str, int] = {}
        self._times: dict[int, Times] = {}
        self._pieces = DocumentPieces(self._times)
        self._found: Counter[str] = Counter()
        self._counts = np.zeros(record_format.vocabulary_size, np.int64)
        self.records = self.tokens = 0

    def close(self) -> None:
        """Removes temporary files."""
        self._pieces.close()

    @property
    def documents(self) -> int:
        """How many different ones there are; known once `document_faults` is through."""
        return self._pieces.documents

    def add(self, found: PackedRecord, place: RecordPlace, split: str) -> None:
        """Adds a record that breaks no rule."""
        source = self._source(found.source)
        pieces = found.pieces
        tokens = sum(piece.tokens for piece in pieces)
        for piece in pieces:
            self._pieces.add(piece.document, piece.offset, piece.tokens, place, source, split != "train")
        self._found[f"{_NAMESPACE}/{found.source}/{split}_examples"] += 1
        self._found[f"{_NAMESPACE}/{found.source}/{split}_tokens"] += tokens
        self._found[f"{_NAMESPACE}/padding"] += self._format.sequence_length - len(found.input_ids)
        self._found[f"{_NAMESPACE}/positions"] += self._format.sequence_length
        self.records, self.tokens = self.records + 1, self.tokens + tokens
        if split == "train":
            self._waiting.append(found.input_ids)
            if len(self._waiting) == _ARRAYS:
                self._count()

    def count_faults(self, stored: np.ndarray, name: str) -> Iterator[str]:
        """Compares how often each id stands in the training records with what a file says."""
        self._count()
        counted = self._counts.copy()
        counted[[self._format.special_ids.cls, self._format.special_ids.sep]] = 0
        if stored.shape != counted.shape:
            yield f"{name} counts {stored.shape} ids where the vocabulary has {len(counted):,}."
        elif (others := np.flatnonzero(stored != counted)).size:
            first = int(others[0])
            more = f", and {others.size - 1:,} more ids differ" if others.size > 1 else ""
            yield (
                f"{name} counts id {first} {int(stored[first]):,} times where the training records hold it "
                f"{counted[first]:,} times{more}."
            )

    def counter_faults(self, named: str) -> Iterator[str]:
        """Compares what was counted with the manifest's counters; a manifest without any is let be."""
        told = {name: value for name, value in self._manifest.counters.items() if name.startswith(f"{_NAMESPACE}/")}
        ours = ("_examples", "_tokens", "/padding", "/positions")
        kept = {name for name in told if name.endswith(ours) and not name.endswith("_unique_tokens")}
        for name in sorted(kept | set(self._found)) if told else ():
            if told.get(name, 0) != self._found[name]:
                yield f"{named} counts {told.get(name, 0):,} {name} where its records hold {self._found[name]:,}."

    def document_faults(self) -> Iterator[DocumentFault]:
        """Puts every document together from its pieces."""
        return self._pieces.faults()

    def _count(self) -> None:
        if self._waiting:
            self._counts += np.bincount(np.concatenate(self._waiting), minlength=len(self._counts))
            self._waiting = []

    def _source(self, name: str) -> int:
        if name not in self._sources:
            self._sources[name] = len(self._sources)
            self._times[self._sources[name]] = times_of(self._manifest, name)
        return self._sources[name]


def times_of(manifest: StageManifest, source: str) -> Times:
    """How often each training record of a source is written; by a mixture it may be any number of times, or none."""
    if manifest.settings.get("mixture"):
        return _WITHOUT_LIMIT
    weights = manifest.settings.get("weights")
    weight = weights.get(source, 1.0) if isinstance(weights, dict) else 1.0
    return Times(math.floor(weight), math.ceil(weight)) if isinstance(weight, int | float) else ONCE
