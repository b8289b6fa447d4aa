"""One pretraining update, forward to optimizer, beside transformers' PyTorch BigBird on the same weights and batch.

Real text of the sample, masked as in pretraining, float32, BERT-base widths but fewer layers, dropout as in the recipe.
Before anything is timed, our loss and that of transformers' block-sparse attention, dropout off, must agree. We score
the vocabulary at the masked positions alone; transformers' model scores it at every position and offers nothing else,
so its parts put together to do as ours does stand beside it: with few layers the vocabulary is half of the work.
"""

import dataclasses
import itertools
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import torch
import transformers

from beam_jobs.vocabularies.given import read_vocabulary, special_ids
from beam_jobs.wordpiece import WordPiece
from benchmarks.corpus_text import cleaned_texts, corpus_config
from benchmarks.harness import Findings, Options, Ratio, UnequalError, Work, alternate, run_benchmark
from model.config import DeviceConfig, EncoderConfig, MaskingConfig, PretrainConfig
from model.contract.errors import InputError
from model.export import export_model
from model.masking import PieceTable, mask_tokens
from model.pretrain import Trainer

OURS = "ours, block-sparse"
SPARSE, FULL = "transformers, block-sparse", "transformers, full attention"
SPARSE_MASKED = "transformers' parts, block-sparse, masked positions only"
ATTENTION = {SPARSE: "block_sparse", SPARSE_MASKED: "block_sparse", FULL: "original_full"}
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
    _use_one_thread()
    transformers.logging.disable_progress_bar()
    ids = _sample_ids(options.data)
    settings = SHORT if options.short else LONG
    rows, ratios = [], {}
    for setting in settings:
        seconds = _time_updates(setting, _masked_batch(ids, setting))
        for name in ATTENTION:
            ratio = Ratio.of(seconds[OURS], seconds[name])
            ratios[f"{setting.length}_over_{_key(name)}"] = ratio.median
            rows.append({"tokens": setting.length, "beside": name, "ours is faster by (range over rounds)": str(ratio)})
    sizes = settings[0].sizes
    note = (
        f"One sequence a batch, layers: {sizes['layers']}, width: {sizes['hidden_size']}; CPU time, one thread each. "
        "Ours scores the vocabulary at the masked positions only."
    )
    return Findings(rows, {"benchmark": "training_step", "ratios": ratios}, [note])


def _use_one_thread() -> None:
    """One each: PyTorch's threads spin while they wait for one another, and lose tenfold where a core is shared."""
    torch.set_num_threads(1)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


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
    trainer = Trainer(encoder, config, DeviceConfig(kind="cpu"))
    batches = tf.data.Dataset.from_tensors(batch)
    works: dict[str, Work] = {}
    with tempfile.TemporaryDirectory() as folder:
        export_model(trainer.model, str(_vocabulary().parent), folder)
        for name, attention in ATTENTION.items():
            # In training mode, for `eval()` would also change which blocks are seen.
            model = transformers.BigBirdForMaskedLM.from_pretrained(folder, attention_type=attention).train()
            loss = _masked_loss(model, batch) if name == SPARSE_MASKED else _loss(model, batch)
            if attention == "block_sparse":
                _refuse_unequal_loss(trainer.validate(batches).loss, name, model, loss)
            works[name] = _torch_update(model, loss)
    points = trainer.train(lambda context: batches.repeat(), report=lambda _: None)
    works = {OURS: lambda: next(points), **works}
    for work in works.values():
        work()  # compiles, and makes the optimizer's moments
    return alternate(works, setting.rounds, time.process_time)


def _torch_update(model: Any, loss: Callable[[], Any]) -> Work:
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.01, fused=True)

    def update() -> None:
        loss().backward()
        optimizer.step()
        optimizer.zero_grad()

    return update


def _loss(model: Any, batch: Batch) -> Callable[[], Any]:
    """As transformers has it: labels at every position, -100 where nothing is predicted."""
    inputs = _inputs(batch)
    labels = torch.full_like(inputs["input_ids"], -100)
    labels[0, _predicted(batch, "positions")] = _predicted(batch, "labels")
    return lambda: model(**inputs, labels=labels).loss


def _masked_loss(model: Any, batch: Batch) -> Callable[[], Any]:
    """The same loss from the model's own encoder and head, with the head where something is predicted."""
    inputs, positions, labels = _inputs(batch), _predicted(batch, "positions"), _predicted(batch, "labels")

    def loss() -> Any:
        hidden = model.bert(**inputs).last_hidden_state
        return torch.nn.functional.cross_entropy(model.cls(hidden[0, positions]), labels)

    return loss


def _refuse_unequal_loss(ours: float, name: str, model: Any, loss: Callable[[], Any]) -> None:
    dropouts = [module for module in model.modules() if isinstance(module, torch.nn.Dropout)]
    shares = [module.p for module in dropouts]
    for module in dropouts:
        module.p = 0.0
    with torch.no_grad():
        theirs = float(loss())
    for module, share in zip(dropouts, shares, strict=True):
        module.p = share
    if abs(ours - theirs) > LOSS_TOLERANCE:
        raise UnequalError(f"our loss {ours:.5f} and that of {name}, {theirs:.5f}, are not the same.")


def _inputs(batch: Batch) -> dict[str, Any]:
    return {
        "input_ids": torch.tensor(batch["input_ids"], dtype=torch.long),
        "token_type_ids": torch.tensor(batch["segment_ids"], dtype=torch.long),
        "attention_mask": torch.tensor(batch["attention_mask"], dtype=torch.float32),
    }


def _predicted(batch: Batch, name: str) -> Any:
    return torch.tensor(batch[name][batch["weights"] > 0], dtype=torch.long)


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


def _key(name: str) -> str:
    return "_".join(re.findall("[a-z]+", name))


def _vocabulary() -> Path:
    return Path(corpus_config(None).vocabulary.path)


if __name__ == "__main__":
    run_benchmark(__doc__ or "", measure)
