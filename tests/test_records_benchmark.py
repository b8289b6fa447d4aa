"""What KoBigBird's script writes is read and timed rightly, and the short form of the records benchmark runs."""

import itertools
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks import kobigbird_script
from benchmarks.child import JobError
from benchmarks.kobigbird_script import KoBigBird, text_lengths
from benchmarks.records import LENGTH, Written
from model.contract.errors import InputError

PROJECT = Path(__file__).parents[1]
CLS, SEP, MASK = 2, 3, 4
START_SECONDS = 0.5
SHOWS_ITS_ARGUMENTS = f"""
import pathlib, sys, time
time.sleep({START_SECONDS})
print("Job 0: Writing tf examples")
given = dict(zip(sys.argv[1:], sys.argv[2:]))
folder = pathlib.Path(given["--output_dir"])
folder.mkdir()
(folder / "given").write_text("\\n".join(sys.argv[1:]))
print("Job 0: Done!")
"""
FAILS_AFTER_ITS_FIRST_WORD = 'print("Job 0: Writing tf examples", flush=True)\nraise SystemExit("no vocab.txt")'


def clone_of(folder, script):
    """A clone's folders, with another script in the place of KoBigBird's."""
    path = folder / "clone" / "pretrain" / "create_pretraining_data.py"
    path.parent.mkdir(parents=True)
    path.write_text(script)
    return path.parents[1]


@pytest.fixture
def nothing_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(kobigbird_script, "_installed", lambda: tmp_path)


def write_like_kobigbird(path, sequences, length=16, predictions=6):
    """A TFRecord file as its script writes it, of (ids, the ids that masks replaced by their places) pairs."""
    import tensorflow as tf

    def integers(values):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=values))

    with tf.io.TFRecordWriter(str(path)) as writer:
        for ids, masked in sequences:
            empty = [0] * (predictions - len(masked))
            weights = [1.0] * len(masked) + [0.0] * len(empty)
            features = {
                "input_ids": integers(ids + [0] * (length - len(ids))),
                "masked_lm_positions": integers([*masked, *empty]),
                "masked_lm_ids": integers([*masked.values(), *empty]),
                "masked_lm_weights": tf.train.Feature(float_list=tf.train.FloatList(value=weights)),
            }
            writer.write(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())


def run_benchmark(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "benchmarks.records", *arguments],
        cwd=PROJECT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_the_tokens_of_its_records_are_those_of_the_text_masked_ones_included(tmp_path):
    plain = [CLS, 70, 71, 72, SEP], {}
    masked_at_its_end = [CLS, 80, MASK, 0, 81, SEP], {2: 90, 3: 91}
    last_word_became_padding = [CLS, 80, 0, SEP], {2: 92}
    write_like_kobigbird(tmp_path / "pretrain_data.tfrecord-0-of-2", [plain, masked_at_its_end])
    write_like_kobigbird(tmp_path / "pretrain_data.tfrecord-1-of-2", [last_word_became_padding])

    lengths = text_lengths(tmp_path)

    assert lengths == [3, 4, 2]


def test_the_script_is_run_in_one_process_as_published_and_its_start_is_not_timed(tmp_path, nothing_to_install):
    script = KoBigBird(clone_of(tmp_path, SHOWS_ITS_ARGUMENTS))
    began = time.perf_counter()

    done = script.run(tmp_path / "texts", tmp_path / "out", dupe_factor=3)

    given = (done.directory / "given").read_text().split("\n")
    options = dict(itertools.pairwise(given))
    assert 0 < done.seconds <= time.perf_counter() - began - START_SECONDS
    assert options["--num_processes"] == "1"
    assert options["--dupe_factor"] == "3"
    assert (options["--max_seq_length"], options["--max_predictions_per_seq"]) == ("4096", "640")
    assert options["--tokenizer_dir"] == str(tmp_path / "clone" / "pretrain" / "tokenizer")
    assert "--do_whole_word_mask" in given


def test_a_script_that_fails_is_told_of_with_its_last_words(tmp_path, nothing_to_install):
    script = KoBigBird(clone_of(tmp_path, FAILS_AFTER_ITS_FIRST_WORD))

    with pytest.raises(JobError, match=r"create_pretraining_data\.py failed: no vocab\.txt"):
        script.run(tmp_path / "texts", tmp_path / "out")


def test_a_folder_that_is_no_clone_is_refused_before_anything_is_installed(tmp_path, monkeypatch):
    monkeypatch.setattr(kobigbird_script, "_installed", lambda: pytest.fail("something was installed"))

    with pytest.raises(InputError, match="name a clone of monologg/KoBigBird"):
        KoBigBird(tmp_path)


def test_padding_is_the_share_of_positions_that_hold_no_token():
    records = np.array([LENGTH, LENGTH // 2])

    found = Written(1.0, 0, len(records), 0, int(records.sum()), 1.0, 1.0)

    assert found.padding == 0.25


def test_the_short_form_measures_ours_alone_where_no_clone_is_named():
    done = run_benchmark("--short")

    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert (figures["benchmark"], figures["short"]) == ("records", True)
    assert figures["tokens_kept"] == 1
    assert 0 <= figures["padding_share"] < 0.02
    assert figures["two_process_scaling"] > 0
    assert figures["input_pipeline_tokens_per_s"] > 0
    assert figures.get("speedup") is None
    assert "| create_pretraining_data.py |" not in done.stdout


def test_the_short_form_refuses_a_folder_that_is_no_clone_in_one_sentence(tmp_path):
    done = run_benchmark("--short", "--kobigbird", str(tmp_path))

    assert done.returncode == 1
    (sentence,) = [line for line in done.stderr.splitlines() if "--kobigbird" in line]
    assert str(tmp_path) in sentence
    assert "Traceback" not in done.stderr
