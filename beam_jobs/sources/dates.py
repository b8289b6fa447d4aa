"""Pure: the ways in which sources write dates, as ISO 8601."""

import datetime
import re

_DATE = re.compile(
    r"(?P<year>\d{4})(?P<mark>[-./년]?)\s?(?P<month>\d{1,2})(?:(?P=mark)|월)\s?(?P<day>\d{1,2})(?!\d)일?"
)
_TIME = re.compile(r"[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?$")


def iso_date(written: str) -> str:
    """Turns "20191128", "2019.11.28", "2019년 11월 28일", "20191128 15:04" or ISO 8601 into ISO 8601.

    A day that does not exist, or any other text, gives "".

    >>> iso_date("20191128 15:04")
    '2019-11-28T15:04:00'
    >>> iso_date("2019년 11월 8일")
    '2019-11-08'
    """
    found = _DATE.match(written.strip())
    if found is None or (not found["mark"] and len(found["month"] + found["day"]) != 4):
        return ""
    try:
        day = datetime.date(int(found["year"]), int(found["month"]), int(found["day"])).isoformat()
    except ValueError:
        return ""
    time = _TIME.fullmatch(written.strip()[found.end() :])
    if time is None:
        return day
    hour, minute, second, zone = time.groups()
    return f"{day}T{hour}:{minute}:{second or '00'}{zone or ''}"
