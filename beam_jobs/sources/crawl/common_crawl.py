"""Common Crawl's archives: WARC (pages as fetched) and WET (their text as Common Crawl extracted it)."""

from collections.abc import Iterator, Mapping
from typing import BinaryIO

from beam_jobs.config import SourceConfig
from beam_jobs.document import BadRecord, Document, document_id
from beam_jobs.files.stretch import Stretch
from beam_jobs.sources.crawl.html_encoding import decode_html
from beam_jobs.sources.crawl.html_text import title_and_text
from beam_jobs.sources.crawl.http_response import HttpError, HttpResponse
from beam_jobs.sources.crawl.warc_records import LostRecord, WarcRecord, warc_records
from beam_jobs.sources.outcome import Outcome, Skipped, checked
from beam_jobs.sources.selection import host_of, host_reason

HTML = ("text/html", "application/xhtml+xml")
_MOST_HTTP_HEADERS = 1 << 16
"""Bytes; servers and browsers allow less."""
_MOST_TEXT = 1 << 26
"""Bytes of a WET record; Common Crawl cuts pages at a sixtieth of it."""
_NO_PAGES = ("warcinfo", "request", "metadata")
"""What archives say of themselves and of how pages were fetched: nothing is lost with them."""


def read_warc(file: BinaryIO, source: SourceConfig, stretch: Stretch) -> Iterator[Outcome]:
    """Yields an outcome for each response: the main content of HTML pages that came with status 200.

    A page's id is made of its URL and the second at which it was fetched, whichever archive holds it.
    """
    for record in _records(file, source, stretch, source.html.max_bytes + _MOST_HTTP_HEADERS):
        if not isinstance(record, WarcRecord):
            yield record
        elif record.headers.get("warc-type") == "response":
            yield _page(record, source, stretch.name)
        else:
            yield Skipped(_type_reason(record))


def read_wet(file: BinaryIO, source: SourceConfig, stretch: Stretch) -> Iterator[Outcome]:
    """Yields an outcome for each conversion record: a page's whole text, menus included.

    Its id differs from that of the same page read from a WARC, because the two texts differ.
    """
    for record in _records(file, source, stretch, _MOST_TEXT):
        if not isinstance(record, WarcRecord):
            yield record
        elif record.headers.get("warc-type") == "conversion":
            yield _converted(record, source, stretch.name)
        else:
            yield Skipped(_type_reason(record))


def _records(
    file: BinaryIO, source: SourceConfig, stretch: Stretch, most: int
) -> Iterator[WarcRecord | BadRecord | Skipped]:
    """The records that may be pages, but for those that the source's filters keep out by their headers."""
    is_empty = not stretch.start
    for record in warc_records(file, stretch, most):
        is_empty = False
        if isinstance(record, LostRecord):
            yield BadRecord(source.name, stretch.name, *record)
        elif record.headers.get("warc-type") in _NO_PAGES:
            continue
        elif reason := _unwanted(record.headers, source):
            yield Skipped(reason)
        else:
            yield record
    if is_empty:
        yield BadRecord(source.name, stretch.name, "byte 0", "no_records", "the file holds no WARC record")


def _unwanted(headers: Mapping[str, str], source: SourceConfig) -> str | None:
    filters = source.filters
    if (filters.hosts_allow or filters.hosts_deny) and (reason := host_reason(host_of(_url(headers)), source)):
        return reason
    said = headers.get("warc-identified-content-language")
    if said and filters.languages and not set(said.split(",")) & set(filters.languages):
        return "language"
    return None


def _type_reason(record: WarcRecord) -> str:
    """What a record of another type is counted as; a revisit says that a page was as it had been before."""
    kind = record.headers.get("warc-type", "")
    return (
        f"record_{kind}" if kind in ("revisit", "resource", "response", "conversion", "continuation") else "record_type"
    )


def _page(record: WarcRecord, source: SourceConfig, file_name: str) -> Outcome:
    url = _url(record.headers)
    try:
        response = HttpResponse(record.block)
        if reason := _no_page(response, record.headers):
            return Skipped(reason)
        body = response.body(source.html.max_bytes) if len(record.block) == record.length else None
    except HttpError as error:
        return BadRecord(source.name, file_name, url, "bad_http", str(error))
    if body is None:
        return Skipped("too_large")
    decoded = decode_html(body, response.charset)
    if decoded is None:
        return BadRecord(source.name, file_name, url, "bad_encoding", f"header says {response.charset}")
    title, text = title_and_text(decoded.html, source.html.extractor)
    if not text:
        return Skipped("no_text")
    metadata = {"charset": decoded.charset}
    if truncated := record.headers.get("warc-truncated"):
        metadata["truncated"] = truncated
    return _document(record, "", title, text, metadata, source.name, file_name)


def _no_page(response: HttpResponse, headers: Mapping[str, str]) -> str | None:
    """Why a response is no HTML page."""
    if response.status != 200:
        return "http_status"
    kind = response.content_type or headers.get("warc-identified-payload-type", "").strip().lower()
    return None if kind in HTML else "content_type"


def _converted(record: WarcRecord, source: SourceConfig, file_name: str) -> Outcome:
    if len(record.block) < record.length:
        return Skipped("too_large")
    text = record.block.decode("utf-8", errors="replace")
    if not text.strip():
        return Skipped("no_text")
    languages = record.headers.get("warc-identified-content-language")
    return _document(record, " wet", "", text, {"languages": languages} if languages else {}, source.name, file_name)


def _document(
    record: WarcRecord, marked: str, title: str, text: str, metadata: dict[str, str], source: str, file_name: str
) -> Document | BadRecord:
    url, date = _url(record.headers), record.headers.get("warc-date", "")
    document = Document(
        id=document_id(source, f"{url} {date}{marked}"),
        source=source,
        url=url,
        title=title,
        text=text,
        date=date,
        language="",
        metadata=metadata,
    )
    return checked(document, file_name, url)


def _url(headers: Mapping[str, str]) -> str:
    # Some writers put it in angle brackets, as WARC 1.0 has it.
    return headers.get("warc-target-uri", "").strip("<>")
