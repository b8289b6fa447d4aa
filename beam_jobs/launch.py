"""Runs a Beam job and brings back what its manifest needs: the files it wrote and its counters."""

import json
import logging
import re
from collections.abc import Callable, Iterable
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from beam_jobs.config import RunnerConfig
from model.contract import places
from model.contract.errors import InputError, KnownError, OutputError
from model.contract.manifest import UNFINISHED, OutputFile

_OURS = "model.contract.errors."
_SENTENCE = re.compile(
    r"^(?:model\.contract\.errors\.\w+|beam_jobs\.[\w.]+\.MissingFile): (.*?)(?: \[while running .*)?$", re.MULTILINE
)
"""Of a KnownError, in a traceback's last line."""
_FILES = ".files.json"  # what the job says it wrote; gone once the manifest can say it


def run_job(
    build: Callable[[beam.Pipeline], Any],
    directory: str,
    runner: RunnerConfig,
    then: Callable[[], None] = lambda: None,
) -> tuple[list[OutputFile], dict[str, int]]:
    """Runs a pipeline to its end.

    Args:
      build: wires the pipeline and returns a PCollection of the OutputFiles it writes into `directory`.
      directory: the stage's; leftovers of an earlier, unfinished try there are removed first.
      runner: where to run.
      then: clears up once the pipeline is through; a job that is killed before it is done is unfinished.

    Returns:
      The files, by name, and the counters as "namespace/name".
    """
    logging.getLogger("apache_beam").setLevel(logging.WARNING)
    places.remove_tree(directory)
    places.make_directory(directory)
    places.replace_bytes(places.join(directory, UNFINISHED), b"")
    pipeline = beam.Pipeline(runner=runner.runner, options=_options(runner))
    listed = build(pipeline) | "Describe" >> beam.Map(lambda file: file.model_dump_json())
    everything = listed | "Together" >> beam.combiners.ToList()
    _ = everything | "List" >> beam.Map(_write_list, places.join(directory, _FILES))
    result = _run(pipeline)
    described = json.loads(places.read_bytes(places.join(directory, _FILES)))
    places.remove(places.join(directory, _FILES))
    then()
    places.remove(places.join(directory, UNFINISHED))
    files = sorted((OutputFile.model_validate_json(text) for text in described), key=lambda file: file.name)
    if not files:
        raise OutputError(f"the job for {directory} wrote no file; look at the runner's log.")
    return files, _counters(result)


def _run(pipeline: beam.Pipeline) -> Any:
    """Runs a pipeline to its end; what a worker finds amiss ends it with one sentence, as what is found here would."""
    try:
        result = pipeline.run()
        result.wait_until_finish()
    except Exception as error:
        # In this process Beam adds the step's name to the sentence; from others it brings a traceback's text.
        text = f"\n{_OURS}{type(error).__name__}: {error}" if isinstance(error, KnownError) else str(error)
        if sentences := _SENTENCE.findall(text):
            raise InputError(sentences[-1]) from None
        raise
    return result


def _write_list(described: Iterable[str], path: str) -> None:
    places.replace_bytes(path, json.dumps(sorted(described)).encode())


def _options(runner: RunnerConfig) -> PipelineOptions:
    local = {"direct_num_workers": runner.processes, "direct_running_mode": "multi_processing"}
    return PipelineOptions([], **((local if runner.processes > 1 else {}) | runner.options))


def _counters(result: Any) -> dict[str, int]:
    """A counter's value is summed over the steps that count under the same name."""
    found: dict[str, int] = {}
    for counter in result.metrics().query()["counters"]:
        name = f"{counter.key.metric.namespace}/{counter.key.metric.name}"
        # `result` takes a committed 0 for none, and a portable runner attempts nothing that is not committed.
        found[name] = found.get(name, 0) + int(counter.result or 0)
    return dict(sorted(found.items()))
