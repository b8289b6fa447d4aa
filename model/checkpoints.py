"""Save and resume: the newest whole checkpoint is taken, and having some of which none loads is an error."""

from pathlib import PurePosixPath
from typing import Any

import tensorflow as tf

from model.contract import places
from model.contract.errors import OutputError

FOLDER = "checkpoints"


class Checkpoints:
    """The checkpoints of one training, on disk or gs://.

    TensorFlow writes a checkpoint's files first and names it in the folder's `checkpoint` file, atomically, last: one
    half written at a kill is never named there.
    """

    def __init__(self, directory: str, keep: int, **tracked: Any):
        """Prepares to save and restore.

        Args:
          directory: the stage's; checkpoints go to its folder `checkpoints`.
          keep: how many of the newest to keep.
          **tracked: what to save, by name (`tf.Module`s and variables).
        """
        self._folder = places.join(directory, FOLDER)
        self._checkpoint = tf.train.Checkpoint(**tracked)
        self._manager = tf.train.CheckpointManager(self._checkpoint, self._folder, keep, checkpoint_name="step")

    def save(self, step: int) -> None:
        """Saves under a step's number."""
        self._manager.save(checkpoint_number=step)

    def restore_newest(self) -> str | None:
        """Restores the newest checkpoint that loads whole.

        Returns:
          Its address, or None where there is no checkpoint at all.

        Raises:
          OutputError: when there are checkpoints but none loads.
        """
        named = list(reversed(self._manager.checkpoints))
        faults = []
        for path in named:
            try:
                self._checkpoint.restore(path).assert_existing_objects_matched()
            except Exception as error:  # TensorFlow's readers fail on a damaged file in many ways
                faults.append(f"{PurePosixPath(path).name}: {str(error).splitlines()[0][:200]}")
                continue
            return str(path)
        if named:
            raise OutputError(
                f"none of the {len(named)} checkpoints in {self._folder} loads ({faults[0]}); restore one from a "
                "copy, or remove the folder to train from the beginning."
            )
        return None


def restore_weights(directory: str, **tracked: Any) -> str:
    """Restores only what is named from a finished training's newest checkpoint; returns the checkpoint's address.

    Raises:
      OutputError: when there is none, or it lacks something named.
    """
    path = tf.train.latest_checkpoint(places.join(directory, FOLDER))
    if path is None:
        raise OutputError(f"{directory} holds no checkpoint; train first.")
    try:
        tf.train.Checkpoint(**tracked).restore(path).assert_existing_objects_matched().expect_partial()
    except Exception as error:
        reason = str(error).splitlines()[0]
        raise OutputError(f"checkpoint {path} does not fit the configured model ({reason}).") from None
    return str(path)
