"""The whole road by the tiny preset, cut short, in processes of its own: made, skipped, changed, killed and resumed."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import torch
import transformers

from model.encoder import BigBirdEncoder
from model.heads import MaskedLanguageModel
from model.warm_start import load_model, restore_from_directory
from tests.beam_jobs.documents import real_documents
from tests.child_process import REPOSITORY

STAGES = [
    *("read", "clean", "dedupe", "decontaminate", "vocabulary", "tokenize", "corpus-report"),
    *("pretrain", "export", "finetune-klue_sts", "publish"),
]
STEPS, CHECKPOINT_EVERY = 20, 4
TASKS = REPOSITORY / "sample" / "tasks" / "klue-sts-v1.1"
SHORT = {
    "model.encoder.hidden_size": 32,
    "model.encoder.intermediate_size": 64,
    "model.pretrain.batch_size": 2,
    "model.pretrain.steps": STEPS,
    "model.pretrain.steps_per_loop": 2,
    "model.pretrain.checkpoint_every": CHECKPOINT_EVERY,
    "model.pretrain.validate_every": STEPS,
    "model.finetune": [
        {
            "task": "klue_sts",
            "train": str(TASKS / "klue-sts-v1.1_dev.json"),  # the smaller file is enough for an epoch
            "dev": str(TASKS / "klue-sts-v1.1_dev.json"),
            "max_length": 32,
            "batch_size": 32,
            "epochs": 1,
        }
    ],
}
SECONDS = 300
NO_DROPOUT = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
"""For transformers' models in training mode, the only one that has the plan of training."""
SLOW_SHARDS = """
import time
from beam_jobs import record_shuffle
write_records = record_shuffle.write_records
def write_and_wait(*arguments):
    file = write_records(*arguments)
    time.sleep(120)
    return file
record_shuffle.write_records = write_and_wait
"""
"""Run before the flow, this makes sure that a kill finds some records written and others not."""


@contextmanager
def running(root: Path, first: str = "", **more: object) -> Iterator[subprocess.Popen[str]]:
    """The flow without a server, in a process of its own, with its log on stderr."""
    words = ["kobigbird", "run", "--preset", "tiny"]
    for key, value in ({"root": str(root)} | SHORT | more).items():
        words += ["--set", f"{key}={json.dumps(value)}"]
    program = f"import sys\n{first}\nfrom flows.cli import main\nsys.argv = {words!r}\nmain()"
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def run(root: Path, **more: object) -> list[str]:
    """Runs the flow to its end; its output by lines."""
    with running(root, **more) as process:
        output, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, output[-5_000:]
    return output.splitlines()


def run_until_said(root: Path, words: str) -> list[str]:
    """Runs the flow and kills it, as the system would, at the first line that holds some words; the lines so far."""
    lines = []
    with running(root) as process:
        for line in process.stdout or ():
            lines.append(line)
            if words in line:
                process.send_signal(signal.SIGKILL)
                assert process.wait(timeout=60) == -signal.SIGKILL
                return lines
    raise AssertionError("the run ended before it was killed:\n" + "".join(lines)[-5_000:])


def run_until_there(root: Path, pattern: str, first: str) -> None:
    """Runs the flow and kills it once some file is there."""
    deadline = time.monotonic() + SECONDS
    with running(root, first) as process:
        while not list(root.glob(pattern)):
            assert process.poll() is None, process.communicate()[0][-5_000:]
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        assert process.wait(timeout=60) == -signal.SIGKILL


def fates(lines: list[str]) -> dict[str, list[str]]:
    """What each stage said of itself: skipped, started, done."""
    found: dict[str, list[str]] = {}
    for line in lines:
        if said := re.search(r"([a-z_-]+): (skipped|started|done)\b", line):
            found.setdefault(said[1], []).append(said[2])
    return found


def folder(root: Path, stage: str) -> Path:
    (found,) = (path for path in (root / stage).iterdir() if path.is_dir())
    return found


def first_folder(undisturbed: tuple[Path, list[str]], stage: str) -> Path:
    """Where the undisturbed run made a stage; a later run may have made it again beside."""
    root, lines = undisturbed
    (found,) = (said[1] for line in lines if (said := re.search(rf" {stage}: started, into (\S+)", line)))
    assert Path(found).is_relative_to(root)
    return Path(found)


def times(root: Path) -> dict[str, int]:
    return {str(path.relative_to(root)): path.stat().st_mtime_ns for path in root.rglob("*")}


def places_of(lines: list[str]) -> dict[str, Path]:
    """What the command printed last: where the model and the report are."""
    return {name: Path(path) for name, path in (line.split(": ", 1) for line in lines[-2:])}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """A whole run: its root and what it printed."""
    root = tmp_path_factory.mktemp("undisturbed")
    return root, run(root)


@pytest.fixture(scope="module")
def published(undisturbed):
    return places_of(undisturbed[1])


