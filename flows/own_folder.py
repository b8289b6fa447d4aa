"""A stage in a folder of the user's choice: nothing that the stage did not write may be there, since it starts over."""

import os
from collections.abc import Sequence

from model.contract import places
from model.contract.errors import SettingError
from model.contract.manifest import UNFINISHED, read_manifest
from model.contract.stage import Stage


def check_folder(out: str, inputs: Sequence[str] = ()) -> None:
    """Refuses what can be no folder to write to.

    Args:
      out: the folder.
      inputs: what is read, files or folders; none may lie in it, nor it in one of the folders.

    Raises:
      SettingError: for an empty name, one that is neither on disk nor on gs://, or one among the inputs.
    """
    if not out.strip():
        raise SettingError("--out is empty; name a new folder, local or on gs://.")
    own = _whole(out)
    for place in map(_whole, inputs):
        if f"{place}/".startswith(f"{own}/") or f"{own}/".startswith(f"{place}/"):
            raise SettingError(f"--out {out} and the input {place} lie within each other; name a folder elsewhere.")


def refuse_other_files(stage: Stage) -> None:
    """Looks through a stage's folder before it is emptied.

    Raises:
      SettingError: naming a file that is there, unless a job left it that did not come to its end; or when the folder
        holds another stage's work.
    """
    manifest = read_manifest(stage.directory)
    if manifest is not None and manifest.fingerprint != stage.fingerprint:
        raise SettingError(
            f"{stage.directory} holds what was made of other files, with other settings or by another version; "
            "name a new folder."
        )
    if manifest is not None or places.exists(places.join(stage.directory, UNFINISHED)):
        return
    names = [file.path.removeprefix(stage.directory.rstrip("/") + "/") for file in places.list_files(stage.directory)]
    if found := [*names, *_private_names(stage.directory)]:
        raise SettingError(f"{stage.directory} holds {found[0]}, which this command did not write; name a new folder.")


def _whole(place: str) -> str:
    return place.rstrip("/") if places.is_gs(place) else os.path.abspath(place)


def _private_names(directory: str) -> list[str]:
    """Names that begin with a dot, which `places` never lists but removes with their folder (".git", ".env")."""
    if places.is_gs(directory) or not os.path.isdir(directory):
        return []
    return sorted(name for name in os.listdir(directory) if name.startswith("."))
