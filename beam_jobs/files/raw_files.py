"""Raw files wherever they lie, on disk, gs://, s3:// or https://: what is known of them, opened from any byte on."""

import io
from collections.abc import Callable
from typing import BinaryIO, NamedTuple

from beam_jobs.config import FetchConfig
from beam_jobs.files import http_files
from beam_jobs.files.fetching import MissingFile
from beam_jobs.files.ranged_file import Part, RangedFile, RangeOpener
from model.contract import places
from model.contract.errors import InputError

_BUFFER = 1 << 18
_FETCH = FetchConfig()


class RawFile(NamedTuple):
    """A file to read."""

    path: str
    name: str
    """What ids may depend on: the path below its pattern's fixed part, the same wherever the files lie."""
    bytes: int
    """0 where it is not known: nobody asks it of a path list's files (a month of Common Crawl has 90,000), and it is no
    help where a server sends whole files only."""
    version: str = ""
    """What tells its content from another's, where the place itself said so; for a path list's files, the list's."""
    listed_in: str = ""
    """The name of the path list that names it."""


def open_raw(path: str, fetch: FetchConfig = _FETCH) -> BinaryIO:
    """Opens a file for reading; it can be read from any byte on (`seek`).

    Raises:
      MissingFile: when there is no such file, or it is closed to us; from s3:// and https:// only when it is read.
      InputError: when it cannot be read in spite of retries.
    """
    if (open_range := range_opener(path)) is not None:
        return io.BufferedReader(RangedFile(path, open_range, fetch), _BUFFER)
    try:
        return places.open_read(path)
    except InputError as error:
        raise _missing(path, error) from error


def read_range(
    path: str, start: int, end: int, fetch: FetchConfig = _FETCH, before_asking: Callable[[], None] = lambda: None
) -> bytes:
    """The bytes [start, end) of a file, fewer where it ends earlier, and nothing but them is fetched.

    `before_asking` is called before each request to a server. Errors are those of `open_raw`.
    """

    open_range = range_opener(path)
    if open_range is None:
        try:
            return places.read_range(path, start, end)
        except InputError as error:
            raise _missing(path, error) from error

    def ask(path: str, start: int, end: int, timeout: float) -> Part:
        before_asking()
        return open_range(path, start, end, timeout)

    with RangedFile(path, ask, fetch, read_ahead=0) as file:
        file.seek(start)
        return b"".join(iter(lambda: file.read(end - file.tell()) or b"", b""))


def range_opener(path: str) -> RangeOpener | None:
    """How parts of a remote file are asked for; None on disk and gs://."""
    if path.startswith(("https://", "http://")):
        return http_files.open_range
    if path.startswith("s3://"):
        from beam_jobs.files import s3_files  # boto3 takes half a second, which few need

        return s3_files.open_range
    return None


def identity(file: RawFile) -> str:
    """What tells a file's content from another's, without the place where it lies."""
    if file.version:
        return file.version
    fact = places.checksum(file.path)
    return f"{fact.bytes}:{fact.crc32c}"


def _missing(path: str, error: InputError) -> InputError:
    return error if places.exists(path) else MissingFile(str(error))
