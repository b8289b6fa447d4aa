"""A record of a records directory by its file and number."""

import dataclasses
from contextlib import closing

from model.contract import places
from model.contract.errors import InputError, OutputError
from model.contract.manifest import MANIFEST, OutputFile, StageOutput
from model.contract.record import RECORDS, RecordFormat
from model.contract.tfrecord import record_at, start_of_record
from model.example_fields import Field, example_fields
from model.kobigbird_rules import PaddedRecord, broken_rules
from model.packed_record import PackedRecord, RecordRules


@dataclasses.dataclass(frozen=True)
class FoundRecord:
    """A record and where it was found."""

    file: str
    split: str
    index: int
    """In its file."""
    number: int
    """In its split, whose files are counted in order of name."""
    fields: dict[str, Field]


def format_of(records: StageOutput) -> RecordFormat:
    """What the manifest of a records directory says of its records.

    Raises:
      OutputError: when it says nothing of records.
    """
    try:
        return RecordFormat.model_validate(records.manifest.facts.get("record_format"))
    except ValueError:
        raise OutputError(
            f"{places.join(records.directory, MANIFEST)} tells no record_format, so it is the manifest of no records; "
            "name the directory of a tokenize stage."
        ) from None


def check_record(found: FoundRecord, record_format: RecordFormat, vocabulary_size: int) -> None:
    """Looks whether a record can be read by its format and the vocabulary at hand.

    Raises:
      OutputError: with the first rule that it breaks.
    """
    try:
        if record_format.layout == "kobigbird":
            reasons = list(broken_rules(PaddedRecord.of(found.fields), record_format))
        else:
            reasons = list(RecordRules(record_format).broken(PackedRecord.of(found.fields)))
    except ValueError as error:
        reasons = [str(error)]
    if vocabulary_size < record_format.vocabulary_size:
        reasons.append(f"is of a vocabulary of {record_format.vocabulary_size:,} pieces, not of {vocabulary_size:,}")
    if reasons:
        raise OutputError(f"record {found.index} of {found.file} {reasons[0]}; `kobigbird verify` says more.")


def find_record(records: StageOutput, shard: str, index: int) -> FoundRecord:
    """Looks a record up, reading of its file only the lengths before it.

    Args:
      records: a records directory.
      shard: a file's name, or the number of a training file.
      index: of the record in the file, from 0.

    Raises:
      InputError: when there is no such file or record.
      OutputError: when the record is damaged.
    """
    file = _shard(records, shard)
    split, count = format_of(records).split_of(file.name), file.records or 0
    if not count:
        raise InputError(f"{file.name} has no record; look into another shard.")
    if not 0 <= index < count:
        raise InputError(f"{file.name} has {count:,} records, so none is number {index}; use 0 to {count - 1}.")
    path = places.join(records.directory, file.name)
    with closing(places.open_read(path)) as opened:
        start = start_of_record(opened, index)
        data = None if start is None else record_at(opened, start)
    try:
        fields = example_fields(data or b"")
    except ValueError:
        fields = {}
    if not fields:
        raise OutputError(f"record {index} of {path} is damaged; `kobigbird verify {records.directory}` says how.")
    before = sum(other.records or 0 for other in _shards(records, split) if other.name < file.name)
    return FoundRecord(file.name, split, index, before + index, fields)


def _shard(records: StageOutput, shard: str) -> OutputFile:
    training = _shards(records, "train")
    if named := [file for file in _shards(records) if file.name == shard]:
        return named[0]
    if shard.isdecimal() and int(shard) < len(training):
        return training[int(shard)]
    raise InputError(
        f"{records.directory} has no shard {shard}; use 0 to {len(training) - 1} for its training shards, or the name "
        "of a file of records in it."
    )


def _shards(records: StageOutput, split: str = "") -> list[OutputFile]:
    """The files of a split, or all, in order of name."""
    record_format = format_of(records)
    return [
        file for file in records.files() if RECORDS in file.name and split in ("", record_format.split_of(file.name))
    ]
