"""HTTP responses as archives keep them: what their headers say, and their body decoded."""

import re
from collections.abc import Mapping

from fastwarc.warc import WarcRecord

_STATUS_LINE = re.compile(rb"HTTP/\d(?:\.\d)? +(\d{3})")
_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")
_HEADER = re.compile(rb"^([A-Za-z-]+):[ \t]*(.*)$", re.MULTILINE)
_CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([^\s"';,]+)""", re.IGNORECASE)
_MARK = b"\xef\xbb\xbf"
"""The byte order mark of UTF-8."""
_CODINGS = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate", "br": "br", "zstd": "zstd"}


class HttpError(Exception):
    """A response that is none, or does not decode."""


class HttpResponse:
    """A response, of which the body is decoded only when it is asked for."""

    def __init__(self, block: bytes):
        """Takes the response as it was sent, or its beginning.

        Raises:
          HttpError: when it does not begin as HTTP does.
        """
        if (status := _STATUS_LINE.match(block)) is None:
            raise HttpError("the response has no status line")
        self.status = int(status[1])
        end = _END_OF_HEADERS.search(block)
        head, self._body = (block[: end.start()], block[end.end() :]) if end else (block, b"")
        self._headers = headers_of(head)

    @property
    def content_type(self) -> str:
        """In small letters and without parameters; "" if the headers do not say."""
        return self._headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def charset(self) -> str | None:
        """As the headers call it."""
        found = _CHARSET.search(self._headers.get("content-type", ""))
        return found[1] if found else None

    def body(self, most: int) -> bytes | None:
        """The body, decompressed, or None if it is longer than `most` bytes; no more than those are decompressed.

        Raises:
          HttpError: when it is not what its headers say.
        """
        codings = [name.strip().lower() for name in self._headers.get("content-encoding", "").split(",")]
        known = ", ".join(_CODINGS[name] for name in codings if name in _CODINGS)
        is_chunked = "chunked" in self._headers.get("transfer-encoding", "").lower()
        body = self._decoded(known, is_chunked, most + 1) if known or is_chunked else self._body
        return body if len(body) <= most else None

    def _decoded(self, codings: str, is_chunked: bool, most: int) -> bytes:
        head = "HTTP/1.1 200 OK\r\n" + (f"Content-Encoding: {codings}\r\n" if codings else "")
        head += ("Transfer-Encoding: chunked\r\n" if is_chunked else "") + "\r\n"
        record = WarcRecord()
        record.set_bytes_content(head.encode() + self._body)
        record.is_http = True
        try:
            record.parse_http(auto_decode="all")
            return bytes(record.reader.read(most))
        except OSError as error:
            # Common Crawl's archives before 2018 hold decoded bodies below the headers as they were sent.
            if self._body.removeprefix(_MARK).lstrip().startswith(b"<"):
                return self._body
            raise HttpError(str(error)) from None


def headers_of(head: bytes) -> Mapping[str, str]:
    """Headers by their names in small letters; of those with the same name the last."""
    found = ((name, value.rstrip(b" \t\r")) for name, value in _HEADER.findall(head))
    return {name.decode().lower(): value.decode("utf-8", "replace") for name, value in found}
