"""ReadDocs: raw files of every source to Documents, with the records that could not be read beside them."""

import collections
import dataclasses
import heapq
import itertools
import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import apache_beam as beam
from apache_beam.metrics import Metrics
from apache_beam.pvalue import TaggedOutput

from beam_jobs.config import ReadConfig, RunnerConfig, SourceConfig
from beam_jobs.document import BadRecord, Document
from beam_jobs.files.raw_files import open_raw
from beam_jobs.files.stretch import Piece
from beam_jobs.launch import run_job
from beam_jobs.read_crawl_index import PagesOfIndex, log_shares
from beam_jobs.read_plan import SourceFiles, packed, plan_pieces, unpacked
from beam_jobs.sources.news.news_rules import trim_news
from beam_jobs.sources.outcome import Outcome, Skipped
from beam_jobs.sources.read_stretches import Opener, read_stretches, refuse_missing_archives
from beam_jobs.sources.selection import most_documents, skip_reason
from beam_jobs.storage import write_documents, write_shard
from model.contract import places
from model.contract.errors import InputError
from model.contract.manifest import OutputFile
from model.contract.stage import Made

DEAD_LETTERS = "dead-letters.jsonl"
log = logging.getLogger("kobigbird")
_NEWSPAPER = "newspaper"  # the genre of Everyone's Corpus that holds news


class PieceReading:
    """Reads one piece: hands out its documents, counts every record, keeps the first few bad ones of each reason."""

    def __init__(self, piece: Piece, source: SourceConfig, dead_letters: int, open_file: Opener = open_raw):
        self.counts: collections.Counter[str] = collections.Counter()
        self.cuts: collections.Counter[str] = collections.Counter()
        """Characters that each rule for news cut."""
        self._piece, self._source, self._most_bad, self._open = piece, source, dead_letters, open_file
        self._bad: dict[str, list[BadRecord]] = {}

    def documents(self) -> Iterator[Document]:
        """The documents that the source's limits and filters keep, in the order of the files."""
        most = most_documents(self._source, self._piece.number, self._piece.pieces)
        yield from itertools.islice(self._kept(), most)

    def bad(self) -> Iterator[BadRecord]:
        """The smallest few bad records of each reason so far."""
        for records in self._bad.values():
            yield from heapq.nsmallest(self._most_bad, records)

    def _kept(self) -> Iterator[Document]:
        for outcome in self._outcomes():
            if isinstance(outcome, Document):
                outcome = self._trimmed(outcome)
                if reason := skip_reason(outcome, self._source):
                    self.counts[f"skipped_{reason}"] += 1
                    continue
                self.counts["documents"] += 1
                yield outcome
            elif isinstance(outcome, Skipped):
                self.counts[f"skipped_{outcome.reason}"] += 1
            else:
                self._set_aside(outcome)

    def _outcomes(self) -> Iterator[Outcome]:
        yield from read_stretches(self._piece.stretches, self._source, self._open)

    def _trimmed(self, document: Document) -> Document:
        if not self._source.trimmed:
            return document
        # A table of news may well have a column named genre, too.
        if self._source.kind == "everyones_corpus" and document.metadata.get("genre") != _NEWSPAPER:
            return document
        text, cuts = trim_news(document.text)
        self.cuts.update(cuts)
        return document._replace(text=text) if cuts else document

    def _set_aside(self, record: BadRecord) -> None:
        self.counts[f"bad_{record.reason}"] += 1
        records = self._bad.setdefault(record.reason, [])
        records.append(record)
        if len(records) > 4 * self._most_bad:
            records[:] = heapq.nsmallest(self._most_bad, records)


@dataclasses.dataclass
class ReadPieceFn(beam.DoFn):
    """Reads a piece and writes its documents as one Parquet file, as they come: memory does not grow with either."""

    sources: Mapping[str, SourceConfig]
    directory: str
    dead_letters: int

    def __post_init__(self) -> None:
        super().__init__()

    def process(self, element: Piece) -> Iterator[OutputFile | TaggedOutput[Literal["bad"], BadRecord]]:
        """Yields the file's description, and the piece's bad records with the tag "bad"."""
        reading = PieceReading(element, self.sources[element.source], self.dead_letters)
        yield write_documents(self.directory, element.file_name, reading.documents())
        for name, count in reading.counts.items():
            Metrics.counter("read_docs", f"{element.source}/{name}").inc(count)
        for rule, characters in reading.cuts.items():
            Metrics.counter("news_rules", f"{element.source}/{rule}").inc(characters)
        for record in reading.bad():
            yield TaggedOutput("bad", record)
        log.info(
            f"read: {element.source}, piece {element.number + 1} of {element.pieces}: {reading.counts['documents']:,}"
        )


