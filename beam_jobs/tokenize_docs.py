"""TokenizeDocs: Documents to packed, globally shuffled training records.

A stretch of a file is read, tokenized and packed by one worker, and its records go to a run; what is left of the
stretches is packed together; then every shard is merged out of the runs (`beam_jobs.record_shuffle`). No text and no
tokens pass through a shuffle, but for those few remnants.
"""

import dataclasses
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import apache_beam as beam
import numpy as np

from beam_jobs import record_shuffle
from beam_jobs.config import RunnerConfig, TokenizeConfig
from beam_jobs.document_stretches import Row, Stretch, read_blocks, stretches
from beam_jobs.each_file import input_files
from beam_jobs.launch import run_job
from beam_jobs.mixture import epochs_of
from beam_jobs.packing import PackingRules, TokenizedDocument, pack, pack_remnants
from beam_jobs.record_shuffle import Extent, Run, Slice
from beam_jobs.record_writer import RecordWriter, count_documents, count_nameless, documents_in, sources_of
from beam_jobs.splitting import TRAIN, VALIDATION, split_key, split_of
from beam_jobs.storage import shard_name, write_shard
from beam_jobs.vocabularies.given import read_vocabulary, special_ids
from beam_jobs.wordpiece import WordPiece
from model.contract import places, record
from model.contract.errors import OutputError
from model.contract.manifest import OutputFile, StageOutput, check_outputs
from model.contract.record import VOCABULARY_FILE, RecordFormat
from model.contract.stage import Made

TOKEN_COUNTS = "token-counts.npy"
RUNS = ".runs"
"""Where records wait for the shuffle, within the stage's directory; gone when it is done."""
REMNANTS, COUNTS = "remnants", "counts"
_FILES_PACKED_TOGETHER = 256
"""So many files' remnants, a sequence of each at most, are packed by one worker."""

Bucket = tuple[str, str, int]  # split, source, group of files


@dataclasses.dataclass
class TokenizeDocs(beam.PTransform):
    """Tokenizes, packs and writes `train-*` and `validation-*.tfrecord`, and how often each id occurs in training."""

    vocabulary: str
    """The path of a vocab.txt: workers read it, since thousands of pieces would swell what is sent to them."""
    config: TokenizeConfig
    weights: Mapping[str, float]
    directory: str

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, files: Any) -> Any:
        """From InputFiles of Documents to the OutputFiles written."""
        pieces = (
            files
            | "Stretches" >> beam.FlatMap(lambda file: stretches(file.number, file.path))
            | "Spread" >> beam.Reshuffle()
        )
        epochs = beam.pvalue.AsSingleton(self._epochs(pieces))
        made_of = self.vocabulary, self.config, self.directory
        tokenize = beam.ParDo(TokenizeFn(*made_of), epochs).with_outputs(REMNANTS, COUNTS, main="runs")
        pack_rest = beam.ParDo(PackRestFn(*made_of), epochs).with_outputs(COUNTS, main="runs")
        packed = pieces | "Tokenize" >> tokenize
        rest = packed[REMNANTS] | "Together" >> beam.GroupByKey() | "PackRest" >> pack_rest
        runs = (packed["runs"], rest["runs"]) | "Runs" >> beam.Flatten()
        counts = (
            (packed[COUNTS], rest[COUNTS])
            | "Counts" >> beam.Flatten()
            | "AddUp" >> beam.CombineGlobally(_add_counts)
            | "WriteCounts" >> beam.Map(_write_counts, self.directory, self.vocabulary)
        )
        return (self._shards(runs), counts) | "Files" >> beam.Flatten()

    def _epochs(self, pieces: Any) -> Any:
        """How often each source stands in training, as one element."""
        if not self.config.mixture:
            return pieces.pipeline | "Weights" >> beam.Create([dict(self.weights)], reshuffle=False)
        return (
            pieces
            | "Characters" >> beam.Map(_training_characters, self.config)
            | "AllCharacters" >> beam.CombineGlobally(_add_by_source)
            | "Epochs" >> beam.Map(epochs_of, self.config.mixture, self.config.max_epochs)
        )

    def _shards(self, runs: Any) -> Any:
        extents = (
            runs
            | "Extents" >> beam.Map(lambda run: (run.split, record_shuffle.extent_of(run)))
            | "AllExtents" >> beam.CombineGlobally(_add_extents)
            | "Counted" >> beam.Map(_shard_counts, self.config)
        )
        every = extents | "EveryShard" >> beam.FlatMap(
            lambda counts: [((split, shard, count), None) for split, count in counts for shard in range(count)]
        )
        return (
            (runs | "Slice" >> beam.FlatMap(_slices, beam.pvalue.AsSingleton(extents)), every)
            | "Parts" >> beam.Flatten()
            | "ByShard" >> beam.GroupByKey()
            | "WriteShards" >> beam.Map(_write_records, self.directory)
        )


