"""TFRecords that KoBigBird's create_pretraining_data.py wrote, described so that they can be trained on as ours can."""

import io
from collections.abc import Sequence
from contextlib import closing

import google_crc32c
import numpy as np

from model.contract import places
from model.contract.errors import InputError
from model.contract.manifest import MANIFEST, OutputFile, StageManifest
from model.contract.record import RECORDS, SPECIAL_TOKENS, VOCABULARY_FILE, RecordFormat, SpecialIds
from model.contract.stage import Made, Stage
from model.contract.tfrecord import Damage, StoredRecord, TfrecordReader
from model.example_fields import example_fields
from model.kobigbird_rules import PaddedRecord, broken_rules

TOKEN_COUNTS = "token-counts.npy"


def adopt(directory: str, vocabulary_path: str, validation_shards: int = 1) -> StageManifest:
    """Looks through a directory of such files and writes a manifest into it, and what a trainer reads beside records.

    Args:
      directory: of pretrain_data.tfrecord-I-of-N, on disk or gs://; nothing of them is changed.
      vocabulary_path: the vocab.txt that they were made with.
      validation_shards: so many of the files with records, the last in order of name, are held aside.

    Raises:
      InputError: when there are none, one is damaged, or they do not fit the vocabulary or one another.
    """
    directory = directory.rstrip("/")
    files = [fact for fact in places.list_files(directory) if RECORDS in fact.path.rsplit("/", 1)[-1]]
    if not files:
        raise InputError(f"{directory} holds no file whose name has {RECORDS} in it; name one that KoBigBird wrote.")
    if places.exists(places.join(directory, MANIFEST)):
        raise InputError(f"{directory} has a {MANIFEST} already; train on it as it is, or remove that to adopt anew.")
    _refuse_others(directory, {fact.path for fact in files})
    text = places.read_bytes(vocabulary_path)
    look = _Look(directory, text, vocabulary_path)
    outputs = [look.through(fact.path, fact.bytes) for fact in files]
    filled = [file.name for file in outputs if file.records]
    if len(filled) < 2:
        raise InputError(
            f"{directory} has {len(filled)} files with records, and one is held aside; make it of two or more."
        )
    if not 0 < validation_shards < len(filled):
        raise InputError(
            f"{directory} has {len(filled)} files with records, so {validation_shards} cannot be held aside; "
            f"use --validation-shards of 1 to {len(filled) - 1}."
        )
    held_aside = tuple(filled[len(filled) - validation_shards :])
    return _describe(directory, text, outputs, look, held_aside)


def _refuse_others(directory: str, records: set[str]) -> None:
    """What else lies there would be overwritten, or taken for a fault later."""
    others = sorted(fact.path for fact in places.list_files(directory) if fact.path not in records)
    if others:
        raise InputError(f"{others[0]} is no file of records; move it out of {directory} first.")


def _describe(
    directory: str, text: bytes, outputs: Sequence[OutputFile], look: "_Look", held_aside: tuple[str, ...]
) -> StageManifest:
    assert look.format
    record_format = look.format.model_copy(update={"validation": held_aside})
    counts = io.BytesIO()
    np.save(counts, sum((look.counts[file.name] for file in outputs if file.name not in held_aside), look.none))
    records, masked = sum(file.records or 0 for file in outputs), look.hidden

    def work(folder: str) -> Made:
        beside = [
            _written(folder, VOCABULARY_FILE, text, record_format.vocabulary_size),
            _written(folder, TOKEN_COUNTS, counts.getvalue(), record_format.vocabulary_size),
        ]
        counters = {"adopt/records": records, "adopt/tokens": look.tokens, "adopt/hidden": masked}
        return Made([*outputs, *beside], counters, {"record_format": record_format.model_dump()})

    inputs = {file.name: f"{file.bytes}:{file.crc32c}" for file in outputs}
    inputs[VOCABULARY_FILE] = f"{len(text)}:{record_format.vocabulary_crc32c}"
    stage = Stage("adopt", "", {"validation": list(held_aside)}, ("model.kobigbird_records",), inputs, directory)
    return stage.run(work).manifest


class _Look:
    """Reads the files one after another, each record held to the rules and to what the first one is like."""

    def __init__(self, directory: str, vocabulary: bytes, vocabulary_path: str):
        self._directory = directory
        self._pieces = _pieces(vocabulary, vocabulary_path)
        self._crc32c = f"{google_crc32c.value(vocabulary):08x}"
        self.format: RecordFormat | None = None
        self.none = np.zeros(len(self._pieces), np.int64)
        self.counts: dict[str, np.ndarray] = {}
        """Of each file, how often each id of text stands in it."""
        self.tokens = self.hidden = 0

    def through(self, path: str, size: int) -> OutputFile:
        """Reads a file and describes it."""
        name = path[len(self._directory) :].lstrip("/")
        counts = self.none.copy()
        with closing(places.open_read(path)) as opened:
            reader = TfrecordReader(opened, size)
            for found in reader:
                where = f"record {found.number} of {path}, at byte {found.start:,},"
                if isinstance(found, Damage):
                    raise InputError(f"{where} {found.reason}; make the file again, or move it elsewhere.")
                counts += self._counted(found, where)
        self.counts[name] = counts
        return OutputFile(name=name, bytes=size, records=reader.records, crc32c=reader.crc32c)

    def _counted(self, found: StoredRecord, where: str) -> np.ndarray:
        try:
            record = PaddedRecord.of(example_fields(found.data))
        except ValueError as error:
            raise InputError(f"{where} is none of KoBigBird's: it {error}; move its file elsewhere.") from None
        if not len(record.input_ids):
            raise InputError(f"{where} holds no input_ids; make its file again, or move it elsewhere.")
        self.format = self.format or self._format_of(record)
        if reasons := list(broken_rules(record, self.format)):
            raise InputError(f"{where} {reasons[0]}; name the vocab.txt and the files of one run of the script.")
        counts = np.bincount(record.original_ids, minlength=len(self._pieces))
        special = self.format.special_ids
        counts[[special.pad, special.cls, special.sep]] = 0
        self.tokens += int(counts.sum())
        self.hidden += len(record.hidden)
        return counts

    def _format_of(self, first: PaddedRecord) -> RecordFormat:
        places_of = dict(zip(SpecialIds.model_fields, map(self._pieces.index, SPECIAL_TOKENS), strict=True))
        return RecordFormat(
            layout="kobigbird",
            sequence_length=len(first.input_ids),
            predictions=len(first.masked_lm_positions),
            vocabulary_size=len(self._pieces),
            vocabulary_crc32c=self._crc32c,
            special_ids=SpecialIds(**places_of),
        )


def _written(directory: str, name: str, data: bytes, records: int) -> OutputFile:
    places.replace_bytes(places.join(directory, name), data)
    return OutputFile(name=name, bytes=len(data), records=records, crc32c=f"{google_crc32c.value(data):08x}")


def _pieces(vocabulary: bytes, path: str) -> list[str]:
    """The pieces of a vocab.txt, if it can be that of BertTokenizer."""
    try:
        pieces = vocabulary.decode().removesuffix("\n").split("\n")
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8 text; name the vocab.txt that the records were made with.") from None
    if missing := [token for token in SPECIAL_TOKENS if token not in pieces]:
        raise InputError(f"{path} lacks {missing[0]}; name the vocab.txt that the records were made with.")
    if len(set(pieces)) < len(pieces):
        raise InputError(f"{path} holds a piece twice; name the vocab.txt that the records were made with.")
    return pieces
