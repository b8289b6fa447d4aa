"""The BigBird encoder: embeddings and a stack of post-norm layers, with sparse or full attention by length.

Each variable carries the name that transformers gives it, so that export and warm start need no table of
names. Kernels are stored [in, out], the transpose of what transformers stores.
"""

import zlib

import tensorflow as tf

from model.attention_plan import attention_plan
from model.block_sparse_attention import block_sparse_attention
from model.config import EncoderConfig
from model.contract.errors import SettingError
from model.dense_attention import dense_attention

SEGMENTS = 2


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


class SelfAttention(tf.Module):
    """Multi-head attention with its output projection; drops nothing of the probabilities."""

    def __init__(self, config: EncoderConfig, layer: int, draws: Draws, name: str) -> None:
        super().__init__()
        self.config = config
        self.layer = layer
        width = config.hidden_size
        self.query = Dense(width, width, draws, f"{name}.self.query")
        self.key = Dense(width, width, draws, f"{name}.self.key")
        self.value = Dense(width, width, draws, f"{name}.self.value")
        self.output = Dense(width, width, draws, f"{name}.output.dense")

    def __call__(self, values: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        """[batch, length, width] to the same; `mask` is bool [batch, length]."""
        length, width = values.shape[1:]
        query, key, value = (self._heads(dense(values)) for dense in (self.query, self.key, self.value))
        if length <= self.config.full_attention_up_to:
            context = dense_attention(query, key, value, mask)
        else:
            plan = attention_plan(self.config, self.layer, length // self.config.block_size)
            context = block_sparse_attention(query, key, value, mask, plan)
            # As the originals: what stands at padding is not used, but equals theirs.
            context *= tf.cast(mask, context.dtype)[:, None, :, None]
        return self.output(tf.reshape(tf.transpose(context, [0, 2, 1, 3]), [-1, length, width]))

    def _heads(self, values: tf.Tensor) -> tf.Tensor:
        """[batch, length, width] to [batch, heads, length, depth]."""
        length, width = values.shape[1:]
        apart = tf.reshape(values, [-1, length, self.config.heads, width // self.config.heads])
        return tf.transpose(apart, [0, 2, 1, 3])


class EncoderLayer(tf.Module):
    """Attention and feed-forward, each with dropout, residual and LayerNorm after it."""

    def __init__(self, config: EncoderConfig, layer: int, draws: Draws) -> None:
        super().__init__()
        name = f"bert.encoder.layer.{layer}"
        width, epsilon = config.hidden_size, config.layer_norm_epsilon
        self.layer = layer
        self.attention = SelfAttention(config, layer, draws, f"{name}.attention")
        self.attention_norm = LayerNorm(width, epsilon, f"{name}.attention.output")
        self.widen = Dense(width, config.intermediate_size, draws, f"{name}.intermediate.dense")
        self.narrow = Dense(config.intermediate_size, width, draws, f"{name}.output.dense")
        self.norm = LayerNorm(width, epsilon, f"{name}.output")

    def __call__(self, values: tf.Tensor, mask: tf.Tensor, dropout: Dropout) -> tf.Tensor:
        """[batch, length, width] to the same; `mask` is bool [batch, length]."""
        attended = dropout(self.attention(values, mask), site=1 + 2 * self.layer)
        values = self.attention_norm(values + attended)
        transformed = dropout(self.narrow(gelu(self.widen(values))), site=2 + 2 * self.layer)
        return self.norm(values + transformed)


class Embeddings(tf.Module):
    """Word, position and segment embeddings, summed; dropout, then LayerNorm, as BigBird has it."""

    def __init__(self, config: EncoderConfig, draws: Draws, compute_dtype: tf.DType) -> None:
        super().__init__()
        name, width = "bert.embeddings", config.hidden_size
        self.compute_dtype = compute_dtype
        self.word = draws.normal([config.vocabulary_size, width], f"{name}.word_embeddings.weight")
        self.position = draws.normal([config.max_positions, width], f"{name}.position_embeddings.weight")
        self.segment = draws.normal([SEGMENTS, width], f"{name}.token_type_embeddings.weight")
        self.norm = LayerNorm(width, config.layer_norm_epsilon, name)

    def __call__(self, input_ids: tf.Tensor, segment_ids: tf.Tensor, dropout: Dropout) -> tf.Tensor:
        """Two int32 [batch, length] to [batch, length, width] in the computation's dtype."""
        summed = tf.gather(self.word, input_ids) + tf.gather(self.segment, segment_ids)
        summed += self.position[: input_ids.shape[1]]
        return self.norm(dropout(tf.cast(summed, self.compute_dtype), site=0))


class BigBirdEncoder(tf.Module):
    """BERT's encoder with BigBird-ITC attention (arXiv:2007.14062).

    Weights are float32 always, products run in `compute_dtype`, softmax and LayerNorm in float32.
    """

    def __init__(self, config: EncoderConfig, seed: int, compute_dtype: tf.DType = tf.float32) -> None:
        super().__init__()
        draws = Draws(seed, config.initializer_range)
        self.config = config
        self.embeddings = Embeddings(config, draws, compute_dtype)
        self.layers = [EncoderLayer(config, layer, draws) for layer in range(config.layers)]
        # transformers' BigBirdModel has a pooler; no task here trains it, so it has no gradient to miss.
        self.pooler = Dense(config.hidden_size, config.hidden_size, draws, "bert.pooler", trainable=False)

    def __call__(
        self,
        input_ids: tf.Tensor,
        segment_ids: tf.Tensor,
        attention_mask: tf.Tensor,
        dropout_seed: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """Encodes a batch: full attention up to `config.full_attention_up_to` tokens, block-sparse past them.

        Args:
          input_ids: int32 [batch, length], of static length.
          segment_ids: int32 [batch, length], 0 or 1.
          attention_mask: bool [batch, length], False at padding.
          dropout_seed: int32 [2]; no dropout when None.

        Returns:
          [batch, length, hidden_size] in the computation's dtype.

        Raises:
          SettingError: when the length is dynamic, exceeds `max_positions` or is not tiled by blocks.
        """
        self._check_length(input_ids.shape[1])
        dropout = Dropout(self.config.dropout, dropout_seed)
        values = self.embeddings(input_ids, segment_ids, dropout)
        for layer in self.layers:
            values = layer(values, attention_mask, dropout)
        return values

    def pooled(self, hidden: tf.Tensor) -> tf.Tensor:
        """The pooler_output of transformers: [batch, length, hidden_size] to [batch, hidden_size]."""
        return tf.tanh(self.pooler(hidden[:, 0]))

    def _check_length(self, length: int | None) -> None:
        config = self.config
        if length is None:
            raise SettingError("The sequence length is unknown when compiling; give input_ids a static length.")
        if length > config.max_positions:
            raise SettingError(
                f"{length} tokens exceed max_positions {config.max_positions}; use at most {config.max_positions}."
            )
        if length > config.full_attention_up_to and (over := length % config.block_size):
            raise SettingError(
                f"{length} tokens leave {over} over with block_size {config.block_size}; "
                f"pad to {length + config.block_size - over}."
            )
