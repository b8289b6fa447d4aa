"""Token lists to training sequences, with every token kept once and little room left over.

Best-fit-decreasing packing, as in "Fewer Truncations Improve Language Modeling" (Ding et al., arXiv:2404.10830): a
document longer than a sequence is cut into full, consecutive pieces; what remains of it, and every shorter document,
goes whole into the fullest sequence that still has room for it.
"""

import bisect
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np


class TokenizedDocument(NamedTuple):
    """A document as vocabulary ids, without special tokens."""

    id: str
    tokens: np.ndarray  # [length] int32


class PackedSequence(NamedTuple):
    """One training sequence: `[CLS] piece [SEP] piece [SEP] …`."""

    input_ids: np.ndarray  # [at most the sequence length] int32
    segment_starts: list[int]
    documents: list[str]


def pack(documents: Iterable[TokenizedDocument], length: int, cls: int, sep: int) -> Iterator[PackedSequence]:
    """Packs documents into sequences of at most `length` tokens, special tokens included.

    The result depends on the documents alone, not on their order. Empty documents give nothing.

    Raises:
      ValueError: when `length` leaves no room for a token between [CLS] and [SEP].
    """
    if length < 3:
        raise ValueError(f"length {length} has no room for a token between [CLS] and [SEP]; use at least 3.")
    room = length - 2
    tails: list[TokenizedDocument] = []
    for document in sorted(documents, key=lambda doc: doc.id):
        full = len(document.tokens) // room * room
        for start in range(0, full, room):
            yield _sequence([TokenizedDocument(document.id, document.tokens[start : start + room])], cls, sep)
        if len(document.tokens) > full:
            tails.append(TokenizedDocument(document.id, document.tokens[full:]))
    for pieces in _best_fit_decreasing(tails, length - 1):
        yield _sequence(pieces, cls, sep)


def _best_fit_decreasing(pieces: Sequence[TokenizedDocument], room: int) -> list[list[TokenizedDocument]]:
    """Groups pieces so that no group, with one [SEP] after each piece, is longer than `room`."""
    groups: list[list[TokenizedDocument]] = []
    free: list[tuple[int, int]] = []  # (room left, group), ascending: the first that fits is the fullest that fits
    for piece in sorted(pieces, key=lambda p: (-len(p.tokens), p.id)):
        need = len(piece.tokens) + 1
        at = bisect.bisect_left(free, (need, -1))
        if at == len(free):
            left, group = room, len(groups)
            groups.append([])
        else:
            left, group = free.pop(at)
        groups[group].append(piece)
        bisect.insort(free, (left - need, group))
    return groups


def _sequence(pieces: Sequence[TokenizedDocument], cls: int, sep: int) -> PackedSequence:
    parts: list[np.ndarray] = [np.array([cls], np.int32)]
    starts, length = [], 1
    for piece in pieces:
        starts.append(length)
        parts += [piece.tokens.astype(np.int32), np.array([sep], np.int32)]
        length += len(piece.tokens) + 1
    return PackedSequence(np.concatenate(parts), starts[1:], [piece.id for piece in pieces])
