"""TensorFlow's own gs:// file system against the emulator: what the trainer needs of it.

The work runs in a child process, this file run by `-m`: its https is bent to the emulator while it lives.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import google_crc32c
import pytest

from model.contract import places
from tests.conftest import Gcs

REPOSITORY = Path(__file__).parents[1]
RECORDS = 2_000


def write_and_read_files(root: str) -> dict[str, Any]:
    import tensorflow as tf

    path = f"{root}/files/가.txt"
    with tf.io.gfile.GFile(path, "w") as file:
        file.write("한국어")
    tf.io.gfile.rename(path, f"{root}/files/나.txt")
    with tf.io.gfile.GFile(f"{root}/files/나.txt") as file:
        text = file.read()
    return {
        "text": text,
        "exists": [tf.io.gfile.exists(f"{root}/files/{name}") for name in ("나.txt", "가.txt")],
        "glob": tf.io.gfile.glob(f"{root}/files/*.txt"),
    }


def write_and_read_records(root: str) -> dict[str, Any]:
    import tensorflow as tf

    path = f"{root}/records/train.tfrecord"
    records = [index.to_bytes(4, "big") * 1_000 for index in range(RECORDS)]
    with tf.io.TFRecordWriter(path) as writer:
        for record in records:
            writer.write(record)
    own = [record.numpy() for record in tf.data.TFRecordDataset(path)]
    ours = [record.numpy() for record in tf.data.TFRecordDataset(f"{root}/records/by_places.tfrecord")]
    return {"equal": own == records, "by_places": [record.decode() for record in ours]}


def save_and_restore_checkpoints(root: str) -> dict[str, Any]:
    import tensorflow as tf

    def tracked(weights: tf.Tensor, step: int) -> tf.train.Checkpoint:
        return tf.train.Checkpoint(weights=tf.Variable(weights), step=tf.Variable(step, dtype=tf.int64))

    saved = tracked(tf.random.stateless_normal([1_000, 1_000], seed=[1, 2]), 0)
    manager = tf.train.CheckpointManager(saved, f"{root}/checkpoints", max_to_keep=2)
    for step in (100, 200, 300):
        saved.step.assign(step)
        manager.save(checkpoint_number=step)
    restored = tracked(tf.zeros([1_000, 1_000]), 0)
    latest = tf.train.CheckpointManager(restored, f"{root}/checkpoints", max_to_keep=2).latest_checkpoint
    restored.restore(latest).assert_consumed()
    return {
        "latest": latest,
        "step": int(restored.step),
        "equal": bool(tf.reduce_all(restored.weights == saved.weights)),
    }


@pytest.fixture(scope="module")
def root(gcs: Gcs) -> str:
    root = places.join(gcs.root, "tensorflow")
    framed = b"".join(framed_record(text.encode()) for text in ("하나", "둘"))
    places.replace_bytes(places.join(root, "records", "by_places.tfrecord"), framed)
    return root


@pytest.fixture(scope="module")
def found(root: str, tensorflow_gcs_environment: dict[str, str]) -> dict[str, Any]:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.test_gcs_tensorflow", root],
        cwd=REPOSITORY,
        env={
            **os.environ,
            **tensorflow_gcs_environment,
            "PYTHONPATH": str(REPOSITORY),
            "TF_CPP_MIN_LOG_LEVEL": "2",
        },
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert ended.returncode == 0, ended.stderr
    return dict(json.loads(ended.stdout.splitlines()[-1]))


def framed_record(data: bytes) -> bytes:
    """TFRecord framing, by its definition: length, its masked CRC-32C, data, its masked CRC-32C."""

    def masked(part: bytes) -> bytes:
        crc = google_crc32c.value(part)
        return ((((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF).to_bytes(4, "little")

    length = len(data).to_bytes(8, "little")
    return length + masked(length) + data + masked(data)


@pytest.mark.gcs
def test_tensorflow_writes_renames_and_reads_files_on_gs(found: dict[str, Any], root: str):
    assert found["files"] == {"text": "한국어", "exists": [True, False], "glob": [f"{root}/files/나.txt"]}
    assert places.read_bytes(f"{root}/files/나.txt").decode() == "한국어"


@pytest.mark.gcs
def test_tensorflow_writes_and_reads_records_on_gs(found: dict[str, Any], root: str):
    assert found["records"] == {"equal": True, "by_places": ["하나", "둘"]}
    assert places.size(f"{root}/records/train.tfrecord") == RECORDS * (4_000 + 16)


@pytest.mark.gcs
def test_tensorflow_restores_the_newest_checkpoint_on_gs_and_keeps_two(found: dict[str, Any], root: str):
    assert found["checkpoints"] == {"latest": f"{root}/checkpoints/ckpt-300", "step": 300, "equal": True}
    kept = [path.rsplit("/", 1)[-1] for path in places.glob(f"{root}/checkpoints/*.index")]
    assert kept == ["ckpt-200.index", "ckpt-300.index"]


if __name__ == "__main__":
    place = sys.argv[1]
    print(
        json.dumps(
            {
                "files": write_and_read_files(place),
                "records": write_and_read_records(place),
                "checkpoints": save_and_restore_checkpoints(place),
            }
        )
    )
