"""What makes a stage's output the same: its settings, the code it runs, what it reads. Never a place or a device."""

import ast
import functools
import hashlib
import importlib.util
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import JsonValue

OUR_PACKAGES = ("flows", "beam_jobs", "model")


def fingerprint(stage: str, settings: Mapping[str, JsonValue], sources: str, inputs: Mapping[str, str]) -> str:
    """The first 64 bits, in hex, of a SHA-256 over a stage's identity.

    Args:
      stage: the stage's name.
      settings: only those that can change the output.
      sources: `source_hash` of the modules that the stage runs.
      inputs: fingerprints of what it reads, by name.
    """
    identity = {"stage": stage, "settings": settings, "sources": sources, "inputs": inputs}
    text = json.dumps(identity, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@functools.cache
def source_hash(*modules: str) -> str:
    """SHA-256 over the named modules of ours and all of ours that they import, directly or not."""
    digest = hashlib.sha256()
    for name in sorted(_closure(modules)):
        path = _source_file(name)
        digest.update(f"{name}\n".encode() + path.read_bytes().replace(b"\r\n", b"\n") if path else b"")
    return digest.hexdigest()


def imported_modules(path: Path) -> set[str]:
    """The modules, of ours or not, that a source file names in its import statements, wherever they stand."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            # `from package import name` may import a module `package.name` or a name of the module `package`.
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def _closure(modules: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        path = _source_file(name)
        if name in seen or path is None:
            continue
        seen.add(name)
        waiting.extend(m for m in imported_modules(path) if m.split(".")[0] in OUR_PACKAGES)
    return seen


def _source_file(module: str) -> Path | None:
    """Where a module's source lies; None for names that are no modules. Imports nothing of it."""
    package, *rest = module.split(".")
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(spec.submodule_search_locations[0], *rest)
    files = [path.with_suffix(".py"), path / "__init__.py"]
    return next((file for file in files if file.is_file()), None)
