"""What our variables are called in transformers' files, and which way round their tensors lie there."""

import numpy as np
import tensorflow as tf

ENCODER, POOLER = "bert.", "bert.pooler."
WORDS = "bert.embeddings.word_embeddings.weight"
POSITIONS = "bert.embeddings.position_embeddings.weight"
SEGMENTS = "bert.embeddings.token_type_embeddings.weight"
NEXT_SENTENCE = "cls.seq_relationship."
OUTPUT_BIAS = "cls.predictions.bias"


def tensor_name(variable: tf.Variable) -> str:
    """What transformers calls a variable's tensor: the variable's own name without TensorFlow's additions."""
    return str(variable.name).rsplit("/", maxsplit=1)[-1].removesuffix(":0")


def is_transposed(name: str, rank: int) -> bool:
    """Whether a tensor lies the other way round in transformers: kernels do, embeddings do not."""
    return rank == 2 and "embeddings" not in name


def stored(variable: tf.Variable) -> np.ndarray:
    """A variable's values as transformers stores them; float32, C order."""
    values = variable.numpy()
    return np.ascontiguousarray(values.T if is_transposed(tensor_name(variable), values.ndim) else values)


def stored_shape(name: str, variable: tf.Variable) -> list[int]:
    """The shape that a variable's tensor has in transformers' files."""
    shape = list(variable.shape)
    return shape[::-1] if is_transposed(name, len(shape)) else shape


def group(name: str) -> str:
    """The part of a model that a tensor belongs to, restored whole or not at all: encoder, pooler, a head."""
    for part in (POOLER, NEXT_SENTENCE):
        if name.startswith(part):
            return part
    return name.split(".")[0] + "."
