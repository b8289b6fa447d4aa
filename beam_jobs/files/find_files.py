"""The files that a source's patterns and path lists name, on disk, gs://, s3:// and https://."""

import os
import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

import google_crc32c

from beam_jobs.config import FetchConfig, SourceConfig
from beam_jobs.files.decompress import DamagedFile, decompressed
from beam_jobs.files.fetching import MissingFile, retried
from beam_jobs.files.raw_files import RawFile, open_raw, range_opener, read_range
from model.contract import places
from model.contract.errors import InputError, KnownError

_WEB = ("https://", "http://")
_PATH_LIST = (".paths", ".paths.gz")
_SCHEME = re.compile(r"[A-Za-z0-9]+://")
_PASSED_OVER = {
    # Common Crawl lists its index of pages together with those of failed fetches and of robots.txt files.
    "common_crawl": re.compile(r"/cc-main/warc/crawl=[^/]+/subset=(?!warc/)"),
    # A glob for a multistream dump also matches its index, which is found by itself.
    "wikipedia": re.compile(r"-multistream-index\d*\.txt[^/]*$"),
}
_NOTHING = re.compile(r"(?!)")
# Whoever waits for a plan would rather hear soon of a wrong address.
_PLANNING = FetchConfig(retries=2, timeout_seconds=30.0)


def find_files(source: SourceConfig) -> list[RawFile]:
    """The source's files in the patterns' order, sorted within each, each once, no more than its limit.

    Raises:
      InputError: when a pattern matches nothing, or matches a folder or an empty file, or when two files have the
        same name, on which ids depend.
    """
    found: dict[str, RawFile] = {}
    try:
        for pattern in source.paths:
            for file in _matches(pattern):
                for named in _listed(file, source.base) if file.name.endswith(_PATH_LIST) else (file,):
                    found.setdefault(named.path, named)
        passed_over = _PASSED_OVER.get(source.kind, _NOTHING)
        wanted = [file for file in found.values() if not passed_over.search(file.path)]
        if not wanted:
            raise InputError(
                "its files only tell where others lie; name dumps themselves, or the crawl's index under subset=warc/."
            )
        files = [_described(file) for file in wanted[: source.limits.max_files]]
        _refuse_unreadable_lists(files)
    except KnownError as error:
        raise InputError(f"Source {source.name}: {error}") from None
    _refuse_equal_names(source.name, files)
    return files


def _matches(pattern: str) -> list[RawFile]:
    if pattern.startswith(_WEB):
        files = [RawFile(pattern, _web_name(pattern), 0)]
    elif pattern.startswith("s3://"):
        from beam_jobs.files.s3_files import list_objects

        files = [
            RawFile(path, _name(path, pattern), size, f"{size}:{tag}") for path, size, tag in list_objects(pattern)
        ]
    elif _SCHEME.match(pattern) and not pattern.startswith("gs://"):
        raise InputError(f"{pattern} cannot be read; name files on disk, gs://, s3://, https:// or http://.")
    else:
        files = _stored(pattern)
    if not files:
        raise InputError(f"no file matches {pattern}; name a file or glob that exists, on disk, gs:// or s3://.")
    return files


def _stored(pattern: str) -> list[RawFile]:
    if not places.is_gs(pattern) and os.path.isdir(pattern):
        raise InputError(f"{pattern} is a folder; name its files, as in {places.join(pattern, '*')}.")
    return [
        RawFile(fact.path, _name(fact.path, pattern), fact.bytes, f"{fact.bytes}:{fact.crc32c}" if fact.crc32c else "")
        for fact in places.find(pattern)
    ]


def _listed(list_file: RawFile, base: str) -> Iterator[RawFile]:
    """The files that a path list names, one a line; their sizes are not asked for."""
    with open_raw(list_file.path, _PLANNING) as file:
        try:
            text = b"".join(decompressed(file))
        except DamagedFile as damage:
            raise InputError(f"{list_file.path} is a damaged path list ({damage}); fetch it again.") from None
    version = f"{len(text)}:{google_crc32c.value(text):08x}"
    entries = [line.strip() for line in text.decode("utf-8", errors="replace").splitlines() if line.strip()]
    if not entries:
        raise InputError(f"{list_file.path} is a path list that names no file; remove it or name another.")
    for entry in entries:
        absolute = entry.startswith("/") or _SCHEME.match(entry)
        path = entry if absolute else places.join(base, entry)
        yield RawFile(path, _below(path, base), 0, version, list_file.name)


def _described(file: RawFile) -> RawFile:
    """With size and version, which the web tells of one file at a time only; a path list's files stay unknown."""
    if file.listed_in:
        return file
    if file.path.startswith(_WEB):
        return _asked(file)
    return _not_empty(file, file.bytes)


def _asked(file: RawFile) -> RawFile:
    open_range = range_opener(file.path)
    assert open_range is not None
    part = retried(file.path, _PLANNING.retries, lambda: open_range(file.path, 0, 1, _PLANNING.timeout_seconds))
    part.close()
    _not_empty(file, part.total)
    return file._replace(bytes=part.total if part.end == 1 else 0, version=f"{part.total}:{part.version}")


def _not_empty(file: RawFile, size: int) -> RawFile:
    if not size:
        raise InputError(f"{file.path} is an empty source (0 bytes); remove it or name a file that holds text.")
    return file


def _refuse_unreadable_lists(files: Iterable[RawFile]) -> None:
    """Looks at the first file of each path list: if its base is wrong, none of thousands could be read."""
    first: dict[str, RawFile] = {}
    for file in files:
        if file.listed_in:
            first.setdefault(file.version, file)
    for file in first.values():
        try:
            read_range(file.path, 0, 1, _PLANNING)
        except MissingFile as error:
            raise InputError(f"the first file of {file.listed_in}: {error} The source's `base` may be wrong.") from None


def _refuse_equal_names(source: str, files: Iterable[RawFile]) -> None:
    by_name: dict[str, str] = {}
    for file in files:
        if (other := by_name.setdefault(file.name, file.path)) != file.path:
            raise InputError(
                f"Source {source}: {other} and {file.path} are both called {file.name} below their patterns, so their "
                "documents could get the same ids; name both by one glob, or make them two sources."
            )


def _name(path: str, pattern: str) -> str:
    # The fixed part of "raw/news/20*/part-*.jsonl" is "raw/news".
    folder = re.split(r"[*?[]", pattern, maxsplit=1)[0].rpartition("/")[0]
    return path.removeprefix("./").removeprefix(f"{folder}/".removeprefix("./"))


def _web_name(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise InputError(f"{address} is no address ({error}); write https://HOST/FILE.") from None
    name = parts.path.rpartition("/")[2]
    if "*" in address or "[" in parts.path or not parts.netloc or not name:
        raise InputError(
            f"{address} names no single file, and the web has no lists of them; name each file, or a path list "
            "(NAME.paths or NAME.paths.gz, a path a line)."
        )
    return name


def _below(path: str, base: str) -> str:
    """A listed file's path below the base, or else below its server or bucket."""
    below = path.removeprefix(base.rstrip("/") + "/")
    return below if below != path else re.sub(r"^[a-z0-9]+://[^/]*", "", path).lstrip("/")
