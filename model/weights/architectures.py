"""The settings files of other programs, and the architecture that each describes."""

import json
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from model.config import EncoderConfig
from model.contract import places
from model.contract.errors import InputError

REQUIRED = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size")
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


class Family(NamedTuple):
    """A kind of model that our encoder can be."""

    kind: str
    prefix: str
    """What stands before the encoder's tensors, unless the encoder was saved alone."""
    fixed: Mapping[str, tuple[Any, ...]]
    """Fields that must have one of these values, or be missing."""
    absent: tuple[str, ...] = ()
    """Settings of ours that the file has no word on, so that ours have their defaults."""


_BERT = {
    # The exact GELU and its tanh approximation differ by less than 5e-4; the original BERT says "gelu" for the latter.
    "hidden_act": ("gelu", "gelu_new", "gelu_pytorch_tanh"),
    "position_embedding_type": ("absolute",),
    "is_decoder": (False,),
    "add_cross_attention": (False,),
}
FAMILIES = {
    "big_bird": Family(
        "transformers' BigBird",
        "bert.",
        {
            "hidden_act": ("gelu_new", "gelu_pytorch_tanh"),
            "type_vocab_size": (2,),
            "use_bias": (True,),
            "rescale_embeddings": (False,),
            "position_embedding_type": ("absolute",),
            "is_decoder": (False,),
        },
    ),
    "bert": Family("transformers' BERT", "bert.", {**_BERT, "type_vocab_size": (2,)}),
    "roberta": Family("transformers' RoBERTa", "roberta.", {**_BERT, "type_vocab_size": (1, 2)}),
}
"""By transformers' `model_type`."""
GELU_NOTICE = (
    "it was trained with the exact GELU and goes on with the tanh approximation of the published recipe, which "
    "differs by at most 5e-4."
)

_TF1 = {
    "hidden_act": ("gelu",),
    "type_vocab_size": (2,),
    "use_bias": (True,),
    "rescale_embedding": (False,),
    "norm_type": ("postnorm",),
    "use_token_type": (True,),
    "scope": ("bert",),
}
TF1_FILES = {"pretrain_config.json": "BigBird of TensorFlow 1", "bert_config.json": "BERT of TensorFlow 1"}
"""The settings beside a checkpoint of TensorFlow 1, in the order in which they are looked for, and what it then is."""


def read_fields(path: str) -> dict[str, Any]:
    """A JSON object.

    Raises:
      InputError: when the file is missing or something else.
    """
    try:
        fields = json.loads(places.read_bytes(path))
    except ValueError:
        raise InputError(f"{path} is not JSON; copy it again.") from None
    if not isinstance(fields, dict):
        raise InputError(f"{path} holds no settings by name; give the config of a whole model.")
    return fields


def family_of(fields: Mapping[str, Any], path: str, known: tuple[str, ...] = tuple(FAMILIES)) -> Family:
    """The family that a config.json says, of those named.

    Raises:
      InputError: when it is another.
    """
    kind = fields.get("model_type", known[0])
    if kind not in known:
        needed = " or ".join(map(repr, known))
        raise InputError(f"{path} says model_type {kind!r}, which this encoder cannot be; it needs {needed}.")
    return FAMILIES[kind]


def from_transformers(fields: Mapping[str, Any], family: Family, path: str) -> EncoderConfig:
    """The architecture of a config.json.

    Raises:
      InputError: when it lacks a size, or describes what our encoder cannot be.
      SettingError: for a value that cannot be.
    """
    _refuse_others(fields, family.fixed, path)
    known = {ours: fields[theirs] for ours, theirs in SETTINGS.items() if theirs in fields}
    if family is FAMILIES["roberta"]:
        rows = fields.get("max_position_embeddings")
        known["max_positions"] = rows - rows_before_roberta(fields) if isinstance(rows, int) else rows
    return EncoderConfig.parse(known, path)


def from_tf1(fields: Mapping[str, Any], path: str) -> EncoderConfig:
    """The architecture of a bert_config.json or pretrain_config.json.

    Raises:
      InputError: when it lacks a size, or describes what our encoder cannot be.
      SettingError: for a value that cannot be.
    """
    _refuse_others(fields, _TF1, path)
    known = {ours: fields[theirs] for ours, theirs in SETTINGS.items() if theirs in fields}
    plan: Literal["google", "transformers"] = "transformers"
    if "num_rand_blocks" in fields:
        known["random_blocks"], plan = fields["num_rand_blocks"], "google"  # whose attention it was trained with
    return EncoderConfig.parse({"plan": plan, **known}, path)


def rows_before_roberta(fields: Mapping[str, Any]) -> int:
    """How many rows of RoBERTa's position embeddings stand before that of the first token."""
    padding = fields.get("pad_token_id")
    return padding + 1 if isinstance(padding, int) else 2


def _refuse_others(fields: Mapping[str, Any], fixed: Mapping[str, tuple[Any, ...]], path: str) -> None:
    for name, values in fixed.items():
        if (found := fields.get(name, values[0])) not in values:
            needed = " or ".join(map(repr, values))
            raise InputError(f"{path} says {name} {found!r}, which this encoder cannot be; it needs {needed}.")
    if missing := [name for name in REQUIRED if name not in fields]:
        raise InputError(f"{path} lacks {missing[0]}; give the config of a whole model.")
