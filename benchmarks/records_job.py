"""Our tokenizing job in a process of its own: Parquet files of Documents to shuffled records and their manifest."""

import json
import sys
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.child import run_child


class Run(NamedTuple):
    """One run of the job."""

    directory: str
    """Of the records."""
    seconds: float
    """From the first read to the manifest, with all imported and the tokenizer built once."""
    peak_bytes: int
    """Of all processes together."""


def run(documents: Path, vocabulary: str, out: Path, processes: int = 1) -> Run:
    """Tokenizes a folder of Documents by the published settings."""
    request = {"documents": str(documents), "vocabulary": vocabulary, "out": str(out), "processes": processes}
    done = run_child("benchmarks.records_job", request)
    return Run(done.answer["directory"], done.answer["seconds"], done.peak_bytes)


def main() -> None:
    """The child: reads the request from standard input, and prints what `run` needs."""
    from beam_jobs.config import RunnerConfig, TokenizeConfig
    from beam_jobs.storage import write_shard
    from beam_jobs.tokenize_docs import tokenize_documents
    from beam_jobs.vocabularies.given import read_vocabulary
    from beam_jobs.wordpiece import WordPiece
    from flows.corpus_steps import documents_at
    from model.contract import places
    from model.contract.record import VOCABULARY_FILE
    from model.contract.stage import Made, Stage

    asked = json.load(sys.stdin)
    pieces = read_vocabulary(asked["vocabulary"])
    data = places.read_bytes(asked["vocabulary"])
    given = Stage("vocabulary", asked["out"], {}, (), {}).run(
        lambda folder: Made([write_shard(folder, VOCABULARY_FILE, data, len(pieces))])
    )
    documents = documents_at([asked["documents"]])
    config = TokenizeConfig(validation_share=0.0)  # the script holds nothing aside
    stage = Stage("tokenize", asked["out"], {}, ("beam_jobs.tokenize_docs",), {})
    WordPiece(pieces).tokenize(["첫 문장."])
    began = time.perf_counter()
    made = stage.run(
        lambda folder: tokenize_documents(
            documents, given, config, {}, folder, RunnerConfig(processes=asked["processes"])
        )
    )
    print(json.dumps({"directory": made.directory, "seconds": time.perf_counter() - began}))
