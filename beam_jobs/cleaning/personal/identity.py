"""Pure: numbers that the state gives a person: resident and alien registration, passport, driver's licence."""

import re
from collections.abc import Iterator

from beam_jobs.cleaning.number_checks import (
    LAST_WITH_CHECK_DIGIT,
    birth_date,
    corporation_check_holds,
    resident_check_holds,
)
from beam_jobs.cleaning.personal.spans import (
    DASHES,
    HYPHENS,
    LEFT,
    RIGHT,
    Span,
    Stretches,
    before,
    digits_of,
    matches_in,
)

_DATE = "[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
_RESIDENT = re.compile(rf"{LEFT}{_DATE}(?P<part> ?[{DASHES}] ?| |)[1-8][0-9]{{6}}{RIGHT}")
_HALF_HIDDEN = re.compile(rf"{LEFT}{_DATE} ?[{DASHES}] ?(?:[1-8]|(?=(.)\1{{6}}))(?P<hidden>[*●○Xx])(?P=hidden){{5,6}}")
HIDING_SIGNS = frozenset(["******", "●●●●●●", "○○○○○○", "XXXXXX", "xxxxxx"])
"""One of these stands in every text with a number half hidden."""
_RESIDENT_HINT = re.compile(r"주민|외국인 ?등록|거소 ?신고|\bRRN\b")
_CORPORATION_HINT = re.compile(r"법인")
_HINT_CHARACTERS = 30

_PASSPORT = re.compile(
    r"(?:여권|[Pp]assport|PASSPORT)[^\n]{0,20}?(?<![A-Za-z0-9])"
    r"(?P<number>[A-Z]{1,2}[0-9]{7,8}|[A-Z][0-9]{3}[A-Z][0-9]{4}"
    r"|[a-z][0-9]{8}|[a-z][0-9]{3}[a-z][0-9]{4})(?![A-Za-z0-9])"
)
"""A letter and eight digits; since December 2021 a letter, three digits, a letter, four digits; other states' too."""
PASSPORT_SIGNS = frozenset(["여권", "assport", "PASSPORT"])
"""One of these stands in every text with a passport's number."""

_REGIONS = "서울|부산|경기|강원|충북|충남|전북|전남|경북|경남|제주|대구|인천|광주|대전|울산"
_LICENCE = re.compile(
    rf"{LEFT}(?:(?:1[1-9]|2[0-68])|(?:{_REGIONS})) ?[{HYPHENS} ]? ?[0-9]{{2}} ?[{HYPHENS} ] ?"
    rf"[0-9]{{6}} ?[{HYPHENS} ] ?[0-9]{{2}}{RIGHT}"
)
"""The police's region by number or name, the year, a serial, a check."""
_LICENCE_HINT = re.compile("면허")


def find_resident_numbers(text: str, places: Stretches) -> Iterator[Span]:
    """Residents' and aliens' registration numbers; see `_is_resident` for which count."""
    for match in matches_in(_RESIDENT, text, places):
        if _is_resident(digits_of(match[0]), match["part"], before(text, match.start(), _HINT_CHARACTERS)):
            yield Span("registration_number", *match.span())


def find_half_hidden(text: str) -> Iterator[Span]:
    """Registration numbers that still tell the birthday, most the sex too: "880101-1******", "880101-*******"."""
    for match in _HALF_HIDDEN.finditer(text):
        yield Span("registration_number", *match.span())


def _is_resident(digits: str, part: str, line: str) -> bool:
    """By date and check digit, but where the line says what it is by date alone.

    A number issued from October 2020 on has no check digit: for one that begins with such a birthday a dash is
    enough. In one piece the digits may be a bar code or a time in milliseconds, and the line has to say.
    """
    born = birth_date(digits)
    if born is None or _CORPORATION_HINT.search(line):
        return False
    if _RESIDENT_HINT.search(line):
        return True
    if born > LAST_WITH_CHECK_DIGIT:
        return part.strip() != "" and not corporation_check_holds(digits)
    return part != "" and resident_check_holds(digits)


def find_passports(text: str) -> Iterator[Span]:
    """Passport numbers after a word for passport."""
    for match in _PASSPORT.finditer(text):
        yield Span("passport", *match.span("number"))


def find_licences(text: str, places: Stretches) -> Iterator[Span]:
    """Numbers of driver's licences after a word for licence; elsewhere they look like accounts."""
    for match in matches_in(_LICENCE, text, places):
        if _LICENCE_HINT.search(before(text, match.start(), _HINT_CHARACTERS)):
            yield Span("driver_licence", *match.span())
