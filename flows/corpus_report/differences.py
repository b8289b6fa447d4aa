"""What differs between two passages, and characters that nobody could see, as pieces that the page marks."""

import difflib
import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

LONGEST = 1_000
"""Characters of a passage that are shown and compared; comparing takes time by the square of the number of words."""
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_WORD = re.compile(r"\s|\w+|[^\w\s]")
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
_SEEN = frozenset(" \n\t")
_NO_BREAK_SPACE = "\u00a0"

Kind = Literal["same", "gone", "new", "unseen"]


class Piece(NamedTuple):
    """A run of characters that are shown alike; of kind "unseen", the code point in place of the character."""

    kind: Kind
    text: str


def shown(text: str) -> list[Piece]:
    """A passage with what is invisible in it spelled out, cut where it is too long.

    Control characters, zero-width and directional ones change how a page looks, or hide what a rule changed.

    >>> [piece.text for piece in shown("가\\u200b나")]
    ['가', 'U+200B', '나']
    """
    return list(_pieces(_cut(text), "same"))


def differences(before: str, after: str) -> tuple[list[Piece], list[Piece]]:
    """Both passages, with what the other one lacks marked: lines, and words within lines that were changed.

    >>> differences("가 나 다", "가 다")[0]
    [Piece(kind='same', text='가 '), Piece(kind='gone', text='나 '), Piece(kind='same', text='다')]
    """
    left: list[tuple[Kind, str]] = []
    right: list[tuple[Kind, str]] = []
    for lines, new_lines in _aligned(_LINE.findall(_cut(before)), _LINE.findall(_cut(after))):
        for words, new_words in _aligned(_WORD.findall(lines), _WORD.findall(new_lines)):
            equal = words == new_words
            left.append(("same" if equal else "gone", words))
            right.append(("same" if equal else "new", new_words))
    return _joined(left), _joined(right)


def _aligned(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Both sequences in parts that are equal or stand in each other's place."""
    for _, start, end, new_start, new_end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        yield "".join(old[start:end]), "".join(new[new_start:new_end])


def _joined(runs: Iterable[tuple[Kind, str]]) -> list[Piece]:
    """Neighbours of one kind as one, then with what is invisible spelled out."""
    pieces: list[Piece] = []
    for kind, group in itertools.groupby((run for run in runs if run[1]), key=lambda run: run[0]):
        pieces += _pieces("".join(text for _, text in group), kind)
    return pieces


def _cut(text: str) -> str:
    text = text.replace("\r\n", "\n")
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _pieces(text: str, kind: Kind) -> Iterator[Piece]:
    for unseen, group in itertools.groupby(text, key=_is_unseen):
        if not unseen:
            yield Piece(kind, "".join(group))
        else:
            yield from (Piece("unseen", f"U+{ord(character):04X}") for character in group)


def _is_unseen(character: str) -> bool:
    if character in _SEEN:
        return False
    return character == _NO_BREAK_SPACE or unicodedata.category(character) in _UNSEEN
