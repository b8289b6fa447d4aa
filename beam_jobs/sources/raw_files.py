"""Raw files wherever they lie: found by pattern, opened to read from any byte on."""

import os
import re
from collections.abc import Sequence
from typing import BinaryIO, NamedTuple

from model.contract import places
from model.contract.errors import InputError, KnownError


class RawFile(NamedTuple):
    """A file to read."""

    path: str
    name: str
    """The path from its pattern's last folder without wildcards on: the same wherever the files lie."""
    bytes: int


def find_files(source: str, patterns: Sequence[str]) -> list[RawFile]:
    """The files that a source's patterns name, in the patterns' order and sorted within each, each once.

    Raises:
      InputError: when a pattern matches nothing, or matches a folder or an empty file.
    """
    found: dict[str, RawFile] = {}
    for pattern in patterns:
        try:
            paths = _matches(pattern)
            sizes = [places.size(path) for path in paths]
        except KnownError as error:
            raise InputError(f"Source {source}: {error}") from None
        if not paths:
            raise InputError(
                f"Source {source}: no file matches {pattern}; name a file or glob that exists, on disk or on gs://."
            )
        for path, size in zip(paths, sizes, strict=True):
            if not size:
                raise InputError(
                    f"Source {source}: {path} is an empty source (0 bytes); remove it or name a file that holds text."
                )
            found.setdefault(path, RawFile(path, _name(path, pattern), size))
    return list(found.values())


def open_raw(path: str) -> BinaryIO:
    """Opens a file for reading; it can be read from any byte on (`seek`)."""
    return places.open_read(path)


def identity(path: str) -> str:
    """What tells a file's content from another's, without the place where it lies."""
    fact = places.checksum(path)
    return f"{fact.bytes}:{fact.crc32c}"


def _matches(pattern: str) -> list[str]:
    if not places.is_gs(pattern) and os.path.isdir(pattern):
        raise InputError(f"{pattern} is a folder; name its files, as in {places.join(pattern, '*')}.")
    return places.glob(pattern)


def _name(path: str, pattern: str) -> str:
    # The fixed part of "raw/news/20*/part-*.jsonl" is "raw/news".
    folder = re.split(r"[*?[]", pattern, maxsplit=1)[0].rpartition("/")[0]
    return path.removeprefix("./").removeprefix(f"{folder}/".removeprefix("./"))
