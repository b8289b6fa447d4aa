"""Tokenizing Documents without a preset, into a folder of the user's choice."""

import dataclasses
import logging
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

from beam_jobs.config import RunnerConfig, TokenizeConfig
from beam_jobs.vocabularies.given import read_vocabulary
from flows.config import put_setting
from flows.corpus_steps import documents_at
from flows.own_folder import check_folder, refuse_other_files
from flows.tables import Row, padding_share, token_table
from model.contract import places
from model.contract.manifest import StageOutput, outputs_in, plain
from model.contract.record import VOCABULARY_FILE
from model.contract.stage import Made, Stage

_COMMAND = "kobigbird tokenize"


@dataclasses.dataclass(frozen=True)
class Tokenized:
    """What a tokenizing made."""

    directory: str
    records: int
    tokens: int
    """Of text, in all records."""
    padding: float
    """Share of all positions."""
    training_shards: int
    validation_shards: int
    sources: list[Row]
    """Documents, tokens and records by source and split."""


def tokenize_files(
    paths: Sequence[str], vocabulary: str, out: str, settings: Mapping[str, Any], processes: int
) -> Tokenized:
    """Tokenizes and packs Documents into `out`; done before, it is not done again.

    Args:
      paths: see `flows.corpus_steps.documents_at`.
      vocabulary: a vocab.txt, on disk or gs://.
      out: a folder that is new, or that the same tokenizing left.
      settings: of the stage, by dotted key, with or without "tokenize." before it.
      processes: of Beam's local runner.

    Raises:
      SettingError: for a setting that cannot be, or a folder that holds something else.
      InputError: for files that are missing, hold no Documents, or are no vocabulary.
      OutputError: when no record came out.
    """
    check_folder(out, [*paths, vocabulary])
    config, runner = settings_of(settings), RunnerConfig.parse({"processes": processes}, _COMMAND)
    documents = documents_at(paths)
    inputs = {file.name: f"{file.bytes}:{file.crc32c}" for file in documents.files(suffix=".parquet")}
    with tempfile.TemporaryDirectory() as folder:
        pieces = _vocabulary_at(vocabulary, folder)
        inputs |= {file.name: f"{file.bytes}:{file.crc32c}" for file in pieces.files()}
        stage = Stage("tokenize", out, plain(config), ("beam_jobs.tokenize_docs",), inputs, folder=out)
        refuse_other_files(stage)

        def work(directory: str) -> Made:
            from beam_jobs.tokenize_docs import tokenize_documents

            return tokenize_documents(documents, pieces, config, {}, directory, runner)

        return described(stage.run(work, runner.runner, logging.getLogger("kobigbird").info))


def settings_of(settings: Mapping[str, Any]) -> TokenizeConfig:
    """The stage's settings from dotted keys.

    Raises:
      SettingError: for one that cannot be.
    """
    values: dict[str, Any] = {}
    for key, value in settings.items():
        put_setting(values, key.removeprefix("tokenize."), value)
    return TokenizeConfig.parse(values, _COMMAND)


def described(records: StageOutput) -> Tokenized:
    """What a finished tokenizing stage made, from its manifest."""
    table = token_table(records)
    shards = {split: records.files(f"{split}-", ".tfrecord") for split in ("train", "validation")}
    return Tokenized(
        directory=records.directory,
        records=sum(file.records or 0 for files in shards.values() for file in files),
        tokens=sum(row["tokens"] for row in table),
        padding=padding_share(records),
        training_shards=len(shards["train"]),
        validation_shards=len(shards["validation"]),
        sources=table,
    )


def _vocabulary_at(path: str, folder: str) -> StageOutput:
    """A vocabulary file of any name, looked over, as if the vocabulary stage had made it in `folder`."""
    data = ("\n".join(read_vocabulary(path)) + "\n").encode()
    stage = Stage("vocabulary", folder, {}, (), {}, folder=places.join(folder, "vocabulary"))

    def work(directory: str) -> Made:
        places.replace_bytes(places.join(directory, VOCABULARY_FILE), data)
        return Made(outputs=outputs_in(directory))

    return stage.run(work, log=logging.getLogger("kobigbird").debug)
