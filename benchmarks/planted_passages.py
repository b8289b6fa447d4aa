"""Evaluation passages put into documents, as they are or changed as copies on the web are changed."""

import random
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

_COMMON_PARTICLE = re.compile(r"(?<=[가-힣])[은는이가을를에의](?=[\s.,!?]|$)")
_OTHER_PARTICLE = re.compile(r"(?<=[가-힣])(?:에서|에게|까지|부터|으로|이나|한테|만|도|와|과|로|랑)(?=[\s.,!?]|$)")
_COMMON, _OTHERS = "은는이가을를에의", ("에서", "에게", "까지", "부터", "만", "도", "와", "랑")

Change = Callable[[str, random.Random], str]
"""What happens to a passage on its way into a document."""


def half(text: str, chance: random.Random) -> str:
    """What stands before or after the blank nearest to the middle."""
    blanks = [found.start() for found in re.finditer(r"\s", text)] or [len(text) // 2]
    middle = min(blanks, key=lambda place: abs(2 * place - len(text)))
    return text[:middle] if chance.random() < 0.5 else text[middle:].lstrip()


def respaced(text: str, chance: random.Random) -> str:
    """Half of the spaces gone, and one put in after every tenth character or so."""
    kept = re.sub(" ", lambda _: " " if chance.random() < 0.5 else "", text)
    return re.sub(r"(?<=\w)(?=\w)", lambda _: " " if chance.random() < 0.1 else "", kept)


def particles_changed(text: str, chance: random.Random) -> str:
    """Each of the commonest particles dropped or exchanged for another."""
    return _COMMON_PARTICLE.sub(lambda _: chance.choice(["", *_COMMON]), text)


def other_particles_changed(text: str, chance: random.Random) -> str:
    """The other particles dropped or exchanged, most of which are not left out of the comparison."""
    return _OTHER_PARTICLE.sub(lambda _: chance.choice(["", *_OTHERS]), text)


def punctuation_changed(text: str, chance: random.Random) -> str:
    """Punctuation dropped or exchanged, and quotation marks put around some words."""
    other = re.sub(r"[^\w\s]", lambda _: chance.choice(["", "~", "…", "!", ","]), text)
    return " ".join(f"'{word}'" if chance.random() < 0.1 else word for word in other.split(" "))


def in_two_paragraphs(text: str, chance: random.Random) -> str:
    """A blank line in the middle."""
    words = text.split(" ")
    return f"{' '.join(words[: len(words) // 2])}\n\n{' '.join(words[len(words) // 2 :])}"


def tenth_word_changed(text: str, chance: random.Random) -> str:
    """A word in ten exchanged for another of the passage."""
    words = text.split(" ")
    return " ".join(chance.choice(words) if chance.random() < 0.1 else word for word in words)


CHANGES: Mapping[str, Change] = {
    "whole": lambda text, chance: text,
    "half": half,
    "re-spaced": respaced,
    "particles": particles_changed,
    "other particles": other_particles_changed,
    "punctuation": punctuation_changed,
    "two paragraphs": in_two_paragraphs,
    "1 word in 10": tenth_word_changed,
}


class Planting(NamedTuple):
    """A document with a passage in it."""

    text: str
    start: int
    end: int


def plant(host: str, passage: str, chance: random.Random) -> Planting:
    """Puts a passage between two lines of a document, as a line of its own."""
    borders = [0, *(found.end() for found in re.finditer("\n", host)), len(host)]
    start = chance.choice(borders)
    before = f"{host[:start]}\n" if start == len(host) else host[:start]
    return Planting(f"{before}{passage}\n{host[start:]}", len(before), len(before) + len(passage))
