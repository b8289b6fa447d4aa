"""Position embeddings for more positions than a model was trained with."""

from typing import Literal

import numpy as np

from model.contract.errors import SettingError

Positions = Literal["random", "tiled", "keep"]
"""Drawn anew, all of them, as KoBigBird's recipe does (RANDOM_POS_EMB=True); position i as i modulo those there are;
or as they are."""
PUBLISHED = 4_096


def positions_wanted(positions: Positions, asked: int | None, there: int, place: str) -> int:
    """How many positions the model is to have.

    Args:
      positions: where they come from.
      asked: how many are asked for; None for as many as there are when they are kept, else the published 4,096.
      there: how many there are.
      place: whose they are, for an error.

    Raises:
      SettingError: when more are to be kept than there are.
    """
    wanted = asked if asked is not None else there if positions == "keep" else PUBLISHED
    if positions == "keep" and wanted > there:
        raise SettingError(
            f"{place} has {there:,} positions where {wanted:,} are asked for; draw them anew as the published recipe "
            "does (random), or repeat those there are (tiled)."
        )
    return wanted


def made_of(rows: np.ndarray, positions: Literal["tiled", "keep"], wanted: int) -> np.ndarray:
    """The position embeddings [wanted, width] made of those there are; kept ones are cut to the first.

    >>> made_of(np.array([[0.0], [1.0], [2.0]]), "tiled", 7)[:, 0]
    array([0., 1., 2., 0., 1., 2., 0.])
    """
    return rows[np.arange(wanted) % len(rows)] if positions == "tiled" else rows[:wanted]
