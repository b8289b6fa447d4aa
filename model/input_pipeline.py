"""Records to batches, as a function of the position in the data alone: nothing of the reader needs saving.

Example number e of a run is record e mod N of epoch e div N (N: records in the split). An epoch reads the shards in an
order drawn from (seed, epoch); the corpus job has shuffled globally, so that is enough. Masks are drawn from
(seed, epoch, the record's own number). So a run that resumes at step s sees what it would have seen.
"""

import dataclasses
import itertools
from collections.abc import Sequence

import tensorflow as tf

from model.config import PretrainConfig
from model.contract import record
from model.contract.errors import OutputError, SettingError
from model.contract.manifest import StageOutput, check_outputs
from model.contract.record import RecordFormat
from model.masking import PieceTable, mask_tokens

Batch = dict[str, tf.Tensor]
"""input_ids, segment_ids [batch, length] int32; attention_mask [batch, length] bool; positions, labels
[batch, predictions] int32; weights [batch, predictions] float32."""


@dataclasses.dataclass(frozen=True)
class RecordShards:
    """The files of one split, with the number of records in each."""

    paths: Sequence[str]
    records: Sequence[int]
    format: RecordFormat

    @property
    def total(self) -> int:
        """Records in the split."""
        return sum(self.records)


def open_records(corpus: StageOutput, split: str) -> RecordShards:
    """The shards of a split, each compared with the manifest first.

    Raises:
      OutputError: for a missing, truncated or altered shard, by name, or a split without a record.
    """
    files = corpus.files(prefix=f"{split}-", suffix=".tfrecord")
    check_outputs(corpus, files)
    filled = [file for file in files if file.records]
    if not filled:
        raise OutputError(f"{corpus.directory} has no {split} record; give the corpus more text or a larger share.")
    paths = {path.rsplit("/", 1)[-1]: path for path in corpus.paths()}
    record_format = RecordFormat.model_validate(corpus.manifest.facts["record_format"])
    return RecordShards([paths[f.name] for f in filled], [f.records or 0 for f in filled], record_format)


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


def training_batches(
    shards: RecordShards, table: PieceTable, config: PretrainConfig, first_example: int
) -> tf.data.Dataset:
    """Endless batches from a position on.

    Args:
      shards: the training split.
      table: of the vocabulary, for masking.
      config: batch size, length, masking and seed.
      first_example: the number of examples that training has seen already.
    """
    first_epoch, within = divmod(first_example, shards.total)

    def epoch_records(epoch: tf.Tensor) -> tf.data.Dataset:
        skip = tf.where(epoch == first_epoch, tf.constant(within, tf.int64), tf.zeros((), tf.int64))
        records = _epoch(shards, config.seed, epoch, skip)
        return records.map(lambda number, raw: (epoch, number, raw))

    epochs = tf.data.Dataset.range(first_epoch, tf.int64.max)
    return _batched(epochs.flat_map(epoch_records), shards, table, config, drop_remainder=True)


def validation_batches(shards: RecordShards, table: PieceTable, config: PretrainConfig) -> tf.data.Dataset:
    """Every record once, in file order, always with the same masks; the last batch is filled up with empty rows."""
    offsets = [0, *itertools.accumulate(shards.records)][:-1]
    records = tf.data.Dataset.from_tensor_slices((list(shards.paths), tf.constant(offsets, tf.int64))).flat_map(
        lambda path, offset: tf.data.TFRecordDataset(path).enumerate(offset)
    )
    numbered = records.map(lambda number, raw: (tf.constant(-1, tf.int64), number, raw))
    return _batched(numbered, shards, table, config, drop_remainder=False)


def _epoch(shards: RecordShards, seed: int, epoch: tf.Tensor, skip: tf.Tensor) -> tf.data.Dataset:
    """The (number, raw record) pairs of one epoch, without the first `skip`; whole shards are skipped unread."""
    order = tf.argsort(tf.random.stateless_uniform([len(shards.paths)], tf.stack([tf.constant(seed, tf.int64), epoch])))
    paths = tf.gather(tf.constant(list(shards.paths)), order)
    counts = tf.gather(tf.constant(list(shards.records), tf.int64), order)
    offsets = tf.gather(tf.cumsum(tf.constant(list(shards.records), tf.int64), exclusive=True), order)
    ends = tf.cumsum(counts)
    kept = ends > skip
    left_out = tf.maximum(skip - (ends - counts), 0)  # records to pass over, in the first shard kept alone

    def shard_records(path: tf.Tensor, offset: tf.Tensor, passed: tf.Tensor) -> tf.data.Dataset:
        return tf.data.TFRecordDataset(path).enumerate(offset).skip(passed)

    columns = [tf.boolean_mask(column, kept) for column in (paths, offsets, left_out)]
    return tf.data.Dataset.from_tensor_slices(tuple(columns)).flat_map(shard_records)


def _batched(
    numbered: tf.data.Dataset,
    shards: RecordShards,
    table: PieceTable,
    config: PretrainConfig,
    drop_remainder: bool,
) -> tf.data.Dataset:
    pad = shards.format.special_ids.pad
    seed = tf.constant(config.seed % 2**31, tf.int32)

    def example(epoch: tf.Tensor, number: tf.Tensor, raw: tf.Tensor) -> Batch:
        drawn = tf.random.experimental.stateless_fold_in(tf.stack([seed, tf.cast(epoch, tf.int32)]), number)
        ids = _parse(raw)
        masked = mask_tokens(ids, table, config.masking, drawn)
        room = config.sequence_length - tf.shape(ids)[0]
        padded = tf.pad(masked.input_ids, [[0, room]], constant_values=pad)
        padded = tf.ensure_shape(padded, [config.sequence_length])
        return {
            "input_ids": padded,
            "segment_ids": tf.zeros_like(padded),
            "attention_mask": tf.range(config.sequence_length) < tf.shape(ids)[0],
            "positions": masked.positions,
            "labels": masked.labels,
            "weights": masked.weights,
        }

    examples = numbered.map(example, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    if drop_remainder:
        return examples.batch(config.batch_size, drop_remainder=True).prefetch(tf.data.AUTOTUNE)
    rows = -(-shards.total // config.batch_size) * config.batch_size
    empty = tf.data.Dataset.from_tensors(_empty_row(config, pad)).repeat(rows - shards.total)
    return examples.concatenate(empty).batch(config.batch_size, drop_remainder=True).prefetch(tf.data.AUTOTUNE)


def _empty_row(config: PretrainConfig, pad: int) -> Batch:
    """A row that counts for nothing; its first token attends to itself so that no softmax is over nothing."""
    length, predictions = config.sequence_length, config.masking.max_predictions
    return {
        "input_ids": tf.fill([length], pad),
        "segment_ids": tf.zeros([length], tf.int32),
        "attention_mask": tf.range(length) < 1,
        "positions": tf.zeros([predictions], tf.int32),
        "labels": tf.zeros([predictions], tf.int32),
        "weights": tf.zeros([predictions], tf.float32),
    }


def _parse(raw: tf.Tensor) -> tf.Tensor:
    feature = {record.INPUT_IDS: tf.io.RaggedFeature(tf.int64)}
    return tf.cast(tf.io.parse_single_example(raw, feature)[record.INPUT_IDS], tf.int32)
