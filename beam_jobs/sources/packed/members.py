"""A container's member: its name, and its bytes as a stream that is only read forward."""

import io
from collections.abc import Iterator
from typing import NamedTuple

from beam_jobs.files.decompress import CHUNK, DamagedFile


class Member(NamedTuple):
    """A regular file within a container."""

    name: str
    chunks: Iterator[bytes]
    """Its bytes in order; DamagedFile is raised after all those before the damage."""


class MemberStream(io.RawIOBase):
    """A member as an open file, for readers that go from its beginning to its end."""

    def __init__(self, chunks: Iterator[bytes]):
        super().__init__()
        self.damage: DamagedFile | None = None
        """What was raised to whoever read."""
        self._chunks = chunks
        self._waiting = b""

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Up to so many bytes, none only at the end; all that follow if negative.

        Raises:
          DamagedFile: where the member is damaged, and at each try after that.
        """
        if size < 0:
            return b"".join(iter(lambda: self.read(CHUNK), b""))
        if self.damage is not None:
            raise self.damage
        try:
            while not self._waiting and (chunk := next(self._chunks, None)) is not None:
                self._waiting = chunk
        except DamagedFile as damage:
            self.damage = damage
            raise
        data, self._waiting = self._waiting[:size], self._waiting[size:]
        return data

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        """Fills the buffer or a part of it; errors as of `read`."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def drain(self) -> DamagedFile | None:
        """Reads on to the end; gives the damage that nobody met before."""
        if self.damage is not None:
            return None
        try:
            while self.read(CHUNK):
                pass
        except DamagedFile as damage:
            return damage
        return None


def member_name(stored: bytes) -> str:
    r"""A member's name as its container has it, where nothing says in which encoding.

    Korean Windows writes CP949, macOS UTF-8; CP437 is what zips were first meant to hold, and fits anything.

    >>> member_name("말뭉치\\신문.json".encode("cp949"))
    '말뭉치/신문.json'
    """
    for encoding in ("utf-8", "cp949"):
        try:
            return _tidy(stored.decode(encoding))
        except UnicodeDecodeError:
            continue
    return _tidy(stored.decode("cp437"))


def _tidy(name: str) -> str:
    return name.replace("\\", "/").removeprefix("./")
