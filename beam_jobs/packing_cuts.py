"""Pure: where a document that does not fit into a sequence may be cut."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np


class Piece(NamedTuple):
    """The tokens from `start` to `stop` of one of many documents, which is known by its number."""

    document: int
    start: int
    stop: int


def joined(pieces: Iterable[Piece]) -> list[Piece]:
    """The pieces in order, with those that follow upon one another in a document as one.

    >>> joined([Piece(1, 5, 9), Piece(0, 0, 4), Piece(1, 2, 5)])
    [Piece(document=0, start=0, stop=4), Piece(document=1, start=2, stop=9)]
    """
    found: list[Piece] = []
    for piece in sorted(pieces):
        if found and (piece.document, piece.start) == (found[-1].document, found[-1].stop):
            found[-1] = found[-1]._replace(stop=piece.stop)
        else:
            found.append(piece)
    return found


def cut_before(
    tokens: np.ndarray, sentence_ends: np.ndarray, start: int, limit: int, back: int, continues: np.ndarray
) -> int:
    """Where to end a piece that must not reach past a limit: after a sentence, or else before a word.

    Args:
      tokens: [length] int32.
      sentence_ends: [sentences] int32, ascending, exclusive.
      start: where the piece begins.
      limit: the last place where it may end, before the last token.
      back: a sentence's end counts if no more tokens than this lie between it and the limit.
      continues: [vocabulary] bool, whether an id goes on with a word.

    Returns:
      `start`, if a single word reaches from there past the limit.
    """
    # Asked for an int32, NumPy searches the array as it is; for a Python integer, it would copy all of it.
    at = int(sentence_ends.searchsorted(np.int32(limit), side="right")) - 1
    if at >= 0 and sentence_ends[at] >= max(limit - back, start + 1):
        return int(sentence_ends[at])
    begins = ~continues[tokens[limit:start:-1]]
    nearest = int(begins.argmax())
    return limit - nearest if begins[nearest] else start


def first_word_end(tokens: np.ndarray, start: int, limit: int, continues: np.ndarray) -> int:
    """Where the word at `start` ends, or `limit`, if it is longer.

    Args:
      tokens: [length] int32.
      start: where the word begins.
      limit: at most the number of tokens.
      continues: [vocabulary] bool, whether an id goes on with a word.
    """
    begins = np.flatnonzero(~continues[tokens[start + 1 : limit]])
    return start + 1 + int(begins[0]) if len(begins) else limit
