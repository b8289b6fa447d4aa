"""Tars read as streams: one member after another, whatever their number in the same memory.

tarfile would keep every header, and takes a damaged one for the archive's end.
"""

import re
import tarfile
from collections.abc import Iterator

from beam_jobs.files.decompress import DamagedFile
from beam_jobs.sources.packed.members import Member, member_name

BLOCK = tarfile.BLOCKSIZE
_MARK = b"ustar"
_MARK_AT = 257
_LONGEST_NAME = 1 << 20
"""Bytes of an extended header; names take a few hundred."""
_LONGEST_SIZE = 20
"""Digits of a member's size; int() refuses to read some thousands."""
_WITHOUT_DATA = (tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE)
_REGULAR = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)
_PAX_RECORD = re.compile(rb"(\d{1,7}) ([^=\n]+)=")


def starts_as_tar(start: bytes) -> bool:
    """Whether a file's first block, decompressed, is a tar's header."""
    return start[_MARK_AT : _MARK_AT + len(_MARK)] == _MARK


def tar_members(chunks: Iterator[bytes]) -> Iterator[Member | DamagedFile]:
    """Yields the regular files of a tar, decompressed, and what is damaged between them.

    Each member's chunks come from the tar itself: they are read before the next member is asked for, or never. After
    a damaged header it goes on at the next sound one.
    """
    tar = _Tar(chunks)
    try:
        yield from _members(tar)
    except DamagedFile as damage:
        yield damage


class _Tar:
    """A tar's bytes, taken in order."""

    def __init__(self, chunks: Iterator[bytes]):
        self.damaged = False
        """Whether the stream broke off; whoever read it then was told."""
        self._chunks = chunks
        self._chunk, self._at = b"", 0

    def part(self, size: int) -> Iterator[bytes]:
        """The next so many bytes as they come.

        Raises:
          DamagedFile: when there are fewer.
        """
        while size:
            data = self._some(size)
            if not data:
                self.damaged = True
                raise DamagedFile("truncated_file", "the tar ends in the middle of a member")
            size -= len(data)
            yield data

    def block(self) -> bytes:
        """The next block; less at the end."""
        block = self._some(BLOCK)
        while len(block) < BLOCK and (more := self._some(BLOCK - len(block))):
            block += more
        return block

    def drain(self) -> None:
        """Reads to the end, where gzip has its checksum."""
        while self._some(1 << 30):
            pass

    def _some(self, most: int) -> bytes:
        while self._at == len(self._chunk):
            try:
                self._chunk, self._at = next(self._chunks), 0
            except StopIteration:
                return b""
            except DamagedFile:
                self.damaged = True
                raise
        data = self._chunk[self._at : self._at + most]
        self._at += len(data)
        return data


def _members(tar: _Tar) -> Iterator[Member | DamagedFile]:
    extended: dict[str, bytes] = {}
    while (found := _next_header(tar)) is not None:
        header, passed_over = found
        if passed_over:
            extended = {}
            yield DamagedFile("damaged_file", f"{passed_over:,} bytes without a sound header were passed over")
        size = _size(header, extended)
        if header.type in (tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME):
            extended |= _extension(header, b"".join(tar.part(min(_padded(size), _LONGEST_NAME)))[:size])
            continue
        name = member_name(extended.get("path", header.name.encode("utf-8", "surrogateescape")))
        if header.type not in _WITHOUT_DATA:
            data = tar.part(size)
            if header.type in _REGULAR:
                yield Member(name, data)
            elif header.type == tarfile.GNUTYPE_SPARSE:
                yield DamagedFile("unsupported_member", f"{name} is stored as a sparse file")
            for _ in data:
                pass
            if tar.damaged:
                return
            for _ in tar.part(_padded(size) - size):
                pass
        if header.type not in (tarfile.XGLTYPE, tarfile.GNUTYPE_LONGLINK):
            extended = {}


def _next_header(tar: _Tar) -> tuple[tarfile.TarInfo, int] | None:
    """The next header, and how many bytes before it are none; None at the archive's end mark.

    Raises:
      DamagedFile: when there is neither.
    """
    passed_over = 0
    while len(block := tar.block()) == BLOCK:
        if not passed_over and not any(block):
            tar.drain()
            return None
        try:
            header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.HeaderError:
            header = None
        # Nothing but its checksum tells an old header; a text that is searched for one may have that by chance.
        if header is not None and (not passed_over or starts_as_tar(block)):
            return header, passed_over
        passed_over += BLOCK
    if passed_over:
        raise DamagedFile("damaged_file", f"{passed_over + len(block):,} bytes hold no sound header of a tar")
    raise DamagedFile("truncated_file", "the tar has no end mark")


def _size(header: tarfile.TarInfo, extended: dict[str, bytes]) -> int:
    said = extended.get("size", b"")
    return int(said) if said.isdigit() and len(said) < _LONGEST_SIZE else max(header.size, 0)


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _extension(header: tarfile.TarInfo, data: bytes) -> dict[str, bytes]:
    """What an extended header says of the next member."""
    if header.type == tarfile.GNUTYPE_LONGNAME:
        return {"path": data.rstrip(b"\0")}
    said, at = {}, 0
    while record := _PAX_RECORD.match(data, at):
        end = at + int(record[1])
        said[record[2].decode("utf-8", "replace")] = data[record.end() : end - 1]
        at = max(end, record.end())
    return said
