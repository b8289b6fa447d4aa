import json
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.metrics import Metrics

from beam_jobs.config import RunnerConfig
from beam_jobs.files.fetching import MissingFile
from beam_jobs.launch import UNFINISHED, run_job
from beam_jobs.storage import write_shard
from model.contract.errors import InputError, OutputError
from model.contract.manifest import MANIFEST
from model.contract.stage import Made, Stage
from tests.beam_jobs.documents import files_in

ONE, TWO = RunnerConfig(), RunnerConfig(processes=2)


def write_number(number, directory):
    Metrics.counter("tests", "numbers").inc(number)
    return write_shard(directory, f"number-{number}", str(number).encode(), 1)


def numbers(directory, upto=3):
    return lambda pipeline: pipeline | beam.Create(range(upto)) | beam.Map(write_number, str(directory))


def fails_after_writing(number, directory):
    write_number(number, directory)
    raise RuntimeError("the worker died")


def finds_a_mistake(number):
    raise MissingFile(f"file {number} does not exist; name another.")


@pytest.mark.parametrize("runner", [ONE, TWO], ids=["one process", "two processes"])
def test_a_mistake_found_by_a_worker_ends_the_job_with_its_sentence_alone(tmp_path, runner):
    with pytest.raises(InputError, match=r"^file 7 does not exist; name another\.$"):
        run_job(lambda pipeline: pipeline | beam.Create([7]) | beam.Map(finds_a_mistake), str(tmp_path), runner)


def test_files_come_back_by_name_and_counters_summed_over_steps(tmp_path):
    def build(pipeline):
        again = pipeline | "Again" >> beam.Create([10]) | "WriteAgain" >> beam.Map(write_number, str(tmp_path))
        return (numbers(tmp_path)(pipeline), again) | beam.Flatten()

    files, counters = run_job(build, str(tmp_path), ONE)

    assert [file.name for file in files] == ["number-0", "number-1", "number-10", "number-2"]
    assert counters == {"tests/numbers": 0 + 1 + 2 + 10}
    assert files_in(tmp_path) == {"number-0": b"0", "number-1": b"1", "number-10": b"10", "number-2": b"2"}


def test_two_processes_give_the_same_files_and_counters_as_one(tmp_path):
    made = [
        run_job(numbers(tmp_path / str(runner.processes)), str(tmp_path / str(runner.processes)), runner)
        for runner in (ONE, TWO)
    ]

    assert made[0] == made[1]
    assert made[0][1] == {"tests/numbers": 0 + 1 + 2}
    assert files_in(tmp_path / "1") == files_in(tmp_path / "2")


def test_leftovers_of_an_unfinished_try_are_removed(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    for name in ("number-7", ".files.json", ".half.tmp", "checkpoints/x"):
        (tmp_path / name).write_text("left over")

    files, _ = run_job(numbers(tmp_path), str(tmp_path), ONE)

    assert [file.name for file in files] == sorted(files_in(tmp_path))


def test_a_job_that_writes_nothing_is_an_error_that_names_it(tmp_path):
    with pytest.raises(OutputError, match=f"the job for {tmp_path} wrote no file"):
        run_job(numbers(tmp_path, upto=0), str(tmp_path), ONE)


def test_a_job_that_fails_leaves_no_manifest_and_the_next_try_none_of_its_files(tmp_path):
    stage = Stage("tests", str(tmp_path), {}, (), {})

    def fails(directory):
        run_job(lambda start: start | beam.Create([7]) | beam.Map(fails_after_writing, directory), directory, ONE)

    with pytest.raises(RuntimeError, match="the worker died"):
        stage.run(fails)
    left = files_in(stage.directory)
    done = stage.run(lambda directory: Made(outputs=run_job(numbers(directory), directory, ONE)[0]))

    assert set(left) == {"number-7", UNFINISHED}
    assert set(files_in(done.directory)) == {"number-0", "number-1", "number-2", MANIFEST}


def test_options_reach_beam_by_their_long_names(tmp_path):
    def build(pipeline):
        options = pipeline.options.get_all_options()
        Path(tmp_path / "options.json").write_text(json.dumps([options["job_name"], options["direct_num_workers"]]))
        return numbers(tmp_path)(pipeline)

    run_job(build, str(tmp_path), RunnerConfig(options={"job_name": "clean-2026"}))

    assert json.loads((tmp_path / "options.json").read_text()) == ["clean-2026", 1]
