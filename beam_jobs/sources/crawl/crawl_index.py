"""Common Crawl's columnar index: which records of its archives hold pages that a source wants.

Parquet, a row a fetch; its columns are described at https://commoncrawl.org/columnar-index. Of its thirty columns
only those needed are fetched, row group by row group, the archives' names only where something was selected.
"""

import re
from collections.abc import Sequence
from typing import BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from beam_jobs.config import SourceConfig
from beam_jobs.files.raw_files import open_raw
from beam_jobs.sources.crawl.common_crawl import HTML
from beam_jobs.sources.selection import host_reason
from model.contract.errors import InputError

LANGUAGES = ("kor",)
"""Selected where a source's filters name none."""
_PAGE_COLUMNS = ["content_languages", "content_mime_detected", "fetch_status", "warc_record_length"]
_PLACE_COLUMNS = ["warc_filename", "warc_record_offset", "warc_record_length"]
_HOST = "url_host_name"


class Location(NamedTuple):
    """Where a record lies: the bytes [offset, offset + length) of an archive."""

    archive: str
    """Its path below the crawl's base."""
    offset: int
    length: int


class Selection(NamedTuple):
    """What of a row group was selected."""

    locations: list[Location]
    rows: int
    """Of the index, selected or not."""
    bytes: int
    """Of the records of all rows."""
    selected_bytes: int


def count_row_groups(file: BinaryIO, path: str) -> int:
    """How many row groups an index file has.

    Raises:
      InputError: when it is no Parquet file, or lacks a column of the index.
    """
    return int(_opened(file, path).metadata.num_row_groups)


def select_pages(file: BinaryIO, path: str, group: int, source: SourceConfig) -> Selection:
    """The pages of a row group that came as HTML with status 200, by the source's languages and hosts.

    Raises:
      InputError: when the file is damaged.
    """
    index = _opened(file, path)
    filters = source.filters
    hosts = [_HOST] if filters.hosts_allow or filters.hosts_deny else []
    pages = _read(index, path, group, _PAGE_COLUMNS + hosts)
    wanted = _is_wanted(pages, filters.languages or LANGUAGES)
    if hosts:
        wanted = pc.and_(wanted, _host_is_wanted(pages.column(_HOST), wanted, source))
    total = pc.sum(pages.column("warc_record_length")).as_py() or 0
    if not pc.any(wanted).as_py():
        return Selection([], pages.num_rows, total, 0)
    chosen = _read(index, path, group, _PLACE_COLUMNS).filter(wanted)
    columns = (chosen.column(name).to_pylist() for name in _PLACE_COLUMNS)
    locations = [Location(*location) for location in zip(*columns, strict=True)]
    return Selection(locations, pages.num_rows, total, sum(location.length for location in locations))


def estimate_pages(paths: Sequence[str], source: SourceConfig) -> int:
    """About how many pages of an index would be selected, from a row group of its first, middle and last file.

    Raises:
      InputError: when one of them is no index.
    """
    rows = looked_at = selected = 0
    some = sorted({0, len(paths) // 2, len(paths) - 1})
    for path in (paths[number] for number in some):
        with open_raw(path) as file:
            metadata = _opened(file, path).metadata
            rows += metadata.num_rows
            if metadata.num_row_groups:
                found = select_pages(file, path, metadata.num_row_groups // 2, source)
                looked_at += found.rows
                selected += len(found.locations)
    return round(selected / max(looked_at, 1) * rows / len(some) * len(paths))


def _is_wanted(pages: pa.Table, languages: tuple[str, ...]) -> pa.ChunkedArray:
    # "kor,eng": the commonest first; empty or null where nothing was detected.
    pattern = rf"(^|,)({'|'.join(re.escape(language) for language in languages)})(,|$)"
    return pc.fill_null(
        pc.and_(
            pc.and_(
                pc.equal(pages.column("fetch_status"), 200),
                pc.is_in(pages.column("content_mime_detected"), value_set=pa.array(HTML)),
            ),
            pc.match_substring_regex(pages.column("content_languages"), pattern),
        ),
        False,
    )


def _host_is_wanted(hosts: pa.ChunkedArray, wanted: pa.ChunkedArray, source: SourceConfig) -> pa.ChunkedArray:
    """The lists are long and hosts recur: each host of a page that is wanted so far is looked up once."""
    met = pc.unique(pc.fill_null(hosts.filter(wanted), "")).to_pylist()
    kept = [host for host in met if host_reason(host, source) is None]
    return pc.is_in(pc.fill_null(hosts, ""), value_set=pa.array(kept, pa.string()))


def _opened(file: BinaryIO, path: str) -> pq.ParquetFile:
    try:
        index = pq.ParquetFile(file)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} is no Parquet file ({_line(error)}); name files of Common Crawl's index.") from None
    names = {*_PAGE_COLUMNS, *_PLACE_COLUMNS, _HOST}
    if missing := sorted(names - set(index.schema_arrow.names)):
        raise InputError(
            f"{path} is no index of Common Crawl: it lacks {', '.join(missing)}; name files of "
            "cc-index/table/cc-main/warc, or set `format`."
        )
    return index


def _read(index: pq.ParquetFile, path: str, group: int, columns: list[str]) -> pa.Table:
    try:
        return index.read_row_group(group, columns=columns)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} is damaged in row group {group} ({_line(error)}); fetch it again.") from None


def _line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