def tokenize_documents(
    documents: StageOutput,
    vocabulary: StageOutput,
    config: TokenizeConfig,
    weights: Mapping[str, float],
    directory: str,
    runner: RunnerConfig,
) -> Made:
    """The tokenizing job, from the deduplicated Documents to a directory of records.

    `weights` says by source how often a record stands in training, where that is not once.
    """
    check_outputs(vocabulary)
    vocabulary_path = vocabulary.paths(suffix=VOCABULARY_FILE)[0]
    pieces = read_vocabulary(vocabulary_path)
    record_format = RecordFormat(
        sequence_length=config.sequence_length,
        vocabulary_size=len(pieces),
        vocabulary_crc32c=vocabulary.files(suffix=VOCABULARY_FILE)[0].crc32c,
        special_ids=special_ids(pieces),
    )
    inputs = input_files(documents)
    files, counters = run_job(
        lambda pipeline: (
            pipeline
            | "InputFiles" >> beam.Create(inputs, reshuffle=False)
            | TokenizeDocs(vocabulary_path, config, weights, directory)
        ),
        directory,
        runner,
        then=lambda: places.remove_tree(places.join(directory, RUNS)),
    )
    for split in (TRAIN, VALIDATION) if config.validation_share else (TRAIN,):
        if not any(file.records for file in files if file.name.startswith(split)):
            places.remove_tree(directory)  # or the next try would take it for somebody else's
            raise OutputError(
                f"no {split} record came out of the {documents_in(counters):,} documents with text of "
                f"{documents.directory}, with tokenize.validation_share {config.validation_share}; give the corpus "
                "more text or change the share."
            )
    copy = write_shard(directory, VOCABULARY_FILE, places.read_bytes(vocabulary_path), len(pieces))
    facts = {"record_format": record_format.model_dump(), "sources": sources_of(counters)}
    return Made(outputs=[*files, copy], counters=counters, facts=facts)


class _WithPieces(beam.DoFn):
    """What both steps that pack know."""

    def __init__(self, vocabulary: str, config: TokenizeConfig, directory: str):
        self.vocabulary, self.config, self.directory = vocabulary, config, directory

    def setup(self) -> None:
        """Makes the rules ready, once a worker."""
        self.pieces = read_vocabulary(self.vocabulary)
        self.rules = PackingRules(
            length=self.config.sequence_length,
            cls=self.pieces.index(record.CLS),
            sep=self.pieces.index(record.SEP),
            continues=np.array([piece.startswith("##") for piece in self.pieces]),
            cut_back=self.config.cut_back,
            short_share=self.config.short_share,
            pair_share=self.config.pair_share,
            seed=self.config.seed,
        )

    def writer(self, epochs: Mapping[str, float]) -> RecordWriter:
        """For the records of one element."""
        return RecordWriter(self.rules, len(self.pieces), epochs)

    def written(self, writer: RecordWriter, name: str) -> Iterator[Any]:
        """Writes the runs; yields them, and how often each id stands in training."""
        yield from writer.runs(places.join(self.directory, RUNS, name))
        yield beam.pvalue.TaggedOutput(COUNTS, writer.training_counts.tobytes())


