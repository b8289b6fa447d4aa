"""The sources that a folder of raw files holds, told by the names of its files."""

import re
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

from beam_jobs.files.decompress import decompressed
from model.contract.errors import InputError

_ENDINGS = (
    ("common_crawl", "warc", r"\.warc(\.gz)?"),
    ("common_crawl", "wet", r"\.wet(\.gz)?"),
    ("wikipedia", "mediawiki", r"\.xml(\.bz2|\.gz|\.zst)?"),
    ("everyones_corpus", "nikl", r"[A-Z]{2}RW\d{10}\.json"),
    ("plain_text", "lm_dataformat", r"\.jsonl\.zst"),
    ("news", "jsonl", r"\.jsonl(\.gz|\.bz2)?"),
    ("news", "csv", r"\.csv(\.gz)?"),
    ("news", "tsv", r"\.tsv(\.gz)?"),
    ("news", "parquet", r"\.parquet"),
    ("plain_text", "text", r"\.txt(\.gz)?"),
    ("plain_text", "markdown", r"\.md"),
    ("plain_text", None, r"\.(tar(\.gz|\.bz2|\.zst)?|tgz|zip)"),
)
"""Kind, format (a container's members tell theirs) and how the names end."""


def sources_in(folder: Path) -> list[dict[str, Any]]:
    """A source block for each folder, format and layout that is found below a folder.

    Raises:
      InputError: when there is no file of a known format.
    """
    found: dict[tuple[str, str, str | None, str | None], list[str]] = {}
    for path in sorted(path.resolve() for path in folder.rglob("*") if path.is_file()):
        for kind, format_name, ending in _ENDINGS:
            if re.search(f"{ending}$", path.name):
                layout = _layout(path) if format_name == "text" else None
                found.setdefault((path.parent.name, kind, format_name, layout), []).append(str(path))
                break
    if not found:
        raise InputError(
            f"--data {folder} holds no file of a known format (.warc.gz, .xml.bz2, .jsonl, .txt, .md, .tar.gz, .zip, "
            "NWRW2600000001.json …); name a folder that does."
        )
    names: set[str] = set()
    return [
        {"kind": kind, "name": _name(parent, format_name, names), "paths": paths}
        | ({"format": format_name} if format_name else {})
        | ({"layout": layout} if layout else {})
        for (parent, kind, format_name, layout), paths in found.items()
    ]


def _name(folder: str, format_name: str | None, taken: set[str]) -> str:
    """A source's name that no other has yet."""
    words = re.findall(r"[a-z0-9]+", f"{folder} {format_name or 'packed'}".lower())
    plain = "_".join(words) if words[0][0].isalpha() else f"in_{'_'.join(words)}"
    name = next(name for name in (plain, *(f"{plain}_{number}" for number in range(2, 1_000))) if name not in taken)
    taken.add(name)
    return name


def _layout(path: Path) -> str:
    """A document a line where no blank line comes soon, or else between blank lines."""
    with path.open("rb") as file:
        head = b"".join(islice(decompressed(file), 4))
    return "blank_lines" if re.search(rb"\n\s*\n", head) or head.count(b"\n") < 20 else "lines"


def plain_bytes(path: str) -> int:
    """A file's size once decompressed."""
    with open(path, "rb") as file:
        return sum(map(len, chain(_chunks(path, file))))


def _chunks(path: str, file: Any) -> Iterator[bytes]:
    if not path.endswith(".zip"):
        yield from decompressed(file)
        return
    import zipfile

    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            with archive.open(member) as stream:
                yield from iter(lambda stream=stream: stream.read(1 << 20), b"")
