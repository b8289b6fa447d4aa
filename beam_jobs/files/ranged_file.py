"""A remote file read by range requests, as a file that can be read from any byte on."""

import io
import os
import re
from collections.abc import Callable
from typing import Protocol

from beam_jobs.config import FetchConfig
from beam_jobs.files.fetching import Backoff, PassingFailure, first_line
from model.contract.errors import InputError

_READ_AHEAD = 1 << 20  # bytes of the first request after a seek
_GROWTH = 4
_WORTH_READING_ON = 1 << 18  # bytes: sooner here than by a new request


class Body(Protocol):
    """An answer's bytes as they come in."""

    def read(self, size: int, /) -> bytes:
        """The next so many bytes, fewer at the end."""

    def close(self) -> None:
        """Breaks off what has not come yet."""


class Part:
    """A server's answer to a range request: the bytes [start, end) of a file."""

    def __init__(
        self, body: Body, start: int, end: int, total: int, version: str, failures: tuple[type[Exception], ...]
    ):
        """What came.

        Args:
          body: gives the bytes.
          start: of the file.
          end: of the file.
          total: the file's size in bytes.
          version: changes when the file does (an ETag); empty where the server tells none.
          failures: what `body` raises when the connection is lost.
        """
        self.position, self.end, self.total, self.version = start, end, total, version
        self._body, self._failures = body, failures

    def read(self, size: int) -> bytes:
        """Up to so many bytes, at least one.

        Raises:
          PassingFailure: when the connection is lost or the answer ends too early.
        """
        try:
            data = self._body.read(min(size, self.end - self.position))
        except self._failures as error:
            raise PassingFailure(f"at byte {self.position:,}: {first_line(error)}") from error
        if not data:
            raise PassingFailure(f"the answer ended at byte {self.position:,} instead of {self.end:,}")
        self.position += len(data)
        return data

    def skip_to(self, position: int) -> None:
        """Reads on; errors as of `read`."""
        while self.position < position:
            self.read(position - self.position)

    def close(self) -> None:
        """Ends the answer; the connection serves again if little is left to come."""
        try:
            if self.end - self.position <= _WORTH_READING_ON:
                self.skip_to(self.end)
        except PassingFailure:
            pass
        self._body.close()


def extent(content_range: str) -> tuple[int, int, int]:
    """Where a part begins and ends, and the file's size, from its header Content-Range ("bytes 0-99/1000").

    Raises:
      PassingFailure: when it says none of that.
    """
    said = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", content_range)
    if said is None:
        raise PassingFailure(f"the server did not say which part it sent, but {content_range!r}")
    return int(said[1]), int(said[2]) + 1, int(said[3])


RangeOpener = Callable[[str, int, int, float], Part]
"""Asks for the bytes [start, end) of a path, waiting so many seconds at most for each answer.

Raises PassingFailure, MissingFile or InputError; a part that begins after the file's end is empty.
"""


class RangedFile(io.RawIOBase):
    """Reads a remote file: in order by few long answers, elsewhere by short ones.

    The first request after a seek asks for a mebibyte, or as much as is read at once; each that goes on where the one
    before ended asks for four times as much. A lost connection is taken up again at the byte that was reached.
    """

    def __init__(self, path: str, open_range: RangeOpener, fetch: FetchConfig, read_ahead: int = _READ_AHEAD):
        """With `read_ahead` 0, nothing is asked for but what is read."""
        super().__init__()
        self._path, self._open_range, self._fetch = path, open_range, fetch
        self._backoff = Backoff(path, fetch.retries)
        self._read_ahead = self._ask = read_ahead
        self._position = self._asked_up_to = 0
        self._part: Part | None = None
        self._total: int | None = None
        self._version: str | None = None

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is; seeking asks for nothing, but from the end on for the size."""
        return True

    def tell(self) -> int:
        """The byte that is read next."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Goes to a byte, counted from the start, from here or from the end."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position}
        self._position = max(0, offset + (base[whence] if whence in base else self.size()))
        return self._position

    def size(self) -> int:
        """The file's size in bytes."""
        if self._total is None:
            self._patiently(lambda: self._opened(0, 1).close())
        assert self._total is not None
        return self._total

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        """Fills the buffer or a part of it; 0 at the end.

        Raises:
          MissingFile: when there is no such file.
          InputError: when the retries did not help, or the file was changed while it was read.
        """
        data = self._patiently(lambda: self._next_bytes(len(buffer)))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Gives the connection back."""
        self._drop()
        super().close()

    def _patiently(self, work: Callable[[], bytes | None]) -> bytes:
        while True:
            try:
                result = work()
            except PassingFailure as failure:
                self._drop()
                self._backoff.wait(failure)
            else:
                self._backoff.succeeded()
                return result or b""

    def _next_bytes(self, size: int) -> bytes:
        if not size or (self._total is not None and self._position >= self._total):
            return b""
        part = self._part_from_here(size)
        if part.position == part.end:  # begun after the file's end
            return b""
        data = part.read(size)
        self._position += len(data)
        return data

    def _part_from_here(self, size: int) -> Part:
        part = self._part
        if part is not None and part.position <= self._position < min(part.end, part.position + _WORTH_READING_ON):
            part.skip_to(self._position)
            return part
        self._drop()
        goes_on = 0 < self._position == self._asked_up_to
        self._ask = self._ask * _GROWTH if goes_on else self._read_ahead
        end = self._position + max(size, self._ask)
        self._part = self._opened(self._position, end if self._total is None else min(end, self._total))
        self._asked_up_to = self._part.end
        return self._part

    def _opened(self, start: int, end: int) -> Part:
        part = self._open_range(self._path, start, end, self._fetch.timeout_seconds)
        if part.position != start:
            part.close()
            raise PassingFailure(f"the server sent the part from byte {part.position:,} instead of {start:,} on")
        version = part.version if part.position < part.end else self._version  # an empty answer tells none
        if self._total not in (None, part.total) or self._version not in (None, version):
            part.close()
            raise InputError(f"{self._path} was changed while it was read; run the stage again.")
        self._total, self._version = part.total, version
        return part

    def _drop(self) -> None:
        if self._part is not None:
            self._part.close()
            self._part = None
