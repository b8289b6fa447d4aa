"""Cleaning and deduplicating Documents without a preset, and why a document of theirs was kept or dropped."""

import dataclasses
import itertools
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from beam_jobs import removed
from beam_jobs.clean_config import CleanConfig
from beam_jobs.config import RunnerConfig
from beam_jobs.dedupe_config import DedupeConfig
from beam_jobs.document import PARQUET_SCHEMA
from beam_jobs.storage import DOCUMENTS
from flows.checksums import checksums
from flows.config import put_setting
from flows.own_folder import check_folder, refuse_other_files
from flows.stages import clean_settings, word_lists
from model.contract import places
from model.contract.errors import InputError
from model.contract.manifest import OutputFile, StageManifest, StageOutput, open_stage, plain
from model.contract.stage import Made, Stage

Step = Literal["clean", "dedupe"]
_CONFIGS: dict[str, type[CleanConfig] | type[DedupeConfig]] = {"clean": CleanConfig, "dedupe": DedupeConfig}


@dataclasses.dataclass(frozen=True)
class Done:
    """What a step made."""

    directory: str
    documents: int
    removed: int
    counters: Mapping[str, int]


def run_step(step: Step, paths: Sequence[str], out: str, settings: Mapping[str, Any], processes: int) -> Done:
    """Cleans or deduplicates Documents into `out`; done before, it is not done again.

    Args:
      step: which.
      paths: see `documents_at`.
      out: a folder that is new, or that the same step left.
      settings: of the step, by dotted key.
      processes: of Beam's local runner.

    Raises:
      SettingError: for a setting that cannot be, or a folder that holds something else.
      InputError: for files that are missing or hold no Documents.
      OutputError: when no document is left.
    """
    check_folder(out, paths)
    config = settings_of(step, settings)
    runner = RunnerConfig.parse({"processes": processes}, f"kobigbird corpus {step}")
    documents = documents_at(paths)
    inputs = {file.name: f"{file.bytes}:{file.crc32c}" for file in documents.files(suffix=".parquet")}
    settings = clean_settings(config) if step == "clean" else plain(config)
    if step == "clean":
        inputs |= checksums(list(word_lists(config)))
    stage = Stage(step, out, settings, (f"beam_jobs.{step}_docs",), inputs, folder=out)
    refuse_other_files(stage)
    log = logging.getLogger("kobigbird").info
    done = stage.run(lambda directory: _job(step)(documents, config, directory, runner), runner.runner, log)
    return Done(
        directory=out,
        documents=sum(file.records or 0 for file in done.files(DOCUMENTS)),
        removed=sum(file.records or 0 for file in done.files(removed.PREFIX)),
        counters=done.manifest.counters,
    )


def settings_of(step: Step, settings: Mapping[str, Any]) -> Any:
    """The step's settings, a CleanConfig or DedupeConfig, from dotted keys.

    Raises:
      SettingError: for one that cannot be.
    """
    values: dict[str, Any] = {}
    for key, value in settings.items():
        put_setting(values, key, value)
    return _CONFIGS[step].parse(values, f"kobigbird corpus {step}")


def _job(step: Step) -> Callable[..., Made]:
    if step == "clean":
        from beam_jobs.clean_docs import clean_documents

        return clean_documents
    from beam_jobs.dedupe_docs import dedupe_documents

    return dedupe_documents


def documents_at(paths: Sequence[str]) -> StageOutput:
    """Parquet files of Documents, whoever wrote them, as if a stage had.

    Args:
      paths: files or globs, or a folder, of which every Parquet file is taken but removed-tables; a stage's own
        folder is taken with its manifest. On disk or gs://.

    Raises:
      InputError: when there is none, or one is no Parquet file or lacks a Document's columns.
    """
    if len(paths) == 1 and places.exists(places.join(paths[0], "manifest.json")):
        return open_stage(paths[0].rstrip("/"))
    found = sorted({path for place in paths for path in _files_at(place)})
    directory = _common_folder(found)
    outputs = tuple(_described(path, path.removeprefix(directory + "/")) for path in found)
    nothing = dict.fromkeys(("fingerprint", "sources", "package_version", "git_version", "runner"), "")
    manifest = StageManifest(
        stage="documents",
        settings={},
        inputs={},
        outputs=outputs,
        counters={},
        facts={},
        started="",
        finished="",
        **nothing,
    )
    return StageOutput(directory=directory, manifest=manifest)


def _common_folder(paths: Sequence[str]) -> str:
    """On disk or gs://, where os.path.commonpath would make one slash of two."""
    folders = [path.split("/")[:-1] for path in paths]
    together = itertools.takewhile(lambda names: len(set(names)) == 1, zip(*folders, strict=False))
    return "/".join(names[0] for names in together)


def _files_at(place: str) -> list[str]:
    """The files that a place names; a folder names its Parquet files but removed-tables."""
    place = place if places.is_gs(place) else os.path.abspath(place)
    inside = [file.path for file in places.list_files(place)]
    found = [path for path in inside or [file.path for file in places.find(place)] if path.endswith(".parquet")]
    documents = [path for path in found if not path.rsplit("/", 1)[-1].startswith(removed.PREFIX)]
    if not documents:
        raise InputError(f"{place} names no Parquet file of Documents; name files, a glob or a folder of them.")
    return documents


def _described(path: str, name: str) -> OutputFile:
    fact = places.checksum(path)
    try:
        with places.open_read(path) as file:
            table = pq.ParquetFile(file)
            schema, records = table.schema_arrow, table.metadata.num_rows
    except pa.ArrowInvalid:
        raise InputError(f"{path} is no Parquet file; name files of Documents, as `corpus read` writes them.") from None
    for field in PARQUET_SCHEMA:
        if field.name in schema.names and not _is_like(schema.field(field.name).type, field.type):
            raise InputError(
                f"{path} has a column {field.name!r} of type {schema.field(field.name).type}, where Documents have "
                f"{field.type}; read it first, with `kobigbird corpus read plain_text`."
            )
    if lacking := [column for column in PARQUET_SCHEMA.names if column not in schema.names]:
        raise InputError(
            f"{path} has no column {lacking[0]!r}, so it holds no Documents; "
            "read it first, with `kobigbird corpus read plain_text`."
        )
    return OutputFile(name=name, bytes=fact.bytes, records=records, crc32c=fact.crc32c or "")


def _is_like(found: pa.DataType, wanted: pa.DataType) -> bool:
    if pa.types.is_map(wanted):
        return bool(pa.types.is_map(found))
    return bool(pa.types.is_string(found) or pa.types.is_large_string(found))
