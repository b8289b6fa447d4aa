"""Pure: tokenized documents to training sequences, with every token kept once and hardly any padding.

Documents shorter than a sequence go whole into sequences with others, by best-fit decreasing ("Fewer Truncations
Improve Language Modeling", Ding et al., arXiv:2404.10830). Longer ones are cut into consecutive pieces where
sentences end; what room that leaves, short documents fill. Pieces that do not fit together so well are laid end to
end instead, and cut where a sequence is full.
"""

import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from beam_jobs.best_fit import best_fit_decreasing
from beam_jobs.packing_cuts import Piece, cut_before, first_word_end, joined
from model.contract.errors import SettingError

_SHORTEST = 5
"""`[CLS] a [SEP] b [SEP]`; also the shortest that the original's short_seq_prob draws."""
_PERCENT_OF_PADDING = 2
"""A sequence with less is full; with more, it is laid end to end with others."""


class TokenizedDocument(NamedTuple):
    """A document, or a piece of one, as vocabulary ids without special tokens."""

    id: str
    tokens: np.ndarray  # [length] int32
    sentence_ends: np.ndarray  # [sentences] int32, ascending, exclusive; the last is the number of tokens
    offset: int = 0
    """How many of the whole document's tokens stand before these."""


class PackedSequence(NamedTuple):
    """One training sequence: `[CLS] piece [SEP] piece [SEP] …`."""

    input_ids: np.ndarray  # [at most the sequence length] int32
    segment_starts: list[int]
    """The offsets at which every piece but the first begins."""
    documents: list[str]
    """The documents of the pieces, in order; one that is split in two segments stands here twice."""
    document_offsets: list[int]
    """For each piece, how many of its document's tokens stand before it."""
    second_segment: int
    """The offset from which segment ids are 1; 0 for none."""


class Packed(NamedTuple):
    """Full sequences, and the pieces that are left: together they fit into one."""

    sequences: list[PackedSequence]
    remnants: list[TokenizedDocument]


@dataclass(frozen=True, eq=False, kw_only=True)
class PackingRules:
    """How sequences are made; TokenizeConfig says more of its settings.

    Raises:
      SettingError: when `length` leaves no room for two segments of a token each.
    """

    length: int
    """The most tokens in a sequence, special tokens included."""
    cls: int
    sep: int
    continues: np.ndarray  # [vocabulary] bool: the piece begins with "##"
    cut_back: int
    short_share: float = 0.0
    pair_share: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.length < _SHORTEST:
            raise SettingError(
                f"sequence_length {self.length} has no room for two segments between [CLS] and [SEP]; "
                f"use at least {_SHORTEST}."
            )


def pack(documents: Iterable[TokenizedDocument], rules: PackingRules) -> Packed:
    """Packs one file's documents of one source and split.

    The result depends on the documents alone, not on their order. Empty documents give nothing. Of a sequence of
    more than 50 tokens less than 2 % is padding, unless it is one of the short ones asked for or a word of more tokens
    than that did not fit at its end; in a sequence of two segments it may be one token more.
    """
    packing = _Packing(documents, rules)
    groups, rest = packing.groups()
    return Packed([packing.sequence(group) for group in groups], [packing.tokenized(piece) for piece in rest])


def pack_remnants(pieces: Iterable[TokenizedDocument], rules: PackingRules) -> list[PackedSequence]:
    """Packs what is left of many files by the same rules, and all of it: the last sequence may be short."""
    packing = _Packing(pieces, rules)
    groups, rest = packing.groups()
    return [packing.sequence(group) for group in [*groups, rest] if group]


