"""KoBigBird's create_pretraining_data.py, as it is in a clone of its repository, with the arguments it was run with.

It runs in a process of its own, on our TensorFlow and transformers, whose names it uses all exist still; what else it
imports (its reader of compressed corpora) is installed into a folder below build/ for it alone.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.child import JobError, Peak
from flows.config import PROJECT
from model.contract.errors import InputError

_MISSING = ("ko_lm_dataformat==0.3.1", "ujson==6.1.0", "jsonlines==4.0.0")
_FOLDER = PROJECT / "build" / "kobigbird-imports"
_SCRIPT = Path("pretrain", "create_pretraining_data.py")
_PUBLISHED = {
    "max_seq_length": "4096",
    "max_predictions_per_seq": "640",
    "masked_lm_prob": "0.15",
    "sentence_pair_prob": "0.0",
    "short_seq_prob": "0.0",
    "max_ngram_size": "2",
    "long_seq_threshold": "1.8",
}
"""As in pretrain/scripts/build_tfrecord.sh."""
_BEGINS, _ENDS = "Writing tf examples", "Done!"
"""What it prints before it first reads and after it last writes."""


class Run(NamedTuple):
    """One run of the script."""

    directory: Path
    """Of its records."""
    seconds: float
    """From its first read to its last byte."""
    peak_bytes: int


class KoBigBird:
    """A clone of monologg/KoBigBird.

    Raises:
      InputError: when the folder is none.
    """

    def __init__(self, clone: Path):
        if not (clone / _SCRIPT).is_file():
            raise InputError(f"--kobigbird {clone} holds no {_SCRIPT}; name a clone of monologg/KoBigBird.")
        self._clone = clone
        self._imports = _installed()

    @property
    def tokenizer(self) -> Path:
        """The folder of its tokenizer."""
        return self._clone / "pretrain" / "tokenizer"

    def run(self, texts: Path, out: Path, dupe_factor: int = 1) -> Run:
        """Makes records of a folder of .txt files, in one process."""
        arguments = {**_PUBLISHED, "dupe_factor": str(dupe_factor), "num_processes": "1"}
        folders = {"input_dir": texts, "output_dir": out, "tokenizer_dir": self.tokenizer}
        command = [sys.executable, "-u", self._clone / _SCRIPT, "--do_whole_word_mask"]
        command += [word for name, value in {**arguments, **folders}.items() for word in (f"--{name}", str(value))]
        environment = {**os.environ, "PYTHONPATH": str(self._imports), "TF_CPP_MIN_LOG_LEVEL": "3"}
        with subprocess.Popen(
            [str(word) for word in command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            start_new_session=True,
        ) as child:
            peak = Peak(child.pid)
            said = _timed(child)
            peak.stop()
        times = {mark: at for mark in (_BEGINS, _ENDS) for at, line in said if mark in line}
        if child.returncode or len(times) < 2:
            raise JobError(f"{_SCRIPT} failed: {said[-1][1] if said else 'it said nothing'}")
        return Run(out, times[_ENDS] - times[_BEGINS], peak.most)


def text_lengths(directory: Path) -> list[int]:
    """The tokens of text in each of its records, without the [CLS] and [SEP] that it adds."""
    return [len(ids) - 2 for ids in _sequences(directory)]


def _sequences(directory: Path) -> Iterator[np.ndarray]:
    """The ids of each record as they were before masking, without padding."""
    import tensorflow as tf

    paths = sorted(map(str, directory.iterdir()))
    for raw in tf.data.TFRecordDataset(paths).as_numpy_iterator():
        features = tf.train.Example.FromString(raw).features.feature
        ids = np.array(features["input_ids"].int64_list.value)
        weights = np.array(features["masked_lm_weights"].float_list.value) > 0
        positions = np.array(features["masked_lm_positions"].int64_list.value)[weights]
        ids[positions] = np.array(features["masked_lm_ids"].int64_list.value)[weights]
        yield np.trim_zeros(ids, "b")  # 0 is [PAD]


def _timed(child: "subprocess.Popen[str]") -> list[tuple[float, str]]:
    assert child.stdout is not None
    return [(time.perf_counter(), line.strip()) for line in child.stdout]


def _installed() -> Path:
    made_of = _FOLDER / "made-of.txt"
    if not made_of.exists() or made_of.read_text() != "\n".join(_MISSING):
        shutil.rmtree(_FOLDER, ignore_errors=True)
        print(f"installing what KoBigBird's script imports into {_FOLDER}", file=sys.stderr)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        done = subprocess.run([*pip, "--target", str(_FOLDER), *_MISSING], capture_output=True, text=True)
        if done.returncode:
            raise InputError(
                f"what KoBigBird's script imports cannot be installed ({done.stderr.strip().splitlines()[-1]}); "
                "set pip up so that it reaches a package registry."
            )
        made_of.write_text("\n".join(_MISSING))
    return _FOLDER
