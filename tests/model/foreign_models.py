"""Small models as other programs write them: transformers' own classes, and checkpoints of TensorFlow 1."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import torch
import transformers

from model.contract.record import CLS, MASK, PAD, SEP, UNKNOWN

SIZES = {
    "vocab_size": 97,
    "hidden_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 80,
}
NO_DROPOUT = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
BERT_PIECES = [PAD, UNKNOWN, CLS, SEP, MASK, "[unused0]", "[unused1]", *(f"##{number}" for number in range(90))]


def with_random_tensors(model: Any, seed: int = 0) -> Any:
    """Random values everywhere, so that no bias is 0 and no LayerNorm is plain; of one seed the same ones."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            middle = 1.0 if name.endswith(("LayerNorm.weight", "layer_norm.weight")) else 0.0
            parameter.copy_(middle + 0.1 * torch.randn(parameter.shape, generator=generator))
    model.tie_weights()
    return model.eval()


def bird(**fields: Any) -> Any:
    config = transformers.BigBirdConfig(**SIZES | NO_DROPOUT | {"max_position_embeddings": 1024} | fields)
    return with_random_tensors(transformers.BigBirdForPreTraining(config))


def bert(kind: type = transformers.BertForPreTraining, **fields: Any) -> Any:
    config = transformers.BertConfig(**SIZES | NO_DROPOUT | {"hidden_act": "gelu_new"} | fields)
    return with_random_tensors(kind(config))


def roberta(**fields: Any) -> Any:
    own = {"max_position_embeddings": 514, "type_vocab_size": 1, "layer_norm_eps": 1e-5, "hidden_act": "gelu_new"}
    config = transformers.RobertaConfig(**SIZES | NO_DROPOUT | own | fields)
    return with_random_tensors(transformers.RobertaForMaskedLM(config))


def saved(model: Any, directory: Path, **how: Any) -> Path:
    """What `save_pretrained` writes, with a vocabulary."""
    model.save_pretrained(directory, **how)
    (directory / "vocab.txt").write_text("\n".join(BERT_PIECES) + "\n")
    return directory


def saved_as_bin(model: Any, directory: Path, tensors: dict[str, Any] | None = None, legacy: bool = False) -> Path:
    """What transformers wrote before safetensors; KoBigBird's weights are published in the legacy form."""
    model.config.save_pretrained(directory)
    (directory / "vocab.txt").write_text("\n".join(BERT_PIECES) + "\n")
    tensors = model.state_dict() if tensors is None else tensors
    torch.save(tensors, directory / "pytorch_model.bin", _use_new_zipfile_serialization=not legacy)
    return directory


# What the original programs call their variables, and their shapes for SIZES: printed by running the model code of
# monologg/KoBigBird and google-research/bigbird in graph mode, BERT's from google-research/bert's modeling.py.
LAYER = {
    "attention/self/query/kernel": (48, 48),
    "attention/self/query/bias": (48,),
    "attention/self/key/kernel": (48, 48),
    "attention/self/key/bias": (48,),
    "attention/self/value/kernel": (48, 48),
    "attention/self/value/bias": (48,),
    "attention/output/dense/kernel": (48, 48),
    "attention/output/dense/bias": (48,),
    "attention/output/LayerNorm/gamma": (48,),
    "attention/output/LayerNorm/beta": (48,),
    "intermediate/dense/kernel": (48, 80),
    "intermediate/dense/bias": (80,),
    "output/dense/kernel": (80, 48),
    "output/dense/bias": (48,),
    "output/LayerNorm/gamma": (48,),
    "output/LayerNorm/beta": (48,),
}
NORMS = {"bert": "bert/embeddings/LayerNorm", "kobigbird": "bert/encoder/LayerNorm", "google": "bert/encoder/LayerNorm"}
TRANSFORMS = {
    "bert": ("cls/predictions/transform/dense", "cls/predictions/transform/LayerNorm"),
    "kobigbird": ("cls/predictions/transform/dense", "cls/predictions/transform/LayerNorm"),
    "google": ("transform", "transform"),
}


def tf1_shapes(program: str, positions: int) -> dict[str, tuple[int, ...]]:
    dense, norm = TRANSFORMS[program]
    return {
        "bert/embeddings/word_embeddings": (97, 48),
        "bert/embeddings/position_embeddings": (positions, 48),
        "bert/embeddings/token_type_embeddings": (2, 48),
        f"{NORMS[program]}/gamma": (48,),
        f"{NORMS[program]}/beta": (48,),
        **{f"bert/encoder/layer_{layer}/{name}": shape for layer in (0, 1) for name, shape in LAYER.items()},
        "bert/pooler/dense/kernel": (48, 48),
        "bert/pooler/dense/bias": (48,),
        f"{dense}/kernel": (48, 48),
        f"{dense}/bias": (48,),
        f"{norm}/gamma": (48,),
        f"{norm}/beta": (48,),
        "cls/predictions/output_bias": (97,),
        "cls/seq_relationship/output_weights": (2, 48),
        "cls/seq_relationship/output_bias": (2,),
    }


def tf1_checkpoint(directory: Path, program: str, **fields: Any) -> dict[str, np.ndarray]:
    """Writes a checkpoint with its optimizer's slots and its config; gives its weights."""
    directory.mkdir(parents=True, exist_ok=True)
    positions = 512 if program == "bert" else 1024
    generator = np.random.default_rng(0)
    shapes = tf1_shapes(program, positions)
    weights = {name: generator.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    slots = {f"{name}/{slot}": np.zeros_like(value) for name, value in weights.items() for slot in ("adam_m", "adam_v")}
    write_variables(directory / "model.ckpt-7", weights | slots | {"global_step": np.int64(7)})
    settings = SIZES | {"max_position_embeddings": positions, "type_vocab_size": 2, "hidden_act": "gelu"}
    if program == "bert":
        name = "bert_config.json"
    else:
        name = "pretrain_config.json"
        settings |= {"num_rand_blocks": 3, "block_size": 64, "norm_type": "postnorm", "rescale_embedding": False}
        settings |= {"use_bias": True, "scope": "bert"}
    (directory / name).write_text(json.dumps(settings | fields))
    return weights


def write_variables(prefix: Path, variables: dict[str, Any]) -> None:
    names = sorted(variables)
    tf.raw_ops.SaveV2(
        prefix=str(prefix),
        tensor_names=names,
        shape_and_slices=[""] * len(names),
        tensors=[tf.constant(variables[name]) for name in names],
    )
