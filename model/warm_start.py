"""Weights in: from a directory in transformers' BigBird format into our modules."""

import json

import numpy as np
import safetensors
import safetensors.numpy
import tensorflow as tf

from model.config import EncoderConfig
from model.contract import places
from model.contract.errors import InputError, SettingError
from model.encoder import BigBirdEncoder
from model.export import CONFIG, WEIGHTS, is_transposed, tensor_name
from model.heads import MaskedLanguageModel, SequenceClassifier

Model = BigBirdEncoder | MaskedLanguageModel | SequenceClassifier

ENCODER, POOLER = "bert.", "bert.pooler."
SETTINGS = {
    "vocabulary_size": "vocab_size",
    "hidden_size": "hidden_size",
    "layers": "num_hidden_layers",
    "heads": "num_attention_heads",
    "intermediate_size": "intermediate_size",
    "max_positions": "max_position_embeddings",
    "block_size": "block_size",
    "random_blocks": "num_random_blocks",
    "dropout": "hidden_dropout_prob",
    "layer_norm_epsilon": "layer_norm_eps",
    "initializer_range": "initializer_range",
    "plan": "attention_plan",
    "plan_seed": "attention_plan_seed",
}
"""Our names of the settings, and transformers' names; what a file leaves out has its default."""
REQUIRED = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size")
SUPPORTED = {
    "model_type": "big_bird",
    "hidden_act": "gelu_new",
    "type_vocab_size": 2,
    "use_bias": True,
    "rescale_embeddings": False,
}
"""What our encoder is; a file that says otherwise describes another model."""


def load_model(directory: str) -> tuple[EncoderConfig, dict[str, np.ndarray]]:
    """Reads a BigBird that transformers, or `export_model`, wrote.

    Args:
      directory: holds config.json and model.safetensors; local or on gs://.

    Returns:
      The architecture, and float32 tensors under transformers' names, the encoder's with "bert." in front.

    Raises:
      InputError: when a file is missing, damaged or describes a model that ours cannot be.
    """
    config_path, weights_path = places.join(directory, CONFIG), places.join(directory, WEIGHTS)
    config = _encoder_config(config_path)
    try:
        tensors = safetensors.numpy.load(places.read_bytes(weights_path))
    except (safetensors.SafetensorError, KeyError, ValueError, TypeError):
        raise InputError(f"{weights_path} is no whole safetensors file of float tensors; copy it again.") from None
    # A bare BigBirdModel is saved without the prefix that the models with heads have.
    bare = any(name.startswith("embeddings.") for name in tensors)
    return config, {
        (ENCODER + name if bare else name): np.asarray(values, np.float32) for name, values in tensors.items()
    }


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
    saved, tensors = load_model(directory)
    path = places.join(directory, WEIGHTS)
    config = model.config if isinstance(model, BigBirdEncoder) else model.encoder.config
    if saved.heads != config.heads:
        raise SettingError(
            f"{directory} has {saved.heads} attention heads where the model has {config.heads}; "
            f"set heads to {saved.heads}."
        )
    variables = {tensor_name(variable): variable for variable in model.variables}
    _refuse_layers_too_many(tensors, variables, path)
    present = {_group(name) for name in tensors}
    chosen = {name: variable for name, variable in variables.items() if _group(name) in present | {ENCODER}}
    values = {name: _values(tensors, name, variable, path) for name, variable in chosen.items()}
    for name, variable in chosen.items():  # only now that all of them fit
        variable.assign(values[name])
    return tuple(sorted(set(variables) - set(chosen)))


def _encoder_config(path: str) -> EncoderConfig:
    try:
        fields = json.loads(places.read_bytes(path))
    except ValueError:
        raise InputError(f"{path} is not JSON; copy it again.") from None
    for name, value in SUPPORTED.items():
        if (found := fields.get(name, value)) != value:
            raise InputError(f"{path} says {name} {found!r}, which this encoder cannot be; it needs {value!r}.")
    if missing := [name for name in REQUIRED if name not in fields]:
        raise InputError(f"{path} lacks {missing[0]}; give the config.json of a whole BigBird.")
    known = {ours: fields[theirs] for ours, theirs in SETTINGS.items() if theirs in fields}
    return EncoderConfig.parse(known, path)


def _group(name: str) -> str:
    """The part of a model that a tensor belongs to, restored whole or not at all: encoder, pooler, a head."""
    return POOLER if name.startswith(POOLER) else name.split(".")[0] + "."


def _refuse_layers_too_many(tensors: dict[str, np.ndarray], variables: dict[str, tf.Variable], path: str) -> None:
    layers = "bert.encoder.layer."
    extra = sorted(name for name in tensors if name.startswith(layers) and name not in variables)
    if extra:
        raise InputError(f"{path} holds {extra[0]}, which the model lacks; set layers as in its {CONFIG}.")


def _values(tensors: dict[str, np.ndarray], name: str, variable: tf.Variable, path: str) -> np.ndarray:
    if name not in tensors:
        raise InputError(f"{path} lacks {name}; give the weights of a whole BigBird.")
    values = tensors[name]
    if is_transposed(name, values.ndim):
        values = values.T
    if values.shape != tuple(variable.shape):
        raise InputError(
            f"{path} has {name} of shape {list(tensors[name].shape)} where the model needs "
            f"{_stored_shape(name, variable)}; set the encoder as in its {CONFIG}."
        )
    return values


def _stored_shape(name: str, variable: tf.Variable) -> list[int]:
    shape = list(variable.shape)
    return shape[::-1] if is_transposed(name, len(shape)) else shape
