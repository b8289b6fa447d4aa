"""One record for a person to read: its documents as text, and what of it is hidden."""

import dataclasses
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np

from model.contract.record import MASK, RecordFormat
from model.find_record import FoundRecord
from model.kobigbird_rules import PaddedRecord
from model.packed_record import PackedRecord

Fate = Literal["text", "masked", "replaced", "kept"]
"""What masking did to tokens: nothing; [MASK] in their place; random pieces there; left, though they are asked for."""


class Masks(NamedTuple):
    """What a model sees of a sequence, and what it is asked for."""

    shown: np.ndarray
    """[tokens] ids."""
    hidden: np.ndarray
    """[hidden tokens] their places."""


class Run(NamedTuple):
    """Tokens in a row that fared alike, a word each where they are asked for."""

    fate: Fate
    blank: bool
    """Whether a blank stands before it."""
    text: str
    """What stood there."""
    shown: str
    """What the model sees."""


class DocumentView(NamedTuple):
    """A stretch of a record that is of one document."""

    id: str
    """Empty where records do not tell."""
    offset: int
    """How many tokens of the document stand in other records, before these."""
    tokens: int
    segment: int
    """The segment id of its tokens."""
    runs: list[Run]


@dataclasses.dataclass(frozen=True)
class RecordView:
    """A record, readable."""

    source: str
    tokens: int
    """With [CLS] and [SEP]."""
    padding: int
    documents: list[DocumentView]
    fates: Counter[Fate]
    """Tokens of text by what masking did to them."""


class _Span(NamedTuple):
    document: str
    offset: int
    start: int
    end: int
    segment: int


def stored_masks(found: FoundRecord) -> Masks:
    """The masks that a record in KoBigBird's layout brings with it."""
    padded = PaddedRecord.of(found.fields)
    return Masks(padded.input_ids, padded.hidden)


def view_of(
    found: FoundRecord, record_format: RecordFormat, pieces: Sequence[str], masks: Masks | None = None
) -> RecordView:
    """A record as documents and runs of text.

    Args:
      found: the record, which keeps to the rules of its layout.
      record_format: of its directory.
      pieces: of the vocabulary, by id.
      masks: what to show as hidden; nothing when None.
    """
    ids, source, spans = _padded(found, record_format) if record_format.layout == "kobigbird" else _packed(found)
    shown, hidden = masks or Masks(ids, np.zeros(0, np.int64))
    fates = _fates(ids, shown, hidden, record_format.special_ids.mask)
    documents = [
        DocumentView(
            span.document,
            span.offset,
            span.end - span.start,
            span.segment,
            list(_runs(ids, shown, fates, pieces, range(span.start, span.end))),
        )
        for span in spans
    ]
    counts = Counter(fate for span in spans for fate in fates[span.start : span.end])
    tokens = spans[-1].end + 1
    return RecordView(source, tokens, record_format.sequence_length - tokens, documents, counts)


def _packed(found: FoundRecord) -> tuple[np.ndarray, str, list[_Span]]:
    record = PackedRecord.of(found.fields)
    second = int(record.second_segment[0]) if record.second_segment.size else len(record.input_ids)
    spans = [
        _Span(
            piece.document.decode(errors="replace"),
            piece.offset,
            piece.start,
            piece.start + piece.tokens,
            int(piece.start >= second),
        )
        for piece in record.pieces
    ]
    return record.input_ids, record.source, spans


def _padded(found: FoundRecord, record_format: RecordFormat) -> tuple[np.ndarray, str, list[_Span]]:
    record, special = PaddedRecord.of(found.fields), record_format.special_ids
    ids = record.original_ids
    ends = np.flatnonzero(ids == special.sep)
    starts = [1, *(ends[:-1] + 1).tolist()]
    spans = [
        _Span("", 0, start, end, int(record.segment_ids[start]))
        for start, end in zip(starts, ends.tolist(), strict=True)
    ]
    return ids, "", spans


def _fates(ids: np.ndarray, shown: np.ndarray, hidden: np.ndarray, mask: int) -> list[Fate]:
    fates: list[Fate] = ["text"] * len(ids)
    for place in hidden.tolist():
        if shown[place] == mask:
            fates[place] = "masked"
        else:
            fates[place] = "kept" if shown[place] == ids[place] else "replaced"
    return fates


def _runs(
    ids: np.ndarray, shown: np.ndarray, fates: Sequence[Fate], pieces: Sequence[str], span: range
) -> Iterator[Run]:
    words = np.cumsum([not pieces[ids[place]].startswith("##") for place in span]).tolist()
    keyed = zip(span, words, strict=True)

    def together(pair: tuple[int, int]) -> tuple[Fate, int]:
        return fates[pair[0]], 0 if fates[pair[0]] == "text" else pair[1]

    for (fate, _), members in itertools.groupby(keyed, together):
        run = [place for place, _ in members]
        blank = run[0] != span.start and not pieces[ids[run[0]]].startswith("##")
        yield Run(fate, blank, joined([pieces[ids[place]] for place in run]), _joined_ids(shown, pieces, run))


def _joined_ids(ids: np.ndarray, pieces: Sequence[str], run: Sequence[int]) -> str:
    return joined([pieces[ids[place]] for place in run])


def joined(pieces: Sequence[str]) -> str:
    """Pieces as text: those with `##` go on where the one before ends, others after a blank; several [MASK] touch.

    >>> joined(["한국", "##어", "문장", "[MASK]", "[MASK]"])
    '한국어 문장 [MASK][MASK]'
    """
    text = pieces[0].removeprefix("##")
    for before, piece in itertools.pairwise(pieces):
        if piece.startswith("##"):
            text += piece[2:]
        else:
            text += piece if piece == before == MASK else f" {piece}"
    return text
