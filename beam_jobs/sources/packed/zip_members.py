"""Zips: their members as streams, and cuts between members."""

import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from beam_jobs.files.decompress import CHUNK, DamagedFile
from beam_jobs.files.raw_files import RawFile, open_raw
from beam_jobs.files.stretch import Cut, Stretch
from beam_jobs.sources.packed.members import Member, member_name

ZIP_START = (b"PK\x03\x04", b"PK\x05\x06")
"""How zips begin; the second is an empty one."""
_UTF_8_NAME, _ENCRYPTED = 0x800, 0x41
"""Bits of a member's flags; encryption has two, one for each way."""
_UNREADABLE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, ValueError, struct.error)
"""What zipfile raises for what is in a zip."""


class _Watched:
    """A file that keeps the error with which reading it failed, because zipfile may take that for a damaged zip."""

    def __init__(self, file: BinaryIO):
        self.failure: Exception | None = None
        self._file = file

    def read(self, size: int = -1) -> bytes:
        try:
            return self._file.read(size)
        except Exception as error:
            self.failure = error
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class Zip:
    """An open zip; its members are numbered in the order of its central directory."""

    def __init__(self, file: BinaryIO):
        """Reads the central directory.

        Raises:
          DamagedFile: "truncated_file" when there is none, "damaged_file" when it cannot be read.
        """
        self._file = _Watched(file)
        try:
            self._zip = zipfile.ZipFile(cast(BinaryIO, self._file))
        except (*_UNREADABLE, NotImplementedError) as error:
            raise self._file.failure or _directory_damage(file, error) from None
        self._infos = self._zip.infolist()

    @property
    def stored_sizes(self) -> list[int]:
        """The members' compressed bytes."""
        return [info.compress_size for info in self._infos]

    def members(self, start: int = 0, end: int | None = None) -> Iterator[Member]:
        """Those members of numbers [start, end) that are regular files."""
        for info in self._infos[start:end]:
            if not info.is_dir() and not stat.S_ISLNK(info.external_attr >> 16):
                yield Member(_name(info), self._plain(info))

    def _plain(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        if info.flag_bits & _ENCRYPTED:
            raise DamagedFile("encrypted_member", "the member is encrypted; unpack it with its password")
        try:
            with self._zip.open(info) as file:
                while chunk := file.read(CHUNK):
                    yield chunk
        except EOFError:
            raise DamagedFile("truncated_file", "the zip ends within the member") from None
        except NotImplementedError:
            detail = f"compression method {info.compress_type} cannot be read; pack it anew with deflate"
            raise DamagedFile("unsupported_method", detail) from None
        except _UNREADABLE as error:
            raise self._file.failure or _member_damage(error) from None


def _name(info: zipfile.ZipInfo) -> str:
    # zipfile took names without the flag for CP437, which gives every byte back; since Python 3.13 `filename` may come
    # from an extra field, and hold what CP437 has not.
    encoding = "utf-8" if info.flag_bits & _UTF_8_NAME else "cp437"
    return member_name(info.orig_filename.partition("\0")[0].encode(encoding))


def _directory_damage(file: BinaryIO, error: Exception) -> DamagedFile:
    if zipfile.is_zipfile(file):
        return DamagedFile("damaged_file", f"the zip's central directory cannot be read: {error}")
    file.seek(0)
    if file.read(4) in ZIP_START:
        return DamagedFile("truncated_file", "the zip's central directory, which ends it, is missing")
    return DamagedFile("damaged_file", "the file is called a zip and is none")


def _member_damage(error: Exception) -> DamagedFile:
    reason = "bad_checksum" if "CRC" in str(error) else "damaged_file"
    return DamagedFile(reason, str(error))


def cut_zip(file: RawFile, stretch: Stretch, target: int) -> list[Cut]:
    """Cuts a zip into stretches of members, of about `target` compressed bytes or one member each."""
    whole = [Cut(stretch, file.bytes)]
    if file.bytes <= target:
        return whole
    with open_raw(file.path) as stored:
        try:
            sizes = Zip(stored).stored_sizes
        except DamagedFile:
            return whole  # whose reader says what is wrong with it
    cuts: list[Cut] = []
    for number, size in enumerate(sizes):
        if cuts and cuts[-1].bytes + size <= target:
            cuts[-1] = Cut(cuts[-1].stretch._replace(end=number + 1), cuts[-1].bytes + size)
        else:
            cuts.append(Cut(stretch._replace(start=number, end=number + 1), size))
    return cuts if len(cuts) > 1 else whole
