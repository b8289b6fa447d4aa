"""A directory of records as KoBigBird's create_pretraining_data.py leaves it, with what they held before masking."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tests.model.record_stages import FIRST_WORD, PIECES, VOCABULARY

LENGTH, PREDICTIONS = 32, 6
MASK = 4


class Written(NamedTuple):
    directory: str
    vocabulary: str
    sequences: list[list[int]]
    """Of each record, in order of file: the ids, nothing hidden and no padding."""
    hidden: list[dict[int, int]]
    """Of each record: what is shown at each hidden position."""


def write_kobigbird_files(root: Path, counts: list[int]) -> Written:
    """Files with so many records each, masked one token in eight, padded; one in four of the masks is [PAD]."""
    rng = np.random.default_rng(3)
    directory = root / "pretrain_tfrecords"
    directory.mkdir(parents=True)
    (root / "vocab.txt").write_bytes(VOCABULARY)
    sequences, hidden = [], []
    for number, count in enumerate(counts):
        name = f"pretrain_data.tfrecord-{number}-of-{len(counts)}"
        with tf.io.TFRecordWriter(str(directory / name)) as writer:
            for _ in range(count):
                words = rng.integers(FIRST_WORD, len(PIECES), size=rng.integers(10, LENGTH - 2)).tolist()
                sequences.append([2, *words, 3])
                places = sorted(rng.choice(np.arange(1, len(words) + 1), 3, replace=False).tolist())
                hidden.append({at: int(rng.choice([MASK, MASK, MASK, 0])) for at in places})
                writer.write(_example(sequences[-1], hidden[-1]))
    return Written(str(directory), str(root / "vocab.txt"), sequences, hidden)


def _example(ids, hidden):
    shown = [hidden.get(at, token) for at, token in enumerate(ids)]
    predictions = PREDICTIONS - len(hidden)
    integers = {
        "input_ids": shown + [0] * (LENGTH - len(ids)),
        "segment_ids": [0] * LENGTH,
        "masked_lm_positions": [*hidden, *[0] * predictions],
        "masked_lm_ids": [*(ids[at] for at in hidden), *[0] * predictions],
        "next_sentence_labels": [0],
    }
    feature = {name: tf.train.Feature(int64_list=tf.train.Int64List(value=found)) for name, found in integers.items()}
    weights = [1.0] * len(hidden) + [0.0] * predictions
    feature["masked_lm_weights"] = tf.train.Feature(float_list=tf.train.FloatList(value=weights))
    return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()
