"""Pure: licence plates, and the addresses from which somebody was on the internet."""

import ipaddress
import re
from collections.abc import Iterator

from beam_jobs.cleaning.personal.spans import PLATE_LETTERS, Span, Stretches, after, before, matches_in

_SURE_ALONE = "너더러버서어저"
"""No counter, particle or sign of a court's case: 12조 is money, 95다1234 a case."""
_SURE_AFTER_THREE = _SURE_ALONE + "거머가나다라마모무누두루허"
_REGIONS = "서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주"
_PLATE = re.compile(
    rf"[0-9](?P<first> ?)(?P<letter>[{PLATE_LETTERS}])(?P<second> ?)[0-9]{{4}}"
    r"(?![0-9A-Za-z_])(?![-–.,][0-9])(?! ?(?:년|원|억|만|명|개|건|호선|번지|미터|대[가를의 ]))"
)
_DIGITS_BEFORE = re.compile(r"[0-9]{0,2}\Z")
_REGION = re.compile(rf"(?<![가-힣])(?:{_REGIONS}) ?\Z")
_REGION_CHARACTERS = 4
_WITHIN_A_NUMBER = re.compile(r"(?:[A-Za-z0-9_]|[0-9][-–.,]|제|제 )\Z")
_VEHICLE = re.compile(
    r"차량|자동차|승용|승합|화물|트럭|택시|버스|번호판|차번호|차번|오토바이|렌터카|렌트카|차주|주차|견인|뺑소니"
)
_VEHICLE_BEFORE, _VEHICLE_AFTER = 16, 10
_NUMBER_SAID = re.compile(r"번호판|차량 ?번호|자동차 ?번호|차 ?번호|차번")
_CAR = re.compile(r" ?(?:호 ?)?(?:차(?![가-힣])|차량|차주|승용|택시|버스|트럭)")

_CASE = re.compile("[4-9][0-9][가거고구나노누다도두라로루마머모무바보부사수아오우자조주허][0-9]{4}")
"""A case's year, sign and number; the courts write a year of two digits up to 1999, and four digits since."""
_COURT = re.compile(r"법원|고법|지법|선고|사건|판결|손해배상|사고(?! ?차)")
_COURT_CHARACTERS = 12

_ADDRESS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9A-Za-z]|[./][0-9])")
_ADDRESS_HINT = re.compile(r"(?:(?<![A-Za-z])(?:IP|[Ii]p)(?:v4)?(?![A-Za-z])|아이피)[^\n0-9]*\Z")
_ADDRESS_CHARACTERS = 20
ADDRESS_SIGNS = frozenset(["IP", "Ip", "ip", "아이피"])
"""One of these stands in every text with an address."""


def find_plates(text: str, places: Stretches) -> Iterator[Span]:
    """Plates with a region's name or near a word for a vehicle, both where it may be a count, or of a sure form."""
    for match in matches_in(_PLATE, text, places):
        digits = _DIGITS_BEFORE.search(text, max(match.start() - 2, 0), match.start())
        start = digits.start() if digits else match.start()
        region = _REGION.search(text, max(start - _REGION_CHARACTERS, 0), start)
        within = _WITHIN_A_NUMBER.search(text, max(start - 2, 0), start) is not None
        if not within and _is_plate(match, text, start, region is not None):
            yield Span("licence_plate", region.start() if region else start, match.end())


def _is_plate(match: re.Match[str], text: str, start: int, region: bool) -> bool:
    end, digits = match.end(), match.start("first") - start
    said = _said(text, start, end)
    if _CASE.fullmatch(text, start, end):
        return said and not _of_a_court(text, start, end)
    if digits > 1 and not (match["first"] or match["second"]):
        return region or said or match["letter"] in (_SURE_AFTER_THREE if digits > 2 else _SURE_ALONE)
    # "서울 3호 2345 열차", "화물 10호 2019": one sign is not enough, unless the letter counts nothing.
    if match["letter"] in _SURE_ALONE:
        return region or said
    return (region and said) or _NUMBER_SAID.search(before(text, start, _VEHICLE_BEFORE)) is not None


def _of_a_court(text: str, start: int, end: int) -> bool:
    near = before(text, start, _COURT_CHARACTERS), after(text, end, _COURT_CHARACTERS)
    return any(_COURT.search(side) for side in near)


def _said(text: str, start: int, end: int) -> bool:
    return (
        _VEHICLE.search(before(text, start, _VEHICLE_BEFORE)) is not None
        or _VEHICLE.search(after(text, end, _VEHICLE_AFTER)) is not None
        or _CAR.match(text, end) is not None
    )


def find_addresses(text: str) -> Iterator[Span]:
    """Public IPv4 addresses that follow the word; without it they are as likely a version's number."""
    for match in _ADDRESS.finditer(text):
        hint = _ADDRESS_HINT.search(text, max(match.start() - _ADDRESS_CHARACTERS, 0), match.start())
        if hint is not None and _is_public(match[0]):
            yield Span("ip_address", *match.span())


def _is_public(address: str) -> bool:
    try:
        return ipaddress.IPv4Address(address).is_global
    except ValueError:
        return False
