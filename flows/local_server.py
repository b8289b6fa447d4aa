"""The Prefect server that the demo starts where none is configured: on loopback, data under build/prefect."""

import json
import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from flows.processes import Process, last_words, launch, write_record
from model.contract.errors import KnownError

HOST = "127.0.0.1"
USUAL_PORT = 4200
START_LIMIT = 180.0
"""Seconds; the first start, which makes the database, took 8 to 50 on two cores."""

_FOREIGN = ("PREFECT_API_", "PREFECT_PROFILE", "PREFECT_SERVER_", "PREFECT_UI_")


class PrefectFault(KnownError):
    """Prefect could not be reached, started or deployed to."""


class LocalServer(NamedTuple):
    """A server on this machine and the process that serves."""

    url: str
    """Of its API."""
    process: Process


def local_environment(folder: Path, url: str) -> dict[str, str]:
    """The environment in which Prefect's commands use the local server and leave ~/.prefect alone."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    hosts = [hosts for name in ("NO_PROXY", "no_proxy") if (hosts := os.environ.get(name))] + [
        HOST,
        "localhost",
    ]
    return kept | {
        "PREFECT_HOME": str(folder),
        "PREFECT_API_URL": url,  # the server's pages take the API's address from it
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        # In memory, the default, a restart forgets who holds a deployment's one slot: taken for good.
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
        "DO_NOT_TRACK": "1",
        "NO_PROXY": ",".join(hosts),
        "no_proxy": ",".join(hosts),
    }


def ensure_server(folder: Path, say: Callable[[str], None]) -> LocalServer:
    """Finds the server that an earlier demo left running, or starts one, and waits until it answers.

    Args:
      folder: Prefect's home; the server is recorded in it.
      say: takes a line of progress.

    Raises:
      PrefectFault: when the server ends or does not answer in time.
    """
    server = _recorded(folder)
    if server is None:
        server = _start(folder)
        say(f"starting a Prefect server on {server.url.removesuffix('/api')} (log: {folder / 'server.log'})")
    else:
        say(f"using the Prefect server on {server.url.removesuffix('/api')} (pid {server.process.pid})")
    _await_health(server, folder / "server.log", say)
    return server


def stop_local_server(folder: Path) -> Process | None:
    """Ends the server recorded in a folder, if it still is that server; says which process that was."""
    server = _recorded(folder)
    _record_file(folder).unlink(missing_ok=True)
    if server is None:
        return None
    server.process.end_group(patience=10.0)
    return server.process


def answers(url: str) -> bool:
    """Whether a Prefect API on this machine is up."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{url}/health", timeout=3) as reply:
            return json.load(reply) is True
    except (OSError, urllib.error.URLError, ValueError):
        return False


def _start(folder: Path) -> LocalServer:
    port = _free_port()
    url = f"http://{HOST}:{port}/api"
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", HOST, "--port", str(port)]
    started = launch(command, folder / "server.log", local_environment(folder, url), folder)
    process = Process.find(started.pid)
    if process is None:
        raise PrefectFault(f"the Prefect server ended at once: {last_words(folder / 'server.log')}")
    write_record(_record_file(folder), {"url": url, **process._asdict()})
    return LocalServer(url, process)


def _await_health(server: LocalServer, log: Path, say: Callable[[str], None]) -> None:
    began = said = time.monotonic()
    while not answers(server.url):
        now = time.monotonic()
        if not server.process.alive:
            raise PrefectFault(f"the Prefect server ended before it answered ({last_words(log)}); see {log}.")
        if now - began > START_LIMIT:
            server.process.end_group()
            raise PrefectFault(f"the Prefect server did not answer within {START_LIMIT:.0f} s; see {log}.")
        if now - said >= 5:
            say("waiting for the Prefect server")
            said = now
        time.sleep(0.25)


def _recorded(folder: Path) -> LocalServer | None:
    try:
        record = json.loads(_record_file(folder).read_text(encoding="utf-8"))
        server = LocalServer(record["url"], Process(record["pid"], record["started"]))
    except (FileNotFoundError, ValueError, KeyError):
        return None
    return server if server.process.alive else None


def _record_file(folder: Path) -> Path:
    return folder / "server.json"


def _free_port() -> int:
    for port in (USUAL_PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise PrefectFault(f"no port is free on {HOST}; close something and try again.")
