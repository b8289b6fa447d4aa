"""Compares a records directory with its manifest and with itself, and says every fault that it finds."""

import dataclasses
import io
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing

import numpy as np

from model.contract import places
from model.contract.errors import OutputError
from model.contract.manifest import MANIFEST, OutputFile, StageOutput, open_stage
from model.contract.record import RECORDS, SPECIAL_TOKENS, VOCABULARY_FILE, RecordFormat, SpecialIds
from model.contract.tfrecord import record_at
from model.document_pieces import DocumentFault, document_key
from model.example_fields import example_fields
from model.find_record import format_of
from model.packed_record import PackedRecord
from model.record_sums import RecordSums
from model.verify_shards import ShardVerifier

TOKEN_COUNTS = "token-counts.npy"
_SECONDS = 5.0
"""Between two lines of progress."""


def faults(directory: str, quick: bool = False) -> Iterator[str]:
    """Every fault of a records directory, a sentence each, as they are found.

    Args:
      directory: on disk or gs://.
      quick: compare only presence, sizes and CRC-32C of its files.
    """
    return Verification(directory, quick).faults()


@dataclasses.dataclass
class Checked:
    """How much was looked at."""

    files: int = 0
    bytes: int = 0
    records: int = 0
    """Read, or where only files were compared as many as the manifest says."""
    tokens: int = 0
    """Of text."""
    documents: int = 0
    seconds: float = 0.0


class Verification:
    """One look at a directory; `checked` is filled while `faults` runs.

    Args:
      directory: on disk or gs://.
      quick: compare only presence, sizes and CRC-32C of its files.
      report: takes a line of progress now and then.
    """

    def __init__(self, directory: str, quick: bool = False, report: Callable[[str], None] = lambda line: None):
        self.directory, self._quick, self._report = directory.rstrip("/"), quick, report
        self.checked = Checked()
        self._began = self._told = time.monotonic()
        self._size, self._whole = 0, True

    def faults(self) -> Iterator[str]:
        """See the function of this name."""
        try:
            output = open_stage(self.directory)
            record_format = format_of(output)
        except OutputError as error:  # of the records; what cannot be looked at at all is no fault of theirs
            yield str(error)
            return
        present = {fact.path: fact.bytes for fact in places.list_files(self.directory)}
        yield from self._noted(_missing(output, present))
        yield from _strangers(output, present)
        yield from self._noted(_vocabulary_faults(output, record_format, present))
        files = [file for file in output.files() if places.join(self.directory, file.name) in present]
        self._size = sum(present[places.join(self.directory, file.name)] for file in files)
        shards = [] if self._quick else [file for file in files if RECORDS in file.name]
        for file in files:
            if file not in shards:
                yield from self._noted(self._file_faults(file, record_format))
        if shards:
            yield from self._record_faults(output, record_format, shards, present)
        self.checked.files = len(files)
        self.checked.seconds = time.monotonic() - self._began

    @property
    def summary(self) -> str:
        """What was looked at, in one line."""
        done = self.checked
        read = f"{done.tokens:,} tokens of {done.documents:,} documents, " if done.tokens else ""
        how = "sizes and checksums of " if self._quick else ""
        speed = f"{done.bytes / 1e6:,.1f} MB in {done.seconds:.1f} s"
        return f"{self.directory}: fine; {how}{done.files} files, {done.records:,} records, {read}{speed}"

    def _file_faults(self, file: OutputFile, record_format: RecordFormat) -> Iterator[str]:
        fact = places.checksum(path := places.join(self.directory, file.name))
        self._advance(fact.bytes)
        self.checked.records += (file.records or 0) if RECORDS in file.name else 0
        if file.name == VOCABULARY_FILE and fact.crc32c != record_format.vocabulary_crc32c:
            return  # told already
        if fact.bytes != file.bytes:
            yield f"{path} has {fact.bytes:,} bytes where its manifest says {file.bytes:,}."
        elif fact.crc32c != file.crc32c:
            yield f"{path} has CRC-32C {fact.crc32c} where its manifest says {file.crc32c}."

    def _record_faults(
        self, output: StageOutput, record_format: RecordFormat, shards: list[OutputFile], present: Mapping[str, int]
    ) -> Iterator[str]:
        with closing(RecordSums(record_format, output.manifest)) as sums:
            verifier = ShardVerifier(self.directory, record_format, sums, self._advance)
            for number, file in enumerate(shards):
                yield from verifier.faults(number, file, present[places.join(self.directory, file.name)])
            self.checked.records, self.checked.tokens = verifier.records, sums.tokens
            # What all records add up to says nothing more where some of them are missing.
            if verifier.whole and self._whole and record_format.layout == "packed":
                yield from self._sum_faults(output, sums)
                for fault in sums.document_faults():
                    yield self._document_sentence(fault, shards)
                self.checked.documents = sums.documents

    def _sum_faults(self, output: StageOutput, sums: RecordSums) -> Iterator[str]:
        for path in output.paths(TOKEN_COUNTS):
            try:
                yield from sums.count_faults(np.load(io.BytesIO(places.read_bytes(path))), path)
            except ValueError:
                yield f"{path} holds no NumPy array, so nobody can tell how often each id stands in training."
        yield from sums.counter_faults(places.join(self.directory, MANIFEST))

    def _document_sentence(self, fault: DocumentFault, shards: list[OutputFile]) -> str:
        seen = [(shards[place.file].name, place) for place in fault.places]
        where = " and ".join(f"record {place.record} of {name} at byte {place.start:,}" for name, place in seen)
        with closing(places.open_read(places.join(self.directory, seen[0][0]))) as opened:
            data = record_at(opened, seen[0][1].start)
        documents = PackedRecord.of(example_fields(data or b"")).documents
        (name, *_) = [each.decode(errors="replace") for each in documents if document_key(each) == fault.key]
        return f"Document {name} of {self.directory} {fault.reason} ({where})."

    def _noted(self, found: Iterator[str]) -> Iterator[str]:
        for fault in found:
            self._whole = False
            yield fault

    def _advance(self, more: int) -> None:
        self.checked.bytes += more
        now = time.monotonic()
        if now - self._told >= _SECONDS:
            self._told = now
            rate = self.checked.bytes / (now - self._began)
            left = (self._size - self.checked.bytes) / rate
            done = f"{self.checked.bytes / 1e9:.2f} of {self._size / 1e9:.2f} GB"
            self._report(f"verify: {done}, {rate / 1e6:,.0f} MB/s, {left:,.0f} s left")