class TokenizeFn(_WithPieces):
    """A Stretch to Runs; remnants as (Bucket, pieces), and the counts of ids, under their tags."""

    def setup(self) -> None:
        """Builds the tokenizer, too."""
        super().setup()
        self.wordpiece = WordPiece(self.pieces)

    def process(self, stretch: Stretch, epochs: Mapping[str, float]) -> Iterator[Any]:
        """Reads, tokenizes and packs."""
        for number, block in enumerate(read_blocks(stretch)):
            writer = self.writer(epochs)
            for (split, source), documents in sorted(self._tokenized(block).items()):
                count_documents(split, source, documents)
                packed = pack(documents, self.rules)
                writer.add(split, source, packed.sequences)
                if packed.remnants:
                    bucket = (split, source, stretch.file // _FILES_PACKED_TOGETHER)
                    yield beam.pvalue.TaggedOutput(REMNANTS, (bucket, packed.remnants))
            yield from self.written(writer, f"{stretch.file:06d}-{stretch.first:06d}-{number:06d}")

    def _tokenized(self, block: list[Row]) -> dict[tuple[str, str], list[TokenizedDocument]]:
        rows = [row for row in block if row.named]
        count_nameless(len(block) - len(rows))
        found: dict[tuple[str, str], list[TokenizedDocument]] = {}
        for row, (ids, ends) in zip(rows, self.wordpiece.tokenize_sentences([row.text for row in rows]), strict=True):
            split = split_of(split_key(row.id, row.metadata), self.config)
            found.setdefault((split, row.source), []).append(TokenizedDocument(row.id, ids, ends))
        return found


class PackRestFn(_WithPieces):
    """The remnants of many files to Runs, and the counts of ids under their tag."""

    def process(
        self, group: tuple[Bucket, Iterable[list[TokenizedDocument]]], epochs: Mapping[str, float]
    ) -> Iterator[Any]:
        """Packs all of them, the last sequence as short as it may be."""
        (split, source, _), remnants = group
        writer = self.writer(epochs)
        writer.add(split, source, pack_remnants((piece for some in remnants for piece in some), self.rules))
        # A source may be called anything, so its name is no part of a path.
        bucket = hashlib.blake2b(repr(group[0]).encode(), digest_size=16).hexdigest()
        yield from self.written(writer, f"rest-{bucket}")


def _training_characters(stretch: Stretch, config: TokenizeConfig) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in (row for block in read_blocks(stretch) for row in block if row.named):
        if split_of(split_key(row.id, row.metadata), config) == TRAIN:
            found[row.source] = found.get(row.source, 0) + len(row.text)
    return found


def _add_by_source(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for part in parts:
        for source, number in part.items():
            total[source] = total.get(source, 0) + number
    return total


def _add_extents(parts: Iterable[Any]) -> list[tuple[str, Extent]]:
    """Of (split, Extent) pairs, or of lists of such sums."""
    total = {split: Extent(0, 0) for split in (TRAIN, VALIDATION)}
    for part in parts:
        for split, extent in part if isinstance(part, list) else [part]:
            total[split] = Extent(*(one + other for one, other in zip(total[split], extent, strict=True)))
    return list(total.items())


def _shard_counts(extents: list[tuple[str, Extent]], config: TokenizeConfig) -> list[tuple[str, int]]:
    least = {TRAIN: config.min_shards, VALIDATION: 1}
    size = config.shard_megabytes * 1_000_000
    return [(split, record_shuffle.shard_count(extent, size, least[split])) for split, extent in extents]


def _slices(run: Run, counts: list[tuple[str, int]]) -> Iterator[tuple[tuple[str, int, int], Slice]]:
    count = dict(counts)[run.split]
    for shard, piece in record_shuffle.slices_of(run, count):
        yield (run.split, shard, count), piece


def _write_records(group: tuple[tuple[str, int, int], Iterable[Slice | None]], directory: str) -> OutputFile:
    (split, shard, count), slices = group
    name = shard_name(split, shard, count, "tfrecord")
    return record_shuffle.write_records(directory, name, [piece for piece in slices if piece is not None])


def _add_counts(counts: Iterable[bytes]) -> bytes:
    total: Any = 0
    for part in counts:
        total = total + np.frombuffer(part, np.int64)
    return total.tobytes() if isinstance(total, np.ndarray) else b""


def _write_counts(counts: bytes, directory: str, vocabulary: str) -> OutputFile:
    sink = io.BytesIO()
    found = np.frombuffer(counts, np.int64) if counts else np.zeros(len(read_vocabulary(vocabulary)), np.int64)
    np.save(sink, found)
    return write_shard(directory, TOKEN_COUNTS, sink.getvalue(), len(found))