class _Packing:
    """One call's documents as pieces of sequences."""

    def __init__(self, documents: Iterable[TokenizedDocument], rules: PackingRules):
        self._documents, self._rules = _in_order(documents), rules

    def groups(self) -> tuple[list[list[Piece]], list[Piece]]:
        """The pieces of each full sequence, and those that are left."""
        pieces = [piece for number in range(len(self._documents)) for piece in self._cut(number)]
        short, long = self._parted(pieces)
        short_groups, unfinished = self._laid(short, self._short_length)
        full, underfilled = self._fitted(long + unfinished)
        laid, rest = self._laid(underfilled, self._length)
        return short_groups + full + laid, rest

    def sequence(self, group: Sequence[Piece]) -> PackedSequence:
        """Puts special tokens around the pieces."""
        pieces, second = joined(group), 0
        if self._is_pair(pieces[0].document, pieces[0].start):
            pieces, second = self._halves(pieces)
        after = np.array([self._rules.sep], np.int32)
        parts = [np.array([self._rules.cls], np.int32)]
        for piece in pieces:
            parts += (self._documents[piece.document].tokens[piece.start : piece.stop], after)
        starts = _starts(pieces)
        return PackedSequence(
            input_ids=np.concatenate(parts, dtype=np.int32),
            segment_starts=starts[1:],
            documents=[self._documents[piece.document].id for piece in pieces],
            document_offsets=[self._documents[piece.document].offset + piece.start for piece in pieces],
            second_segment=starts[second] if second else 0,
        )

    def tokenized(self, piece: Piece) -> TokenizedDocument:
        """The piece by itself."""
        document, (_, start, stop) = self._documents[piece.document], piece
        inner = self._ends_inside(piece)
        ends = np.append(inner, np.int32(stop)) - np.int32(start)
        return TokenizedDocument(document.id, document.tokens[start:stop], ends, document.offset + start)

    def _cut(self, number: int) -> Iterator[Piece]:
        """A document as consecutive pieces that each fit into a sequence."""
        size, start = len(self._documents[number].tokens), 0
        while size - start > (room := self._length(number, start) - 2):
            stop = self._cut_before(number, start, start + room, self._rules.cut_back)
            stop = stop if stop > start else start + room  # a word longer than any room
            yield Piece(number, start, stop)
            start = stop
        if start < size:
            yield Piece(number, start, size)

    def _fitted(self, pieces: Sequence[Piece]) -> tuple[list[list[Piece]], list[Piece]]:
        """Whole pieces, grouped by best-fit decreasing, and those of groups that it could not fill."""
        full: list[list[Piece]] = []
        underfilled: list[Piece] = []
        sizes = [stop - start + 1 for _, start, stop in pieces]
        for members, left in best_fit_decreasing(sizes, self._rules.length - 1):
            group = [pieces[member] for member in members]
            if left <= _most_left(self._rules.length):
                full.append(group)
            else:
                underfilled += group
        return full, underfilled

    def _laid(
        self, pieces: Iterable[Piece], length_at: Callable[[int, int], int]
    ) -> tuple[list[list[Piece]], list[Piece]]:
        """Pieces end to end, cut where a sequence is full; and those of the last sequence, if it is not full.

        Args:
          pieces: in any order.
          length_at: the length of a sequence, by the document and the token that it begins with.
        """
        groups: list[list[Piece]] = []
        group: list[Piece] = []
        length = left = 0
        for number, start, stop in joined(pieces):
            while start < stop:
                if not group:
                    length = length_at(number, start)
                    left = length - 1
                end = self._end_within(Piece(number, start, stop), left - 1, length, opens=not group)
                if end > start:
                    group.append(Piece(number, start, end))
                    left -= end - start + 1
                if end < stop or left <= _most_left(length):
                    groups.append(group)
                    group = []
                start = end
        return groups, group

    def _end_within(self, piece: Piece, room: int, length: int, opens: bool) -> int:
        """As far as a piece goes into the room that a sequence has left: its own start, if no word of it fits.

        A piece that opens a sequence always gives it a word, even one longer than the room.
        """
        number, start, stop = piece
        if stop - start <= room:
            return stop
        end = self._cut_before(number, start, start + room, min(self._rules.cut_back, _most_left(length)))
        return end if end > start or not opens else self._word_end(piece)

    def _cut_before(self, number: int, start: int, limit: int, back: int) -> int:
        document = self._documents[number]
        return cut_before(document.tokens, document.sentence_ends, start, limit, back, self._rules.continues)

    def _word_end(self, piece: Piece) -> int:
        number, start, stop = piece
        limit = min(stop, start + self._length(number, start) - 2)
        return first_word_end(self._documents[number].tokens, start, limit, self._rules.continues)

    def _parted(self, pieces: Sequence[Piece]) -> tuple[list[Piece], list[Piece]]:
        """Pieces for the short sequences, and for the others: drawn so that in the end as many are short as asked."""
        share, mean = self._rules.short_share, (_SHORTEST + self._rules.length) / 2
        if not share:
            return [], list(pieces)
        of_tokens = share * mean / (share * mean + (1 - share) * self._rules.length)
        parted: tuple[list[Piece], list[Piece]] = ([], [])
        for piece in pieces:
            parted[self._draw("short", piece.document, piece.start) >= of_tokens].append(piece)
        return parted

    def _length(self, number: int, start: int) -> int:
        """The most tokens of a sequence that begins with this token, but for the second segment's [SEP]."""
        return self._rules.length - self._is_pair(number, start)

    def _short_length(self, number: int, start: int) -> int:
        lengths = self._rules.length - _SHORTEST + 1
        return _SHORTEST + int(lengths * self._draw("length", number, start)) - self._is_pair(number, start)

    def _is_pair(self, number: int, start: int) -> bool:
        """Whether a sequence that begins with this token is to have two segments."""
        share = self._rules.pair_share
        return share > 0 and self._draw("pair", number, start) < share

    def _draw(self, purpose: str, number: int, start: int) -> float:
        """From 0 to below 1, by the document and the place alone, so that no order of calls matters."""
        document = self._documents[number]
        key = f"{self._rules.seed}/{purpose}/{document.offset + start}/{document.id}"
        return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=6).digest(), "big") / 2**48

    def _halves(self, pieces: list[Piece]) -> tuple[list[Piece], int]:
        """The pieces, and which of them begins the second segment: the one nearest the middle.

        A piece by itself is parted where a sentence ends; if none does within it, there is no second segment.
        """
        if len(pieces) > 1:
            starts = _starts(pieces)
            whole = starts[-1] + pieces[-1].stop - pieces[-1].start + 1
            return pieces, min(range(1, len(pieces)), key=lambda number: abs(starts[number] - whole / 2))
        (number, start, stop), ends = pieces[0], self._ends_inside(pieces[0])
        if not len(ends):
            return pieces, 0
        half = int(ends[np.abs(ends - (start + stop) / 2).argmin()])
        return [Piece(number, start, half), Piece(number, half, stop)], 1

    def _ends_inside(self, piece: Piece) -> np.ndarray:
        """Where sentences end between a piece's first token and its last, counted from the document's first."""
        ends = self._documents[piece.document].sentence_ends
        first = ends.searchsorted(np.int32(piece.start), side="right")
        return ends[first : ends.searchsorted(np.int32(piece.stop))]


def _in_order(documents: Iterable[TokenizedDocument]) -> list[TokenizedDocument]:
    """By id and offset; should those be equal, by content."""
    ordered = sorted(documents, key=lambda document: (document.id, document.offset))
    if any(one.id == other.id and one.offset == other.offset for one, other in itertools.pairwise(ordered)):
        ordered.sort(
            key=lambda document: (
                document.id,
                document.offset,
                document.tokens.tobytes(),
                document.sentence_ends.tobytes(),
            )
        )
    return ordered


def _starts(pieces: Iterable[Piece]) -> list[int]:
    """Where each piece begins in its sequence."""
    starts, at = [], 1
    for _, start, stop in pieces:
        starts.append(at)
        at += stop - start + 1
    return starts


def _most_left(length: int) -> int:
    """The most tokens that a full sequence may stay short of its length; into a single one no piece fits anyway."""
    return max(1, (length - 1) * _PERCENT_OF_PADDING // 100)
