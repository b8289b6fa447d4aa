"""Directories that transformers wrote: BigBird, BERT and RoBERTa, in any of its files of weights."""

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from model.contract import places
from model.contract.errors import InputError
from model.weights.architectures import (
    FAMILIES,
    GELU_NOTICE,
    family_of,
    from_transformers,
    read_fields,
    rows_before_roberta,
)
from model.weights.found import Found, Tensors
from model.weights.renaming import check_tensors, for_roberta, renamed
from model.weights.safetensors_file import read_safetensors
from model.weights.torch_file import read_torch_file

CONFIG, WEIGHTS, VOCABULARY = "config.json", "model.safetensors", "vocab.txt"
TORCH_WEIGHTS = "pytorch_model.bin"
INDEX = ".index.json"
"""What the name of a list of parts ends with."""

_BEGINNINGS = (WEIGHTS, WEIGHTS + INDEX, TORCH_WEIGHTS, TORCH_WEIGHTS + INDEX)
"""The file to read first, the best before the others."""
_READERS: Mapping[str, Callable[[bytes, str], dict[str, np.ndarray]]] = {
    ".safetensors": read_safetensors,
    ".bin": read_torch_file,
}
_NO_WEIGHTS_YET = b"version https://git-lfs"


def find_transformers(directory: str, known: tuple[str, ...] = tuple(FAMILIES)) -> Found:
    """Describes the model of a directory.

    Args:
      directory: holds config.json and weights in one file or several; local or on gs://.
      known: the families to accept, by transformers' `model_type`.

    Raises:
      InputError: when a file is missing or damaged, or describes a model that ours cannot be.
      SettingError: for a value in config.json that cannot be.
    """
    config_path = places.join(directory, CONFIG)
    fields = read_fields(config_path)
    family = family_of(fields, config_path, known)
    config = from_transformers(fields, family, config_path)
    named, parts = _weight_files(directory)

    def read() -> Tensors:
        tensors = renamed(_read_parts(directory, named, parts), places.join(directory, named))
        if family is FAMILIES["roberta"]:
            tensors = for_roberta(tensors, rows_before_roberta(fields))
        check_tensors(tensors, config, places.join(directory, named))
        return tensors

    vocabulary = places.join(directory, VOCABULARY)
    present = [VOCABULARY] if places.exists(vocabulary) else []
    names = dict.fromkeys((CONFIG, named, *parts, *present))
    return Found(
        place=directory,
        kind=family.kind,
        config=config,
        weights=places.join(directory, named),
        files={name: places.join(directory, name) for name in names},
        vocabulary=vocabulary if present else "",
        notices=_notices(directory, fields, family.kind),
        read=functools.cache(read),
    )


def has_weights(directory: str) -> bool:
    """Whether a directory has a config.json and a file of weights as transformers writes them."""
    return places.exists(places.join(directory, CONFIG)) and any(
        places.exists(places.join(directory, name)) for name in _BEGINNINGS
    )


def _weight_files(directory: str) -> tuple[str, tuple[str, ...]]:
    """The file to begin with, the best of those that are there, and the names of all that hold tensors."""
    for name in _BEGINNINGS:
        path = places.join(directory, name)
        if places.exists(path):
            return (name, tuple(sorted(set(_places_of(path).values())))) if name.endswith(INDEX) else (name, (name,))
    raise InputError(f"{directory} has neither {WEIGHTS} nor {TORCH_WEIGHTS}; give the directory of a whole model.")


def _places_of(index: str) -> dict[str, str]:
    """Which part each tensor is in.

    Raises:
      InputError: when the list is damaged, or names a file elsewhere.
    """
    try:
        found = json.loads(places.read_bytes(index))["weight_map"]
        names = {str(tensor): str(part) for tensor, part in found.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{index} is no list of weight files; copy it again.") from None
    if strange := [part for part in names.values() if "/" in part or part.rpartition(".")[1:] not in _ENDINGS]:
        raise InputError(f"{index} names {strange[0]}, which is no file of weights beside it; copy the model again.")
    return names


_ENDINGS = {(".", ending[1:]) for ending in _READERS}


def _read_parts(directory: str, named: str, parts: tuple[str, ...]) -> dict[str, np.ndarray]:
    tensors: dict[str, np.ndarray] = {}
    for part in parts:
        path = places.join(directory, part)
        data = places.read_bytes(path)
        if data.startswith(_NO_WEIGHTS_YET):
            raise InputError(f"{path} is Git LFS's stand-in for the weights; fetch them with git lfs pull.")
        tensors |= _READERS["." + part.rpartition(".")[2]](data, path)
    if named.endswith(INDEX):
        path = places.join(directory, named)
        if missing := sorted(_places_of(path).keys() - tensors.keys()):
            raise InputError(f"{path} names {missing[0]}, which none of its files holds; copy the model again.")
    return tensors


def _notices(directory: str, fields: Mapping[str, Any], kind: str) -> tuple[str, ...]:
    found = []
    if fields.get("hidden_act") == "gelu":
        found.append(f"{directory}, {kind}: {GELU_NOTICE}")
    settings = places.join(directory, "tokenizer_config.json")
    if places.exists(settings) and read_fields(settings).get("do_lower_case"):
        found.append(f"{directory}: its tokenizer lower-cases, which ours does not.")
    return tuple(found)
