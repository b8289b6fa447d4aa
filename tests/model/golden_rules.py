"""The rules that goldens of google-research/bigbird are made by and compared by: weights, inputs, what is kept.

Everything random is drawn from NumPy's RandomState, whose streams are frozen for good, seeded by a CRC-32 of what it
is for; so the golden files hold outputs alone, and both sides make the very same weights and inputs.
"""

import dataclasses
import zlib
from pathlib import Path

import numpy as np

from model.config import EncoderConfig

DIRECTORY = Path(__file__).parents[1] / "data" / "golden_bigbird"
LENGTHS = (1024, 2048, 3072, 4096)
"""At which google-research/bigbird draws the paper's plan."""
PADDING = 200
"""Tokens at the end of the second sequence."""
FEATURES = 8
"""Of the width, taken at equal distances."""

Arrays = dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Case:
    """One thing that is compared: the whole encoder, or one layer's attention with its projection."""

    name: str
    config: EncoderConfig
    deviation: float
    """Of the weights: such that scores spread by about 1, where a softmax tells most."""


ENCODER = Case(
    "encoder",
    EncoderConfig(vocabulary_size=97, hidden_size=128, layers=3, heads=2, intermediate_size=256, plan="google"),
    deviation=0.1,
)
ATTENTION = Case("attention", EncoderConfig(vocabulary_size=97, layers=1, plan="google"), deviation=0.04)
CASES = (ENCODER, ATTENTION)


def draws(purpose: str) -> np.random.RandomState:
    """A generator of its own for each purpose."""
    return np.random.RandomState(zlib.crc32(purpose.encode()))


def weights(case: Case, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """A variable's values, by the name that google-research/bigbird gives it; LayerNorm's scales lie around 1."""
    middle = 1.0 if name.endswith("gamma") else 0.0
    values = draws(f"{case.name} {name}").normal(middle, case.deviation, shape)
    return values.astype(np.float32)


def token_ids(length: int) -> tuple[np.ndarray, np.ndarray]:
    """Two sequences of random tokens with their segments, int32 [2, length]; 0 is padding, and stands there alone."""
    ids = draws(f"tokens {length}").randint(1, ENCODER.config.vocabulary_size, (2, length))
    ids[1, length - PADDING :] = 0
    return ids.astype(np.int32), draws(f"segments {length}").randint(0, 2, (2, length)).astype(np.int32)


def hidden_states(length: int) -> tuple[np.ndarray, np.ndarray]:
    """What goes into the attention layer: float32 [2, length, 768], and its mask, bool [2, length]."""
    values = draws(f"hidden {length}").normal(0.0, 1.0, (2, length, ATTENTION.config.hidden_size))
    mask = np.ones((2, length), bool)
    mask[1, length - PADDING :] = False
    return values.astype(np.float32), mask


def kept(case: Case, length: int, output: np.ndarray) -> Arrays:
    """What a golden file keeps of an output [2, length, width]: values at some places, and a sum over every place.

    Returns:
      `values`, [2, 16, 8]: two tokens of each of the first, second, last-but-one and last blocks, others evenly
      between; some at padding. `projected`, [2, blocks]: each token's output on one random direction of length 1,
      averaged over its block, so that no token is left out.
    """
    block = case.config.block_size
    edges = [0, 1, block, 2 * block - 1, length - 2 * block, length - block - 1, length - block, length - 1]
    between = np.linspace(2 * block, length - 2 * block - 1, 8).astype(int).tolist()
    direction = draws("direction").normal(0.0, 1.0, output.shape[-1])
    projected = output.astype(np.float64) @ (direction / np.linalg.norm(direction))
    return {
        f"{length}_values": output[:, sorted(edges + between), :: output.shape[-1] // FEATURES],
        f"{length}_projected": projected.reshape(2, -1, block).mean(axis=2).astype(np.float32),
    }


def name_in_ours(name: str) -> str:
    """What we, as transformers, call a variable of google-research/bigbird."""
    parts = name.replace("encoder/LayerNorm", "embeddings/LayerNorm").replace("layer_", "layer/").split("/")
    if parts[1] == "pooler":
        parts.remove("dense")
    endings = {"kernel": "weight", "gamma": "weight", "beta": "bias"}
    parts[-1] = f"{parts[-1]}.weight" if "_embeddings" in parts[-1] else endings.get(parts[-1], parts[-1])
    return ".".join(parts)
