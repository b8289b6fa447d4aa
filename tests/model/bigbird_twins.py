"""Small BigBirds with random values in every tensor, and transformers' models with the same weights."""

from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import tensorflow as tf
import torch
import transformers

from model.config import EncoderConfig
from model.contract.record import SPECIAL_TOKENS
from model.encoder import BigBirdEncoder
from model.export import stored, tensor_name, transformers_config
from model.heads import MaskedLanguageModel, SequenceClassifier, SpanReader

Module = TypeVar("Module", bound=tf.Module)

torch.set_num_threads(1)  # PyTorch's threads spin while they wait, and lose tenfold where a core is shared


def small_config(**changes: Any) -> EncoderConfig:
    """Two layers, 48 wide; everything else as published unless changed."""
    sizes = {"vocabulary_size": 97, "hidden_size": 48, "layers": 2, "heads": 3, "intermediate_size": 80}
    return EncoderConfig(**(sizes | changes))


def small_vocabulary(size: int) -> list[str]:
    return [*SPECIAL_TOKENS, *(f"##{number}" for number in range(size - len(SPECIAL_TOKENS)))]


def write_vocabulary(directory: Path, pieces: list[str]) -> Path:
    directory.mkdir(exist_ok=True)
    (directory / "vocab.txt").write_text("\n".join(pieces) + "\n", encoding="utf-8")
    return directory


def with_random_weights(module: Module, seed: int = 0, deviation: float = 0.2) -> Module:
    """Random values everywhere; LayerNorm scales around 1, so that signals keep their size.

    The deviation suits a width of about 48. A product grows with the root of the width: a deviation that did not
    shrink with it would make scores so large that each softmax is all but a maximum, which any rounding can turn.
    """
    generator = np.random.default_rng(seed)
    for variable in module.variables:
        middle = 1.0 if tensor_name(variable).endswith("LayerNorm.weight") else 0.0
        variable.assign(generator.normal(middle, deviation, variable.shape))
    return module


def transformers_twin(
    model: BigBirdEncoder | MaskedLanguageModel | SequenceClassifier | SpanReader, model_class: type, **changes: Any
) -> Any:
    """A model of transformers with the same weights, in training mode (for its plan), without dropout."""
    config = model.config if isinstance(model, BigBirdEncoder) else model.encoder.config
    fields = transformers_config(config, small_vocabulary(config.vocabulary_size)) | changes
    fields |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    twin = model_class(transformers.BigBirdConfig(**fields))
    names = {tensor_name(variable): torch.tensor(stored(variable)) for variable in model.variables}
    if isinstance(model, BigBirdEncoder):
        names = {name.removeprefix("bert."): values for name, values in names.items()}
    missing, unexpected = twin.load_state_dict(names, strict=False)
    assert unexpected == [] or set(unexpected) == {"bert.pooler.weight", "bert.pooler.bias"}
    assert all("decoder" in name for name in missing)
    twin.tie_weights()
    return twin.train()


def random_batch(config: EncoderConfig, length: int, padding: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Two sequences of random tokens and segments, the second with padding at its end."""
    generator = np.random.default_rng(seed)
    mask = np.ones((2, length), bool)
    mask[1, length - padding :] = False
    return {
        "input_ids": generator.integers(0, config.vocabulary_size, (2, length), dtype=np.int32),
        "segment_ids": generator.integers(0, 2, (2, length), dtype=np.int32),
        "attention_mask": mask,
    }


def ours(batch: dict[str, np.ndarray]) -> list[tf.Tensor]:
    return [tf.constant(batch[name]) for name in ("input_ids", "segment_ids", "attention_mask")]


def theirs(batch: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    return {
        "input_ids": torch.tensor(batch["input_ids"], dtype=torch.long),
        "token_type_ids": torch.tensor(batch["segment_ids"], dtype=torch.long),
        "attention_mask": torch.tensor(batch["attention_mask"], dtype=torch.float32),
    }
