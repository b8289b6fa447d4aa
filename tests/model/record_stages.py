"""Small finished stages, vocabulary and records, as the corpus half would hand them to the trainer."""

import io
from typing import Any

import google_crc32c
import numpy as np
import tensorflow as tf

from model.config import EncoderConfig, MaskingConfig, OptimizerConfig, PretrainConfig
from model.contract import places, record
from model.contract.manifest import StageOutput, outputs_in
from model.contract.record import SPECIAL_TOKENS, RecordFormat, SpecialIds
from model.contract.stage import Made, Stage

PIECES = [
    *SPECIAL_TOKENS,
    *(f"말{number}" for number in range(60)),
    *(f"##이{number}" for number in range(30)),
]
VOCABULARY = "".join(f"{piece}\n" for piece in PIECES).encode()
SPECIAL_IDS = SpecialIds(pad=0, unknown=1, cls=2, sep=3, mask=4, begin=5, end=6)
FIRST_WORD = len(SPECIAL_TOKENS)
SMALL_ENCODER = EncoderConfig(
    vocabulary_size=len(PIECES),
    hidden_size=32,
    layers=1,
    heads=2,
    intermediate_size=64,
    max_positions=128,
    block_size=8,
    random_blocks=1,
    plan="uniform",
    dropout=0.1,
    initializer_range=0.1,
)


def small_run(**other: Any) -> PretrainConfig:
    """Seconds of training on sequences of 128 tokens."""
    values = {
        "sequence_length": 128,
        "batch_size": 8,
        "steps": 40,
        "steps_per_loop": 5,
        "checkpoint_every": 10,
        "validate_every": 20,
        "precision": "float32",
        "masking": MaskingConfig(max_predictions=20),
        "optimizer": OptimizerConfig(learning_rate=3e-3, warmup_steps=5, clip_norm=1.0),
    }
    return PretrainConfig(**(values | other))


def vocabulary_stage(root: str) -> StageOutput:
    def work(directory: str) -> Made:
        places.replace_bytes(places.join(directory, "vocab.txt"), VOCABULARY)
        return Made(outputs=outputs_in(directory))

    return Stage("vocabulary", str(root), {}, (), {}).run(work)


def records_stage(root: str, *, length: int, shards: dict[str, list[int]]) -> StageOutput:
    """Records of repeating texts; `shards` gives each split's records a shard. Each begins with its own number."""
    rng = np.random.default_rng(5)
    made = iter(range(10_000))

    def ids(number: int) -> list[int]:
        # Half of each text repeats its other half, so that there is something to learn from the context.
        words = rng.integers(FIRST_WORD, FIRST_WORD + 20, size=int(rng.integers(length // 3, length // 2)))
        return [*[2, FIRST_WORD + 20 + number % 40, *words, *words][: length - 1], 3]

    def work(directory: str) -> Made:
        places.make_directory(directory)
        counted = {}
        for split, counts in shards.items():
            for shard, count in enumerate(counts):
                name = f"{split}-{shard:05d}-of-{len(counts):05d}.tfrecord"
                counted[name] = count
                with tf.io.TFRecordWriter(places.join(directory, name)) as writer:
                    for _ in range(count):
                        writer.write(_example(ids(next(made))))
        counts = io.BytesIO()
        np.save(counts, np.arange(len(PIECES), dtype=np.int64))
        places.replace_bytes(places.join(directory, "token-counts.npy"), counts.getvalue())
        found = RecordFormat(
            sequence_length=length,
            vocabulary_size=len(PIECES),
            vocabulary_crc32c=f"{google_crc32c.value(VOCABULARY):08x}",
            special_ids=SPECIAL_IDS,
        )
        return Made(outputs=outputs_in(directory, counted), facts={"record_format": found.model_dump()})

    return Stage("tokenize", str(root), {"length": length}, (), {}).run(work)


def _example(ids: list[int]) -> bytes:
    feature = {
        record.INPUT_IDS: tf.train.Feature(int64_list=tf.train.Int64List(value=ids)),
        record.SECOND_SEGMENT: tf.train.Feature(int64_list=tf.train.Int64List()),
    }
    return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()
