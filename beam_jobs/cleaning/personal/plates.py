"""Pure: licence plates, and the addresses from which somebody was on the internet."""

import ipaddress
import re
from collections.abc import Iterator

from beam_jobs.cleaning.personal.spans import PLATE_LETTERS, Span, Stretches, after, before, matches_in

_SURE_ALONE = "거너더러머버서어저"
"""No counter, particle or sign of a court's case: 12조 is money, 95다1234 a case."""
_SURE_AFTER_THREE = _SURE_ALONE + "가나다라마모무누두루허"
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
_CAR = re.compile(r" ?(?:호 ?)?(?:차(?![가-힣])|차량|차주|승용|택시|버스|트럭)")

_ADDRESS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9A-Za-z]|[./][0-9])")
_ADDRESS_HINT = re.compile(r"(?:(?<![A-Za-z])(?:IP|[Ii]p)(?:v4)?(?![A-Za-z])|아이피)[^\n0-9]*\Z")
_ADDRESS_CHARACTERS = 20
ADDRESS_SIGNS = frozenset(["IP", "Ip", "ip", "아이피"])
"""One of these stands in every text with an address."""


def find_plates(text: str, places: Stretches) -> Iterator[Span]:
    """Plates with a region's name, near a word for a vehicle, or of a form that little else has."""
    for match in matches_in(_PLATE, text, places):
        digits = _DIGITS_BEFORE.search(text, max(match.start() - 2, 0), match.start())
        start = digits.start() if digits else match.start()
        region = _REGION.search(text, max(start - _REGION_CHARACTERS, 0), start)
        if not _WITHIN_A_NUMBER.search(text, max(start - 2, 0), start) and (
            region is not None or _said(text, start, match.end()) or _sure(match, match.start("first") - start)
        ):
            yield Span("licence_plate", region.start() if region else start, match.end())


def _said(text: str, start: int, end: int) -> bool:
    return (
        _VEHICLE.search(before(text, start, _VEHICLE_BEFORE)) is not None
        or _VEHICLE.search(after(text, end, _VEHICLE_AFTER)) is not None
        or _CAR.match(text, end) is not None
    )


def _sure(match: re.Match[str], digits: int) -> bool:
    if match["first"] or match["second"]:
        return False
    return digits > 1 and match["letter"] in (_SURE_AFTER_THREE if digits > 2 else _SURE_ALONE)


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
