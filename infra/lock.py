"""Writes the lock files: what pip resolves today from pyproject.toml, by name and version, without addresses.

    python infra/lock.py

Run it on the oldest Python that the project supports. Nothing is installed.
"""

import json
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
LOCKS = {
    PROJECT / "constraints.txt": (
        "Every version of the one resolution, extras included; pip installs with `--constraint constraints.txt`.",
        [f"{PROJECT}[test,gpu,tpu-check]"],
    ),
    PROJECT / "infra/tpu/requirements.txt": (
        "The trainer's environment on a TPU VM, whole. It stands alone: tensorflow-tpu ships the same `tensorflow`\n"
        "# tree as tensorflow and replaces it, while tensorflow-text would bring tensorflow back.",
        ["--requirement", str(PROJECT / "infra/tpu/requirements.in")],
    ),
}


def resolve(wanted: list[str]) -> dict[str, str]:
    """The versions that pip would install into an empty environment, by name."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--dry-run",
        "--ignore-installed",
        "--report",
        "-",
    ]
    done = subprocess.run([*command, *wanted], capture_output=True, text=True, check=True)
    found = {item["metadata"]["name"]: item["metadata"]["version"] for item in json.loads(done.stdout)["install"]}
    # A local version ("2.13.0+cpu") names one builder's file; its public part fits every builder's.
    return {name: version.partition("+")[0] for name, version in found.items() if name != "kobigbird"}


def main() -> None:
    """Writes each lock file."""
    for path, (head, wanted) in LOCKS.items():
        versions = resolve(wanted)
        lines = [f"{name}=={version}" for name, version in sorted(versions.items(), key=lambda pair: pair[0].lower())]
        path.write_text("\n".join([f"# {head}", "# Made by `make lock` on Linux, x86-64.", *lines]) + "\n")
        print(f"{path.relative_to(PROJECT)}: {len(lines)} packages")


if __name__ == "__main__":
    main()
