"""The peers' own Python, a virtual environment below build/: their versions and ours cannot be installed together.

Each set of peers is a folder of scripts with a requirements.txt, such as benchmarks/dedupe_peers; its environment is
made from that once, by pip as it is set up on the machine.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from flows.config import PROJECT
from model.contract.errors import KnownError

DEDUPE = PROJECT / "benchmarks" / "dedupe_peers"
BUILD = PROJECT / "build"
_REQUIREMENTS = "requirements.txt"
_MADE_OF = "made-of.txt"
"""A copy of the requirements, written last: without it, or with another, the environment is made anew."""
_LIMIT_SECONDS = 1_200


class NoPeersError(KnownError):
    """The peers are not installed, so nothing can be measured beside them."""


class PeerError(KnownError):
    """A peer's script ended without a result."""


class Answer(NamedTuple):
    """What a script printed last, and the wall seconds of its process, from its start to its end."""

    result: dict[str, Any]
    seconds: float


class Peers:
    """Runs the scripts of one set of peers."""

    def __init__(self, python: Path, scripts: Path = DEDUPE):
        self._python, self._scripts = python, scripts

    def ask(self, script: str, request: Mapping[str, Any]) -> Answer:
        """Runs a script in a process of its own: the request goes to its standard input as JSON.

        Raises:
          PeerError: when it fails, with the last line of what it said.
        """
        began = time.perf_counter()
        done = subprocess.run(
            [self._python, self._scripts / script],
            input=json.dumps(request),
            capture_output=True,
            text=True,
            env=_alone(),
        )
        seconds = time.perf_counter() - began
        if done.returncode:
            raise PeerError(f"{script} failed: {(done.stderr.strip().splitlines() or ['it said nothing'])[-1]}")
        return Answer(json.loads(done.stdout.splitlines()[-1]), seconds)


def find_peers(scripts: Path = DEDUPE, *, make: bool) -> Peers:
    """The peers, installed if need be.

    Args:
      scripts: the folder of the set.
      make: whether to install them where they are not, which takes a minute or so and a package registry.

    Raises:
      NoPeersError: when they are not there and are not to be, or cannot be, installed.
    """
    folder = BUILD / scripts.name.replace("_", "-")
    if not _is_made(folder, scripts / _REQUIREMENTS):
        if not make:
            raise NoPeersError(
                "The peers are not installed, so they are left out; a run without --short installs them."
            )
        _make(folder, scripts / _REQUIREMENTS)
    return Peers(_python_in(folder), scripts)


def _python_in(folder: Path) -> Path:
    return folder / "bin" / "python"


def _is_made(folder: Path, requirements: Path) -> bool:
    made_of = folder / _MADE_OF
    return made_of.exists() and made_of.read_bytes() == requirements.read_bytes()


def _make(folder: Path, requirements: Path) -> None:
    print(f"installing the peers into {folder}", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements]
    try:
        _run([sys.executable, "-m", "venv", folder])
        _run([_python_in(folder), *install])
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        last = [line for line in str(said).splitlines() if line.strip()][-1].strip()
        raise NoPeersError(
            f"The peers cannot be installed from {requirements} ({last}), so they are left out; "
            "set pip up so that it reaches a package registry."
        ) from None
    shutil.copyfile(requirements, folder / _MADE_OF)


def _run(command: list[Any]) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=_LIMIT_SECONDS, env=_alone())


def _alone() -> dict[str, str]:
    """The environment without what would lead that Python to our packages."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