@pytest.fixture(scope="module")
def tokens(published):
    """A real text of over 800 tokens, a multiple of the block size, as transformers tokenizes it."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(published["model"])
    text = " ".join(doc.text for doc in real_documents()[:5])
    return tokenizer(text, truncation=True, max_length=864, return_tensors="pt")


def to_ours(tokens) -> list[tf.Tensor]:
    ids, segments, mask = (tokens[name].numpy() for name in ("input_ids", "token_type_ids", "attention_mask"))
    return [tf.constant(ids, tf.int32), tf.constant(segments, tf.int32), tf.constant(mask.astype(bool))]


def test_a_run_makes_every_stage_once_in_order(undisturbed):
    _, lines = undisturbed

    found = fates(lines)

    assert list(found) == STAGES
    assert set(map(tuple, found.values())) == {("started", "done")}
    assert all((first_folder(undisturbed, stage) / "manifest.json").is_file() for stage in STAGES)


def test_a_run_leaves_a_report_with_its_own_figures(undisturbed, published):
    score = json.loads((first_folder(undisturbed, "finetune-klue_sts") / "metrics.json").read_text())["score"]
    loss = json.loads((first_folder(undisturbed, "pretrain") / "curve.json").read_text())["validation"][-1]["loss"]

    report = published["report"].read_text()

    assert f"After {STEPS} steps" in report
    assert f"**{loss:.4f}**" in report
    assert f"| klue_sts | pearson | {score:.2f} |" in report


def test_transformers_loads_the_model_and_its_hidden_states_are_ours(published, tokens):
    theirs = transformers.AutoModel.from_pretrained(published["model"], **NO_DROPOUT).train()
    ours = BigBirdEncoder(load_model(str(published["model"]))[0], seed=1)
    restore_from_directory(ours, str(published["model"]))

    with torch.no_grad():
        expected = theirs(**tokens).last_hidden_state.numpy()
    hidden = ours(*to_ours(tokens))

    assert tokens["input_ids"].shape == (1, 864)
    assert ours.config.full_attention_up_to < 864
    assert theirs.encoder.attention_type == "block_sparse"
    assert np.abs(hidden.numpy() - expected).max() < 1e-4


def test_transformers_loads_the_masked_language_model_and_its_scores_are_ours(published, tokens):
    theirs = transformers.AutoModelForMaskedLM.from_pretrained(published["model"], **NO_DROPOUT).train()
    ours = MaskedLanguageModel(load_model(str(published["model"]))[0], seed=1)
    restore_from_directory(ours, str(published["model"]))

    positions = np.array([[1, 400, 862]], np.int32)
    with torch.no_grad():
        expected = theirs(**tokens).logits.numpy()[:, positions[0]]
    scores = ours(*to_ours(tokens), tf.constant(positions))

    assert np.abs(scores.numpy() - expected).max() < 1e-4


def test_run_again_every_stage_is_skipped_and_nothing_is_written(undisturbed):
    root, first = undisturbed
    before = times(root)

    lines = run(root)

    assert fates(lines) == {stage: ["skipped"] for stage in STAGES}
    assert times(root) == before
    assert lines[-2:] == first[-2:]


def test_a_changed_threshold_reruns_cleaning_and_what_comes_after_but_not_reading(undisturbed, published):
    root, _ = undisturbed
    before = times(root)

    lines = run(root, **{"corpus.clean.quality.min_characters": 1_000})

    skipped = {stage for stage, said in fates(lines).items() if said == ["skipped"]}
    made = {stage for stage, said in fates(lines).items() if said == ["started", "done"]}
    assert skipped == {"read"}
    assert made == set(STAGES) - skipped
    assert places_of(lines)["model"] != published["model"]
    after = times(root)
    files = {name for name in before if (root / name).is_file()}
    assert {name: after[name] for name in files} == {name: before[name] for name in files}


def test_a_run_killed_in_tokenizing_and_in_training_ends_as_if_undisturbed(undisturbed, tmp_path):
    whole, _ = undisturbed
    wanted = {stage: first_folder(undisturbed, stage) for stage in STAGES}
    before = ["read", "clean", "dedupe", "decontaminate", "vocabulary"]
    for stage in before:
        shutil.copytree(wanted[stage], tmp_path / wanted[stage].relative_to(whole))

    run_until_there(tmp_path, "tokenize/*/*.tfrecord", SLOW_SHARDS)
    half = list(folder(tmp_path, "tokenize").glob("*.tfrecord"))
    killed = run_until_said(tmp_path, f" step 10/{STEPS}:")
    trained = folder(tmp_path, "pretrain")
    done_too_early = (trained / "manifest.json").exists()
    resumed = run(tmp_path)

    assert 0 < len(half) < len(list(wanted["tokenize"].glob("*.tfrecord")))
    made = ["started", "done"]
    tokenized_anew = {"tokenize": made, "corpus-report": made, "pretrain": ["started"]}
    assert fates(killed) == {stage: ["skipped"] for stage in before} | tokenized_anew
    assert not done_too_early
    assert list(fates(resumed).values()) == [["skipped"]] * 7 + [made] * 4
    step = int(re.search(r"resuming at step (\d+) from", "\n".join(resumed))[1])
    assert 0 < step < STEPS
    for file in wanted["tokenize"].iterdir():
        if file.name != "manifest.json":
            assert (folder(tmp_path, "tokenize") / file.name).read_bytes() == file.read_bytes()
    assert (trained / "curve.json").read_bytes() == (wanted["pretrain"] / "curve.json").read_bytes()
    weights = "model/model.safetensors"
    assert (folder(tmp_path, "export") / weights).read_bytes() == (wanted["export"] / weights).read_bytes()
