"""Tensors of BERT, RoBERTa and older files under the names and in the shapes of transformers' BigBird."""

import re

import numpy as np

from model.config import EncoderConfig
from model.contract.errors import InputError
from model.weights.found import Tensors
from model.weights.tensor_names import ENCODER, OUTPUT_BIAS, POSITIONS, SEGMENTS, WORDS

_BUFFERS = ("position_ids", "token_type_ids")
_HEAD = "cls.predictions."
_DECODER = f"{_HEAD}decoder."
_PATTERNS = (
    (r"^roberta\.", ENCODER),
    (r"\.gamma$", ".weight"),  # LayerNorm's, in files of the first years
    (r"\.beta$", ".bias"),
    (r"^lm_head\.dense\.", f"{_HEAD}transform.dense."),
    (r"^lm_head\.layer_norm\.", f"{_HEAD}transform.LayerNorm."),
    (r"^lm_head\.", _HEAD),
    # BERT and RoBERTa hold the pooler's map in a module of its own.
    (r"^bert\.pooler\.dense\.", "bert.pooler."),
)


def renamed(tensors: Tensors, path: str) -> Tensors:
    """The tensors under transformers' BigBird names, as float32; buffers and tied copies are gone.

    Args:
      tensors: as they were read; a bare encoder's have no prefix.
      path: what to call their file in an error.

    Raises:
      InputError: for a tensor of whole numbers, or an output layer of its own, which our head does not have.
    """
    bare = any(name.startswith("embeddings.") for name in tensors)
    found: Tensors = {}
    for name, values in tensors.items():
        if name.rsplit(".", 1)[-1] in _BUFFERS:
            continue
        if not np.issubdtype(values.dtype, np.floating):
            raise InputError(f"{path} holds {name} as {values.dtype}, which no weight is; give the weights of a model.")
        found[_renamed(ENCODER + name if bare else name)] = np.asarray(values, np.float32)
    return _untied(found, path)


def for_roberta(tensors: Tensors, rows_before: int) -> Tensors:
    """Without the rows that RoBERTa keeps before its first position; one row of segments serves as both.

    Args:
      tensors: under BigBird's names.
      rows_before: of the position embeddings.
    """
    changed = dict(tensors)
    if POSITIONS in tensors:
        changed[POSITIONS] = tensors[POSITIONS][rows_before:]
    if SEGMENTS in tensors and len(tensors[SEGMENTS]) == 1:
        changed[SEGMENTS] = np.repeat(tensors[SEGMENTS], 2, axis=0)
    return changed


def check_tensors(tensors: Tensors, config: EncoderConfig, path: str) -> None:
    """Compares an encoder's tensors with its architecture, by name and by shape.

    Raises:
      InputError: naming the first that is missing, too many, or of another shape.
    """
    shapes = encoder_shapes(config)
    for name, shape in shapes.items():
        if name not in tensors:
            raise InputError(f"{path} lacks {name}; give the weights of a whole model.")
        if tensors[name].shape != shape:
            raise InputError(
                f"{path} has {name} of shape {list(tensors[name].shape)} where its config says {list(shape)}; give "
                "the config that belongs to it."
            )
    known = {*shapes, "bert.pooler.weight", "bert.pooler.bias"}
    if extra := sorted(name for name in tensors if name.startswith(ENCODER) and name not in known):
        raise InputError(
            f"{path} holds {extra[0]}, which its config tells nothing of; give a BigBird, BERT or RoBERTa as it was "
            "saved, without additions."
        )


def encoder_shapes(config: EncoderConfig) -> dict[str, tuple[int, ...]]:
    """The shape of each of the encoder's tensors as transformers stores it, without the pooler's."""
    width, inner = config.hidden_size, config.intermediate_size
    shapes: dict[str, tuple[int, ...]] = {
        WORDS: (config.vocabulary_size, width),
        POSITIONS: (config.max_positions, width),
        SEGMENTS: (2, width),
    }
    norms = ["bert.embeddings.LayerNorm"]
    for layer in range(config.layers):
        name = f"bert.encoder.layer.{layer}"
        maps = {f"{name}.attention.self.{part}": (width, width) for part in ("query", "key", "value")}
        maps |= {f"{name}.attention.output.dense": (width, width)}
        maps |= {f"{name}.intermediate.dense": (inner, width), f"{name}.output.dense": (width, inner)}
        for map_name, (rows, columns) in maps.items():
            shapes |= {f"{map_name}.weight": (rows, columns), f"{map_name}.bias": (rows,)}
        norms += [f"{name}.attention.output.LayerNorm", f"{name}.output.LayerNorm"]
    return shapes | {f"{norm}.{part}": (width,) for norm in norms for part in ("weight", "bias")}


def _renamed(name: str) -> str:
    for pattern, instead in _PATTERNS:
        name = re.sub(pattern, instead, name)
    return name


def _untied(tensors: Tensors, path: str) -> Tensors:
    """Drops the output layer that older files repeat; it must be the word embeddings and the bias."""
    kept = {name: values for name, values in tensors.items() if not name.startswith(_DECODER)}
    if f"{_DECODER}bias" in tensors:
        kept.setdefault(OUTPUT_BIAS, tensors[f"{_DECODER}bias"])
    for name, twin in ((f"{_DECODER}weight", WORDS), (f"{_DECODER}bias", OUTPUT_BIAS)):
        if name in tensors and not (twin in kept and np.array_equal(tensors[name], kept[twin])):
            raise InputError(
                f"{path} holds {name} that is not {twin}, so its head has an output layer of its own, which ours "
                "has not; give a model with tied embeddings."
            )
    return kept
