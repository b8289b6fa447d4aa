"""Every format that can be read: its reader, how a file of it can be cut, and how its files are called."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from beam_jobs.config import FORMATS_OF, SourceConfig
from beam_jobs.sources.common_crawl import read_warc, read_wet
from beam_jobs.sources.everyones_corpus import read_nikl
from beam_jobs.sources.news import read_jsonl
from beam_jobs.sources.outcome import Outcome
from beam_jobs.sources.raw_files import RawFile
from beam_jobs.sources.stretch import Cut, Stretch
from beam_jobs.sources.wikipedia import read_mediawiki
from model.contract.errors import SettingError


Reader = Callable[[BinaryIO, SourceConfig, Stretch], Iterator[Outcome]]
"""Reads a stretch of an open file; it is given the file at byte 0, and never raises for what is in it."""
Cutter = Callable[[RawFile, SourceConfig, Stretch, int], list[Cut]]
"""Cuts a whole file's stretch into stretches of about so many bytes each, in order."""


def whole(file: RawFile, source: SourceConfig, stretch: Stretch, target: int) -> list[Cut]:
    """Cuts nothing."""
    return [Cut(stretch, file.bytes)]


@dataclass(frozen=True)
class FormatSpec:
    """One format."""

    read: Reader
    named: str
    """What the names of its files end in (a regular expression)."""
    cut: Cutter = whole


_PACKED = r"(\.gz|\.bz2|\.zst)?"
FORMATS: dict[str, FormatSpec] = {
    "warc": FormatSpec(read_warc, r"\.warc(\.gz)?"),
    "wet": FormatSpec(read_wet, r"\.wet(\.gz)?"),
    "mediawiki": FormatSpec(read_mediawiki, rf"\.xml{_PACKED}"),
    "jsonl": FormatSpec(read_jsonl, rf"\.(jsonl|ndjson){_PACKED}"),
    "nikl": FormatSpec(read_nikl, r"\.json"),
}


def format_of(source: SourceConfig, name: str) -> str:
    """The format that a source declares, or else the one that a file's name tells.

    Raises:
      SettingError: when the name tells none that the source's kind comes in.
    """
    if source.format is not None:
        return source.format
    for format_name in FORMATS_OF[source.kind]:
        if format_name in FORMATS and re.search(f"{FORMATS[format_name].named}$", name, re.IGNORECASE):
            return format_name
    raise SettingError(
        f"Source {source.name}: the name {name} does not tell its format; set `format` "
        f"({', '.join(FORMATS_OF[source.kind])})."
    )
