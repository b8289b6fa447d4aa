"""Common Crawl's archives: WARC (pages as fetched) and WET (their text as Common Crawl extracted it)."""

import io
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from beam_jobs.config import SourceConfig
from beam_jobs.document import BadRecord, Document, document_id
from beam_jobs.sources.decompress import DamagedFile, decompressed
from beam_jobs.sources.html_text import decode_html, title_and_text
from beam_jobs.sources.outcome import Outcome, Skipped, checked
from beam_jobs.sources.stretch import Stretch

HTML = ("text/html", "application/xhtml+xml")
_FIELDS = ("WARC-Target-URI", "WARC-Date", "WARC-Identified-Content-Language")


class _Record(NamedTuple):
    url: str
    date: str
    """As WARC-Date has it: ISO 8601, UTC."""
    languages: str
    """As WET has it: ISO 639-3 codes, commonest first ("kor,eng")."""
    block: bytes


def read_warc(file: BinaryIO, source: SourceConfig, stretch: Stretch) -> Iterator[Outcome]:
    """Yields an outcome for each response: the main content of HTML pages that came with status 200.

    A page's id is made of its URL and the second at which it was fetched, whichever archive holds it.
    """
    try:
        for record in _records(file, WarcRecordType.response):
            yield _page(record, source.name, stretch.name)
    except DamagedFile as damage:
        yield BadRecord(source.name, stretch.name, "end", damage.reason, str(damage))


def read_wet(file: BinaryIO, source: SourceConfig, stretch: Stretch) -> Iterator[Outcome]:
    """Yields an outcome for each conversion record: a page's whole text, menus included.

    Its id differs from that of the same page read from a WARC, because the two texts differ.
    """
    try:
        for record in _records(file, WarcRecordType.conversion):
            yield _converted(record, source.name, stretch.name)
    except DamagedFile as damage:
        yield BadRecord(source.name, stretch.name, "end", damage.reason, str(damage))


class _PlainStream(io.RawIOBase):
    """What fastwarc reads from; an error ends the stream and is kept, because fastwarc would pass it over."""

    def __init__(self, chunks: Iterator[bytes]):
        self.failure: Exception | None = None
        self._chunks = chunks
        self._waiting = b""
        self._position = 0

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def read(self, size: int = -1) -> bytes:
        while not self._waiting:
            try:
                self._waiting = next(self._chunks)
            except StopIteration:
                break
            except Exception as error:
                self.failure = error
                break
        end = len(self._waiting) if size < 0 else size
        data, self._waiting = self._waiting[:end], self._waiting[end:]
        self._position += len(data)
        return data


def _records(file: BinaryIO, kind: WarcRecordType) -> Iterator[_Record]:
    """The archive's records of a kind, block whole.

    Raises:
      DamagedFile: after the records before the damage; also when there is no record of this kind.
    """
    stream = _PlainStream(decompressed(file))
    found = False
    try:
        for record in ArchiveIterator(stream, record_types=kind, parse_http=False):
            found = True
            length, block = record.headers.get("Content-Length"), record.reader.read()
            if length is None or len(block) < record.content_length:
                raise stream.failure or DamagedFile("truncated_file", "the archive ends in the middle of a record")
            url, date, languages = (record.headers.get(name) or "" for name in _FIELDS)
            yield _Record(url, date, languages, block)
    except OSError as error:
        raise stream.failure or DamagedFile("bad_warc", str(error)) from None
    if stream.failure:
        raise stream.failure
    if not found:
        raise DamagedFile("no_records", f"the file holds no WARC record of type {kind}")


def _page(record: _Record, source: str, file_name: str) -> Outcome:
    response = WarcRecord()
    response.set_bytes_content(record.block)
    response.is_http = True
    try:
        response.parse_http(auto_decode="all")
        body = response.reader.read()
    except OSError as error:
        return BadRecord(source, file_name, record.url, "bad_http", str(error))
    status = response.http_headers.status_code if response.http_headers is not None else None
    if status is None:
        return BadRecord(source, file_name, record.url, "bad_http", "the response has no status line")
    if status != 200:
        return Skipped("http_status")
    if (response.http_content_type or "").strip().lower() not in HTML:
        return Skipped("content_type")
    html = decode_html(body, response.http_charset)
    if html is None:
        return BadRecord(source, file_name, record.url, "bad_encoding", f"header says {response.http_charset}")
    title, text = title_and_text(html)
    if not text:
        return Skipped("no_text")
    return _document(record, f"{record.url} {record.date}", title, text, {}, source, file_name)


def _converted(record: _Record, source: str, file_name: str) -> Outcome:
    text = record.block.decode("utf-8", errors="replace")
    if not text.strip():
        return Skipped("no_text")
    metadata = {"languages": record.languages} if record.languages else {}
    return _document(record, f"{record.url} {record.date} wet", "", text, metadata, source, file_name)


def _document(
    record: _Record, key: str, title: str, text: str, metadata: dict[str, str], source: str, file_name: str
) -> Document | BadRecord:
    document = Document(
        id=document_id(source, key),
        source=source,
        url=record.url,
        title=title,
        text=text,
        date=record.date,
        language="",
        metadata=metadata,
    )
    return checked(document, file_name, record.url)
