"""Reads a file of records through and says what is wrong in it."""

from collections.abc import Callable, Iterator
from contextlib import closing

from model.contract import places
from model.contract.manifest import OutputFile
from model.contract.record import RecordFormat
from model.contract.tfrecord import Damage, StoredRecord, TfrecordReader
from model.document_pieces import RecordPlace
from model.example_fields import example_fields
from model.kobigbird_rules import PaddedRecord, broken_rules
from model.packed_record import PackedRecord, RecordRules
from model.record_sums import RecordSums

_TOLD_OF_A_FILE = 20
"""Faulty records of one file that are named; more are counted."""
Rules = Callable[[StoredRecord, int, str], Iterator[str]]
"""From a record, its file's number and its split to the rest of a sentence for each rule that it breaks."""


class ShardVerifier:
    """Looks at one file after another.

    Args:
      directory: in which they lie.
      record_format: of their records.
      sums: takes every sound record.
      advance: told how many bytes more were read.
    """

    def __init__(self, directory: str, record_format: RecordFormat, sums: RecordSums, advance: Callable[[int], None]):
        self._directory, self._format, self._advance = directory, record_format, advance
        self._rules = _packed(record_format, sums) if record_format.layout == "packed" else _padded(record_format)
        self.records = 0
        self.whole = True
        """Whether no fault was found so far."""

    def faults(self, number: int, file: OutputFile, size: int) -> Iterator[str]:
        """Reads one file, of `size` bytes, and compares it with what the manifest says of it."""
        path, damaged, broken, before = places.join(self._directory, file.name), 0, 0, 0
        with closing(places.open_read(path)) as opened:
            reader = TfrecordReader(opened, size)
            for found in reader:
                self._advance(reader.read - before)
                before = reader.read
                reasons = self._reasons(found, number, file, size)
                damaged += isinstance(found, Damage)
                broken += bool(reasons) and isinstance(found, StoredRecord)
                for reason in reasons if isinstance(found, Damage) or broken <= _TOLD_OF_A_FILE else ():
                    yield f"Record {found.number} of {path}, at byte {found.start:,}, {reason}."
            self._advance(reader.read - before)
        if broken > _TOLD_OF_A_FILE:
            yield f"{broken - _TOLD_OF_A_FILE:,} more records of {path} break the rules for records."
        if other := "" if damaged else _not_as_described(path, file, reader):
            yield other
        self.records += reader.records
        self.whole &= not (damaged or broken or other)

    def _reasons(self, found: StoredRecord | Damage, number: int, file: OutputFile, size: int) -> list[str]:
        if isinstance(found, Damage):
            return [found.reason]
        if size != file.bytes:  # it is another run's, and may have rules of its own
            return []
        return list(self._rules(found, number, self._format.split_of(file.name)))


def _packed(record_format: RecordFormat, sums: RecordSums) -> Rules:
    rules = RecordRules(record_format)

    def judge(found: StoredRecord, file: int, split: str) -> Iterator[str]:
        try:
            record = PackedRecord.of(example_fields(found.data))
        except ValueError as error:
            yield f"is no record of ours: it {error}"
            return
        if reasons := list(rules.broken(record)):
            yield from reasons
        else:
            sums.add(record, RecordPlace(file, found.number, found.start), split)

    return judge


def _padded(record_format: RecordFormat) -> Rules:
    def judge(found: StoredRecord, file: int, split: str) -> Iterator[str]:
        try:
            yield from broken_rules(PaddedRecord.of(example_fields(found.data)), record_format)
        except ValueError as error:
            yield f"is no record of KoBigBird's: it {error}"

    return judge


def _not_as_described(path: str, file: OutputFile, reader: TfrecordReader) -> str:
    """What to say of a file whose records are all whole, if it is not the one that the manifest describes."""
    if (reader.read, reader.crc32c) != (file.bytes, file.crc32c):
        return (
            f"{path} is whole in itself ({reader.records:,} records, {reader.read:,} bytes, CRC-32C {reader.crc32c}) "
            f"but is not the file that the manifest describes ({file.records or 0:,}, {file.bytes:,}, {file.crc32c}); "
            "it is of another run, or cut off between two records."
        )
    if reader.records != file.records:
        return f"{path} holds {reader.records:,} records where its manifest says {file.records or 0:,}."
    return ""