@dataclasses.dataclass
class ReadDocs(beam.PTransform):
    """Reads pieces of raw files, and of what indexes name; pieces are the unit of parallel work."""

    pieces: Sequence[Piece]
    sources: Mapping[str, SourceConfig]
    directory: str
    dead_letters: int
    indexes: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)
    """The paths of each source's index files, of those that have some."""

    # Beam takes the annotation for a type hint, and warns of what is no PCollection.
    def expand(self, pbegin: beam.pvalue.PBegin) -> Any:
        """From the start of a pipeline to the OutputFiles written."""
        planned = (
            pbegin
            | "PackedPieces" >> beam.Create([packed(self.pieces)], reshuffle=False)
            | "Pieces" >> beam.FlatMap(unpacked)
            | "Spread" >> beam.Reshuffle()
        )
        indexed = [
            pbegin | f"PagesOf_{name}" >> PagesOfIndex(self.sources[name], paths)
            for name, paths in self.indexes.items()
        ]
        read = (
            (planned, *indexed)
            | "AllPieces" >> beam.Flatten()
            | "ReadPiece"
            >> beam.ParDo(ReadPieceFn(self.sources, self.directory, self.dead_letters)).with_outputs(
                "bad", main="files"
            )
        )
        letters = read.bad | "WriteDeadLetters" >> WriteDeadLetters(self.directory, self.dead_letters)
        return (read.files, letters) | beam.Flatten()


@dataclasses.dataclass
class WriteDeadLetters(beam.PTransform):
    """Writes the first few bad records of each source and reason, one JSON object a line."""

    directory: str
    most: int

    def expand(self, bad: beam.PCollection[BadRecord]) -> Any:
        """From BadRecords to the one file's description."""
        return (
            bad
            | "ByReason" >> beam.Map(lambda record: ((record.source, record.reason), tuple(record)))
            | "FirstFew" >> beam.combiners.Top.SmallestPerKey(self.most)
            | "Letters" >> beam.FlatMap(lambda few: few[1])
            | "Together" >> beam.combiners.ToList()
            | "WriteLetters" >> beam.Map(_write_dead_letters, self.directory)
        )


def _write_dead_letters(bad: Sequence[tuple[str, ...]], directory: str) -> OutputFile:
    lines = [json.dumps(BadRecord(*record)._asdict(), ensure_ascii=False) + "\n" for record in sorted(bad)]
    return write_shard(directory, DEAD_LETTERS, "".join(lines).encode(), len(lines))


def read_documents(found: Sequence[SourceFiles], config: ReadConfig, directory: str, runner: RunnerConfig) -> Made:
    """The reading job: raw files to Documents in Parquet, and a sample of the records that could not be read.

    Raises:
      InputError: when no document came out, or more records were bad than the settings allow.
    """
    pieces = plan_pieces(found, config)
    sources = {source.config.name: source.config for source in found}
    indexes = {each.config.name: [file.path for file in each.files] for each in found if each.is_index}
    written, counters = run_job(
        lambda pipeline: pipeline | ReadDocs(pieces, sources, directory, config.dead_letters, indexes),
        directory,
        runner,
    )
    log_shares(counters, indexes)
    refuse_missing_archives(counters, pieces, config.max_bad_share)
    _refuse_too_many_bad(counters, config.max_bad_share, directory)
    return Made(outputs=written, counters=counters)


def _refuse_too_many_bad(counters: Mapping[str, int], limit: float, directory: str) -> None:
    reasons = {name: value for name, value in counters.items() if name.split("/")[-1].startswith("bad_")}
    bad, records = sum(reasons.values()), _records(counters)
    if bad > limit * records:
        worst = sorted(reasons.items(), key=lambda reason: -reason[1])[:3]
        raise InputError(
            f"{bad:,} of {records:,} records could not be read, more than read.max_bad_share {limit} allows "
            f"({_named(worst)}); see {places.join(directory, DEAD_LETTERS)} and mend the sources, or raise it."
        )
    if not any(value for name, value in counters.items() if name.endswith("/documents")):
        raise InputError(
            f"no document came out of the sources ({_named(counters.items()) or 'no record either'}); "
            "see that their formats are those named in the preset."
        )


def _records(counters: Mapping[str, int]) -> int:
    kinds = ("documents", "skipped_", "bad_")
    return sum(value for name, value in counters.items() if name.split("/")[-1].startswith(kinds))


def _named(counters: Iterable[tuple[str, int]]) -> str:
    return ", ".join(
        f"{name.removeprefix('read_docs/').replace('/', ' ')} {value:,}" for name, value in counters if value
    )
