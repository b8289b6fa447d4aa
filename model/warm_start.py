"""Weights in: from what `model.weights` finds into our modules."""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from model.config import EncoderConfig
from model.contract.errors import InputError, SettingError
from model.contract.record import SPECIAL_TOKENS
from model.encoder import BigBirdEncoder
from model.heads import MaskedLanguageModel, SequenceClassifier, SpanReader
from model.weights.found import Found, Tensors
from model.weights.positions import Positions, made_of
from model.weights.tensor_names import ENCODER, POSITIONS, group, is_transposed, stored_shape, tensor_name
from model.weights.transformers_directory import CONFIG, find_transformers

Model = BigBirdEncoder | MaskedLanguageModel | SequenceClassifier | SpanReader

_SIZES = ("vocabulary_size", "hidden_size", "layers", "heads", "intermediate_size", "layer_norm_epsilon")
"""What weights must agree with: all but the number of positions shows in them, or in what they compute."""
_UNUSED = "[unused"
"""What the placeholders of a vocabulary begin with, which may have got a meaning since."""


def load_model(directory: str) -> tuple[EncoderConfig, Tensors]:
    """Reads a BigBird that transformers, or `export_model`, wrote.

    Args:
      directory: holds config.json and weights; local or on gs://.

    Returns:
      The architecture, and float32 tensors under transformers' names, the encoder's with "bert." in front.

    Raises:
      InputError: when a file is missing, damaged or describes a model that ours cannot be.
    """
    found = find_transformers(directory, known=("big_bird",))
    return found.config, found.read()


def restore_from_directory(model: Model, directory: str) -> tuple[str, ...]:
    """Sets a model's weights to those of a directory that `load_model` reads; bit for bit.

    The encoder must be there whole, but for the pooler, which not every model of transformers has. A head is
    restored when the directory has one of its kind.

    Returns:
      The tensor names of the variables left as they were: a head's or the pooler's, or none.

    Raises:
      InputError: when a tensor is missing, too many or of another shape, or a file is damaged.
      SettingError: when the number of attention heads differs, which no shape shows.
    """
    found = find_transformers(directory, known=("big_bird",))
    config = model.config if isinstance(model, BigBirdEncoder) else model.encoder.config
    if (saved := found.config.heads) != config.heads:
        raise SettingError(
            f"{directory} has {saved} attention heads where the model has {config.heads}; set heads to {saved}."
        )
    return restore_tensors(model, found.read(), found.weights)


def warm_start(model: MaskedLanguageModel, found: Found, positions: Positions) -> tuple[str, ...]:
    """Sets a model's weights to those found; with "random", its position embeddings stay as they were drawn.

    Args:
      model: new, drawn from its seed.
      found: see `find_weights`.
      positions: where the position embeddings come from.

    Returns:
      The tensor names of the variables left as they were drawn.

    Raises:
      InputError: when the weights are damaged or incomplete.
      SettingError: when they do not fit the model; see `check_fit`.
    """
    config = model.encoder.config
    check_fit(found, config, positions)
    tensors = dict(found.read())
    if positions == "random":
        del tensors[POSITIONS]
        return restore_tensors(model, tensors, found.weights, left={POSITIONS})
    tensors[POSITIONS] = made_of(tensors[POSITIONS], positions, config.max_positions)
    return restore_tensors(model, tensors, found.weights)


def check_fit(found: Found, config: EncoderConfig, positions: Positions) -> None:
    """Compares an architecture with that of weights it is to begin with.

    Raises:
      SettingError: naming the first setting that differs.
    """
    for name in _SIZES:
        theirs, ours = getattr(found.config, name), getattr(config, name)
        if theirs != ours:
            raise SettingError(
                f"{found.place} has {name} {theirs} where model.encoder.{name} is {ours}; set model.encoder.{name} to "
                f"{theirs}, or give other weights."
            )
    if positions == "keep" and config.max_positions > found.config.max_positions:
        raise SettingError(
            f"{found.place} has {found.config.max_positions:,} positions where model.encoder.max_positions is "
            f"{config.max_positions:,}; set model.pretrain.warm_start_positions to random or tiled."
        )


def check_same_pieces(theirs: list[str], ours: list[str], place: str) -> None:
    """Compares the vocabulary of weights with the one they are to go on with.

    A special token may stand where theirs has another piece, as those that BERT lacks must stand somewhere; and what
    theirs calls unused may have got a meaning.

    Raises:
      SettingError: naming the first piece that differs.
    """
    if len(theirs) != len(ours):
        raise SettingError(
            f"{place} has {len(theirs):,} pieces where the run's vocabulary has {len(ours):,}; run with {place}."
        )
    for number, (one, other) in enumerate(zip(theirs, ours, strict=True)):
        if one != other and other not in SPECIAL_TOKENS and not one.startswith(_UNUSED):
            raise SettingError(
                f"{place} has {one!r} as piece {number:,} where the run's vocabulary has {other!r}, so the word "
                f"embeddings would belong to other words; run with {place}."
            )


def restore_tensors(
    model: Model, tensors: Mapping[str, np.ndarray], place: str, left: set[str] | frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """Sets a model's weights to tensors under transformers' names; a head only when they have one of its kind.

    Args:
      model: any of ours.
      tensors: as transformers stores them.
      place: where they are from, for an error.
      left: names of the encoder's that may be missing.

    Returns:
      The names of the variables left as they were.

    Raises:
      InputError: when a tensor is missing, too many or of another shape; then nothing is set.
    """
    variables = {tensor_name(variable): variable for variable in model.variables}
    _refuse_layers_too_many(tensors, variables, place)
    present = {group(name) for name in tensors} | {ENCODER}
    chosen = {name: each for name, each in variables.items() if group(name) in present and name not in left}
    values = {name: _values(tensors, name, variable, place) for name, variable in chosen.items()}
    for name, variable in chosen.items():  # only now that all of them fit
        variable.assign(values[name])
    return tuple(sorted(set(variables) - set(chosen)))


def _refuse_layers_too_many(tensors: Mapping[str, np.ndarray], variables: dict[str, tf.Variable], place: str) -> None:
    layers = "bert.encoder.layer."
    extra = sorted(name for name in tensors if name.startswith(layers) and name not in variables)
    if extra:
        raise InputError(f"{place} holds {extra[0]}, which the model lacks; set layers as in its {CONFIG}.")


def _values(tensors: Mapping[str, np.ndarray], name: str, variable: tf.Variable, place: str) -> np.ndarray:
    if name not in tensors:
        raise InputError(f"{place} lacks {name}; give the weights of a whole model.")
    values = tensors[name]
    if is_transposed(name, values.ndim):
        values = values.T
    if values.shape != tuple(variable.shape):
        raise InputError(
            f"{place} has {name} of shape {list(tensors[name].shape)} where the model needs "
            f"{stored_shape(name, variable)}; set the encoder as in its {CONFIG}."
        )
    return values
