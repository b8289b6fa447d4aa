"""Pure: telephone numbers, by the Korean numbering plan and by the "+" of international ones.

Not masked, since only companies and offices have them: 112 and 119, 1588-1234 and the like, 080 numbers.
"""

import re
from collections.abc import Iterator

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

KIND = "phone"
_PART = rf"(?: ?[{DASHES}.)]{{1,2}} ?| )"
"""What parts a number's groups."""
_MORE = rf"(?: ?~ ?[0-9]{{1,4}}(?![0-9{HYPHENS[1:]}-]))?"
"""Further lines: "02-123-4567~8"."""

_MOBILE = re.compile(
    rf"{LEFT}\(?(?:010{_PART}?[0-9]{{4}}|01[16-9]{_PART}?[0-9]{{3,4}}){_PART}?[0-9]{{4}}{_MORE}{RIGHT}"
)
_AREA = "2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70|50[2-9]"
"""Areas, internet telephones (070) and numbers that stand for another (0504)."""
_LANDLINE = re.compile(rf"{LEFT}\(?0(?:{_AREA}){_PART}?[1-9][0-9]{{2,3}}{_PART}?[0-9]{{4}}{_MORE}{RIGHT}")
_KOREA = re.compile(
    rf"(?<![A-Za-z0-9_])\(?(?:\+ ?82|0082|(?<![0-9][{HYPHENS}.])82(?=[{HYPHENS} ]\(?0?\)?10[{HYPHENS} ]))\)?{_PART}?"
    rf"(?:\(0\) ?|0)?(?:10|1[16-9]|{_AREA}){_PART}?[0-9]{{3,4}}{_PART}?[0-9]{{4}}{RIGHT}"
)
_PARTED = re.compile(rf"\(?[0-9]+(?: ?[{DASHES}.] ?[0-9]+ ?[{DASHES}.] ?|\).*)[0-9]+(?: ?~.*)?")
"""A number that needs no hint: in three groups, or with its area in brackets."""
_ABROAD = re.compile(
    rf"(?<![A-Za-z0-9_)+])\+(?!82)[1-9][0-9]{{0,2}}[{HYPHENS}. ]\(?[0-9]{{1,4}}\)?"
    rf"(?:[{HYPHENS}. ][0-9]{{2,4}}){{1,4}}{RIGHT}"
)
_ABROAD_DIGITS = range(9, 16)
"""E.164 allows 15."""
_NUMBERS = (_KOREA, _MOBILE, _LANDLINE, _ABROAD)

_SPOKEN = "[0-9공영일이삼사오육륙칠팔구]"
_SPELLED = re.compile(
    r"(?:[공영][일1][공영0oO일육칠팔구16-9]|[oO]1[oO])"
    rf"[{HYPHENS}. ]{{0,3}}{_SPOKEN}{{3,4}}[{HYPHENS}. ]{{0,3}}{_SPOKEN}{{4}}(?![0-9])"
)
SPELLED_SIGNS = frozenset(["공일", "공1", "영일", "영1", "o1", "O1"])
"""One of these stands in every text with such a number."""
_IN_DIGITS = re.compile(rf"[{HYPHENS}. 0-9]+")

_HINT = re.compile(r"전화|연락|휴대|핸드폰|폰|팩스|문의|내선|☎|☏|📞|(?i:tel|phone|fax|mobile|h\.?p\b|call)")
_HINT_CHARACTERS = 20
_WITHIN_A_NAME = re.compile(r"[/=&?#]\Z")
"""Before digits in one piece: an address's or a table's."""


def find_phones(text: str, places: Stretches) -> Iterator[Span]:
    """Numbers in digits."""
    for pattern in _NUMBERS:
        for match in matches_in(pattern, text, places):
            if _is_phone(pattern, match[0], text, match.start()):
                yield Span(KIND, match.start() + _unpaired(match[0]), match.end())


def find_spelled_phones(text: str) -> Iterator[Span]:
    """Numbers with their digits spelled, as they are to evade being found: "공일공-1234-5678", "o1o-1234-5678"."""
    for match in _SPELLED.finditer(text):
        left = text[max(match.start() - 1, 0) : match.start()]
        if not _IN_DIGITS.fullmatch(match[0]) and not (left.isascii() and left.isalnum()):
            yield Span(KIND, *match.span())


def _is_phone(pattern: re.Pattern[str], written: str, text: str, start: int) -> bool:
    digits = digits_of(written)
    hint = _HINT.search(before(text, start, _HINT_CHARACTERS)) is not None
    if pattern is _ABROAD:
        return len(digits) in _ABROAD_DIGITS and (hint or not set(HYPHENS).isdisjoint(written))
    if pattern is _KOREA:
        return True
    if written.isdigit():
        told = hint or (digits.startswith("010") and set(digits) != {"0", "1"})
        return told and not _WITHIN_A_NAME.search(text[max(start - 1, 0) : start])
    return hint or digits.startswith("010") or _PARTED.fullmatch(written) is not None


def _unpaired(written: str) -> int:
    """1 where a bracket opens at the beginning and does not close: it is not the number's."""
    return int(written.startswith("(") and ")" not in written)
