"""A stage in a folder of the user's choice: nothing that the stage did not write may be there, since it starts over."""

import os
import re

from model.contract import places
from model.contract.errors import SettingError
from model.contract.manifest import read_manifest
from model.contract.stage import Stage

_PRIVATE = re.compile(r"\.files\.json|\.[0-9a-f]{32}\.tmp")
"""What a stage that was broken off may leave: a job's list of files, and half-written ones."""


def check_folder(out: str) -> None:
    """Refuses what can be no folder to write to.

    Raises:
      SettingError: for an empty name, or one that is neither on disk nor on gs://.
    """
    if not out.strip():
        raise SettingError("--out is empty; name a new folder, local or on gs://.")
    places.is_gs(out)


def refuse_other_files(stage: Stage, ours: re.Pattern[str]) -> None:
    """Looks through a stage's folder before it is emptied.

    Args:
      stage: whose folder is the user's choice.
      ours: matches the names of the files that such a stage writes.

    Raises:
      SettingError: naming a file that is not the stage's, or when the folder holds another stage's work.
    """
    manifest = read_manifest(stage.directory)
    if manifest is not None and manifest.fingerprint != stage.fingerprint:
        raise SettingError(
            f"{stage.directory} holds what was made of other files, with other settings or by another version; "
            "name a new folder."
        )
    if manifest is not None:
        return
    names = [file.path.removeprefix(stage.directory.rstrip("/") + "/") for file in places.list_files(stage.directory)]
    for name in (*names, *_private_names(stage.directory)):
        if not (ours.fullmatch(name) or _PRIVATE.fullmatch(name)):
            raise SettingError(f"{stage.directory} holds {name}, which this command did not write; name a new folder.")


def _private_names(directory: str) -> list[str]:
    """Names that begin with a dot, which `places` never lists but removes with their folder (".git", ".env")."""
    if places.is_gs(directory) or not os.path.isdir(directory):
        return []
    return sorted(name for name in os.listdir(directory) if name.startswith("."))
