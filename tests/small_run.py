"""A run so small that a whole road takes seconds: a cut of the sample, and a preset over it at any place."""

import dataclasses
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from model.contract import places
from tests.child_process import REPOSITORY

SAMPLE = REPOSITORY / "sample"
PIECES = 10_000
LENGTH = 128
STEPS, CHECKPOINT_EVERY = 30, 10


@dataclasses.dataclass(frozen=True)
class SmallRun:
    """A preset's file, and what it names: where the inputs lie and where the stages write."""

    preset: str
    inputs: str
    root: str


def small_run(place: str, folder: Path) -> SmallRun:
    """Puts the inputs below a place, local or gs://, and the preset that reads and writes there into a folder."""
    inputs, root = places.join(place, "raw"), places.join(place, "run")
    for name, data in _inputs().items():
        places.replace_bytes(places.join(inputs, name), data)
    preset = folder / "small.yaml"
    preset.write_text(yaml.safe_dump(_settings(inputs, root)))
    return SmallRun(str(preset), inputs, root)


def run_command(words: list[str], environment: Mapping[str, str], first: str = "") -> subprocess.CompletedProcess[str]:
    """The command `kobigbird` in a process of its own; `first` is code to run there before."""
    program = f"import sys\n{first}\nfrom flows.cli import main\nsys.argv = {['kobigbird', *words]!r}\nmain()"
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "TF_CPP_MIN_LOG_LEVEL": "2", **environment},
        capture_output=True,
        text=True,
        timeout=240,
    )


def _inputs() -> dict[str, bytes]:
    def lines(name: str, count: int) -> bytes:
        return b"\n".join((SAMPLE / name).read_bytes().split(b"\n")[:count]) + b"\n"

    return {
        "news/2020/news-00000.jsonl.gz": (SAMPLE / "corpus/news-00000.jsonl.gz").read_bytes(),
        "wiki/kowiki-pages-articles.xml.bz2": (SAMPLE / "corpus/kowiki-pages-articles.xml.bz2").read_bytes(),
        "nikl/NWRW2600000001.json": (SAMPLE / "corpus/nikl/NWRW2600000001.json").read_bytes(),
        "vocab.txt": lines("vocab/kobigbird/vocab.txt", PIECES),
        "nsmc/ratings_train.txt": lines("tasks/nsmc/ratings_train.txt", 33),
        "nsmc/ratings_test.txt": lines("tasks/nsmc/ratings_test.txt", 17),
    }


def _settings(inputs: str, root: str) -> dict[str, Any]:
    sources = [
        ("news", "jsonl", "news/*/*.jsonl.gz"),
        ("wikipedia", "mediawiki", "wiki/*.xml.bz2"),
        ("everyones_corpus", "nikl", "nikl/*.json"),
    ]
    return {
        "root": root,
        "corpus": {
            "read": {
                "sources": [
                    {"kind": name, "format": kind, "paths": [places.join(inputs, pattern)]}
                    for name, kind, pattern in sources
                ],
            },
            "dedupe": {"near": {"permutations": 128}},
            "vocabulary": {"path": places.join(inputs, "vocab.txt")},
            "tokenize": {"sequence_length": LENGTH, "min_shards": 2, "validation_share": 0.25},
        },
        "model": {
            "encoder": {
                "vocabulary_size": PIECES,
                "hidden_size": 16,
                "layers": 1,
                "heads": 2,
                "intermediate_size": 32,
                "max_positions": LENGTH,
                "block_size": 16,
                "random_blocks": 1,
                "plan": "uniform",
            },
            "pretrain": {
                "sequence_length": LENGTH,
                "batch_size": 4,
                "steps": STEPS,
                "precision": "float32",
                "steps_per_loop": 5,
                "checkpoint_every": CHECKPOINT_EVERY,
                "keep_checkpoints": 2,
                "validate_every": STEPS,
                "masking": {"max_predictions": 20},
                "optimizer": {"learning_rate": 1e-3, "warmup_steps": 5},
            },
            "finetune": [
                {
                    "task": "nsmc",
                    "train": places.join(inputs, "nsmc/ratings_train.txt"),
                    "dev": places.join(inputs, "nsmc/ratings_test.txt"),
                    "max_length": 32,
                    "epochs": 1,
                    "batch_size": 16,
                }
            ],
        },
    }
