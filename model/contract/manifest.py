"""The manifest: what a finished stage says of itself. It is written last and atomically; no manifest, not done."""

import functools
import importlib.metadata
import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from model.contract import places
from model.contract.errors import OutputError
from model.contract.settings import Settings

MANIFEST = "manifest.json"
UNFINISHED = ".unfinished"
"""Lies in a directory while a job writes into it, and after it if the job did not come to its end."""


class OutputFile(Settings):
    """One file that a stage made; `records` is None where a file is not made of records."""

    name: str
    bytes: int
    records: int | None
    crc32c: str


class StageManifest(Settings):
    """What a stage was asked, what it read, what it made."""

    stage: str
    fingerprint: str
    settings: dict[str, JsonValue]
    inputs: dict[str, str]
    """Fingerprints of what the stage read, by name."""
    sources: str
    """Hash of the code that the stage ran."""
    outputs: tuple[OutputFile, ...]
    counters: dict[str, int]
    facts: dict[str, JsonValue]
    """What later stages and readers need to know: formats, checksums, losses, scores."""
    package_version: str
    git_version: str
    runner: str
    started: str
    finished: str


class StageOutput(Settings):
    """The address of a finished stage with its manifest: what stages hand to each other."""

    directory: str
    manifest: StageManifest

    def paths(self, prefix: str = "", suffix: str = "") -> list[str]:
        """Full addresses of the output files whose names begin and end so, in name order."""
        return [places.join(self.directory, file.name) for file in self.files(prefix, suffix)]

    def files(self, prefix: str = "", suffix: str = "") -> list[OutputFile]:
        """The output files whose names begin and end so, in name order."""
        return sorted(
            (f for f in self.manifest.outputs if f.name.startswith(prefix) and f.name.endswith(suffix)),
            key=lambda file: file.name,
        )


def read_manifest(directory: str) -> StageManifest | None:
    """The manifest of a stage's directory, or None where the stage is not done.

    Raises:
      OutputError: when there is one that cannot be understood.
    """
    path = places.join(directory, MANIFEST)
    if not places.exists(path):
        return None
    try:
        return StageManifest.model_validate_json(places.read_bytes(path))
    except ValueError:
        raise OutputError(
            f"{path} is no manifest of this version; restore it, or make the stage again in another folder."
        ) from None


def open_stage(directory: str) -> StageOutput:
    """The finished stage in a directory.

    Raises:
      OutputError: when the stage there is not done.
    """
    manifest = read_manifest(directory)
    if manifest is None:
        raise OutputError(f"{directory} holds no {MANIFEST}, so its stage is not done; run the stage first.")
    return StageOutput(directory=directory, manifest=manifest)


def commit_manifest(directory: str, manifest: StageManifest) -> StageManifest:
    """Writes the manifest unless another run has; returns the one that stands."""
    data = json.dumps(manifest.model_dump(mode="json"), ensure_ascii=False, indent=1, sort_keys=True)
    if places.create_bytes(places.join(directory, MANIFEST), data.encode()):
        return manifest
    standing = read_manifest(directory)
    assert standing is not None  # create_bytes said that it exists
    return standing


def check_outputs(output: StageOutput, files: Iterable[OutputFile] | None = None, *, contents: bool = True) -> None:
    """Compares a stage's files with its manifest.

    Args:
      output: the finished stage.
      files: those of its outputs to look at; all when None.
      contents: compare CRC-32C too, not only presence and size.

    Raises:
      OutputError: naming the first file that is missing, truncated or altered.
    """
    present = {fact.path: fact.bytes for fact in places.list_files(output.directory)}
    # What was adopted was made elsewhere, and nobody here can make it again.
    adopted = output.manifest.stage == "adopt"
    remedy = "restore it" if adopted else f"restore it, or remove {output.directory} to make the stage again"
    for file in output.manifest.outputs if files is None else files:
        path = places.join(output.directory, file.name)
        if path not in present:
            raise OutputError(f"{path} is in its manifest but missing; {remedy}.")
        if present[path] != file.bytes:
            raise OutputError(f"{path} has {present[path]:,} bytes where its manifest says {file.bytes:,}; {remedy}.")
        if contents and (crc := places.checksum(path).crc32c) != file.crc32c:
            raise OutputError(f"{path} has CRC-32C {crc} where its manifest says {file.crc32c}; {remedy}.")


def outputs_in(directory: str, records: dict[str, int] | None = None) -> list[OutputFile]:
    """Describes the files that lie in a directory, for stages that write them one by one."""
    found = []
    for fact in places.list_files(directory):
        name = fact.path[len(directory) :].lstrip("/")
        if name != MANIFEST:
            full = places.checksum(fact.path)
            found.append(
                OutputFile(name=name, bytes=full.bytes, records=(records or {}).get(name), crc32c=full.crc32c or "")
            )
    return found


def package_version() -> str:
    """The installed version of this package."""
    return importlib.metadata.version("kobigbird")


@functools.cache
def git_version() -> str:
    """The commit that the code runs from, with "+changes" where the tree differs; empty outside a checkout."""

    def git(*words: str) -> str:
        folder = Path(__file__).parents[2]
        done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True, timeout=10)
        return done.stdout.strip()

    try:
        return git("rev-parse", "HEAD") + ("+changes" if git("status", "--porcelain", "-uno") else "")
    except (OSError, subprocess.SubprocessError):
        return ""


def plain(settings: Any) -> Any:
    """Settings as plain JSON values, for a manifest."""
    return settings.model_dump(mode="json") if isinstance(settings, Settings) else settings
