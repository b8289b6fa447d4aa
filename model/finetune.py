"""One task from one model directory to one score."""

import dataclasses
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from model.compute import FLOAT32, Compute
from model.config import DeviceConfig, EncoderConfig, FinetuneConfig
from model.contract import places
from model.contract.errors import SettingError
from model.devices import compute_for, strategy_for
from model.evaluation_plan import as_evaluated
from model.features import Features, encode, load_tokenizer
from model.heads import SequenceClassifier
from model.metrics import METRICS
from model.optimizer import AdamW
from model.tasks.all_tasks import TASKS
from model.tasks.task import Example, Task
from model.warm_start import load_model, restore_from_directory

PREDICTIONS, SCORES = "predictions.jsonl", "metrics.json"
WIDTH_STEP = 8
"""Padded widths are multiples of this, which suits every device."""

Report = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class EpochScore:
    """After an epoch: the mean training loss within it, and the score on the development set."""

    epoch: int
    loss: float
    score: float


@dataclasses.dataclass(frozen=True)
class FinetuneResult:
    """A task's scores, in points of 100 like the published ones (`model.tasks.published`).

    `score` is the last epoch's; `best` the highest of all epochs', chosen on the very set that it is
    measured on. `baseline` is what answering the commonest training label (for a regression: any constant)
    would score.
    """

    task: str
    metric: str
    score: float
    best: float
    best_epoch: int
    baseline: float
    epochs: tuple[EpochScore, ...]
    train_examples: int
    dev_examples: int
    dropped: int


@dataclasses.dataclass(frozen=True)
class TaskData:
    """Examples, tokenized, with their labels: [examples] int32 classes or float32 values."""

    examples: Sequence[Example]
    features: Features
    labels: np.ndarray


def finetune(
    config: FinetuneConfig,
    model_directory: str,
    device: DeviceConfig,
    output_directory: str,
    progress: Report,
) -> FinetuneResult:
    """Trains a head and the encoder under it on a task, and scores them after each epoch.

    Writes `metrics.json` (the result) and `predictions.jsonl` (the last epoch's answers to the development
    set). On a CPU the same settings give the same scores.

    Args:
      config: the task, its files and the training.
      model_directory: the pretrained encoder, in transformers' format.
      device: what to train on.
      output_directory: where the files go.
      progress: takes a line now and then.

    Raises:
      InputError: for a task file or a model directory that cannot be read.
      SettingError: when device, batch size, length and encoder do not fit together.
    """
    task, strategy = TASKS[config.task], strategy_for(device)
    _check_batch(config, strategy)
    encoder, _ = load_model(model_directory)
    train, dev, dropped = read_task(task, config, encoder, model_directory)
    compute = compute_for(device, config.precision)
    finetuner = Finetuner(task, config, encoder, strategy, len(train.examples), compute)
    restore_from_directory(finetuner.model.encoder, model_directory)
    epochs, predictions = [], np.zeros(0)
    for epoch in range(config.epochs):
        loss = finetuner.train_epoch(train, epoch, progress)
        predictions = finetuner.predict(dev)
        score = METRICS[task.metric](predictions.tolist(), dev.labels.tolist())
        epochs.append(EpochScore(epoch + 1, loss, score))
        progress(f"{task.name}: epoch {epoch + 1}/{config.epochs}: loss {loss:.4f}, {task.metric} {score:.2f}")
    best = max(epochs, key=lambda epoch: epoch.score)
    result = FinetuneResult(
        task=task.name,
        metric=task.metric,
        score=epochs[-1].score,
        best=best.score,
        best_epoch=best.epoch,
        baseline=baseline_score(task, train.labels, dev.labels),
        epochs=tuple(epochs),
        train_examples=len(train.examples),
        dev_examples=len(dev.examples),
        dropped=dropped,
    )
    write_result(result, task, dev, predictions, output_directory)
    return result


