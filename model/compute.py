"""How an encoder computes what its configuration describes; between two ways results differ by rounding alone."""

from dataclasses import dataclass
from typing import Literal

import tensorflow as tf


@dataclass(frozen=True)
class Compute:
    """One way to compute.

    Attributes:
      dtype: of activations and products, float32 or bfloat16; weights, softmax, LayerNorm and loss are float32.
      attention: which form of block-sparse attention: the simple one, or the one that suits TPUs.
      recompute: whether the backward pass computes each layer's inside anew instead of keeping it (gradient
        checkpointing): less memory, a forward pass more of time.
    """

    dtype: tf.DType = tf.float32
    attention: Literal["gathered", "packed"] = "gathered"
    recompute: bool = False


FLOAT32 = Compute()
"""The simplest way, and the most exact."""
