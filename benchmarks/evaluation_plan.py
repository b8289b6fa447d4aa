"""What scoring under transformers' evaluation plan changes: masked-LM loss and accuracy, and a task of long inputs.

Since its pull request 23056 transformers puts block 0 in the place of each random block when it evaluates, so a model
is scored on another attention pattern than it was trained on. A small encoder is trained under the published plan on
the sample's text, then scored under both plans; fine-tuned on a task, it is scored under both again. No task of the
sample has long inputs, so one is made of its court decisions: is a passage of 1,024 tokens from a civil, a criminal or
an administrative case? Passages to score are of other decisions than those to train on, though the encoder has been
trained on the text of most of them.
"""

import dataclasses
import itertools
import statistics
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf

from beam_jobs.read_docs import PieceReading
from beam_jobs.read_plan import find_sources, plan_pieces
from beam_jobs.vocabularies.given import read_vocabulary, special_ids
from beam_jobs.wordpiece import WordPiece
from benchmarks.corpus_text import cleaned_texts, corpus_config
from benchmarks.harness import Findings, Options, run_benchmark
from model.config import (
    DeviceConfig,
    EncoderConfig,
    EvaluationPlan,
    FinetuneConfig,
    MaskingConfig,
    OptimizerConfig,
    PretrainConfig,
)
from model.contract.errors import InputError
from model.contract.record import SPECIAL_TOKENS, UNKNOWN, SpecialIds
from model.evaluation_plan import as_evaluated
from model.features import Features
from model.finetune import Finetuner, TaskData
from model.masking import PieceTable, mask_tokens
from model.pretrain import Trainer, log_frequencies
from model.tasks.task import Example, Task, TaskExamples
from model.train_step import TrainStep

VOCABULARY = 4_000
PLANS: tuple[EvaluationPlan, ...] = ("trained", "transformers_evaluation")
KINDS = ("민사", "형사", "일반행정")
TASK = Task("court decisions", "classification", KINDS, "accuracy", lambda path: TaskExamples(()))

Batch = dict[str, np.ndarray]
Scores = dict[str, dict[EvaluationPlan, float]]


@dataclasses.dataclass(frozen=True)
class _Size:
    length: int
    block: int
    width: int
    layers: int
    steps: int
    batch: int
    validation: int
    passages: int
    epochs: int
    seeds: int


LONG = _Size(1_024, 32, 64, 2, 800, 4, 40, 1_000, 4, 3)
SHORT = _Size(256, 16, 16, 1, 4, 2, 2, 16, 1, 1)


def measure(options: Options) -> Findings:
    """Each seed trains one encoder and one classifier; each is scored under both plans."""
    size = SHORT if options.short else LONG
    text = _Text.of(options.data, size)
    found: list[Scores] = []
    for seed in range(size.seeds):
        found.append(_scores_of_a_seed(text, size, seed))
        print(f"seed {seed + 1}/{size.seeds}: {found[-1]}", file=sys.stderr)
    rows, figures = [], {}
    for name in found[0]:
        changes = [scores[name]["transformers_evaluation"] - scores[name]["trained"] for scores in found]
        row = {plan: _spread([scores[name][plan] for scores in found]) for plan in PLANS}
        rows.append({"mean over seeds (range)": name, **row, "change": _spread(changes)})
        figures[name] = {plan: statistics.mean(scores[name][plan] for scores in found) for plan in PLANS}
        figures[name] |= {"change": statistics.mean(changes), "change_range": [min(changes), max(changes)]}
    train, dev = (len(part.labels) for part in text.tasks)
    note = (
        f"{size.seeds} seed(s). Encoder of {size.layers} layer(s), {size.width} wide, blocks of {size.block}, "
        f"{size.length:,} tokens ({size.length // size.block} blocks, of which an inner one sees 8), {VOCABULARY:,} "
        f"pieces; masked-LM training of {size.steps:,} steps of {size.batch} sequences on {len(text.training):,} "
        f"sequences, validated on {len(text.validation):,}; the task has {train:,} passages to train on and {dev:,} to "
        f"score, of which the commonest kind is {text.commonest:.4f}."
    )
    return Findings(rows, {"benchmark": "evaluation_plan", "seeds": size.seeds, "scores": figures}, [note])


def _spread(values: list[float]) -> str:
    return f"{statistics.mean(values):.4f} ({min(values):.4f} to {max(values):.4f})"