def read_task(
    task: Task, config: FinetuneConfig, encoder: EncoderConfig, model_directory: str
) -> tuple[TaskData, TaskData, int]:
    """Both sets of a task, tokenized to one width, and how many records had no text."""
    train, dev = task.read(config.train), task.read(config.dev)
    tokenizer = load_tokenizer(model_directory)
    found = [encode(tokenizer, part.examples, config.max_length) for part in (train, dev)]
    if config.max_length <= encoder.full_attention_up_to:  # else a shorter width could be another kind of attention
        longest = max(features.longest for features in found)
        found = [features.cut(min(-(-longest // WIDTH_STEP) * WIDTH_STEP, config.max_length)) for features in found]
    kind = np.int32 if task.kind == "classification" else np.float32
    data = [
        TaskData(part.examples, features, np.array([example.label for example in part.examples], kind))
        for part, features in zip((train, dev), found, strict=True)
    ]
    return data[0], data[1], train.dropped + dev.dropped


def baseline_score(task: Task, train_labels: np.ndarray, dev_labels: np.ndarray) -> float:
    """What always giving the commonest training label scores on the development set."""
    commonest = min(Counter(train_labels.tolist()).items(), key=lambda item: (-item[1], item[0]))[0]
    return METRICS[task.metric]([commonest] * len(dev_labels), dev_labels.tolist())


def write_result(result: FinetuneResult, task: Task, dev: TaskData, predictions: np.ndarray, directory: str) -> None:
    """Writes the scores, and the answers beside the labels, one line an example."""

    def spelt(value: float) -> str | float:
        return task.labels[int(value)] if task.kind == "classification" else float(value)

    lines = [
        json.dumps({"guid": e.guid, "prediction": spelt(prediction), "label": spelt(e.label)}, ensure_ascii=False)
        for e, prediction in zip(dev.examples, predictions.tolist(), strict=True)
    ]
    scores = json.dumps(dataclasses.asdict(result), ensure_ascii=False, indent=1)
    places.replace_bytes(places.join(directory, PREDICTIONS), "".join(f"{line}\n" for line in lines).encode())
    places.replace_bytes(places.join(directory, SCORES), f"{scores}\n".encode())


def _check_batch(config: FinetuneConfig, strategy: tf.distribute.Strategy) -> None:
    devices = strategy.num_replicas_in_sync
    if config.batch_size % devices:
        raise SettingError(
            f"finetune.{config.task}.batch_size {config.batch_size} cannot be shared by {devices} devices; "
            f"use a multiple of {devices}."
        )


class Finetuner:
    """A classifier or regressor with its optimizer on one strategy."""

    def __init__(
        self,
        task: Task,
        config: FinetuneConfig,
        encoder: EncoderConfig,
        strategy: tf.distribute.Strategy,
        train_examples: int,
        compute: Compute = FLOAT32,
    ):
        """Builds the variables; the head is drawn from the run's seed."""
        self._task, self._config, self._strategy = task, config, strategy
        self._steps_an_epoch = -(-train_examples // config.batch_size)
        with strategy.scope():
            self.model = SequenceClassifier(encoder, task.outputs, config.seed, compute)
            steps = self._steps_an_epoch * config.epochs
            self._optimizer = AdamW(self.model.trainable_variables, config.optimizer, steps)
        self._scored = as_evaluated(self.model, config.evaluation_plan)
        self._drops = encoder.dropout > 0
        self._gradients = tf.function(self._local_gradients, jit_compile=True, autograph=False)
        self._update = tf.function(self._apply_mean, jit_compile=True, autograph=False)
        self._logits = tf.function(self._scored_logits, jit_compile=True, autograph=False)
        self._step = tf.function(lambda batch, step: strategy.run(self._replica_step, (batch, step)), autograph=False)
        self._answers = tf.function(lambda batch: strategy.run(self._replica_logits, (batch,)), autograph=False)

    def train_epoch(self, data: TaskData, epoch: int, progress: Report) -> float:
        """Goes once through the examples, in an order drawn from seed and epoch; returns the mean loss."""
        order = np.random.default_rng([self._config.seed, epoch]).permutation(len(data.examples))
        losses, began = [], time.monotonic()
        for number, batch in enumerate(self._batches(data, order)):
            step = epoch * self._steps_an_epoch + number
            loss = self._step(batch, tf.constant(step, tf.int64))
            losses.append(self._strategy.experimental_local_results(loss)[0])
            if (number + 1) % 100 == 0:
                rate = (number + 1) * self._config.batch_size / (time.monotonic() - began)
                latest = float(losses[-1])
                progress(f"{self._task.name}: step {step + 1:,}: loss {latest:.4f}, {rate:,.0f} examples/s")
        sizes = np.full(len(losses), self._config.batch_size)
        sizes[-1] = len(order) - sizes[:-1].sum()
        return float(np.average([float(loss) for loss in losses], weights=sizes))

    def predict(self, data: TaskData) -> np.ndarray:
        """The answers: [examples] class indices, or values."""
        batches = self._batches(data, np.arange(len(data.examples)))
        shards = [self._strategy.experimental_local_results(self._answers(batch)) for batch in batches]
        logits = np.concatenate([shard.numpy() for copies in shards for shard in copies])[: len(data.examples)]
        return logits.argmax(axis=-1) if self._task.kind == "classification" else logits[:, 0]

    def _batches(self, data: TaskData, order: np.ndarray) -> Iterator[Any]:
        """Batches of one shape, spread over the devices; the last is filled up with examples of weight 0."""
        size = self._config.batch_size
        for start in range(0, len(order), size):
            chosen = order[start : start + size]
            rows = np.resize(chosen, size)
            yield {
                "input_ids": self._spread(data.features.input_ids[rows]),
                "segment_ids": self._spread(data.features.segment_ids[rows]),
                "attention_mask": self._spread(data.features.attention_mask[rows]),
                "labels": self._spread(data.labels[rows]),
                "weights": self._spread((np.arange(size) < len(chosen)).astype(np.float32)),
            }

    def _spread(self, rows: np.ndarray) -> Any:
        share = len(rows) // self._strategy.num_replicas_in_sync

        def part(replica: tf.distribute.experimental.ValueContext) -> tf.Tensor:
            return tf.constant(rows[replica.replica_id_in_sync_group * share :][:share])

        return self._strategy.experimental_distribute_values_from_function(part)

    def _replica_step(self, batch: dict[str, tf.Tensor], step: tf.Tensor) -> tf.Tensor:
        """One update; the loss is the mean over the real examples of the global batch."""
        replica = tf.distribute.get_replica_context()
        drawn = tf.stack([tf.constant(self._config.seed % 2**31), replica.replica_id_in_sync_group])
        seed = tf.random.experimental.stateless_fold_in(drawn, step)
        loss, weight, gradients = replica.all_reduce(tf.distribute.ReduceOp.SUM, self._gradients(batch, seed))
        self._update(gradients, weight, step)
        return loss / weight

    def _replica_logits(self, batch: dict[str, tf.Tensor]) -> tf.Tensor:
        # Handed to the strategy itself, the compiled function would be traced once for all replicas.
        return self._logits(batch)

    def _local_gradients(
        self, batch: dict[str, tf.Tensor], seed: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
        with tf.GradientTape() as tape:
            seed = seed if self._drops else None
            logits = self.model(batch["input_ids"], batch["segment_ids"], batch["attention_mask"], seed)
            loss = tf.reduce_sum(self._losses(logits, batch["labels"]) * batch["weights"])
        gradients = tape.gradient(loss, self._optimizer.variables)
        return (
            loss,
            tf.reduce_sum(batch["weights"]),
            [tf.convert_to_tensor(gradient) for gradient in gradients],
        )

    def _apply_mean(self, sums: list[tf.Tensor], weight: tf.Tensor, step: tf.Tensor) -> None:
        self._optimizer.apply([gradient / weight for gradient in sums], step)

    def _scored_logits(self, batch: dict[str, tf.Tensor]) -> tf.Tensor:
        logits: tf.Tensor = self._scored(batch["input_ids"], batch["segment_ids"], batch["attention_mask"])
        return logits

    def _losses(self, logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """[batch] cross entropies, or squared errors."""
        if self._task.kind == "classification":
            return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
        return tf.square(logits[:, 0] - labels)
