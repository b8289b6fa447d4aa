import datetime

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
    ],
)
def test_times_are_kept_and_remarks_are_not(written, expected):
    assert iso_date(written) == expected


@pytest.mark.parametrize("written", ["", "어제", "2019", "201911", "20190230", "2019-13-01", "201911281", "1-2-3"])
def test_what_is_no_date_gives_nothing(written):
    assert iso_date(written) == ""
