"""TensorFlow's gs:// on the emulator: a CONNECT proxy that ends TLS with a throwaway certificate.

TensorFlow has its https endpoints built in, but the libcurl in it obeys `https_proxy` and `CURL_CA_BUNDLE`.
It downloads by the XML API's addresses (storage.googleapis.com/BUCKET/OBJECT), which become the JSON API's.
"""

import contextlib
import ssl
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

import trustme

from tests.emulators.http_relay import Answer, QuietServer, RelayHandler


@contextlib.contextmanager
def running_tls_proxy(gcs_host: str, folder: Path) -> Iterator[dict[str, str]]:
    """Starts the proxy; gives the environment of a process whose TensorFlow is to use it.

    Args:
      gcs_host: address of the running emulator.
      folder: where the certificate goes.
    """
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("*.googleapis.com").configure_cert(context)
    bundle = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(bundle))
    inner = type("TunnelHandler", (_TunnelHandler,), {"upstream_port": urlsplit(gcs_host).port})
    proxy = QuietServer(type("ConnectHandler", (_ConnectHandler,), {"context": context, "inner": inner}))
    threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield {
            "https_proxy": f"http://127.0.0.1:{proxy.port}",
            "CURL_CA_BUNDLE": str(bundle),
            "GOOGLE_AUTH_TOKEN_FOR_TESTING": "emulator",
            "NO_GCE_CHECK": "true",
        }
    finally:
        proxy.shutdown()
        proxy.server_close()


class _ConnectHandler(BaseHTTPRequestHandler):
    context: ssl.SSLContext
    inner: type[RelayHandler]

    def do_CONNECT(self) -> None:
        if not self.path.endswith(".googleapis.com:443"):
            self.send_error(403)
            return
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with self.context.wrap_socket(self.connection, server_side=True) as tunnel:
            self.inner(tunnel, self.client_address, self.server)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


class _TunnelHandler(RelayHandler):
    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if headers["Host"].startswith("storage.googleapis.com") and not path.startswith(("/storage/", "/upload/")):
            bucket, _, name = path.partition("?")[0].lstrip("/").partition("/")
            path = f"/download/storage/v1/b/{bucket}/o/{name.replace('/', '%2F')}?alt=media"
        kept = {name: value for name, value in headers.items() if name.lower() != "host"}
        return self.forward(method, path, kept | {"Host": f"127.0.0.1:{self.upstream_port}"}, body)
