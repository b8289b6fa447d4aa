"""Reading files into Documents without a preset, into a folder of the user's choice."""

import dataclasses
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from beam_jobs.config import ReadConfig, RunnerConfig
from beam_jobs.read_docs import read_documents
from beam_jobs.read_plan import find_sources, identities
from flows.config import put_setting
from flows.own_folder import check_folder, refuse_other_files
from flows.stages import read_settings
from model.contract.stage import Stage


@dataclasses.dataclass(frozen=True)
class Read:
    """What was read."""

    directory: str
    documents: int
    files: int
    bytes: int
    """Of the Parquet files."""
    counters: Mapping[str, int]


def read_files(
    kind: str, paths: Sequence[str], out: str, settings: Mapping[str, Any], max_bad_share: float, processes: int
) -> Read:
    """Reads files of one kind into `out`; done before, it is not done again.

    Args:
      kind: as in beam_jobs.config.
      paths: see SourceConfig.paths.
      out: a folder that is new, or that the same reading left.
      settings: further settings of the source by dotted key.
      max_bad_share: more unreadable records than this stop the job.
      processes: of Beam's local runner.

    Raises:
      SettingError: for a kind or setting that cannot be, or a folder that holds something else.
      InputError: for files that are missing or hold no document.
    """
    source: dict[str, Any] = {"kind": kind, "paths": list(paths)}
    for key, value in settings.items():
        put_setting(source, key, value)
    config = ReadConfig.parse({"sources": [source], "max_bad_share": max_bad_share}, "kobigbird corpus read")
    check_folder(out)
    runner = RunnerConfig.parse({"processes": processes}, "kobigbird corpus read")
    found = find_sources(config.sources)
    stage = Stage("read", out, read_settings(config), ("beam_jobs.read_docs",), identities(found, config), folder=out)
    refuse_other_files(stage)
    done = stage.run(
        lambda directory: read_documents(found, config, directory, runner),
        runner.runner,
        logging.getLogger("kobigbird").info,
    )
    files = done.files(suffix=".parquet")
    return Read(
        directory=out,
        documents=sum(file.records or 0 for file in files),
        files=len(files),
        bytes=sum(file.bytes for file in files),
        counters={name.removeprefix("read_docs/"): value for name, value in done.manifest.counters.items()},
    )
