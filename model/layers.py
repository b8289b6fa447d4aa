"""What encoder and heads are made of: initial weights, affine maps, LayerNorm, dropout, GELU."""

import zlib

import tensorflow as tf

WORDS = 2**32
MIXING = ((16, 0x7FEB352D), (15, 0x846CA68B))
"""Shifts and factors of the hash that mixes dropout's random words."""


class Draws:
    """Initial weights, each drawn from the run's seed and its variable's own name, whatever the order."""

    def __init__(self, seed: int, deviation: float) -> None:
        self.seed = seed
        self.deviation = deviation

    def normal(self, shape: list[int], name: str, trainable: bool = True) -> tf.Variable:
        """A float32 variable drawn from a normal distribution cut at two deviations."""
        seed = tf.constant([self.seed % 2**31, zlib.crc32(name.encode()) % 2**31], tf.int32)
        values = tf.random.stateless_truncated_normal(shape, seed, stddev=self.deviation)
        return tf.Variable(values, trainable=trainable, name=name)


class Dense(tf.Module):
    """An affine map of the last axis: weights in float32, product in the dtype of what comes in."""

    def __init__(self, width_in: int, width_out: int, draws: Draws, name: str, trainable: bool = True) -> None:
        super().__init__()
        self.kernel = draws.normal([width_in, width_out], f"{name}.weight", trainable)
        self.bias = tf.Variable(tf.zeros([width_out]), trainable=trainable, name=f"{name}.bias")

    def __call__(self, values: tf.Tensor) -> tf.Tensor:
        """[..., width_in] to [..., width_out]."""
        return tf.matmul(values, tf.cast(self.kernel, values.dtype)) + tf.cast(self.bias, values.dtype)


class LayerNorm(tf.Module):
    """Normalises the last axis in float32; gives back the dtype that came in."""

    def __init__(self, width: int, epsilon: float, name: str) -> None:
        super().__init__()
        self.epsilon = epsilon
        self.weight = tf.Variable(tf.ones([width]), name=f"{name}.LayerNorm.weight")
        self.bias = tf.Variable(tf.zeros([width]), name=f"{name}.LayerNorm.bias")

    def __call__(self, values: tf.Tensor) -> tf.Tensor:
        """Keeps the shape."""
        exact = tf.cast(values, tf.float32)
        # Mean and mean square in one pass over the values: means are small here, so little is lost.
        mean = tf.reduce_mean(exact, axis=-1, keepdims=True)
        variance = tf.maximum(tf.reduce_mean(tf.square(exact), axis=-1, keepdims=True) - tf.square(mean), 0.0)
        normal = (exact - mean) * tf.math.rsqrt(variance + self.epsilon)
        return tf.cast(normal * self.weight + self.bias, values.dtype)


class Dropout:
    """Dropout that follows from a seed: the same seed drops the same values at the same site.

    It does so on one kind of device, and compiled by XLA or not: TensorFlow's generators differ between those.
    """

    def __init__(self, rate: float, seed: tf.Tensor | None) -> None:
        self.rate = rate
        self.seed = seed

    def __call__(self, values: tf.Tensor, site: int) -> tf.Tensor:
        """Zeroes a share of the values and scales up the rest, so that their mean stays; nothing without a seed.

        Args:
          values: [..., width], float32 or bfloat16.
          site: number of the place in the model; sites draw independently.
        """
        if self.seed is None or self.rate == 0.0:
            return values
        dropped = round(self.rate * WORDS)
        scale = 1.0 / (1.0 - dropped / WORDS)
        kept = _random_words(self.seed, site, tf.shape(values)) >= tf.constant(dropped, tf.uint32)
        scaled = tf.cast(tf.cast(values, tf.float32) * scale, values.dtype)  # 1 / 0.9 in bfloat16 is 0.16 % off
        return tf.where(kept, scaled, tf.zeros([], values.dtype))


def _random_words(seed: tf.Tensor, site: int, shape: tf.Tensor) -> tf.Tensor:
    """A random word for each value: drawn for each row and for each column, added, and mixed.

    Drawing one for each value costs more than all else that dropout does. As it is, XLA computes words inside whatever
    uses them, and keeps none for the backward pass. The mixing is two rounds of the integer hash `lowbias32` (C.
    Wellons, "Prospecting for hash functions", 2018); tests/model/test_dropout.py holds the draws to independence.

    Args:
      seed: int32 [2].
      site: number of the place in the model.
      shape: int32 [rank], of the values.

    Returns:
      uint32 of that shape.
    """
    rows, columns = tf.reduce_prod(shape[:-1]), shape[-1]
    seed = tf.random.experimental.stateless_fold_in(seed, site)
    drawn = tf.random.stateless_uniform([rows + columns], seed, minval=None, maxval=None, dtype=tf.uint32)
    words = tf.reshape(drawn[:rows], tf.concat([shape[:-1], [1]], 0)) + drawn[rows:]
    for shift, factor in MIXING:
        shifted = tf.bitwise.right_shift(words, tf.constant(shift, tf.uint32))
        words = tf.bitwise.bitwise_xor(words, shifted) * tf.constant(factor, tf.uint32)
    return words


def gelu(values: tf.Tensor) -> tf.Tensor:
    """The tanh approximation, which transformers calls "gelu_new"."""
    return tf.nn.gelu(values, approximate=True)
