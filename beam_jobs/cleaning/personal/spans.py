"""Pure: where personal data may stand in a text, and what stands around it."""

import bisect
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

HYPHENS = "-‐‑‒–−"
"""What parts the groups of one number, for use in a pattern's brackets; word processors put others for "-"."""
DASHES = HYPHENS + "—―"
"""With those that may part two numbers as well."""

_LABELS = "|".join(rf"(?<=(?<![A-Za-z0-9_]){label})" for label in ("Tel", "TEL", "tel", "HP", "Hp", "hp", "T"))
LEFT = (
    rf"(?:(?<![A-Za-z0-9_])|(?=0)(?:{_LABELS}))"
    rf"(?<![0-9][{HYPHENS}.])(?<![^0-9][0-9],)(?<![^0-9][0-9]{{2}},)(?<![^0-9][0-9]{{3}},)"
)
"""A number begins here, not an identifier's, a longer number's or a price's middle. Hangul may touch it: "전화010-…";
of Latin letters only a telephone's label: "Tel010-…".

After a comma only where four digits are before it: each of a list of numbers has to be seen at once, since looking
again after each one masked would take the square of the list's length.
"""
RIGHT = rf"(?![A-Za-z0-9_])(?![{HYPHENS}.][0-9])"
"""It ends here; Hangul may follow, as particles do."""

PLATE_LETTERS = "가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주바사아자배하허호"
"""Those on plates (Ordinance on Car Registration Plates): private, commercial, parcels, rented."""

_REACH = 10
"""Characters around digits that may belong to the number: "+", "(", a region's name, "~8"."""
_NUMBER = re.compile(
    rf"[0-9](?:(?=[{DASHES}.() 0-9]{{8}})(?:[{DASHES}.() ]{{0,3}}[0-9]){{8,}}"
    rf"| ?[{PLATE_LETTERS}] ?[0-9][0-9][0-9][0-9])"
)
"""Nine digits, the fewest of the numbers below ("02-123-4567"), with what may part them (dates have eight); or a
licence plate's last six letters. One pattern, since looking at each digit of a text once is what takes the time."""
_PLACEHOLDER = re.compile(r"\[[가-힣A-Z]+\]")


class Span(NamedTuple):
    """A place in a text that holds personal data."""

    kind: str
    start: int
    end: int


Stretches = list[tuple[int, int]]
"""The parts of a text, first and last excluded, that have digits enough for a number."""
NumberFinder = Callable[[str, Stretches], Iterator[Span]]
TextFinder = Callable[[str], Iterator[Span]]


def stretches(text: str) -> Stretches:
    """Where numbers may stand: few in any text, so that what looks at them closely may take its time."""
    return [(max(found.start() - _REACH, 0), min(found.end() + _REACH, len(text))) for found in _NUMBER.finditer(text)]


def matches_in(pattern: re.Pattern[str], text: str, places: Stretches) -> Iterator[re.Match[str]]:
    """A pattern's matches in parts of a text; it sees what stands before each part, and not what comes after."""
    for start, end in places:
        yield from pattern.finditer(text, start, end)


def before(text: str, start: int, characters: int) -> str:
    """What stands before a place in its line or the one above; what is masked there already gives no hint."""
    return _PLACEHOLDER.sub("", text[max(start - characters, 0) : start])


def after(text: str, end: int, characters: int) -> str:
    """What follows a place in its line."""
    return _PLACEHOLDER.sub("", text[end : end + characters].partition("\n")[0])


def digits_of(written: str) -> str:
    """A number's digits without what parts them."""
    return re.sub("[^0-9]", "", written)


def apart(found: Iterable[Span]) -> list[Span]:
    """Of spans that overlap the one that comes first in `found`; in the text's order."""
    kept: list[Span] = []
    for span in found:
        place = bisect.bisect(kept, span.start, key=_start)
        begins_later = place == len(kept) or span.end <= kept[place].start
        if begins_later and (place == 0 or kept[place - 1].end <= span.start):
            kept.insert(place, span)
    return kept


def _start(span: Span) -> int:
    return span.start
