"""The files of training records: which are there, whether they are what their manifest says, and who reads which."""

import dataclasses
import itertools
from collections.abc import Sequence

from model.config import MaskingConfig
from model.contract import places
from model.contract.errors import OutputError, SettingError
from model.contract.manifest import StageOutput, check_outputs
from model.contract.record import RECORDS, SPECIAL_TOKENS, VOCABULARY_FILE, RecordFormat
from model.find_record import format_of


@dataclasses.dataclass(frozen=True)
class RecordShards:
    """Files of one split, those without a record left out."""

    paths: Sequence[str]
    records: Sequence[int]
    """How many each file has."""
    firsts: Sequence[int]
    """The number of each file's first record, counted over all files of the split in order of name."""
    format: RecordFormat

    @property
    def total(self) -> int:
        """Records in all of them."""
        return sum(self.records)

    def of_host(self, host: int, hosts: int) -> "RecordShards":
        """The files that one of several hosts reads; no other host reads any of them.

        Raises:
          SettingError: when there are fewer files with records than hosts.
        """
        if len(self.paths) < hosts:
            raise SettingError(
                f"{len(self.paths)} shards with records cannot be dealt to {hosts} hosts; tokenize with "
                f"tokenize.min_shards of {hosts} or more, or train on fewer hosts."
            )
        own = slice(host, None, hosts)
        return dataclasses.replace(self, paths=self.paths[own], records=self.records[own], firsts=self.firsts[own])


def open_records(corpus: StageOutput, split: str) -> RecordShards:
    """The shards of a split, each compared with the manifest first.

    Raises:
      OutputError: for a missing, truncated or altered shard, by name, or a split without a record.
    """
    record_format = format_of(corpus)
    files = [file for file in corpus.files() if RECORDS in file.name and record_format.split_of(file.name) == split]
    check_outputs(corpus, files)
    counts = [file.records or 0 for file in files]
    firsts = [0, *itertools.accumulate(counts)]
    filled = [number for number, count in enumerate(counts) if count]
    if not filled:
        raise OutputError(
            f"{corpus.directory} has no {split} record; give the corpus more text or a larger validation_share."
        )
    return RecordShards(
        [places.join(corpus.directory, files[number].name) for number in filled],
        [counts[number] for number in filled],
        [firsts[number] for number in filled],
        record_format,
    )


def check_format(found: RecordFormat, sequence_length: int, vocabulary_size: int) -> None:
    """Refuses records that a model configured otherwise cannot read.

    Raises:
      SettingError: with the one setting that differs.
    """
    if found.sequence_length != sequence_length:
        raise SettingError(
            f"the records hold sequences of up to {found.sequence_length} tokens, but pretrain.sequence_length is "
            f"{sequence_length}; set both to the same."
        )
    if found.vocabulary_size != vocabulary_size:
        raise SettingError(
            f"the vocabulary has {found.vocabulary_size} pieces, but encoder.vocabulary_size is {vocabulary_size}; "
            f"set encoder.vocabulary_size to {found.vocabulary_size}."
        )


def check_masks(found: RecordFormat, masking: MaskingConfig) -> None:
    """Refuses a training on stored masks that the records do not hold, or that find no room.

    Raises:
      SettingError: with the setting.
    """
    if not masking.stored:
        return
    if found.layout != "kobigbird":
        raise SettingError(
            "pretrain.masking.stored is for records of KoBigBird's create_pretraining_data.py, and these hold no "
            "masks; leave it out."
        )
    if found.predictions > masking.max_predictions:
        raise SettingError(
            f"the records hold up to {found.predictions} masks, but pretrain.masking.max_predictions is "
            f"{masking.max_predictions}; set it to {found.predictions}."
        )


def check_vocabulary(found: RecordFormat, vocabulary: StageOutput, pieces: Sequence[str]) -> None:
    """Refuses records whose ids stand for other pieces than the vocabulary's.

    Raises:
      OutputError: saying what of their manifest does not fit.
    """
    (file,) = vocabulary.files(VOCABULARY_FILE)
    if file.crc32c != found.vocabulary_crc32c:
        raise OutputError(
            f"the records are of a vocabulary with CRC-32C {found.vocabulary_crc32c}, but "
            f"{places.join(vocabulary.directory, file.name)} has {file.crc32c}; train with the vocabulary that they "
            "were tokenized with, or tokenize again."
        )
    stand = [pieces[place] if place < len(pieces) else None for place in dict(found.special_ids).values()]
    if len(pieces) != found.vocabulary_size or stand != list(SPECIAL_TOKENS):
        raise OutputError(
            f"the records' manifest tells of {found.vocabulary_size:,} pieces with {', '.join(map(str, stand))} as "
            f"special tokens, but {places.join(vocabulary.directory, file.name)} has {len(pieces):,} with "
            f"{', '.join(SPECIAL_TOKENS)}; the manifest was altered: tokenize again."
        )
