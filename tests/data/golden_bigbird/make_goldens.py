"""Runs google-research/bigbird's own code and keeps some of what comes out.

    python -m tests.data.golden_bigbird.make_goldens CLONE [--compare]

CLONE is a clone of google-research/bigbird, or of KoBigBird, which has a copy of that code. `--compare` writes
nothing and prints how far the clone's outputs lie from the files. See README.md beside this file.
"""

import argparse
import importlib
import itertools
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tests.model.golden_rules import (
    ATTENTION,
    CASES,
    DIRECTORY,
    ENCODER,
    LENGTHS,
    Arrays,
    Case,
    hidden_states,
    kept,
    token_ids,
    weights,
)

Build = Callable[[], tf.Tensor]


class BareLayer:
    """All that the code needs of Keras's Layer. Today's Keras refuses its names, as "pooler/dense"."""

    def __init__(self, name: str | None = None) -> None:
        self.name = name

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self.call(*arguments, **named)


def use_code_of(clone: Path) -> str:
    """Makes a clone's modules importable; returns the package that they are in."""
    vars(importlib.import_module("tensorflow.compat.v2"))["keras"] = types.SimpleNamespace(
        layers=types.SimpleNamespace(Layer=BareLayer)
    )
    for folder, package in ((clone, "bigbird.core"), (clone / "pretrain", "kobigbird")):
        if (folder / package.replace(".", "/") / "attention.py").exists():
            sys.path.insert(0, str(folder))
            return package
    sys.exit(f"{clone} holds neither bigbird/core nor pretrain/kobigbird; give a clone of google-research/bigbird.")


def encoder(package: str, length: int) -> tf.Tensor:
    """Its BertModel, without dropout: [2, length, width]."""
    modeling, utils = (importlib.import_module(f"{package}.{name}") for name in ("modeling", "utils"))
    config = ENCODER.config
    params = utils.get_default_config() | {
        "vocab_size": config.vocabulary_size,
        "hidden_size": config.hidden_size,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "intermediate_size": config.intermediate_size,
        "block_size": config.block_size,
        "num_rand_blocks": config.random_blocks,
        "max_encoder_length": length,
        "use_gradient_checkpointing": False,
        "use_token_type": True,  # this and the next are for KoBigBird's copy
        "pad_token_id": 0,
    }
    ids, segments = token_ids(length)
    hidden, _ = modeling.BertModel(params)(tf.constant(ids), tf.constant(segments), training=False)
    return hidden


def attention(package: str, length: int) -> tf.Tensor:
    """Its attention layer number 0 and the projection after it: [2, length, width]."""
    module, utils = (importlib.import_module(f"{package}.{name}") for name in ("attention", "utils"))
    config = ATTENTION.config
    heads, depth, block = config.heads, config.hidden_size // config.heads, config.block_size
    with tf.compat.v1.variable_scope("bert/encoder/layer_0/attention"):
        layer = module.MultiHeadedAttentionLayer(
            "block_sparse",
            num_attention_heads=heads,
            size_per_head=depth,
            num_rand_blocks=config.random_blocks,
            from_seq_length=length,
            to_seq_length=length,
            from_block_size=block,
            to_block_size=block,
            seed=0,
            name="self",
        )
        with tf.compat.v1.variable_scope("output"):
            projection = utils.Dense3dProjLayer(heads, depth, utils.create_initializer(), None, "dense")
    values, mask = (tf.constant(array, tf.float32) for array in hidden_states(length))
    blocked = tf.reshape(mask, [2, length // block, block])
    band = module.create_band_mask_from_inputs(blocked, blocked)
    masks = [None, band, mask[:, None, :, None], mask[:, None, None, :], blocked, blocked]
    return projection(layer(values, values, masks, training=False))


def output(case: Case, build: Build) -> np.ndarray:
    """What the code gives once its variables have a case's weights.

    A function, not a graph of TensorFlow 1: there `ids != padding` in KoBigBird's copy compares Python objects, is
    True as a whole, and masks nothing.
    """
    function = tf.compat.v1.wrap_function(build, signature=[])
    for variable in function.variables:
        variable.assign(weights(case, variable.name.removesuffix(":0"), tuple(variable.shape)))
    return np.asarray(function())


def main() -> None:
    """Writes the files, or compares with them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("clone", type=Path)
    parser.add_argument("--compare", action="store_true")
    arguments = parser.parse_args()
    package = use_code_of(arguments.clone)
    for case, build in zip(CASES, (encoder, attention), strict=True):
        arrays: Arrays = {}
        for length in LENGTHS:
            arrays |= kept(case, length, output(case, lambda build=build, length=length: build(package, length)))
        path = DIRECTORY / f"{case.name}.npz"
        if arguments.compare:
            golden = np.load(path)
            for name, length in itertools.product(("values", "projected"), LENGTHS):
                key = f"{length}_{name}"
                print(case.name, key, f"{np.abs(arrays[key] - golden[key]).max():.1e}")
        else:
            np.savez_compressed(path, **arrays)
            print(path.name, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
