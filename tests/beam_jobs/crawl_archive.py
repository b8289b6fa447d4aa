"""The sample's WARC as Common Crawl would publish it: an archive below a base, and the columnar index of it."""

import io
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
from fastwarc.warc import ArchiveIterator

from beam_jobs.config import SourceConfig
from tests.beam_jobs.sample_corpus import SAMPLE

ARCHIVE = "crawl-data/CC-MAIN-2026-01/warc/sample.warc.gz"
STORED = (SAMPLE / "crawl-00000.warc.gz").read_bytes()
# Names and types as in Common Crawl's own files; of the columns that are not read, one stands for all.
SCHEMA = pa.schema(
    [
        ("url", pa.string()),
        ("url_host_name", pa.string()),
        ("fetch_status", pa.int16()),
        ("content_mime_detected", pa.string()),
        ("content_languages", pa.string()),
        ("warc_filename", pa.string()),
        ("warc_record_offset", pa.int32()),
        ("warc_record_length", pa.int32()),
    ]
)


class Page(NamedTuple):
    """A row of the index."""

    url: str
    url_host_name: str
    fetch_status: int | None
    content_mime_detected: str | None
    content_languages: str | None
    warc_filename: str
    warc_record_offset: int
    warc_record_length: int


def page(**changes: Any) -> Page:
    """A Korean page that would be selected."""
    usual = Page("https://a.kr/", "a.kr", 200, "text/html", "kor", ARCHIVE, 0, 100)
    return usual._replace(**changes)


def sample_pages(archive: str = ARCHIVE) -> list[Page]:
    """The responses of the sample's archive; those under /ja, /en and /fr are not Korean."""
    ends, found = [], []
    for record in ArchiveIterator(io.BytesIO(STORED), parse_http=False):
        ends.append(record.stream_pos)
        if record.headers["WARC-Type"] == "response":
            found.append((len(ends), record.stream_pos, record.headers["WARC-Target-URI"]))
    ends.append(len(STORED))
    return [
        page(
            url=url,
            url_host_name=urlsplit(url).hostname,
            content_languages=_language(url),
            warc_filename=archive,
            warc_record_offset=start,
            warc_record_length=ends[following] - start,
        )
        for following, start, url in found
    ]


def _language(url: str) -> str:
    for part, language in {"/2.4/ja/": "jpn", "/2.4/en/": "eng", "/2.4/fr/": "fra", "/en-US/": "eng"}.items():
        if part in url:
            return language
    return "kor,eng"


def index_file(pages: list[Page], row_group_size: int = 50) -> bytes:
    """The pages as a Parquet file."""
    sink = io.BytesIO()
    table = pa.Table.from_pylist([each._asdict() for each in pages], schema=SCHEMA)
    pq.write_table(table, sink, row_group_size=row_group_size)
    return sink.getvalue()


def index_source(**settings: Any) -> SourceConfig:
    usual = {"kind": "common_crawl", "name": "crawl", "format": "crawl_index", "paths": ["unused"], "buckets": 3}
    return SourceConfig.model_validate(usual | {"fetch": {"requests_per_second": 1e6}} | settings)
