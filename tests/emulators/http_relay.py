"""What both proxies need: take a request whole, pass it to the emulator, hand the answer back."""

import http.client
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

HOP_BY_HOP = {"connection", "content-length", "expect", "keep-alive", "proxy-connection", "transfer-encoding"}


class Answer(NamedTuple):
    """An HTTP response, read to its end."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class QuietServer(ThreadingHTTPServer):
    """A thread a connection, on a free loopback port."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that are killed break their connections off; that is no news."""


class RelayHandler(BaseHTTPRequestHandler):
    """Answers every request with `answer`; each connection of a client gets one to the emulator."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes: each answer would wait 40 ms
    upstream_port = 0

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        raise NotImplementedError

    def setup(self) -> None:
        super().setup()
        self.upstream = http.client.HTTPConnection("127.0.0.1", self.upstream_port, timeout=60)

    def finish(self) -> None:
        self.upstream.close()
        super().finish()

    def forward(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        kept = {name: value for name, value in headers.items() if name.lower() not in HOP_BY_HOP}
        self.upstream.request(method, path, body=body, headers=kept)
        response = self.upstream.getresponse()
        return Answer(response.status, response.getheaders(), response.read())

    def serve(self) -> None:
        answer = self.answer(self.command, self.path, dict(self.headers.items()), self._body())
        self.send_response(answer.status)
        for name, value in answer.headers:
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = serve

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            if len(body) < length:  # the client died; what it sent is no request
                raise ConnectionAbortedError
            return body
        chunks = []
        while length := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(length))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def log_message(self, *_: object) -> None:
        """Says nothing."""
