"""Weights that were found in a place: what they are, before any of them is read."""

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np

from model.config import EncoderConfig

Tensors = dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Found:
    """Weights of a place, described from their small files alone."""

    place: str
    """Where they are, as it was given."""
    kind: str
    """What they are, for a person: "transformers' BERT"."""
    config: EncoderConfig
    """The architecture, its positions as many as there are rows."""
    weights: str
    """The file, or the checkpoint, that an error about them names."""
    files: Mapping[str, str]
    """The paths of all files that are read, by names that say nothing of where they lie."""
    vocabulary: str
    """The path of their vocab.txt; empty where there is none beside them."""
    notices: tuple[str, ...]
    """What a user should know of them: sentences."""
    read: Callable[[], Tensors]
    """Reads float32 tensors under the names of transformers' BigBird, whole and checked against `config`."""
