"""ReadDocs: raw files of every source to Documents, with the records that could not be read beside them."""

import dataclasses
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, Literal, NamedTuple

import apache_beam as beam
from apache_beam.io.filesystem import BeamIOError, CompressionTypes, FileMetadata
from apache_beam.io.filesystems import FileSystems
from apache_beam.metrics import Metrics
from apache_beam.pvalue import TaggedOutput

from beam_jobs.config import ReadConfig, RunnerConfig, SourceConfig
from beam_jobs.document import BadRecord, Document
from beam_jobs.launch import run_job
from beam_jobs.sources.common_crawl import read_warc, read_wet
from beam_jobs.sources.everyones_corpus import read_nikl
from beam_jobs.sources.news import read_jsonl
from beam_jobs.sources.outcome import Outcome, Skipped
from beam_jobs.sources.wikipedia import read_mediawiki
from beam_jobs.storage import WriteDocuments, write_shard
from model.contract import places
from model.contract.errors import InputError, KnownError
from model.contract.manifest import OutputFile
from model.contract.stage import Made

DEAD_LETTERS = "dead-letters.jsonl"
READERS: dict[str, Callable[[BinaryIO, str, str], Iterator[Outcome]]] = {
    "warc": read_warc,
    "wet": read_wet,
    "mediawiki": read_mediawiki,
    "jsonl": read_jsonl,
    "nikl": read_nikl,
}


class SourceFile(NamedTuple):
    """One raw file to read."""

    source: str
    format: str
    path: str
    name: str
    """The path from its pattern's last folder without wildcards on: the same wherever the files lie."""


class ReadResult(NamedTuple):
    """What ReadDocs gives."""

    documents: beam.PCollection[Document]
    bad: beam.PCollection[BadRecord]


class ReadFileFn(beam.DoFn):
    """Reads one file, counting every record as a document, as skipped or as bad."""

    def process(self, element: SourceFile) -> Iterator[Document | TaggedOutput[Literal["bad"], BadRecord]]:
        """Yields the file's documents, and its bad records with the tag "bad"."""
        with FileSystems.open(element.path, compression_type=CompressionTypes.UNCOMPRESSED) as stream:
            for outcome in READERS[element.format](stream, element.source, element.name):
                Metrics.counter("read_docs", f"{element.source}_{_door(outcome)}").inc()
                if isinstance(outcome, Document):
                    yield outcome
                elif isinstance(outcome, BadRecord):
                    yield TaggedOutput("bad", outcome)


@dataclasses.dataclass
class ReadDocs(beam.PTransform):
    """Reads the files that `expand_paths` found; files are the unit of parallel work."""

    files: Sequence[SourceFile]

    # Beam takes the annotation for a type hint, and warns of what is no PCollection.
    def expand(self, pbegin: beam.pvalue.PBegin) -> Any:
        """From the start of a pipeline to a ReadResult; the documents come in no order."""
        read = (
            pbegin
            | "Files" >> beam.Create(self.files)
            | "Spread" >> beam.Reshuffle()
            | "ReadFile" >> beam.ParDo(ReadFileFn()).with_outputs("bad", main="documents")
        )
        return ReadResult(documents=read.documents, bad=read.bad)


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


def expand_paths(sources: Sequence[SourceConfig]) -> list[SourceFile]:
    """Finds the sources' files, in the sources' order and sorted within each pattern, each once a source.

    Raises:
      InputError: when a path or glob matches nothing, or matches a folder or an empty file.
    """
    found: dict[tuple[str, str], SourceFile] = {}
    for source in sources:
        for pattern in source.paths:
            for file in _matches(source.name, pattern):
                _refuse_unreadable(source.name, file)
                named = SourceFile(source.name, source.format, file.path, _name(file.path, pattern))
                found.setdefault((source.name, file.path), named)
    return list(found.values())


def read_documents(files: Sequence[SourceFile], config: ReadConfig, directory: str, runner: RunnerConfig) -> Made:
    """The reading job: raw files to Documents in Parquet, and a sample of the records that could not be read.

    Raises:
      InputError: when no document came out, or more records were bad than the settings allow.
    """

    def build(pipeline: beam.Pipeline) -> Any:
        read = pipeline | ReadDocs(files)
        documents = read.documents | "WriteDocuments" >> WriteDocuments(directory, config.shards)
        bad = read.bad | "WriteDeadLetters" >> WriteDeadLetters(directory, config.dead_letters)
        return (documents, bad) | beam.Flatten()

    written, counters = run_job(build, directory, runner)
    _refuse_too_many_bad(counters, config.max_bad_share, directory)
    return Made(outputs=written, counters=counters)


def _refuse_too_many_bad(counters: Mapping[str, int], limit: float, directory: str) -> None:
    bad = sum(value for name, value in counters.items() if "_bad_" in name)
    documents = sum(value for name, value in counters.items() if name.endswith("_documents"))
    if bad > limit * sum(counters.values()):
        raise InputError(
            f"{bad:,} of {sum(counters.values()):,} records could not be read, more than read.max_bad_share {limit} "
            f"allows; see {places.join(directory, DEAD_LETTERS)} and mend the sources, or raise it."
        )
    if not documents:
        raise InputError("no document came out of the sources; see that their formats are those named in the preset.")


def _matches(source: str, pattern: str) -> list[FileMetadata]:
    try:
        if places.is_gs(pattern):
            # Asked first for its faults: Beam would look for credentials for a minute, traceback by traceback.
            places.exists(pattern)
        # Beam lists no files for a pattern without any folder.
        matched = FileSystems.match([pattern if "/" in pattern else f"./{pattern}"])[0].metadata_list
    except KnownError as error:
        raise InputError(f"Source {source}: {error}") from None
    except (BeamIOError, ValueError) as error:
        raise InputError(
            f"Source {source}: {pattern} cannot be listed ({_cause(error)}); "
            "name a file or glob on disk or on gs:// that may be read."
        ) from None
    # A name with a slash at its end is how object stores mark an empty folder.
    matched = [file for file in matched if not file.path.endswith("/")]
    if not matched:
        raise InputError(
            f"Source {source}: no file matches {pattern}; name a file or glob that exists, on disk or on gs://."
        )
    return sorted(matched, key=lambda file: file.path)


def _refuse_unreadable(source: str, file: FileMetadata) -> None:
    if os.path.isdir(file.path):
        raise InputError(f"Source {source}: {file.path} is a folder; name its files, as in {file.path}/*.")
    if not file.size_in_bytes:
        raise InputError(
            f"Source {source}: {file.path} is an empty source (0 bytes); remove it or name a file that holds text."
        )


def _name(path: str, pattern: str) -> str:
    # The fixed part of "raw/news/20*/part-*.jsonl" is "raw/news".
    folder = re.split(r"[*?[]", pattern, maxsplit=1)[0].rpartition("/")[0]
    return path.removeprefix("./").removeprefix(f"{folder}/".removeprefix("./"))


def _cause(error: Exception) -> str:
    details = getattr(error, "exception_details", None)
    causes = details.values() if isinstance(details, dict) else [error]
    return "; ".join(str(cause) for cause in causes)


def _door(outcome: Outcome) -> str:
    if isinstance(outcome, BadRecord):
        return f"bad_{outcome.reason}"
    return f"skipped_{outcome.reason}" if isinstance(outcome, Skipped) else "documents"
