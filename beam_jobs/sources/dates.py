"""Pure: the ways in which sources write dates, as ISO 8601."""

import datetime
import email.utils
import re

_DATE = re.compile(
    r"(?P<year>\d{4})(?P<mark>[-./년]?)\s?(?P<month>\d{1,2})(?:(?P=mark)|월)\s?(?P<day>\d{1,2})(?!\d)(?:일|\.)?"
)
_TIME = re.compile(
    r"(?:T|\s*(?:\([월화수목금토일]\)|[월화수목금토일]요일)?\s+)(?P<half>오전|오후|[AP]M)?\s?(?P<hour>\d{1,2})"
    r"[:시]\s?(?P<minute>\d{2})분?(?::(?P<second>\d{2})(?:\.\d+)?)?\s*(?P<after>[AP]M)?\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?"
)
_COMPACT = re.compile(r"((?:19|20)\d{6})(\d{2})(\d{2})?(\d{2})?")
_UNIX = re.compile(r"\d{10}(?:\d{3})?(?:\.\d+)?")
_LABEL = re.compile(r"(?:(?:기사\s?)?(?:입력|등록|승인|송고|발행|작성|수정)(?:일시|일|시간)?\s*[:：|]?\s*)+")


def iso_date(written: str) -> str:
    """Turns a date as sites, feeds and databases write it into ISO 8601, with the time if there is one.

    Understood are years, months and days in that order ("20191128", "2019.11.28", "2019년 11월 28일"), each with a
    time ("20191128 15:04", "2019-11-28T15:04:05+09:00", "2019.11.28. 오후 3:04") or as one number ("20191128150405"),
    feeds' dates ("Thu, 28 Nov 2019 15:04:05 +0900") and Unix time in seconds or milliseconds. A day that does not
    exist, or any other text, gives ""; a time that does not exist is left out.

    >>> iso_date("20191128 15:04")
    '2019-11-28T15:04:00'
    >>> iso_date("입력 2019년 11월 8일 오후 3:04")
    '2019-11-08T15:04:00'
    """
    written = " ".join(written.split())  # a pattern would try every way to part a long gap
    found = _DATE.match(written)
    if found is None:
        label = _LABEL.match(written)
        return iso_date(written[label.end() :]) if label else _date_as_number(written) or _date_of_feed(written)
    if not found["mark"] and len(found["month"] + found["day"]) != 4:
        return ""
    day = _day(int(found["year"]), int(found["month"]), int(found["day"]))
    time = _TIME.match(written, found.end()) if found.end() < len(written) else None
    return day + _time(time) if day and time else day


def _day(year: int, month: int, day: int) -> str:
    try:
        return datetime.date(year, month, day).isoformat()
    except ValueError:
        return ""


def _time(found: re.Match[str]) -> str:
    hour, minute, second = int(found["hour"]), int(found["minute"]), int(found["second"] or 0)
    half = found["half"] or found["after"]
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half in ("오후", "PM") else 0)
    try:
        time = datetime.time(hour, minute, second).isoformat()
    except ValueError:
        return ""
    zone = found["zone"] or ""
    return f"T{time}{zone}" if len(zone) != len("+0900") else f"T{time}{zone[:3]}:{zone[3:]}"


def _date_as_number(written: str) -> str:
    if found := _COMPACT.fullmatch(written):
        day, hour, minute, second = found.groups(default="00")
        return iso_date(f"{day} {hour}:{minute}:{second}")
    if not _UNIX.fullmatch(written):
        return ""
    seconds = float(written) / (1 if len(written.partition(".")[0]) == 10 else 1_000)
    return datetime.datetime.fromtimestamp(int(seconds), datetime.UTC).isoformat().replace("+00:00", "Z")


def _date_of_feed(written: str) -> str:
    if not written:
        return ""
    try:
        return email.utils.parsedate_to_datetime(written).isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""