@dataclasses.dataclass(frozen=True)
class _Text:
    """Sequences [sequences, length] to train on and to validate on, and the task's passages, to train on and to score.

    The vocabulary is KoBigBird's, cut to the pieces that are commonest here: with all 32,500, scoring the vocabulary
    would be nearly all of so small a model's work.
    """

    table: PieceTable
    vocabulary: int
    training: np.ndarray
    validation: np.ndarray
    tasks: tuple[TaskData, TaskData]
    log_frequencies: np.ndarray

    @classmethod
    def of(cls, data: Path | None, size: _Size) -> "_Text":
        whole = read_vocabulary(corpus_config(None).vocabulary.path)
        found = list(WordPiece(whole).tokenize(cleaned_texts(data, at_most=400_000 if size is SHORT else None)))
        pieces, renumbered = _commonest(whole, np.concatenate(found))
        special, ids = special_ids(pieces), renumbered[np.concatenate(found)]
        inner = size.length - 2
        rows = ids[: len(ids) // inner * inner].reshape(-1, inner).astype(np.int32)
        if len(rows) < 2 * size.validation:
            raise InputError(
                f"--data holds {len(ids):,} tokens of text; give at least {2 * size.validation * inner:,}."
            )
        rows = np.pad(rows, [(0, 0), (1, 1)])
        rows[:, 0], rows[:, -1] = special.cls, special.sep
        every = len(rows) // size.validation
        held = np.arange(len(rows)) % every == every - 1
        passages = _passages(whole, renumbered, special, size)
        table = PieceTable.from_vocabulary(pieces, special)
        counts = np.bincount(ids, minlength=len(pieces))
        return cls(table, len(pieces), rows[~held], rows[held][: size.validation], passages, log_frequencies(counts))

    @property
    def commonest(self) -> float:
        """The share of the commonest kind among the passages to score."""
        labels = self.tasks[1].labels
        return float(np.bincount(labels).max() / len(labels))


def _commonest(whole: list[str], ids: np.ndarray) -> tuple[list[str], np.ndarray]:
    """The pieces that are kept, and for each id of the whole vocabulary the new one: [UNK]'s where it is left out."""
    special = [piece in SPECIAL_TOKENS for piece in whole]
    counts = np.bincount(ids, minlength=len(whole)) + np.where(special, len(ids), 0)
    kept = np.sort(np.argsort(-counts, kind="stable")[:VOCABULARY])
    renumbered = np.full(len(whole), np.searchsorted(kept, whole.index(UNKNOWN)))
    renumbered[kept] = np.arange(VOCABULARY)
    return [whole[number] for number in kept], renumbered


def _passages(whole: list[str], renumbered: np.ndarray, special: SpecialIds, size: _Size) -> tuple[TaskData, TaskData]:
    """Every whole passage of the sample's decisions; every third decision of a kind is there to be scored."""
    inner = size.length - 2
    rows: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    labels: tuple[list[int], list[int]] = ([], [])
    seen = Counter[int]()
    for label, text in _decisions():
        seen[label] += 1
        part = int(seen[label] % 3 == 0)
        (ids,) = WordPiece(whole).tokenize([text])
        for start in range(0, len(ids) - inner + 1, inner):
            rows[part].append(np.array([special.cls, *renumbered[ids[start : start + inner]], special.sep], np.int32))
            labels[part].append(label)
    train, dev = (_task_data(*part, size.passages) for part in zip(rows, labels, strict=True))
    return train, dev


def _task_data(rows: list[np.ndarray], labels: list[int], most: int) -> TaskData:
    inputs, kinds = np.stack(rows[:most]), np.array(labels[:most], np.int32)
    features = Features(inputs, np.zeros_like(inputs), np.ones_like(inputs, bool))
    return TaskData([Example(str(n), "", None, float(kind)) for n, kind in enumerate(kinds)], features, kinds)


def _decisions() -> Iterator[tuple[int, str]]:
    """Kind and text, dealt so that the kinds take turns: a cut keeps all of them."""
    config = corpus_config(None)
    found = find_sources(config.read.sources)
    settings = {source.config.name: source.config for source in found}
    texts: tuple[list[str], ...] = tuple([] for _ in KINDS)
    for piece in plan_pieces(found, config.read):
        for document in PieceReading(piece, settings[piece.source], dead_letters=1).documents():
            if (kind := document.metadata.get("topic")) in KINDS:
                texts[KINDS.index(kind)].append(document.text)
    for turn in itertools.zip_longest(*texts):
        yield from ((label, text) for label, text in enumerate(turn) if text is not None)


def _scores_of_a_seed(text: _Text, size: _Size, seed: int) -> Scores:
    encoder = EncoderConfig(
        vocabulary_size=text.vocabulary,
        hidden_size=size.width,
        layers=size.layers,
        heads=2,
        intermediate_size=4 * size.width,
        max_positions=size.length,
        block_size=size.block,
    )
    trainer = _pretrained(text, encoder, size, seed)
    scores = _masked_lm_scores(trainer, text, size)
    return scores | {"task accuracy": _task_scores(trainer, text, encoder, size, seed)}


def _pretrained(text: _Text, encoder: EncoderConfig, size: _Size, seed: int) -> Trainer:
    loop = size.steps // 4
    config = PretrainConfig(
        sequence_length=size.length,
        batch_size=size.batch,
        steps=size.steps,
        seed=seed,
        steps_per_loop=loop,
        checkpoint_every=loop,
        validate_every=loop,
        precision="float32",
        masking=MaskingConfig(max_predictions=size.length // 6),
        optimizer=OptimizerConfig(learning_rate=2e-3, warmup_steps=size.steps // 10, clip_norm=1.0),
    )
    trainer = Trainer(encoder, config, DeviceConfig())
    trainer.model.output_bias.assign(text.log_frequencies)  # so that every step goes into what the context tells
    batches = _masked(text.training, text, size, seed).shuffle(1_000, seed=seed).repeat().batch(size.batch, True)
    for _ in trainer.train(lambda context: batches, lambda line: print(line, file=sys.stderr)):
        pass
    return trainer


def _masked(rows: np.ndarray, text: _Text, size: _Size, seed: int) -> tf.data.Dataset:
    """One sequence an element, masked once."""
    masking = MaskingConfig(max_predictions=size.length // 6)

    def masked(number: tf.Tensor, row: tf.Tensor) -> dict[str, tf.Tensor]:
        found = mask_tokens(row, text.table, masking, tf.stack([tf.constant(seed, tf.int64), number]))
        whole = {"segment_ids": tf.zeros_like(row), "attention_mask": tf.ones_like(row, tf.bool)}
        return {**found._asdict(), **whole}

    return tf.data.Dataset.from_tensor_slices(rows).enumerate().map(masked).cache()


def _masked_lm_scores(trainer: Trainer, text: _Text, size: _Size) -> Scores:
    """Of the same masks under both plans."""
    scores: Scores = {"masked-LM loss": {}, "masked-LM accuracy": {}}
    batches = list(_masked(text.validation, text, size, seed=1_000).batch(size.batch, True))
    tokens = sum(float(tf.reduce_sum(batch["weights"])) for batch in batches)
    for plan in PLANS:
        step = TrainStep(as_evaluated(trainer.model, plan), trainer.optimizer, trainer.config)
        compiled = tf.function(step.scores, jit_compile=True, autograph=False)
        loss, right = np.sum([[float(value) for value in compiled(batch)] for batch in batches], axis=0) / tokens
        scores["masked-LM loss"][plan], scores["masked-LM accuracy"][plan] = float(loss), float(right)
    return scores


def _task_scores(
    trainer: Trainer, text: _Text, encoder: EncoderConfig, size: _Size, seed: int
) -> dict[EvaluationPlan, float]:
    """Shares of right answers, in the model's last state."""
    train, dev = text.tasks
    config = FinetuneConfig(
        task="nsmc",  # of no matter: the task is given beside it
        train="",
        dev="",
        max_length=size.length,
        epochs=size.epochs,
        batch_size=8,
        seed=seed,
        optimizer=OptimizerConfig(learning_rate=1e-3, warmup_steps=0, bias_correction=True, clip_norm=1.0),
    )
    finetuner = Finetuner(TASK, config, encoder, trainer.strategy, len(train.labels))
    for variable, pretrained in zip(finetuner.model.encoder.variables, trainer.model.encoder.variables, strict=True):
        variable.assign(pretrained)
    for epoch in range(size.epochs):
        loss = finetuner.train_epoch(train, epoch, lambda line: None)
        print(f"task, epoch {epoch + 1}: loss {loss:.4f}", file=sys.stderr)
    return {plan: _accuracy(finetuner, plan, dev) for plan in PLANS}


def _accuracy(finetuner: Finetuner, plan: EvaluationPlan, data: TaskData) -> float:
    model = as_evaluated(finetuner.model, plan)
    score = tf.function(lambda *inputs: model(*inputs), jit_compile=True, autograph=False)
    arrays = [getattr(data.features, field.name) for field in dataclasses.fields(Features)]
    answers = [score(*(part[start : start + 8] for part in arrays)) for start in range(0, len(data.labels), 8)]
    return float((np.concatenate(answers).argmax(axis=-1) == data.labels).mean())


if __name__ == "__main__":
    run_benchmark(__doc__ or "", measure)
