"""One pretraining update, forward to optimizer, beside transformers' PyTorch BigBird on the same weights and batch.

Real text of the sample, masked as in pretraining, float32, BERT-base widths but fewer layers, dropout as in the recipe.
Before anything is timed, our loss and that of transformers' block-sparse attention, dropout off, must agree. We score
the vocabulary at the masked positions alone; transformers' model scores it at every position and offers nothing else.
"""

import dataclasses
import itertools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import torch
import transformers

from beam_jobs.vocabulary import read_vocabulary, special_ids
from beam_jobs.wordpiece import WordPiece
from benchmarks.corpus_text import cleaned_texts, corpus_config
from benchmarks.harness import Findings, Options, Ratio, UnequalError, Work, alternate, run_benchmark
from model.config import DeviceConfig, EncoderConfig, MaskingConfig, PretrainConfig
from model.contract.errors import InputError
from model.devices import strategy_for
from model.export import export_model
from model.masking import PieceTable, mask_tokens
from model.pretrain import Trainer

OURS = "ours, block-sparse, XLA"
ATTENTION = {"block_sparse": "transformers, block-sparse", "original_full": "transformers, full attention"}
LOSS_TOLERANCE = 1e-3

Batch = dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class _Setting:
    length: int
    predictions: int
    rounds: int
    sizes: dict[str, int]


_BASE = {"hidden_size": 768, "layers": 2, "heads": 12, "intermediate_size": 3_072}
_SMALL = {"hidden_size": 64, "layers": 1, "heads": 2, "intermediate_size": 128, "block_size": 16}
LONG = (_Setting(1_024, 160, 7, _BASE), _Setting(4_096, 640, 3, _BASE))
SHORT = (_Setting(256, 40, 3, _SMALL),)


def measure(options: Options) -> Findings:
    """One length after the other, each way in turn."""
    transformers.logging.disable_progress_bar()
    ids = _sample_ids(options.data)
    rows, ratios = [], {}
    for setting in SHORT if options.short else LONG:
        seconds = _time_updates(setting, _masked_batch(ids, setting))
        for name in ATTENTION.values():
            ratio = Ratio.of(seconds[OURS], seconds[name])
            ratios[f"{setting.length}_over_{name.replace(',', '').replace(' ', '_').replace('-', '_')}"] = ratio.median
            rows.append(
                {
                    "tokens": setting.length,
                    "beside": name,
                    "our update is faster by (range over rounds)": str(ratio),
                }
            )
    widths = SHORT[0].sizes if options.short else LONG[0].sizes
    note = (
        f"One sequence a batch, {widths['layers']} layer(s) {widths['hidden_size']} wide, on the CPU. Ours scores the "
        "vocabulary at the masked positions only, transformers at all."
    )
    return Findings(rows, {"benchmark": "training_step", "ratios": ratios}, [note])


def _time_updates(setting: _Setting, batch: Batch) -> dict[str, list[float]]:
    encoder = EncoderConfig(max_positions=setting.length, **setting.sizes)
    config = PretrainConfig(
        sequence_length=setting.length,
        batch_size=1,
        steps=1_000,
        steps_per_loop=1,
        checkpoint_every=1,
        validate_every=1,
        precision="float32",
    )
    trainer = Trainer(encoder, config, strategy_for(DeviceConfig(kind="cpu")))
    batches = tf.data.Dataset.from_tensors(batch)
    works: dict[str, Work] = {}
    with tempfile.TemporaryDirectory() as folder:
        export_model(trainer.model, str(_vocabulary().parent), folder)
        for attention, name in ATTENTION.items():
            # In training mode, for `eval()` would also change which blocks are seen.
            model = transformers.BigBirdForMaskedLM.from_pretrained(folder, attention_type=attention).train()
            if attention == "block_sparse":
                _refuse_unequal_loss(model, batch, trainer.validate(batches).loss)
            works[name] = _torch_update(model, _for_torch(batch))
    points = trainer.train(batches.repeat(), report=lambda _: None)
    works = {OURS: lambda: next(points), **works}
    for work in works.values():
        work()  # compiles, and makes the optimizer's moments
    return alternate(works, setting.rounds)


def _torch_update(model: Any, batch: dict[str, Any]) -> Callable[[], None]:
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.01, fused=True)

    def update() -> None:
        model(**batch).loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    return update


def _refuse_unequal_loss(model: Any, batch: Batch, ours: float) -> None:
    dropouts = [module for module in model.modules() if isinstance(module, torch.nn.Dropout)]
    shares = [module.p for module in dropouts]
    for module in dropouts:
        module.p = 0.0
    with torch.no_grad():
        theirs = float(model(**_for_torch(batch)).loss)
    for module, share in zip(dropouts, shares, strict=True):
        module.p = share
    if abs(ours - theirs) > LOSS_TOLERANCE:
        raise UnequalError(f"our loss {ours:.5f} and transformers' {theirs:.5f} differ by more than {LOSS_TOLERANCE}.")


def _for_torch(batch: Batch) -> dict[str, Any]:
    """What transformers takes: a label at every position, -100 where nothing is predicted."""
    labels = np.full(batch["input_ids"].shape, -100, np.int64)
    counted = batch["weights"][0] > 0
    labels[0, batch["positions"][0, counted]] = batch["labels"][0, counted]
    return {
        "input_ids": torch.tensor(batch["input_ids"], dtype=torch.long),
        "token_type_ids": torch.tensor(batch["segment_ids"], dtype=torch.long),
        "attention_mask": torch.tensor(batch["attention_mask"], dtype=torch.float32),
        "labels": torch.tensor(labels),
    }


def _masked_batch(ids: list[int], setting: _Setting) -> Batch:
    """One sequence full of text, with the predictions that pretraining would ask for."""
    pieces = read_vocabulary(str(_vocabulary()))
    special = special_ids(pieces)
    sequence = np.array([special.cls, *ids[: setting.length - 2], special.sep], np.int32)
    table = PieceTable.from_vocabulary(pieces, special)
    masking = MaskingConfig(max_predictions=setting.predictions)
    masked = mask_tokens(tf.constant(sequence), table, masking, tf.constant([0, 0]))
    return {
        "segment_ids": np.zeros((1, setting.length), np.int32),
        "attention_mask": np.ones((1, setting.length), bool),
        **{name: values.numpy()[None] for name, values in masked._asdict().items()},
    }


def _sample_ids(data: Path | None) -> list[int]:
    """Enough ids for the longest sequence, of the documents one after the other."""
    found = WordPiece(read_vocabulary(str(_vocabulary()))).tokenize(cleaned_texts(data, at_most=50_000))
    ids = list(itertools.chain.from_iterable(array.tolist() for array in found))
    longest = max(setting.length for setting in LONG)
    if len(ids) < longest:
        raise InputError(f"--data holds {len(ids):,} tokens of Korean text; give at least {longest:,}.")
    return ids


def _vocabulary() -> Path:
    return Path(corpus_config(None).vocabulary.path)


if __name__ == "__main__":
    run_benchmark(__doc__ or "", measure)
