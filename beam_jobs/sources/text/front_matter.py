"""Pure: the front matter of Markdown files (YAML or TOML), and what it says of the text."""

import re
import tomllib
from collections.abc import Mapping
from typing import Any, NamedTuple

import yaml

from beam_jobs.sources.dates import iso_date

_YAML = re.compile(r"---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_TOML = re.compile(r"\+\+\+[ \t]*\n(.*?)^\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_PLAIN_LINE = re.compile(r"^([^\s:#\-][^:\n]{0,60}):[ \t]+(\S.*?)[ \t]*$", re.MULTILINE)
# Every value is taken as it is written: no dates of other calendars, no numbers without their zeros.
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_TITLES = ("title", "제목", "사건명", "법령명")
_DATES = ("date", "날짜", "작성일", "선고일자", "공포일자", "published")
_URLS = ("url", "출처", "source_url", "canonical_url", "link")
_PUBLISHERS = ("publisher", "발행처", "법원명")


class Said(NamedTuple):
    """What a front matter says; empty strings where it says nothing."""

    title: str = ""
    date: str = ""
    """ISO 8601."""
    url: str = ""
    metadata: Mapping[str, str] = {}
    """The publisher, and all other scalar values under their own names."""


def split_front_matter(content: str) -> tuple[Said, str]:
    r"""Parts a file's front matter, if it has one, from its text.

    Of YAML that cannot be parsed the plain lines "name: value" count.

    >>> split_front_matter("---\ntitle: 강: 바다\n---\n본문")
    (Said(title='강: 바다', date='', url='', metadata={}), '본문')
    """
    for pattern, load in ((_YAML, _yaml), (_TOML, _toml)):
        if (found := pattern.match(content)) and (fields := load(found[1])) is not None:
            return _said(fields), content[found.end() :]
    return Said(), content


def _yaml(written: str) -> dict[str, str] | None:
    try:
        fields = yaml.load(written, _LOADER)
    except (yaml.YAMLError, RecursionError):
        fields = {name: value.strip("\"'") for name, value in _PLAIN_LINE.findall(written)}
    return _scalars(fields)


def _toml(written: str) -> dict[str, str] | None:
    try:
        return _scalars(tomllib.loads(written))
    except (ValueError, RecursionError):  # its own error, numbers of too many digits, lists too deep
        return None


def _scalars(fields: Any) -> dict[str, str] | None:
    """The scalar values of a front matter, which may be none; None if it is no front matter."""
    if not isinstance(fields, dict) or not fields:
        return None
    return {str(name): str(value).strip() for name, value in fields.items() if not isinstance(value, dict | list)}


def _said(fields: dict[str, str]) -> Said:
    title = _taken(fields, _TITLES, lambda value: value)
    date = _taken(fields, _DATES, iso_date)
    url = _taken(fields, _URLS, lambda value: value if value.startswith(("https://", "http://")) else "")
    publisher = _taken(fields, _PUBLISHERS, lambda value: value)
    metadata = {name: value for name, value in fields.items() if value}
    if publisher:
        metadata["publisher"] = publisher
    return Said(title, date, url, dict(sorted(metadata.items())))


def _taken(fields: dict[str, str], names: tuple[str, ...], meaning: Any) -> str:
    """The first of the values so named that means something, which is taken out of the fields."""
    for name in names:
        if meant := meaning(fields.get(name, "")):
            del fields[name]
            return str(meant)
    return ""
