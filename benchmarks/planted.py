"""The planted set: real texts, and for most of them one copy that differs from it in a known way.

Every text has one copy at most, so that no copy is found by way of another. The real texts are each other's hard
negatives: documents of the same kinds, parts of the same documents among them. Which of those resemble each other by
nature is known from `benchmarks.true_similarity`.
"""

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from model.contract.errors import InputError

PART_CHARACTERS = 3_000
"""Longer documents are cut at line ends into parts of about this length, so that a small corpus gives many texts."""
MIN_EOJEOLS = 100
"""So that one eojeol is one per cent at most."""
_PARTICLES = "은는이가을를에의도로와과만"
_BLANKS = re.compile(r"(\s+)")
_SENTENCE_ENDS = re.compile(r"(?<=[.?!])\s+")


class Planted(NamedTuple):
    """A text of the set."""

    id: str
    text: str
    origin: int
    """The number of the real text that it is, or that it was made of."""
    way: str
    """How it was made of it; empty for the real text itself."""


@dataclasses.dataclass(frozen=True)
class Way:
    """A way to make a copy: a share of the eojeols edited, sentences in another order, or the end cut off."""

    edited: float = 0.0
    edits: tuple[str, ...] = ("replaced", "dropped", "ending changed", "split in two")
    reordered: bool = False
    kept: float = 1.0
    """The share of the eojeols, from the first, that stay."""

    def copy(self, text: str, generator: np.random.Generator, words: Sequence[str]) -> str:
        """The copy; `words` are what an eojeol may be replaced by."""
        if self.edited:
            text = edit(text, self.edited, generator, words, self.edits)
        if self.reordered:
            text = reorder(text, generator)
        return text if self.kept == 1.0 else _first_eojeols(text, self.kept)


WAYS: Mapping[str, Way] = {
    "1 % edited": Way(edited=0.01),
    "5 % edited": Way(edited=0.05),
    "10 % edited": Way(edited=0.10),
    "20 % edited": Way(edited=0.20),
    "40 % edited": Way(edited=0.40),
    "5 % replaced": Way(edited=0.05, edits=("replaced",)),
    "10 % replaced": Way(edited=0.10, edits=("replaced",)),
    "reordered": Way(reordered=True),
    "cut to 75 %": Way(kept=0.75),
    "cut to 50 %": Way(kept=0.50),
}


def planted_set(texts: Sequence[str], most: int, seed: int = 42) -> list[Planted]:
    """Real texts and their copies, shuffled; the same for the same texts and seed.

    Of every eleven real texts one has no copy, and one a copy of each way.

    Args:
      texts: whole documents.
      most: real texts to take, spread over the documents.
      seed: of everything drawn.

    Raises:
      InputError: when no document is long enough.
    """
    generator = np.random.default_rng(seed)
    parts = [part for text in texts for part in parts_of(text) if len(part.split()) >= MIN_EOJEOLS]
    if not parts:
        raise InputError(f"no document has {MIN_EOJEOLS} words, so no copies can be planted; name another --data.")
    chosen = generator.permutation(len(parts))[:most]
    words = [word for place in chosen[:200] for word in parts[place].split()]
    ways = ["", *WAYS]
    planted = []
    for number, place in enumerate(chosen):
        planted.append(Planted(f"real-{number:06d}", parts[place], number, ""))
        if way := ways[number % len(ways)]:
            copy = WAYS[way].copy(parts[place], generator, words)
            planted.append(Planted(f"copy-{number:06d}", copy, number, way))
    return [planted[place] for place in generator.permutation(len(planted))]


def parts_of(text: str, most: int = PART_CHARACTERS) -> Iterator[str]:
    """The text, or where it has more characters its parts, which together hold every line once."""
    lines: list[str] = []
    length = 0
    for line in text.split("\n"):
        if lines and length + len(line) > most:
            yield "\n".join(lines)
            lines, length = [], 0
        lines.append(line)
        length += len(line) + 1
    yield "\n".join(lines)


def edit(
    text: str,
    share: float,
    generator: np.random.Generator,
    words: Sequence[str],
    edits: Sequence[str] = Way.edits,
) -> str:
    """Edits a share of the eojeols, rounded to whole ones but one at least, each by one of `edits`; the rest stays."""
    pieces = _BLANKS.split(text.strip())
    eojeols = (len(pieces) + 1) // 2
    count = max(round(share * eojeols), 1)
    places = generator.choice(eojeols, count, replace=False).tolist()
    chosen = generator.integers(len(edits), size=count).tolist()
    others = generator.integers(len(words), size=count).tolist()
    for place, number, other in zip(places, chosen, others, strict=True):
        edited = _EDITS[edits[number]](pieces[2 * place], words[other])
        pieces[2 * place] = edited
        if not edited and place:
            pieces[2 * place - 1] = ""
    return "".join(pieces).strip()


def reorder(text: str, generator: np.random.Generator) -> str:
    """The text's lines in another order, or its sentences where it has few lines."""
    lines = [line for line in text.split("\n") if line.strip()]
    parts, between = (lines, "\n") if len(lines) >= 4 else (_SENTENCE_ENDS.split(text), " ")
    return between.join(parts[place] for place in generator.permutation(len(parts)))


def _first_eojeols(text: str, share: float) -> str:
    pieces = _BLANKS.split(text.strip())
    eojeols = (len(pieces) + 1) // 2
    return "".join(pieces[: 2 * round(share * eojeols) - 1])


def _replaced(eojeol: str, other: str) -> str:
    return other if other != eojeol else eojeol + other


def _ending_changed(eojeol: str, other: str) -> str:
    """Its last character becomes a particle; `other` says which."""
    start = eojeol[:-1] or eojeol
    particle = _PARTICLES[len(other) % len(_PARTICLES)]
    return start + (particle if start + particle != eojeol else _PARTICLES[(len(other) + 1) % len(_PARTICLES)])


def _split_in_two(eojeol: str, other: str) -> str:
    middle = len(eojeol) // 2
    return f"{eojeol[:middle]} {eojeol[middle:]}" if middle else _replaced(eojeol, other)


_EDITS: Mapping[str, Callable[[str, str], str]] = {
    "replaced": _replaced,
    "dropped": lambda eojeol, other: "",
    "ending changed": _ending_changed,
    "split in two": _split_in_two,
}
