"""Runs a small program in a child process, for what only a death, a fork or another environment can show."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]


def run_python(
    program: str, environment: Mapping[str, str] | None = None, bare: bool = False
) -> subprocess.CompletedProcess[str]:
    inherited = {} if bare else os.environ
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        env={**inherited, "PYTHONPATH": str(REPOSITORY), **(environment or {})},
        capture_output=True,
        text=True,
        timeout=60,
    )
