import datetime
import email.utils

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.sources.dates import iso_date


@pytest.mark.parametrize("style", ["%Y%m%d", "%Y-%m-%d", "%Y.%m.%d", "%Y. %m. %d.", "%Y/%m/%d", "%Y년 %m월 %d일"])
@given(day=st.dates(min_value=datetime.date(1000, 1, 1)))
def test_every_day_is_understood_in_every_style(style, day):
    assert iso_date(day.strftime(style)) == day.isoformat()


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("20191128 15:04", "2019-11-28T15:04:00"),
        ("2026-06-04T00:00:00Z", "2026-06-04T00:00:00Z"),
        ("2026-06-04T09:30:15.123+09:00", "2026-06-04T09:30:15+09:00"),
        ("2019년 1월 8일", "2019-01-08"),
        ("2019-11-28 (목)", "2019-11-28"),
        ("2019-11-28(목) 15:04", "2019-11-28T15:04:00"),
        ("2019-11-28 15:04:05.000000000+0900", "2019-11-28T15:04:05+09:00"),
        ("2019.11.28. 오후 3:04", "2019-11-28T15:04:00"),
        ("2019.11.28 오전 12:30", "2019-11-28T00:30:00"),
        ("2019/11/28 12:30 PM", "2019-11-28T12:30:00"),
        ("2019년 11월 28일 목요일 15시 04분", "2019-11-28T15:04:00"),
        ("기사입력 2019.11.28 15:04 최종수정 2019.11.29 10:00", "2019-11-28T15:04:00"),
        ("2019-11-28 25:04", "2019-11-28"),
    ],
)
def test_times_are_kept_and_remarks_are_not(written, expected):
    assert iso_date(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("20191128150405", "2019-11-28T15:04:05"),
        ("201911281504", "2019-11-28T15:04:00"),
        ("2019112815", "2019-11-28T15:00:00"),
        ("1574921045", "2019-11-28T06:04:05Z"),
        ("1574921045123", "2019-11-28T06:04:05Z"),
        ("1574921045.5", "2019-11-28T06:04:05Z"),
    ],
)
def test_numbers_are_days_with_times_or_unix_time(written, expected):
    assert iso_date(written) == expected


@given(st.datetimes(min_value=datetime.datetime(1950, 1, 1), timezones=st.just(datetime.UTC)))
def test_feeds_dates_are_understood(moment):
    assert iso_date(email.utils.format_datetime(moment)) == moment.replace(microsecond=0).isoformat()


@given(st.text() | st.from_regex(r"[0-9]{1,15}(\.[0-9]+)?", fullmatch=True))
def test_any_text_gives_a_date_or_nothing(written):
    assert iso_date(written) == "" or datetime.datetime.fromisoformat(iso_date(written))


@pytest.mark.parametrize("written", ["", "어제", "2019", "201911", "20190230", "2019-13-01", "201911281", "1-2-3"])
def test_what_is_no_date_gives_nothing(written):
    assert iso_date(written) == ""


def test_a_long_gap_in_a_date_takes_no_longer_than_a_short_one():
    assert iso_date("2019-11-28" + " " * 1_000_000 + "15:04") == "2019-11-28T15:04:00"
