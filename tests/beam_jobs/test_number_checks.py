import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.cleaning.number_checks import (
    birth_date,
    business_check_holds,
    corporation_check_holds,
    is_card_number,
    luhn_holds,
    resident_check_holds,
)

TEST_CARDS = [
    "4111111111111111",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "36227206271667",
    "6011111111111117",
    "3530111333300000",
    "6200000000000005",
]
"""The networks' published test numbers."""


def digits(count):
    return st.text("0123456789", min_size=count, max_size=count)


@pytest.mark.parametrize(
    ("holds", "number"),
    [
        (luhn_holds, "79927398713"),
        (resident_check_holds, "8503121973451"),
        (resident_check_holds, "8807085973211"),
        (corporation_check_holds, "1101110123458"),
        (business_check_holds, "1234567891"),
    ],
)
def test_a_check_digit_holds_and_no_other_in_its_place(holds, number):
    others = [number[:-1] + last for last in "0123456789" if last != number[-1]]

    assert holds(number)
    assert not any(holds(other) for other in others)


@pytest.mark.parametrize(
    ("holds", "size"),
    [(luhn_holds, 16), (resident_check_holds, 13), (corporation_check_holds, 13), (business_check_holds, 10)],
)
@given(data=st.data())
def test_whatever_stands_before_one_check_digit_in_ten_holds(holds, size, data):
    beginning = data.draw(digits(size - 1))

    assert sum(holds(beginning + last) for last in "0123456789") == 1


@given(digits(15), st.integers(0, 15), digits(1))
def test_luhn_sees_every_single_wrong_digit(beginning, place, wrong):
    right = next(beginning + last for last in "0123456789" if luhn_holds(beginning + last))
    mistyped = right[:place] + wrong + right[place + 1 :]

    assert luhn_holds(mistyped) == (mistyped == right)


@pytest.mark.parametrize("number", TEST_CARDS)
def test_a_card_has_an_issuers_beginning_its_length_and_a_check_digit(number):
    assert is_card_number(number)
    assert not is_card_number(number[:-1] + str((int(number[-1]) + 1) % 10))
    assert not is_card_number("0" * 3 + number)


def test_what_no_network_issues_is_no_card():
    number = "1234567812345670"

    assert luhn_holds(number)
    assert not is_card_number(number)


@pytest.mark.parametrize(
    ("number", "date"),
    [
        ("9912311970000", datetime.date(1999, 12, 31)),
        ("0002293970000", datetime.date(2000, 2, 29)),
        ("2103057970000", datetime.date(2021, 3, 5)),
        ("0002291970000", None),  # 1900 was no leap year
        ("8513121970000", None),
        ("8503321970000", None),
        ("8503129970000", None),  # of the century before the last
    ],
)
def test_a_registration_number_begins_with_a_date_of_the_century_that_its_seventh_digit_says(number, date):
    assert birth_date(number) == date
