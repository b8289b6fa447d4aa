"""TokenizeDocs: Documents to packed, globally shuffled training records."""

import dataclasses
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import apache_beam as beam
import numpy as np
from apache_beam.metrics import Metrics
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue

from beam_jobs.config import RunnerConfig, TokenizeConfig
from beam_jobs.document import Document
from beam_jobs.launch import run_job
from beam_jobs.packing import PackedSequence, TokenizedDocument, pack
from beam_jobs.storage import DOCUMENTS, GroupShards, ReadDocuments, shard_name, tfrecord_bytes, write_shard
from beam_jobs.vocabulary import VOCABULARY_FILE, read_vocabulary, special_ids
from beam_jobs.wordpiece import WordPiece
from model.contract import record
from model.contract.errors import OutputError
from model.contract.manifest import OutputFile, StageOutput, check_outputs
from model.contract.record import RecordFormat
from model.contract.stage import Made

TRAIN, VALIDATION = "train", "validation"
TOKEN_COUNTS = "token-counts.npy"

Bucket = tuple[str, str, int]  # split, source, bucket
Keyed = tuple[str, bytes]  # order, serialized example


@dataclasses.dataclass
class TokenizeDocs(beam.PTransform):
    """Tokenizes, packs and writes `train-*` and `validation-*.tfrecord`, and how often each id occurs in training."""

    vocabulary: list[str]
    config: TokenizeConfig
    weights: Mapping[str, float]
    directory: str

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, documents: Any) -> Any:
        """From Documents to the OutputFiles written."""
        tokenized = documents | "Tokenize" >> beam.ParDo(TokenizeFn(self.vocabulary, self.config, self.weights))
        packed = (
            tokenized
            | "Buckets" >> beam.GroupByKey()
            | "Pack" >> beam.ParDo(PackFn(self.vocabulary, self.config)).with_output_types(tuple[str, Keyed])
        )
        counts = (
            tokenized
            | "CountIds" >> beam.ParDo(CountIdsFn(len(self.vocabulary)))
            | "AddUp" >> beam.CombineGlobally(_add_counts)
            | "WriteCounts" >> beam.Map(_write_counts, self.directory, len(self.vocabulary))
        )
        shards = {TRAIN: self.config.shards, VALIDATION: self.config.validation_shards}
        written = [
            packed
            | f"Only {split}" >> beam.Filter(lambda pair, split: pair[0] == split, split)
            | f"Shuffle {split}" >> beam.Map(_to_shard, count).with_output_types(tuple[int, Keyed])
            | f"Shards {split}" >> GroupShards(count)
            | f"Write {split}" >> beam.Map(_write_records, self.directory, split, count)
            for split, count in shards.items()
        ]
        return (*written, counts) | "Files" >> beam.Flatten()


def tokenize_documents(
    documents: StageOutput,
    vocabulary: StageOutput,
    config: TokenizeConfig,
    weights: Mapping[str, float],
    directory: str,
    runner: RunnerConfig,
) -> Made:
    """The tokenizing job, from the deduplicated Documents to a directory of records.

    `weights` says by source how often a document stands in the training records, where that is not once.
    """
    check_outputs(documents)
    check_outputs(vocabulary)
    pieces = read_vocabulary(vocabulary.paths(suffix=VOCABULARY_FILE)[0])
    record_format = RecordFormat(
        sequence_length=config.sequence_length,
        vocabulary_size=len(pieces),
        vocabulary_crc32c=vocabulary.files(suffix=VOCABULARY_FILE)[0].crc32c,
        special_ids=special_ids(pieces),
    )
    files, counters = run_job(
        lambda pipeline: (
            pipeline
            | ReadDocuments(documents.paths(DOCUMENTS, ".parquet"))
            | TokenizeDocs(pieces, config, weights, directory)
        ),
        directory,
        runner,
    )
    for split in (TRAIN, VALIDATION) if config.validation_share else (TRAIN,):
        if not any(file.records for file in files if file.name.startswith(split)):
            raise OutputError(
                f"no {split} record came out of {documents.directory} with tokenize.validation_share "
                f"{config.validation_share}; give the corpus more text or change the share."
            )
    return Made(outputs=files, counters=counters, facts={"record_format": record_format.model_dump()})


class TokenizeFn(beam.DoFn):
    """Documents to ((split, source, bucket), (id, int32 ids as bytes)), many documents a call of the tokenizer."""

    BATCH = 64

    def __init__(self, vocabulary: list[str], config: TokenizeConfig, weights: Mapping[str, float]):
        self.vocabulary, self.config, self.weights = vocabulary, config, weights

    def setup(self) -> None:
        """Builds the tokenizer, once a worker."""
        self.wordpiece = WordPiece(self.vocabulary)
        self.waiting: list[Document] = []

    def start_bundle(self) -> None:
        """Begins with no document waiting."""
        self.waiting = []

    def process(self, document: Document) -> Iterator[tuple[Bucket, tuple[str, bytes]]]:
        """Tokenizes once enough documents wait."""
        self.waiting.append(document)
        if len(self.waiting) >= self.BATCH:
            yield from self._flush()

    def finish_bundle(self) -> Iterator[Any]:
        """Tokenizes the rest."""
        yield from (_in_global_window(pair) for pair in self._flush())

    def _flush(self) -> Iterator[tuple[Bucket, tuple[str, bytes]]]:
        documents, self.waiting = self.waiting, []
        for document, ids in zip(documents, self.wordpiece.tokenize([d.text for d in documents]), strict=True):
            split = split_of(document.id, self.config)
            copies = copies_of(document.id, self.weights.get(document.source, 1.0)) if split == TRAIN else 1
            counts = {"documents": copies, "tokens": copies * len(ids)} if copies else {"left_out": 1}
            for name, count in counts.items():
                Metrics.counter("tokenize_docs", f"{document.source}/{split}_{name}").inc(count)
            for copy in range(copies):
                # Each round of copies is packed apart, so that no sequence holds a text twice.
                bucket = int(document.id[8:16], 16) % self.config.packing_buckets + copy * self.config.packing_buckets
                yield (split, document.source, bucket), (document.id, ids.tobytes())


