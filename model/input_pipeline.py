"""Records to batches, as a function of the position in the data alone: nothing of the reader needs saving.

Example number e of a host is record e mod N of its epoch e div N (N: records in the host's shards). An epoch reads the
shards in an order drawn from (seed, epoch); the corpus job has shuffled globally, so that is enough. Masks are drawn
from (seed, epoch, the record's number in its split), so they do not depend on how many hosts read. A run that resumes
at step s sees what it would have seen, and reads nothing of what came before but the beginning of one shard.
"""

import tensorflow as tf

from model.config import PretrainConfig
from model.contract.errors import SettingError
from model.masking import MaskedSequence, PieceTable, mask_tokens, padded_predictions
from model.record_files import RecordShards, check_masks
from model.record_parsing import Sequence, parse, parse_stored

Batch = dict[str, tf.Tensor]
"""input_ids, segment_ids [batch, length] int32; attention_mask [batch, length] bool; positions, labels
[batch, predictions] int32; weights [batch, predictions] float32."""
_READ_BYTES = 8 << 20
"""At a time, so that Cloud Storage is asked seldom."""
VALIDATION_EPOCH = -1
"""Stands for the epoch in the seeds of validation records, which have the same masks always."""


def training_batches(
    shards: RecordShards,
    table: PieceTable,
    config: PretrainConfig,
    first_step: int,
    replica_batch: int | None = None,
    host: int = 0,
    hosts: int = 1,
) -> tf.data.Dataset:
    """Endless batches from a step on.

    Args:
      shards: the training split.
      table: of the vocabulary, for masking.
      config: batch size, length, masking and seed.
      first_step: the number of steps that training has done already.
      replica_batch: sequences of one batch; all of the host's, unless given.
      host: which of `hosts` reads; each reads its own shards, and an equal part of each step's batch.
      hosts: how many.

    Raises:
      SettingError: when shards, batch size or stored masks do not allow it.
    """
    if config.batch_size % hosts:
        raise SettingError(
            f"pretrain.batch_size {config.batch_size} cannot be dealt to {hosts} hosts; use a multiple of {hosts}."
        )
    own, each = shards.of_host(host, hosts), config.batch_size // hosts
    first_epoch, within = divmod(first_step * each, own.total)

    def epoch_records(epoch: tf.Tensor) -> tf.data.Dataset:
        skip = tf.where(epoch == first_epoch, tf.constant(within, tf.int64), tf.zeros((), tf.int64))
        records = _epoch(own, config.seed, epoch, skip)
        return records.map(lambda number, raw: (epoch, number, raw))

    epochs = tf.data.Dataset.range(first_epoch, tf.int64.max)
    examples = _examples(epochs.flat_map(epoch_records), own, table, config)
    return examples.batch(replica_batch or each, drop_remainder=True).prefetch(tf.data.AUTOTUNE)


def validation_batches(shards: RecordShards, table: PieceTable, config: PretrainConfig) -> tf.data.Dataset:
    """Every record once, in file order, always with the same masks; the last batch is filled up with empty rows."""
    records = tf.data.Dataset.from_tensor_slices((list(shards.paths), tf.constant(shards.firsts, tf.int64))).flat_map(
        lambda path, first: _records(path).enumerate(first)
    )
    numbered = records.map(lambda number, raw: (tf.constant(VALIDATION_EPOCH, tf.int64), number, raw))
    examples = _examples(numbered, shards, table, config)
    rows = -(-shards.total // config.batch_size) * config.batch_size
    empty = tf.data.Dataset.from_tensors(_empty_row(config, shards.format.special_ids.pad)).repeat(rows - shards.total)
    return examples.concatenate(empty).batch(config.batch_size, drop_remainder=True).prefetch(tf.data.AUTOTUNE)


def record_seed(run_seed: int, epoch: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
    """The seed of a record's masks; [2] int32.

    Args:
      run_seed: the training's.
      epoch: a scalar, `VALIDATION_EPOCH` for a validation record.
      number: of the record in its split, a scalar int64.
    """
    seed = tf.stack([tf.constant(run_seed % 2**31, tf.int32), tf.cast(epoch, tf.int32)])
    return tf.random.experimental.stateless_fold_in(seed, number)


def _epoch(shards: RecordShards, seed: int, epoch: tf.Tensor, skip: tf.Tensor) -> tf.data.Dataset:
    """The (number, raw record) pairs of one epoch, without the first `skip`; whole shards are skipped unread."""
    order = tf.argsort(tf.random.stateless_uniform([len(shards.paths)], tf.stack([tf.constant(seed, tf.int64), epoch])))
    paths = tf.gather(tf.constant(list(shards.paths)), order)
    counts = tf.gather(tf.constant(list(shards.records), tf.int64), order)
    firsts = tf.gather(tf.constant(list(shards.firsts), tf.int64), order)
    ends = tf.cumsum(counts)
    kept = ends > skip
    left_out = tf.maximum(skip - (ends - counts), 0)  # records to pass over, in the first shard kept alone

    def shard_records(path: tf.Tensor, first: tf.Tensor, passed: tf.Tensor) -> tf.data.Dataset:
        return _records(path).enumerate(first).skip(passed)

    columns = [tf.boolean_mask(column, kept) for column in (paths, firsts, left_out)]
    return tf.data.Dataset.from_tensor_slices(tuple(columns)).flat_map(shard_records)


def _records(path: tf.Tensor) -> tf.data.Dataset:
    return tf.data.TFRecordDataset(path, buffer_size=_READ_BYTES)


def _examples(
    numbered: tf.data.Dataset, shards: RecordShards, table: PieceTable, config: PretrainConfig
) -> tf.data.Dataset:
    """Masked and padded rows of (epoch, number, raw record) elements, in order."""
    check_masks(shards.format, config.masking)

    def example(epoch: tf.Tensor, number: tf.Tensor, raw: tf.Tensor) -> Batch:
        if config.masking.stored:
            sequence, stored = parse_stored(raw, shards.format)
            masked = padded_predictions(stored.input_ids, stored.positions, stored.labels, config.masking)
            return _row(sequence, masked, shards, config)
        sequence = parse(raw, shards.format)
        drawn = record_seed(config.seed, epoch, number)
        return _row(sequence, mask_tokens(sequence.input_ids, table, config.masking, drawn), shards, config)

    return numbered.map(example, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)


def _row(sequence: Sequence, masked: MaskedSequence, shards: RecordShards, config: PretrainConfig) -> Batch:
    length = tf.shape(sequence.input_ids)[0]
    room = config.sequence_length - length

    def padded(values: tf.Tensor, filler: int) -> tf.Tensor:
        return tf.ensure_shape(tf.pad(values, [[0, room]], constant_values=filler), [config.sequence_length])

    return {
        "input_ids": padded(masked.input_ids, shards.format.special_ids.pad),
        "segment_ids": padded(sequence.segment_ids, 0),
        "attention_mask": tf.range(config.sequence_length) < length,
        "positions": masked.positions,
        "labels": masked.labels,
        "weights": masked.weights,
    }


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
