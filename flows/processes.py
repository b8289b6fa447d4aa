"""Processes beside a command: started apart from its terminal, known again later, ended with their group."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self


class Process(NamedTuple):
    """A process, told from a later one with the same number by when it started."""

    pid: int
    started: str
    """Opaque; equal only for the same process."""

    @classmethod
    def find(cls, pid: int) -> Self | None:
        """The running process of this number, if there is one."""
        facts = _facts(pid)
        return cls(pid, facts.started) if facts else None

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return Process.find(self.pid) == self

    def is_child_of(self, parent: Self) -> bool:
        """Whether the other process started this one (and both still run)."""
        facts = _facts(self.pid)
        return facts is not None and facts == (parent.pid, self.started) and parent.alive

    def ends_within(self, seconds: float) -> bool:
        """Waits for its end."""
        deadline = time.monotonic() + seconds
        while self.alive:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def end_group(self, patience: float = 5.0) -> None:
        """Ends it and all in the group that it leads: asked first, killed after `patience` seconds."""
        if not self.alive:
            return
        for asked in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.pid, asked)
            except ProcessLookupError:
                return
            self.ends_within(patience)


def launch(command: Sequence[str], log: Path, env: Mapping[str, str], cwd: Path) -> subprocess.Popen[bytes]:
    """Starts a command as the leader of its own session; no terminal or pipe of ours stays open in it."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
        )


def write_record(path: Path, values: Mapping[str, Any]) -> None:
    """Writes JSON so that a reader finds all of it or what was there before."""
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(values), encoding="utf-8")
    fresh.replace(path)


def last_words(log: Path) -> str:
    """The last line of a log that says something; for an error's sentence."""
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines()]
    return next((line for line in reversed(lines) if any(map(str.isalpha, line))), "it said nothing")


class _Facts(NamedTuple):
    parent: int
    started: str


def _facts(pid: int) -> _Facts | None:
    """Of a running process; a zombie has ended."""
    if Path("/proc/self/stat").exists():
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            return None
        fields = stat.rpartition(")")[2].split()  # proc(5): from the third field, the state, on
        state, parent, started = fields[0], fields[1], fields[19]
    else:
        line = subprocess.run(
            ["ps", "-o", "stat=,ppid=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout.split(maxsplit=2)
        if len(line) < 3:
            return None
        state, parent, started = line
    return None if state[0] in "ZX" else _Facts(int(parent), started.strip())