class PackFn(beam.DoFn):
    """One bucket of tokenized documents to (split, (order, serialized example))."""

    def __init__(self, vocabulary: list[str], config: TokenizeConfig):
        self.cls, self.sep = vocabulary.index(record.CLS), vocabulary.index(record.SEP)
        self.config = config

    def process(self, group: tuple[Bucket, Iterable[tuple[str, bytes]]]) -> Iterator[tuple[str, Keyed]]:
        """Packs the bucket; `order` is where the example stands in the global shuffle."""
        (split, source, bucket), documents = group
        # Copies of a sequence lie apart in the shuffle.
        seed = f"{self.config.seed}\n{bucket // self.config.packing_buckets or ''}".encode()
        tokenized = [TokenizedDocument(key, np.frombuffer(ids, np.int32)) for key, ids in documents]
        length = self.config.sequence_length
        for packed in pack(tokenized, length, self.cls, self.sep):
            Metrics.counter("tokenize_docs", f"{source}/{split}_examples").inc()
            Metrics.counter("tokenize_docs", "padding").inc(length - len(packed.input_ids))
            Metrics.counter("tokenize_docs", "positions").inc(length)
            serialized = to_example(packed, source)
            yield split, (hashlib.sha256(seed + serialized).hexdigest(), serialized)


class CountIdsFn(beam.DoFn):
    """How often each id occurs in the training split, added up a bundle."""

    def __init__(self, size: int):
        self.size = size

    def start_bundle(self) -> None:
        """Begins at zero."""
        self.counts = np.zeros(self.size, np.int64)

    def process(self, keyed: tuple[Bucket, tuple[str, bytes]]) -> None:
        """Adds one document."""
        (split, _, _), (_, ids) = keyed
        if split == TRAIN:
            self.counts += np.bincount(np.frombuffer(ids, np.int32), minlength=self.size)

    def finish_bundle(self) -> Iterator[Any]:
        """Gives the bundle's counts."""
        yield _in_global_window(self.counts.tobytes())


def split_of(document_id: str, config: TokenizeConfig) -> str:
    """Training or validation, by the document's id and the seed, so that a document never changes sides."""
    drawn = hashlib.sha256(f"{config.seed}\n{document_id}".encode()).digest()
    return VALIDATION if int.from_bytes(drawn[:8], "big") < config.validation_share * 2**64 else TRAIN


def copies_of(document_id: str, weight: float) -> int:
    """How often a document of this weight stands in training: at 2.5 twice, and thrice for every other document."""
    whole = int(weight)
    drawn = hashlib.sha256(f"weight\n{document_id}".encode()).digest()
    return whole + (int.from_bytes(drawn[:8], "big") < (weight - whole) * 2**64)


def to_example(packed: PackedSequence, source: str) -> bytes:
    """A packed sequence as a serialized `tf.train.Example`, fields as in `model.contract.record`."""
    import tensorflow as tf

    def integers(values: Iterable[int]) -> Any:
        return tf.train.Feature(int64_list=tf.train.Int64List(value=values))

    def texts(values: Iterable[str]) -> Any:
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value.encode() for value in values]))

    features = {
        record.INPUT_IDS: integers(packed.input_ids),
        record.SEGMENT_STARTS: integers(packed.segment_starts),
        record.DOCUMENTS: texts(packed.documents),
        record.SOURCE: texts([source]),
    }
    example = tf.train.Example(features=tf.train.Features(feature=features))
    return bytes(example.SerializeToString(deterministic=True))


def _in_global_window(value: Any) -> Any:
    window = GlobalWindow()
    return WindowedValue(value, window.max_timestamp(), [window])


def _to_shard(pair: tuple[str, Keyed], shards: int) -> tuple[int, Keyed]:
    _, keyed = pair
    return int(keyed[0][:8], 16) % shards, keyed


def _write_records(group: tuple[int, Iterable[Keyed]], directory: str, split: str, shards: int) -> OutputFile:
    shard, keyed = group
    # The order's first digits chose the shard, so the rest decides within it.
    records = [serialized for _, serialized in sorted(keyed, key=lambda pair: pair[0][8:])]
    return write_shard(directory, shard_name(split, shard, shards, "tfrecord"), tfrecord_bytes(records), len(records))


def _add_counts(counts: Iterable[bytes]) -> bytes:
    total: Any = 0
    for part in counts:
        total = total + np.frombuffer(part, np.int64)
    return total.tobytes() if isinstance(total, np.ndarray) else b""


def _write_counts(counts: bytes, directory: str, size: int) -> OutputFile:
    sink = io.BytesIO()
    np.save(sink, np.frombuffer(counts, np.int64) if counts else np.zeros(size, np.int64))
    return write_shard(directory, TOKEN_COUNTS, sink.getvalue(), size)
