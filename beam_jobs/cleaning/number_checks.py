"""Pure: which numbers can have been issued, by check digit, birth date or prefix; each a string of digits alone."""

import datetime
from collections.abc import Sequence

LAST_WITH_CHECK_DIGIT = datetime.date(2020, 10, 4)
"""Resident registration numbers issued from 5 October 2020 on are random after the digit for the sex: no check digit
(Enforcement Rule of the Resident Registration Act, article 2, as amended in 2020)."""

_RESIDENT_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
_CORPORATION_WEIGHTS = (1, 2) * 6
_BUSINESS_WEIGHTS = (1, 3, 7, 1, 3, 7, 1, 3, 5)
_CENTURIES = {"1": 1900, "2": 1900, "3": 2000, "4": 2000, "5": 1900, "6": 1900, "7": 2000, "8": 2000}
"""By the digit after the date, which tells sex and century too; 5 to 8 are foreigners', 9 and 0 those born before
1900."""

_CARD_PREFIXES: tuple[tuple[int, int, int], ...] = (
    *((first, last, 16) for first, last in ((4000, 4999), (5100, 5599), (2221, 2720))),  # Visa, Mastercard
    *((first, first + 99, 15) for first in (3400, 3700)),  # American Express
    *((first, last, 14) for first, last in ((3000, 3059), (3600, 3699), (3800, 3999))),  # Diners Club
    *((first, last, 16) for first, last in ((6011, 6011), (6440, 6599), (3528, 3589))),  # Discover, JCB
    (6200, 6299, 16),  # UnionPay
    (9400, 9499, 16),  # Korean cards for use in Korea: ISO/IEC 7812 gives 9 and the country's number, 410
)
"""First and last beginning of four digits, and how many digits the number has."""


def luhn_holds(digits: str) -> bool:
    """Whether the last digit is the check digit of Luhn's formula (ISO/IEC 7812-1, annex B).

    >>> luhn_holds("4111111111111111"), luhn_holds("4111111111111112")
    (True, False)
    """
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def is_card_number(digits: str) -> bool:
    """Whether a payment card may have this number: an issuer's beginning and length, and Luhn's check digit."""
    known = any(first <= int(digits[:4]) <= last and len(digits) == size for first, last, size in _CARD_PREFIXES)
    return known and luhn_holds(digits)


def birth_date(resident: str) -> datetime.date | None:
    """The date that a resident or alien registration number of 13 digits begins with; None where it is no date.

    >>> birth_date("9002291970000"), birth_date("0002293970000")
    (None, datetime.date(2000, 2, 29))
    """
    century = _CENTURIES.get(resident[6])
    if century is None:
        return None
    try:
        return datetime.date(century + int(resident[:2]), int(resident[2:4]), int(resident[4:6]))
    except ValueError:
        return None


def resident_check_holds(digits: str) -> bool:
    """Whether the last of a resident or alien registration number's 13 digits checks the others.

    Aliens' numbers (5 to 8 after the date) have a check digit that is two higher. Numbers issued after
    `LAST_WITH_CHECK_DIGIT` hold one time in ten, by chance.
    """
    check = 11 - _weighted(digits, _RESIDENT_WEIGHTS) % 11 + (2 if digits[6] in "5678" else 0)
    return check % 10 == int(digits[12])


def corporation_check_holds(digits: str) -> bool:
    """Whether the last of a corporation's 13 digits checks the others (법인등록번호: a register, a type, a serial)."""
    return -_weighted(digits, _CORPORATION_WEIGHTS) % 10 == int(digits[12])


def business_check_holds(digits: str) -> bool:
    """Whether the last of a business registration number's 10 digits checks the others (사업자등록번호)."""
    carried = int(digits[8]) * 5 // 10
    return -(_weighted(digits, _BUSINESS_WEIGHTS) + carried) % 10 == int(digits[9])


def _weighted(digits: str, weights: Sequence[int]) -> int:
    return sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=False))
