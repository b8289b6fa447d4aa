"""Our model's part of `benchmarks.model`: trains or encodes in a process that imports no more than that takes."""

import json
import sys
from typing import Any

import tensorflow as tf

from benchmarks.model_timing import Work, answer, load_batch
from model.config import DeviceConfig, EncoderConfig, PretrainConfig
from model.pretrain import Trainer


def main() -> None:
    """Trains or encodes, as the request on standard input asks."""
    request = json.loads(sys.stdin.read())
    answer(request, _training(request) if request["work"] == "training step" else _inference(request))


def _training(request: dict[str, Any]) -> Work:
    trainer = new_trainer(request)
    batches = tf.data.Dataset.from_tensors(load_batch(request))
    points = trainer.train(lambda context: batches.repeat(), report=lambda _: None)
    return lambda: next(points)


def _inference(request: dict[str, Any]) -> Work:
    encoder = new_trainer(request).model.encoder
    batch = load_batch(request)
    inputs = [tf.constant(batch[name]) for name in ("input_ids", "segment_ids", "attention_mask")]
    encode = tf.function(lambda *inputs: encoder(*inputs), jit_compile=True)
    return lambda: encode(*inputs).numpy()


def new_trainer(request: dict[str, Any]) -> Trainer:
    """A fresh model of the same weights each time: they follow from the seed."""
    config = PretrainConfig(
        sequence_length=request["length"],
        batch_size=1,
        steps=1_000,
        steps_per_loop=1,
        checkpoint_every=1,
        validate_every=1,
        precision="float32",
    )
    return Trainer(EncoderConfig(**request["encoder"]), config, DeviceConfig(kind="cpu"))
