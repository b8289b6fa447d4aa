"""What encoder and heads are made of: initial weights, affine maps, LayerNorm, dropout, GELU."""

import zlib

import tensorflow as tf


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
        centred = exact - tf.reduce_mean(exact, axis=-1, keepdims=True)
        variance = tf.reduce_mean(tf.square(centred), axis=-1, keepdims=True)
        normal = centred * tf.math.rsqrt(variance + self.epsilon)
        return tf.cast(normal * self.weight + self.bias, values.dtype)


class Dropout:
    """Stateless dropout: the same seed drops the same values at the same site.

    It does so on one kind of device, and compiled by XLA or not: each has a stream of its own.
    """

    def __init__(self, rate: float, seed: tf.Tensor | None) -> None:
        self.rate = rate
        self.seed = seed

    def __call__(self, values: tf.Tensor, site: int) -> tf.Tensor:
        """Zeroes a share of the values and scales up the rest; nothing without a seed.

        Args:
          values: any shape.
          site: number of the place in the model; sites draw independently.
        """
        if self.seed is None or self.rate == 0.0:
            return values
        seed = tf.random.experimental.stateless_fold_in(self.seed, site)
        kept = tf.random.stateless_uniform(tf.shape(values), seed) >= self.rate
        return tf.where(kept, values * (1.0 / (1.0 - self.rate)), tf.zeros([], values.dtype))


def gelu(values: tf.Tensor) -> tf.Tensor:
    """The tanh approximation, which transformers calls "gelu_new"."""
    return tf.nn.gelu(values, approximate=True)