def _missing(output: StageOutput, present: Mapping[str, int]) -> Iterator[str]:
    for path in sorted(set(output.paths()) - set(present)):
        yield f"{path} is in the manifest but missing."
    if not any(RECORDS in file.name for file in output.files()):
        yield f"{places.join(output.directory, MANIFEST)} lists no file of records, so there is nothing to train on."


def _strangers(output: StageOutput, present: Mapping[str, int]) -> Iterator[str]:
    for path in sorted(set(present) - set(output.paths()) - {places.join(output.directory, MANIFEST)}):
        yield f"{path} is not in the manifest, so it belongs to something else; move it elsewhere."


def _vocabulary_faults(output: StageOutput, record_format: RecordFormat, present: dict[str, int]) -> Iterator[str]:
    """Whether the manifest's format is that of the vocabulary which lies beside the records."""
    path = places.join(output.directory, VOCABULARY_FILE)
    if path not in present:
        if not output.files(VOCABULARY_FILE):  # else it is told as missing
            yield f"{path} is missing, so nobody can tell what the records' ids stand for."
        return
    found, told = places.checksum(path).crc32c, record_format.vocabulary_crc32c
    if found != told:
        yield (
            f"{path} has CRC-32C {found}, but the records are of a vocabulary with {told}: it is not theirs, or the "
            "manifest is of another run."
        )
        return
    pieces = places.read_bytes(path).decode(errors="replace").removesuffix("\n").split("\n")
    if len(pieces) != record_format.vocabulary_size:
        yield f"{path} has {len(pieces):,} pieces where the manifest says {record_format.vocabulary_size:,}."
    for name, token in zip(SpecialIds.model_fields, SPECIAL_TOKENS, strict=True):
        place = getattr(record_format.special_ids, name)
        if pieces[place : place + 1] != [token]:
            yield f"{path} does not have {token} at {place}, where the manifest says it is."
