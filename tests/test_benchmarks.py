"""The short form of every benchmark runs and ends with figures. How fast anything is, is not asserted."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.model_flops import inference_flops, training_flops
from model.config import EncoderConfig

PROJECT = Path(__file__).parents[1]


def run_benchmark(name, *arguments):
    return subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *arguments],
        cwd=PROJECT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tokenizing", {"over_tokenizers_one_thread", "over_tokenizers_all_cores", "over_transformers_one_thread"}),
        ("corpus_pipeline", {"read_two_processes_over_one"}),
        ("input_pipeline", {"over_padded", "over_stored"}),
    ],
)
def test_a_short_benchmark_prints_a_table_and_ends_with_its_ratios(name, expected):
    done = run_benchmark(name, "--short")

    assert done.returncode == 0, done.stderr
    table, figures = done.stdout.splitlines()[:3], json.loads(done.stdout.splitlines()[-1])
    assert [line[0] for line in table] == ["|"] * 3
    assert figures["benchmark"] == name
    assert figures["short"] is True
    assert set(figures["ratios"]) == expected
    assert all(math.isfinite(ratio) and ratio > 0 for ratio in figures["ratios"].values())


def test_reading_the_sources_is_measured_beside_the_bare_libraries_and_extraction_beside_two():
    done = run_benchmark("sources", "--short")

    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert all(figures[name] > 0 for name in ("warc_ratio", "wiki_ratio", "nikl_ratio"))
    f1 = [figures[f"extraction_f1{peer}"] for peer in ("", "_trafilatura", "_resiliparse")]
    assert 1 >= f1[0] >= max(f1)
    assert all(f"| {kind} |" in done.stdout for kind in ("warc", "wet", "mediawiki", "jsonl", "nikl"))


def test_the_memory_of_reading_is_measured_in_processes_of_their_own():
    done = run_benchmark("reading_memory", "--short")

    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert 50 < figures["start_peak_mb"] < figures["nikl_zip_peak_mb"]
    assert figures["start_peak_mb"] < figures["multistream_peak_mb"]


def test_the_model_is_measured_beside_transformers_in_processes_of_their_own(tmp_path):
    done = run_benchmark("model", "--short", "--plot", str(tmp_path))

    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["train_speedup_256"] > 0
    assert 0.3 < figures["memory_ratio_256"] < 10
    assert 0 < figures["matmul_fraction"] < 1
    assert figures["growth"] > 0
    assert (tmp_path / "model.png").read_bytes().startswith(b"\x89PNG")
    assert "transformers' parts, block-sparse, masked positions only" in done.stdout


def test_the_models_operations_are_those_of_its_products():
    config = EncoderConfig(layers=2)

    assert training_flops(config, 4_096, 640) == pytest.approx(493e9, rel=2e-3)
    assert inference_flops(config, 512) == inference_flops(config, 512, full=True)
    assert inference_flops(config, 1_024) < inference_flops(config, 1_024, full=True)


def test_masking_and_decontamination_are_scored_on_cases_that_they_find_and_do_not_find():
    masking, planted = run_benchmark("personal_data", "--short"), run_benchmark("decontamination", "--short")

    assert (masking.returncode, planted.returncode) == (0, 0), masking.stderr + planted.stderr
    scores = json.loads(masking.stdout.splitlines()[-1])
    assert scores["precision_before"] == scores["recall_before"] == 1
    assert 1 > scores["precision_after"] > 0.9
    assert 1 > scores["recall_after"] > 0.7
    recall = json.loads(planted.stdout.splitlines()[-1])["recall"]
    assert recall["from_32"]["whole"] == recall["from_32"]["re-spaced"] == 1
    assert recall["from_16"]["half"] < recall["from_32"]["half"]


def test_a_model_is_scored_under_its_own_plan_and_under_transformers_evaluation_plan():
    done = run_benchmark("evaluation_plan", "--short")

    assert done.returncode == 0, done.stderr
    scores = json.loads(done.stdout.splitlines()[-1])["scores"]
    assert set(scores) == {"masked-LM loss", "masked-LM accuracy", "task accuracy"}
    assert all(0 <= scores["task accuracy"][plan] <= 1 for plan in ("trained", "transformers_evaluation"))
    loss = scores["masked-LM loss"]
    assert loss["transformers_evaluation"] != loss["trained"]
    assert loss["change"] == pytest.approx(loss["transformers_evaluation"] - loss["trained"])


def test_every_benchmark_is_run_by_make_bench():
    names = {path.stem for path in (PROJECT / "benchmarks").glob("*.py") if "__main__" in path.read_text()}

    makefile = (PROJECT / "Makefile").read_text()

    assert len(names) >= 3
    assert all(f"-m benchmarks.{name}\n" in makefile for name in names)


@pytest.mark.parametrize("folder", ["", "missing"])
def test_data_without_a_corpus_file_is_refused_in_one_sentence(tmp_path, folder):
    done = run_benchmark("tokenizing", "--data", str(tmp_path / folder))

    assert done.returncode == 1
    (sentence,) = [line for line in done.stderr.splitlines() if "--data" in line]
    assert str(tmp_path) in sentence
    assert "name " in sentence
    assert "Traceback" not in done.stderr


def test_other_data_is_found_by_its_names_wherever_it_lies(tmp_path):
    from benchmarks.corpus_text import cleaned_texts, corpus_config

    nested = tmp_path / "some" / "folder"
    nested.mkdir(parents=True)
    for name in ("NWRW2600000001.json", "ERRW2600000001.json"):
        (nested / name).write_bytes((PROJECT / "sample" / "corpus" / "nikl" / name).read_bytes())
    (nested / "KorQuAD_v1.0_dev.json").write_text("{}")

    config = corpus_config(tmp_path)

    assert [(source.kind, source.format) for source in config.read.sources] == [("everyones_corpus", "nikl")]
    assert [Path(path).name for path in config.read.sources[0].paths] == ["ERRW2600000001.json", "NWRW2600000001.json"]
    assert len(cleaned_texts(tmp_path)) > len(cleaned_texts(tmp_path, at_most=10_000)) > 0
