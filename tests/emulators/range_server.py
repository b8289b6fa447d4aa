"""A web server on a loopback port that serves files in parts, fails on demand, and keeps account of it."""

import collections
import contextlib
import dataclasses
import hashlib
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Literal, NamedTuple

from tests.emulators.http_relay import QuietServer

Fault = Literal["busy", "dropped", "short", "hung_up", "other_part"]
"""503 with Retry-After; half of the body, then the connection ends; a body of half the length that Content-Range
names; no answer at all; a part that was not asked for."""


class Asked(NamedTuple):
    """A request: a path, and the first and last byte wanted (None: all, or all from there)."""

    method: str
    path: str
    first: int | None
    last: int | None


@dataclasses.dataclass
class RangeServer:
    """A running server; tests fill `files` and `faults` and read the rest."""

    address: str
    files: dict[str, bytes] = dataclasses.field(default_factory=dict)
    """By path, which begins with a slash; what is not here does not exist."""
    closed: set[str] = dataclasses.field(default_factory=set)
    """Paths answered with 403."""
    whole_only: bool = False
    """Whether Range is ignored."""
    tells_version: bool = True
    """Whether answers have an ETag."""
    retry_after: str = "0"
    seconds_an_answer: float = 0.0
    faults: collections.deque[Fault | None] = dataclasses.field(default_factory=collections.deque)
    """What goes wrong with the next requests, one each (None: nothing)."""
    asked: list[Asked] = dataclasses.field(default_factory=list)
    bytes_sent: int = 0
    most_at_once: int = 0
    under_way: int = 0
    lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)

    @contextlib.contextmanager
    def counted(self, asked: Asked) -> Iterator[Fault | None]:
        """A request from its beginning to its end, and what is to go wrong with it."""
        with self.lock:
            self.asked.append(asked)
            self.under_way += 1
            self.most_at_once = max(self.most_at_once, self.under_way)
            fault = self.faults.popleft() if self.faults else None
        try:
            yield fault
        finally:
            with self.lock:
                self.under_way -= 1


@contextlib.contextmanager
def running_range_server() -> Iterator[RangeServer]:
    """Starts a server without files, and stops it."""
    state = RangeServer("")
    server = QuietServer(type("RangeHandler", (_RangeHandler,), {"state": state}))
    state.address = f"http://127.0.0.1:{server.port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


class _RangeHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave together
    state: RangeServer

    def do_GET(self) -> None:
        said = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        first, last = (int(number) if number else None for number in said.groups()) if said else (None, None)
        with self.state.counted(Asked(self.command, self.path, first, last)) as fault:
            time.sleep(self.state.seconds_an_answer)
            if fault == "hung_up":
                self.close_connection = True
            elif fault == "busy":
                self._head(503, 0, {"Retry-After": self.state.retry_after})
            elif self.path in self.state.closed:
                self._head(403, 0, {})
            elif (data := self.state.files.get(self.path)) is None:
                self._head(404, 0, {})
            else:
                self._file(data, first, last, fault)

    do_HEAD = do_GET

    def _file(self, data: bytes, first: int | None, last: int | None, fault: Fault | None) -> None:
        version = {"ETag": f'"{hashlib.sha256(data).hexdigest()[:16]}"'} if self.state.tells_version else {}
        if first is None or self.state.whole_only:
            self._body(200, data, version, fault)
        elif first >= len(data):
            self._head(416, 0, {"Content-Range": f"bytes */{len(data)}"})
        else:
            if fault == "other_part":
                first += 1
            part = data[first : None if last is None else last + 1]
            extent = {"Content-Range": f"bytes {first}-{first + len(part) - 1}/{len(data)}"}
            self._body(206, part, version | extent, fault)

    def _body(self, status: int, body: bytes, headers: dict[str, str], fault: Fault | None) -> None:
        half = body[: len(body) // 2]
        self._head(status, len(half if fault == "short" else body), headers)
        if self.command == "HEAD":
            return
        sent = half if fault in ("short", "dropped") else body
        with self.state.lock:
            self.state.bytes_sent += len(sent)
        self.wfile.write(sent)
        self.close_connection = self.close_connection or fault == "dropped"

    def _head(self, status: int, length: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(length), "Accept-Ranges": "bytes"}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""
