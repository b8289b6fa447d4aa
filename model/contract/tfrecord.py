"""Reading TFRecord files without TensorFlow, so that what is wrong with one can be said exactly.

A record is framed as its length (8 bytes, little-endian), the length's masked CRC-32C, its data, and the data's masked
CRC-32C (https://www.tensorflow.org/tutorials/load_data/tfrecord, "TFRecords format details").
"""

import itertools
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import google_crc32c

_LENGTH = struct.Struct("<QI")
_CHECKSUM = struct.Struct("<I")
_MASK_DELTA = 0xA282EAD8
_DRAINED = 1 << 20  # bytes at a time


class StoredRecord(NamedTuple):
    """A record as it lies in its file."""

    number: int
    """Counted from 0."""
    start: int
    """The byte at which its frame begins."""
    data: bytes


class Damage(NamedTuple):
    """A place where a file is not what was written."""

    number: int
    start: int
    reason: str
    """The rest of a sentence that begins with the record's place."""
    last: bool = True
    """Whether nothing after it can be found."""


class TfrecordReader:
    """The records of one file, once, in order.

    Args:
      file: open at its beginning.
      size: of the file in bytes; nothing longer is ever asked for, whatever a damaged length says.
    """

    def __init__(self, file: BinaryIO, size: int):
        self._file, self._size, self._at = file, size, 0
        self._checksum = google_crc32c.Checksum()
        self.records = 0
        """How many were read, damaged ones included."""

    @property
    def crc32c(self) -> str:
        """Of what was read; of the whole file once the records are through."""
        return str(self._checksum.digest().hex())

    @property
    def read(self) -> int:
        """How many bytes were read."""
        return self._at

    def __iter__(self) -> Iterator[StoredRecord | Damage]:
        """Each record, or what is wrong there; after a damaged length nothing more can be found."""
        while self._at < self._size:
            number, start = self.records, self._at
            found = self._next(number, start)
            self.records += 1
            yield found
            if isinstance(found, Damage) and found.last:
                break
        while self._take(_DRAINED):
            pass

    def _next(self, number: int, start: int) -> StoredRecord | Damage:
        head = self._take(_LENGTH.size)
        if len(head) < _LENGTH.size:
            return Damage(number, start, f"breaks off: the file ends at byte {self._at:,}, within its length")
        length, check = _LENGTH.unpack(head)
        if check != masked_crc32c(head[:8]):
            return Damage(number, start, "has a length that does not fit its checksum, so no record after it is found")
        needed = self._at + length + _CHECKSUM.size
        if needed > self._size:
            return Damage(number, start, f"breaks off: the file ends at byte {self._size:,}, the record at {needed:,}")
        data = self._take(length)
        (check,) = _CHECKSUM.unpack(self._take(_CHECKSUM.size))
        if check != masked_crc32c(data):
            return Damage(number, start, "holds data that does not fit its checksum", last=False)
        return StoredRecord(number, start, data)

    def _take(self, count: int) -> bytes:
        data = self._file.read(min(count, self._size - self._at))
        self._checksum.update(data)
        self._at += len(data)
        return data


def masked_crc32c(data: bytes) -> int:
    """The checksum of a TFRecord's parts: CRC-32C, rotated right by 15 bits, plus a constant."""
    crc = int(google_crc32c.value(data))
    return (((crc >> 15) | (crc << 17)) + _MASK_DELTA) & 0xFFFFFFFF


def start_of_record(file: BinaryIO, index: int) -> int | None:
    """The byte at which record `index` begins, read off the lengths alone; None where the file has fewer records."""
    at = 0
    for number in itertools.count():
        if (length := _length_at(file, at)) is None or number == index:
            break
        at += _LENGTH.size + length + _CHECKSUM.size
    return None if length is None else at


def record_at(file: BinaryIO, start: int) -> bytes | None:
    """The data of the record whose frame begins at a byte; None where no whole record does."""
    if (length := _length_at(file, start)) is None:
        return None
    data = file.read(length)
    check = file.read(_CHECKSUM.size)
    return data if check == _CHECKSUM.pack(masked_crc32c(data)) else None


def _length_at(file: BinaryIO, start: int) -> int | None:
    """The length of the record there, the file left at its data; None where there is none, or it does not fit."""
    file.seek(start)
    head = file.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    length, check = _LENGTH.unpack(head)
    return int(length) if check == masked_crc32c(head[:8]) else None
