"""The pretraining loop: masked-LM on packed records, checkpointed, resumed at the very example and mask."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from model.checkpoints import Checkpoints
from model.config import DeviceConfig, EncoderConfig, PretrainConfig
from model.contract.errors import OutputError, SettingError
from model.contract.manifest import StageOutput, outputs_in
from model.contract.stage import Made
from model.devices import compute_for, strategy_for
from model.evaluation_plan import as_evaluated
from model.heads import MaskedLanguageModel
from model.input_pipeline import Batch, training_batches, validation_batches
from model.masking import PieceTable
from model.optimizer import AdamW, learning_rate
from model.record_files import check_format, check_masks, check_vocabulary, open_records
from model.train_step import TrainStep
from model.training_curve import CurvePoint, ValidationPoint, read_curve
from model.vocabulary_files import pieces_at, read_pieces, token_counts
from model.warm_start import check_same_pieces, warm_start
from model.weights.find import find_weights

Report = Callable[[str], None]


def pretrain(
    encoder: EncoderConfig,
    config: PretrainConfig,
    corpus: StageOutput,
    vocabulary: StageOutput,
    directory: str,
    device: DeviceConfig,
    report: Report,
) -> Made:
    """Trains to the last step, from the newest checkpoint in `directory` if there is one.

    Args:
      encoder: the architecture.
      config: the run.
      corpus: the tokenizing stage, whose shards are compared with its manifest before the first step.
      vocabulary: the vocabulary stage.
      directory: where checkpoints and the curve go.
      device: what to train on.
      report: takes a line now and then: step, loss, rate, time left.

    Raises:
      SettingError: when records, vocabulary, configuration and the weights to begin with do not fit together.
      InputError: for weights to begin with that are damaged.
      OutputError: for damaged records, or checkpoints of which none loads.
    """
    training, validation = open_records(corpus, "train"), open_records(corpus, "validation")
    check_format(training.format, config.sequence_length, encoder.vocabulary_size)
    pieces = read_pieces(vocabulary)
    check_vocabulary(training.format, vocabulary, pieces)
    table = PieceTable.from_vocabulary(pieces, training.format.special_ids)
    check_masks(training.format, config.masking)
    held_aside = validation_batches(validation, table, config)
    _check_validation(held_aside, corpus.directory)
    log_counts = log_frequencies(token_counts(corpus, len(pieces))) if config.output_bias == "log_frequency" else None
    trainer = Trainer(encoder, config, device)
    checkpoints = Checkpoints(
        directory,
        config.keep_checkpoints,
        model=trainer.model,
        optimizer=trainer.optimizer,
        step=trainer.step,
    )
    if (restored := checkpoints.restore_newest()) is not None:
        report(f"resuming at step {trainer.at:,} from {restored}")
    else:
        _begin(trainer.model, config, pieces, report)
        if log_counts is not None:  # asked for, so it stands in place of a warm start's too
            trainer.model.output_bias.assign(log_counts)
    curve = read_curve(directory).up_to(trainer.at)

    def batches(context: tf.distribute.InputContext) -> tf.data.Dataset:
        return training_batches(
            training,
            table,
            config,
            trainer.at,
            context.get_per_replica_batch_size(config.batch_size),
            context.input_pipeline_id,
            context.num_input_pipelines,
        )

    for point in trainer.train(batches, report):
        curve = curve.plus(point)
        if point.step % config.validate_every == 0 or point.step == config.steps:
            curve = curve.plus(found := trainer.validate(held_aside))
            report(
                f"step {point.step:,}: validation loss {found.loss:.4f}, unigram entropy of the masked tokens "
                f"{found.unigram_entropy:.4f} nats ({found.tokens:,} tokens), accuracy {found.accuracy:.4f}"
            )
        curve.write(directory)
        if point.step % config.checkpoint_every == 0 or point.step == config.steps:
            checkpoints.save(point.step)
    return Made(
        outputs=outputs_in(directory),
        counters={"pretrain/steps": trainer.at, "pretrain/examples": trainer.at * config.batch_size},
        facts={
            "validation": curve.validation[-1].model_dump(),
            "record_format": training.format.model_dump(),
            "devices": trainer.strategy.num_replicas_in_sync,
        },
    )


def _begin(model: MaskedLanguageModel, config: PretrainConfig, pieces: list[str], report: Report) -> None:
    """Gives a new model the weights that it is to begin with, if any are named."""
    if not config.warm_start:
        return
    found = find_weights(config.warm_start)
    if found.vocabulary:
        check_same_pieces(pieces_at(found.vocabulary), pieces, found.vocabulary)
    drawn = warm_start(model, found, config.warm_start_positions)
    for notice in found.notices:
        report(notice)
    report(f"beginning from {found.place} ({found.kind}); drawn anew: {', '.join(drawn) or 'nothing'}")


def _check_share(batch_size: int, devices: int) -> None:
    if batch_size % devices:
        raise SettingError(
            f"pretrain.batch_size {batch_size} cannot be dealt to {devices} devices; use a multiple of {devices}."
        )


def _check_validation(batches: tf.data.Dataset, directory: str) -> None:
    """Its masks never change, so a split of which none is hidden would end each try at the first validation."""
    if not any(batch["weights"].numpy().any() for batch in batches):
        raise OutputError(
            f"no token of the validation records of {directory} is hidden, so there is nothing to validate on; give "
            "the validation split more text."
        )


class Trainer:
    """A model with its optimizer on one strategy."""

    def __init__(self, encoder: EncoderConfig, config: PretrainConfig, device: DeviceConfig):
        """Builds the variables, initialised from the run's seed."""
        self.config, self.strategy = config, strategy_for(device)
        _check_share(config.batch_size, self.strategy.num_replicas_in_sync)
        compute = compute_for(device, config.precision, config.gradient_checkpointing)
        with self.strategy.scope():
            self.model = MaskedLanguageModel(encoder, config.seed, compute)
            self.optimizer = AdamW(self.model.trainable_variables, config.optimizer, config.steps)
            self.step = tf.Variable(0, trainable=False, dtype=tf.int64, name="step")
        # Only the loop over steps is Python that AutoGraph has to read.
        compiled = tf.function(jit_compile=True, autograph=False)
        step = TrainStep(self.model, self.optimizer, config)
        scored = TrainStep(as_evaluated(self.model, config.evaluation_plan), self.optimizer, config)
        self._gradients, self._scores = compiled(step.gradients), compiled(scored.scores)
        self._update = step.update  # its operations are fast as they are, and update in place
        self._step = tf.autograph.experimental.do_not_convert(self._train_step)
        self._loop = tf.function(self._run_loop)

    @property
    def at(self) -> int:
        """The number of steps done."""
        return int(self.step.numpy())

    def train(
        self, batches: Callable[[tf.distribute.InputContext], tf.data.Dataset], report: Report
    ) -> Iterator[CurvePoint]:
        """Runs loops of `steps_per_loop` steps up to the last step; a point after each.

        Args:
          batches: of one replica, for the host that the context tells; they are fetched to the devices ahead.
          report: takes a line after each loop.
        """
        config = self.config
        distributed = iter(self.strategy.distribute_datasets_from_function(batches))
        began, first = time.monotonic(), self.at
        while (at := self.at) < config.steps:
            loss = float(self._loop(distributed).numpy().mean(dtype=np.float64))
            at += config.steps_per_loop
            rate = learning_rate(config.optimizer, tf.constant(at - 1, tf.int64), config.steps)
            took = time.monotonic() - began
            tokens = (at - first) * config.batch_size * config.sequence_length / took
            left = took / (at - first) * (config.steps - at)
            report(f"step {at:,}/{config.steps:,}: loss {loss:.4f}, {tokens:,.0f} tokens/s, {left:,.0f} s left")
            yield CurvePoint(step=at, loss=loss, learning_rate=float(rate))

    def validate(self, batches: tf.data.Dataset) -> ValidationPoint:
        """Masked-LM loss over all batches, beside the entropy of the masked tokens' own frequencies."""
        loss = correct = 0.0
        counts = np.zeros(self.model.encoder.config.vocabulary_size, np.int64)
        for batch in batches:
            sums = self._scores(batch)
            loss, correct = loss + float(sums[0]), correct + float(sums[1])
            counts += np.bincount(batch["labels"].numpy()[batch["weights"].numpy() > 0], minlength=len(counts))
        tokens = int(counts.sum())
        return ValidationPoint(
            step=self.at,
            loss=loss / tokens,
            accuracy=correct / tokens,
            unigram_entropy=entropy(counts),
            tokens=tokens,
        )

    def _run_loop(self, batches: Any) -> tf.Tensor:
        first = tf.identity(self.step)
        losses = tf.TensorArray(tf.float32, self.config.steps_per_loop)
        for number in tf.range(self.config.steps_per_loop):
            step = first + tf.cast(number, tf.int64)
            loss = self.strategy.run(self._step, args=(next(batches), step))
            losses = losses.write(number, self.strategy.reduce(tf.distribute.ReduceOp.MEAN, loss, axis=None))
        self.step.assign_add(self.config.steps_per_loop)
        return losses.stack()

    def _train_step(self, batch: Batch, step: tf.Tensor) -> tf.Tensor:
        """One update on a replica; the loss is the mean over the masked tokens of the global batch."""
        replica = tf.distribute.get_replica_context()
        predicted = replica.all_reduce(tf.distribute.ReduceOp.SUM, TrainStep.predicted(batch))
        share = self._gradients(batch, predicted, step, replica.replica_id_in_sync_group)
        loss, gradients = replica.all_reduce(tf.distribute.ReduceOp.SUM, tuple(share))
        self._update(gradients, step)
        return loss


def entropy(counts: np.ndarray) -> float:
    """Shannon entropy, in nats, of the distribution that counts describe."""
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())


def log_frequencies(counts: np.ndarray) -> np.ndarray:
    """Log frequencies of ids with one added to each count: the head's best guess before it knows any context."""
    logarithms: np.ndarray = np.log((counts + 1) / (counts + 1).sum()).astype(np.float32)
    return logarithms
