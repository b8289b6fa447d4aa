"""Files on https:// and http://, part by part."""

import email.utils
import functools
import os
import time
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.exceptions import HTTPError, MaxRetryError

from beam_jobs.files.fetching import MissingFile, PassingFailure, first_line
from beam_jobs.files.ranged_file import Part, extent
from model.contract.errors import InputError

_CONNECTIONS = 64
_CONNECT_SECONDS = 20.0
_CLOSED = {401, 403, 451}
_GONE = {404, 410}
_BUSY = {408, 425, 429}
_REDIRECTS = urllib3.Retry(
    total=None, connect=0, read=0, status=0, other=0, redirect=5, respect_retry_after_header=False
)
# What is stored is asked for, never a form of it compressed for the way; many servers refuse clients without a name.
_HEADERS = {"Accept-Encoding": "identity", "User-Agent": "kobigbird corpus reader (urllib3)"}


def open_range(url: str, start: int, end: int, timeout: float) -> Part:
    """Asks for the bytes [start, end) of a file; a RangeOpener.

    Raises:
      MissingFile: when the server has no such file, or keeps it closed.
      InputError: when it refuses otherwise, or sends whole files only and `start` is not 0.
    """
    response = _answer(url, {**_HEADERS, "Range": f"bytes={start}-{end - 1}"}, timeout)
    try:
        first, last, total = _place(url, response, start)
    except BaseException:
        response.close()
        raise
    version = response.headers.get("ETag") or response.headers.get("Last-Modified") or ""
    return Part(response, first, last, total, version, (HTTPError, OSError))


def _answer(url: str, headers: dict[str, str], timeout: float) -> urllib3.BaseHTTPResponse:
    limits = urllib3.Timeout(connect=min(timeout, _CONNECT_SECONDS), read=timeout)
    try:
        return _pool(os.getpid(), _proxy(url)).request(
            "GET",
            url,
            headers=headers,
            timeout=limits,
            retries=_REDIRECTS,
            preload_content=False,
            decode_content=False,
        )
    except ValueError as error:  # LocationValueError, or what urllib.parse says of "https://[half/a"
        raise InputError(f"{url} is no address ({first_line(error)}); write https://HOST/FILE.") from None
    except HTTPError as error:
        raise PassingFailure(_cause(error)) from error


def _cause(error: HTTPError) -> str:
    """The network's own words, without those of the objects that pass them on."""
    reason = error.reason if isinstance(error, MaxRetryError) and error.reason else error
    return first_line(reason).rpartition("): ")[2]


def _place(url: str, response: urllib3.BaseHTTPResponse, start: int) -> tuple[int, int, int]:
    """Where an answer begins and ends, and the file's size; errors for what is no such answer."""
    if response.status == 206:
        return extent(response.headers.get("Content-Range", ""))
    if response.status == 416:
        total = response.headers.get("Content-Range", "").rpartition("/")[2]
        return start, start, int(total) if total.isdigit() else start
    if response.status == 200:
        return _whole(url, response, start)
    raise _refusal(url, response)


def _whole(url: str, response: urllib3.BaseHTTPResponse, start: int) -> tuple[int, int, int]:
    length = response.headers.get("Content-Length", "")
    if start or not length.isdigit():
        raise InputError(f"{url}: its server sends whole files only, no parts of them; download it and name the copy.")
    return 0, int(length), int(length)


def _refusal(url: str, response: urllib3.BaseHTTPResponse) -> Exception:
    status = response.status
    if status in _GONE:
        return MissingFile(f"{url} does not exist (HTTP {status}); correct the address.")
    if status in _CLOSED:
        return MissingFile(f"{url} is closed to this machine (HTTP {status}); ask its owner, or download it first.")
    if status in _BUSY or status >= 500:
        return PassingFailure(f"HTTP {status}", _seconds(response.headers.get("Retry-After", "")))
    return InputError(f"{url} was refused (HTTP {status}); correct the address.")


def _seconds(retry_after: str) -> float:
    """Retry-After, in seconds from now: it holds them, or a date."""
    if retry_after.strip().isdigit():
        return float(retry_after)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(retry_after).timestamp() - time.time())
    except ValueError:
        return 0.0


def _proxy(url: str) -> str | None:
    parts = urlsplit(url)
    return None if proxy_bypass(parts.netloc) else getproxies().get(parts.scheme)


@functools.cache
def _pool(_process: int, proxy: str | None) -> urllib3.PoolManager:
    """Connections do not survive a fork, so a forked process makes its own."""
    if proxy:
        return urllib3.ProxyManager(proxy, maxsize=_CONNECTIONS)
    return urllib3.PoolManager(maxsize=_CONNECTIONS)
