"""Our jobs in processes of their own, timed from start to end, with the memory that they take.

The memory is the most that all of a job's processes together hold at once: their proportional set sizes (pages that
several share count once), read from Linux's /proc five times a second. They lie in a process group of their own.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from flows.config import PROJECT
from model.contract.errors import KnownError

_EVERY_SECONDS = 0.2


class JobError(KnownError):
    """The job ended without a result."""


class Done(NamedTuple):
    """What became of a child."""

    answer: dict[str, Any]
    """What it printed last."""
    seconds: float
    """Of the process, start-up and all."""
    peak_bytes: int
    """Of all its processes together."""


def run_child(module: str, request: Mapping[str, Any]) -> Done:
    """Runs the `main` of a module of ours, which reads the request from standard input and prints its answer last.

    Raises:
      JobError: when it fails, with the last line of what it said.
    """
    began = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-c", f"from {module} import main; main()"],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    peak = Peak(child.pid)
    said, complaint = child.communicate(json.dumps(request))
    seconds = time.perf_counter() - began
    peak.stop()
    if child.returncode:
        raise JobError(f"{module} failed: {(complaint.strip().splitlines() or ['it said nothing'])[-1]}")
    return Done(json.loads(said.splitlines()[-1]), seconds, peak.most)


class Peak:
    """Watches a process group until it is told to stop."""

    def __init__(self, group: int):
        self.most = 0
        self._group = group
        self._ended = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def stop(self) -> None:
        """Ends watching."""
        self._ended.set()
        self._watcher.join()

    def _watch(self) -> None:
        while not self._ended.wait(_EVERY_SECONDS):
            self.most = max(self.most, sum(map(_resident_bytes, _processes_of(self._group))))


def _processes_of(group: int) -> Iterator[int]:
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if os.getpgid(int(name)) == group:
                    yield int(name)
            except ProcessLookupError:
                continue


def _resident_bytes(process: int) -> int:
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except (OSError, ProcessLookupError):
        return 0
    return 1024 * sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
