"""Every format that can be read: its reader, how a file of it can be cut, and how its files are called.

Files of any format may come within containers (zips and tars): see containers.py.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from beam_jobs.config import FORMATS_OF, SourceConfig
from beam_jobs.files.lines import cut_at_lines
from beam_jobs.files.raw_files import RawFile, open_raw
from beam_jobs.files.stretch import Cut, Stretch
from beam_jobs.sources.crawl.common_crawl import read_warc, read_wet
from beam_jobs.sources.crawl.warc_records import cut_archive
from beam_jobs.sources.nikl.everyones_corpus import read_nikl
from beam_jobs.sources.outcome import Outcome
from beam_jobs.sources.packed.containers import ContainerReader, MemberReader, container_of, named_container
from beam_jobs.sources.packed.zip_members import cut_zip
from beam_jobs.sources.text.lm_dataformat import read_lm_dataformat
from beam_jobs.sources.text.markdown_text import read_markdown
from beam_jobs.sources.text.parquet_tables import cut_at_row_groups, read_parquet
from beam_jobs.sources.text.plain_text import cut_text, read_text
from beam_jobs.sources.text.tables import read_csv, read_jsonl, read_tsv
from beam_jobs.sources.wiki.multistream import cut_multistream
from beam_jobs.sources.wiki.wikipedia import read_mediawiki
from model.contract.errors import SettingError

_NEVER = "(?!)"
_NO_ENDING = r"(^|/)[^./]+$"

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
    seeks: bool = False
    """Whether its reader goes back and forth in a file."""
    also_named: str = ""
    """What else a container's members of it may be called, where the source declares the format."""

    def is_told_by(self, name: str, declared: bool = False) -> bool:
        """Whether a file's name is one of this format; a declared one's may also have no ending at all."""
        if re.search(f"({self.named})$", name, re.IGNORECASE):
            return True
        return declared and bool(re.search(f"({self.also_named or _NEVER})$|{_NO_ENDING}", name, re.IGNORECASE))


_PACKED = r"(\.gz|\.bz2|\.zst)?"
FORMATS: dict[str, FormatSpec] = {
    "warc": FormatSpec(read_warc, r"\.warc(\.gz)?", cut_archive),
    "wet": FormatSpec(read_wet, r"\.wet(\.gz)?", cut_archive),
    # Its pieces are the archives' records that an index names: see read_crawl_index.py.
    "crawl_index": FormatSpec(read_warc, r"\.parquet"),
    "mediawiki": FormatSpec(read_mediawiki, rf"\.xml(-p\d+p\d+)?{_PACKED}", cut_multistream, seeks=True),
    "jsonl": FormatSpec(read_jsonl, rf"\.(jsonl|ndjson){_PACKED}", cut_at_lines, also_named=rf"\.json{_PACKED}"),
    "csv": FormatSpec(read_csv, rf"\.csv{_PACKED}", also_named=rf"\.txt{_PACKED}"),
    "tsv": FormatSpec(read_tsv, rf"\.tsv{_PACKED}", also_named=rf"\.txt{_PACKED}"),
    "parquet": FormatSpec(read_parquet, r"\.parquet", cut_at_row_groups, seeks=True),
    "text": FormatSpec(read_text, rf"\.txt{_PACKED}", cut_text),
    "markdown": FormatSpec(read_markdown, rf"\.(md|mdx|markdown){_PACKED}", also_named=rf"\.txt{_PACKED}"),
    "lm_dataformat": FormatSpec(
        read_lm_dataformat, r"\.jsonl\.zst", cut_at_lines, also_named=rf"\.(jsonl|json){_PACKED}"
    ),
    "nikl": FormatSpec(read_nikl, rf"\.json{_PACKED}"),
}


def format_of(source: SourceConfig, name: str) -> str:
    """The format that a source declares, or else the one that a file's name tells; "" if its members' names do.

    Raises:
      SettingError: when the name tells none that the source's kind comes in.
    """
    if source.format is not None:
        return source.format
    if named_container(name):
        return ""
    if told := _told(source, name):
        return told
    raise SettingError(
        f"Source {source.name}: the name {name} does not tell its format; set `format` "
        f"({', '.join(FORMATS_OF[source.kind])})."
    )


def _told(source: SourceConfig, name: str) -> str | None:
    formats = [known for known in FORMATS_OF[source.kind] if FORMATS[known].is_told_by(name)]
    # What ends in .jsonl.zst is also a table, and is read as one where the source says what its columns are called.
    if "lm_dataformat" in formats and "fields" not in source.model_fields_set:
        return "lm_dataformat"
    return formats[0] if formats else None


def read_stretch(file: BinaryIO, source: SourceConfig, stretch: Stretch) -> Iterator[Outcome]:
    """Reads a stretch of an open file, which is given at byte 0, by its format or as a container.

    It never raises for what is in the file.
    """
    kind = named_container(stretch.name)
    unsure = kind == "tar" or not (kind or FORMATS[stretch.format].is_told_by(stretch.name))
    if unsure and stretch.start == 0 and stretch.end is None:
        kind = container_of(file) or kind
    if kind is None:
        return FORMATS[stretch.format].read(file, source, stretch)
    return ContainerReader(source.name, lambda name: _member_reader(source, name)).read(kind, file, stretch)


def cut_file(file: RawFile, source: SourceConfig, stretch: Stretch, target: int) -> list[Cut]:
    """Cuts a whole file's stretch into stretches of about `target` bytes each, in order, where it can be cut."""
    if kind := named_container(file.name):
        return cut_zip(file, stretch, target) if kind == "zip" else whole(file, source, stretch, target)
    spec = FORMATS[stretch.format]
    if file.bytes > target and not spec.is_told_by(file.name):
        with open_raw(file.path) as stored:
            if container_of(stored):
                return whole(file, source, stretch, target)
    return spec.cut(file, source, stretch, target)


def _member_reader(source: SourceConfig, name: str) -> MemberReader | None:
    told: str | None = source.format
    if told is None:
        told = _told(source, name)
    elif not FORMATS[told].is_told_by(name, declared=True):
        told = None
    if told is None or told == "crawl_index":
        return None
    spec = FORMATS[told]
    return MemberReader(told, lambda file, stretch: spec.read(file, source, stretch), spec.seeks)
