"""Checkpoints of TensorFlow 1: BERT's, google-research/bigbird's and KoBigBird's.

All three name their variables alike, but for two parts: BigBird's embeddings' LayerNorm is called the encoder's, and
google-research/bigbird leaves the beginning of the masked-LM transform's names out.
"""

import functools
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from model.config import EncoderConfig
from model.contract import places
from model.contract.errors import InputError
from model.weights.architectures import TF1_FILES, from_tf1, read_fields
from model.weights.found import Found, Tensors
from model.weights.renaming import check_tensors

_VOCABULARIES = ("vocab.txt", "tokenizer/vocab.txt")
"""BERT's lies beside the checkpoint, KoBigBird's in a folder."""
_NO_WEIGHTS = re.compile(
    r"(^|/)(adam_[mv]|global_step|beta[12]_power|Adam(_1)?|AdamWeightDecayOptimizer.*|Adafactor.*)$"
)
_NAMES = (
    (r"^bert/encoder/LayerNorm/", "bert/embeddings/LayerNorm/"),
    (r"^transform/(kernel|bias)$", r"cls/predictions/transform/dense/\1"),
    (r"^transform/(beta|gamma)$", r"cls/predictions/transform/LayerNorm/\1"),
    (r"^bert/pooler/dense/", "bert/pooler/"),
    (r"/layer_(\d+)/", r"/layer/\1/"),
    (r"_embeddings$", "_embeddings/weight"),
    (r"/output_weights$", "/weight"),
    (r"/output_bias$", "/bias"),
    (r"/(kernel|gamma)$", "/weight"),
    (r"/beta$", "/bias"),
)


def tensor_of_variable(name: str) -> str:
    """What transformers' BigBird calls a variable of TensorFlow 1.

    >>> tensor_of_variable("bert/encoder/layer_0/attention/self/query/kernel")
    'bert.encoder.layer.0.attention.self.query.weight'
    >>> tensor_of_variable("bert/encoder/LayerNorm/gamma")
    'bert.embeddings.LayerNorm.weight'
    """
    for pattern, instead in _NAMES:
        name = re.sub(pattern, instead, name)
    return name.replace("/", ".")


def find_tf1(place: str, heads: int | None = None) -> Found | None:
    """Describes a checkpoint of TensorFlow 1; None where there is none.

    Args:
      place: its folder, or the checkpoint itself (".../bert_model.ckpt"); local or on gs://.
      heads: the number of attention heads, for a checkpoint without settings beside it.

    Raises:
      InputError: when a file is missing or damaged, there are several checkpoints, or they describe a model that ours
        cannot be.
    """
    if (prefix := _prefix(place)) is None:
        return None
    folder = prefix.rpartition("/")[0] or "."
    beside = [name for name in TF1_FILES if places.exists(places.join(folder, name))]
    if beside:
        path = places.join(folder, beside[0])
        kind, config = TF1_FILES[beside[0]], from_tf1(read_fields(path), path)
    else:
        kind, config = "a checkpoint of TensorFlow 1", _from_shapes(prefix, heads)
    vocabulary = next((path for name in _VOCABULARIES if places.exists(path := places.join(folder, name))), "")
    paths = [*(places.join(folder, name) for name in beside[:1]), *places.glob(f"{prefix}.*")]
    return Found(
        place=place,
        kind=kind,
        config=config,
        weights=prefix,
        files={path.rpartition("/")[2]: path for path in [*paths, *([vocabulary] if vocabulary else [])]},
        vocabulary=vocabulary,
        notices=(),
        read=functools.cache(lambda: _read(prefix, config)),
    )


def _prefix(place: str) -> str | None:
    """The checkpoint's path without endings."""
    place = place.rstrip("/").removesuffix(".index")
    if places.exists(f"{place}.index"):
        return place
    found = [path.removesuffix(".index") for path in places.glob(places.join(place, "*.index"))]
    if len(found) > 1:
        newest = tf.train.latest_checkpoint(place)
        if newest is None or newest not in found:
            names = ", ".join(path.rpartition("/")[2] for path in found[:3])
            raise InputError(f"{place} holds {len(found)} checkpoints ({names}…); name one of them.")
        return str(newest)
    return found[0] if found else None


def _variables(prefix: str) -> tuple[Any, Mapping[str, tuple[int, ...]]]:
    """The reader, and the shapes of the variables that are weights.

    Raises:
      InputError: when the checkpoint cannot be read, or holds none of BERT's names.
    """
    try:
        reader = tf.train.load_checkpoint(prefix)
        shapes = reader.get_variable_to_shape_map()
    except Exception:  # TensorFlow's readers fail on a damaged file in many ways
        raise InputError(f"{prefix} is no whole checkpoint of TensorFlow; copy its files again.") from None
    if "bert/embeddings/word_embeddings" not in shapes:
        raise InputError(
            f"{prefix} has no variable bert/embeddings/word_embeddings; give a checkpoint of BERT or BigBird as their "
            "TensorFlow 1 code wrote it."
        )
    return reader, {name: tuple(shape) for name, shape in shapes.items() if not _NO_WEIGHTS.search(name)}


def _from_shapes(prefix: str, heads: int | None) -> EncoderConfig:
    """The architecture of a checkpoint without settings; all but the heads show in shapes."""
    if heads is None:
        raise InputError(
            f"{prefix} has neither {' nor '.join(TF1_FILES)} beside it; copy its config there, or say how many "
            "attention heads it has (--heads 12)."
        )
    _, shapes = _variables(prefix)
    try:
        words, inner = shapes["bert/embeddings/word_embeddings"], "bert/encoder/layer_0/intermediate/dense/kernel"
        sizes = {
            "vocabulary_size": words[0],
            "hidden_size": words[1],
            "layers": sum(name.endswith("/attention/self/query/kernel") for name in shapes),
            "heads": heads,
            "intermediate_size": shapes[inner][1],
            "max_positions": shapes["bert/embeddings/position_embeddings"][0],
            "plan": "google" if "bert/encoder/LayerNorm/gamma" in shapes else "transformers",
        }
    except (KeyError, IndexError) as error:
        raise InputError(f"{prefix} lacks {error}; give a whole checkpoint of BERT or BigBird.") from None
    return EncoderConfig.parse(sizes, prefix)


def _read(prefix: str, config: EncoderConfig) -> Tensors:
    reader, shapes = _variables(prefix)
    tensors: Tensors = {}
    for name in sorted(shapes):
        try:
            values = np.asarray(reader.get_tensor(name))
        except Exception:
            raise InputError(f"{prefix} breaks off at {name}; copy its files again.") from None
        tensor = tensor_of_variable(name)
        if not np.issubdtype(values.dtype, np.floating):
            raise InputError(f"{prefix} holds {name} as {values.dtype}, which no weight is; give a model's checkpoint.")
        # Kernels are turned round; the next-sentence head's are stored as transformers does.
        tensors[tensor] = np.ascontiguousarray(values.T if name.endswith("/kernel") else values, np.float32)
    check_tensors(tensors, config, prefix)
    return tensors
