"""The BigBird encoder: embeddings and a stack of post-norm layers, with sparse or full attention by length.

Each variable carries the name that transformers gives it, so that export and import need no table of names. Kernels
are stored [in, out], the transpose of what transformers stores.
"""

import tensorflow as tf

from model.attention_plan import AttentionPlan, attention_plan
from model.block_sparse_attention import block_sparse_attention
from model.compute import FLOAT32, Compute
from model.config import EncoderConfig
from model.contract.errors import SettingError
from model.dense_attention import dense_attention
from model.layers import Dense, Draws, Dropout, LayerNorm, gelu
from model.packed_attention import packed_attention, pair_heads
from model.recompute import recomputed

SEGMENTS = 2


class SelfAttention(tf.Module):
    """Multi-head attention with its output projection; drops nothing of the probabilities."""

    def __init__(self, config: EncoderConfig, layer: int, draws: Draws, compute: Compute, name: str) -> None:
        super().__init__()
        self.config = config
        self.layer = layer
        self.form = compute.attention
        width = config.hidden_size
        self.query = Dense(width, width, draws, f"{name}.self.query")
        self.key = Dense(width, width, draws, f"{name}.self.key")
        self.value = Dense(width, width, draws, f"{name}.self.value")
        self.output = Dense(width, width, draws, f"{name}.output.dense")

    def __call__(self, values: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        """[batch, length, width] to the same; `mask` is bool [batch, length]."""
        length, width = values.shape[1:]
        sparse = length > self.config.full_attention_up_to
        if sparse and self.form == "packed":
            return self._packed(values, mask, self._plan(length))
        query, key, value = (self._heads(dense(values)) for dense in (self.query, self.key, self.value))
        if sparse:
            context = _at_tokens(block_sparse_attention(query, key, value, mask, self._plan(length)), mask)
        else:
            context = dense_attention(query, key, value, mask)
        return self.output(tf.reshape(tf.transpose(context, [0, 2, 1, 3]), [-1, length, width]))

    def _plan(self, length: int) -> AttentionPlan:
        return attention_plan(self.config, self.layer, length // self.config.block_size)

    def _packed(self, values: tf.Tensor, mask: tf.Tensor, plan: AttentionPlan) -> tf.Tensor:
        """As above, with two heads side by side from projection to projection: that costs kernels only a new order."""
        heads = self.config.heads

        def projected(dense: Dense, swapped: bool = False) -> tf.Tensor:
            kernel, bias = (
                pair_heads(tf.cast(part, values.dtype), heads, swapped) for part in (dense.kernel, dense.bias)
            )
            return tf.einsum("bne,epl->bpnl", values, kernel) + bias[:, None]

        query, key, value = projected(self.query), projected(self.key), projected(self.value, swapped=True)
        context = _at_tokens(packed_attention(query, key, value, mask, plan), mask)
        kernel = pair_heads(tf.transpose(tf.cast(self.output.kernel, values.dtype)), heads, swapped=True)
        return tf.einsum("bpnl,epl->bne", context, kernel) + tf.cast(self.output.bias, values.dtype)

    def _heads(self, values: tf.Tensor) -> tf.Tensor:
        """[batch, length, width] to [batch, heads, length, depth]."""
        length, width = values.shape[1:]
        apart = tf.reshape(values, [-1, length, self.config.heads, width // self.config.heads])
        return tf.transpose(apart, [0, 2, 1, 3])


def _at_tokens(context: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Zeros at padding, as the originals have there: it is not used, but equals theirs."""
    return context * tf.cast(mask, context.dtype)[:, None, :, None]


class EncoderLayer(tf.Module):
    """Attention and feed-forward, each with dropout, residual and LayerNorm after it."""

    def __init__(self, config: EncoderConfig, layer: int, draws: Draws, compute: Compute) -> None:
        super().__init__()
        name = f"bert.encoder.layer.{layer}"
        width, epsilon = config.hidden_size, config.layer_norm_epsilon
        self.layer = layer
        self.attention = SelfAttention(config, layer, draws, compute, f"{name}.attention")
        self.attention_norm = LayerNorm(width, epsilon, f"{name}.attention.output")
        self.widen = Dense(width, config.intermediate_size, draws, f"{name}.intermediate.dense")
        self.narrow = Dense(config.intermediate_size, width, draws, f"{name}.output.dense")
        self.norm = LayerNorm(width, epsilon, f"{name}.output")

    def __call__(self, values: tf.Tensor, mask: tf.Tensor, dropout: Dropout) -> tf.Tensor:
        """[batch, length, width] to the same; `mask` is bool [batch, length]."""
        attended = dropout(self.attention(values, mask), site=1 + 2 * self.layer)
        values = self.attention_norm(values + attended)
        # GELU is computed anew in the backward pass: it costs little, and its result is the widest tensor of all.
        transformed = recomputed(lambda wide: self.narrow(gelu(wide)), self.widen(values))
        transformed = dropout(transformed, site=2 + 2 * self.layer)
        return self.norm(values + transformed)


class Embeddings(tf.Module):
    """Word, position and segment embeddings, summed; dropout, then LayerNorm, as BigBird has it."""

    def __init__(self, config: EncoderConfig, draws: Draws, compute: Compute) -> None:
        super().__init__()
        name, width = "bert.embeddings", config.hidden_size
        self.dtype = compute.dtype
        self.word = draws.normal([config.vocabulary_size, width], f"{name}.word_embeddings.weight")
        self.position = draws.normal([config.max_positions, width], f"{name}.position_embeddings.weight")
        self.segment = draws.normal([SEGMENTS, width], f"{name}.token_type_embeddings.weight")
        self.norm = LayerNorm(width, config.layer_norm_epsilon, name)

    def __call__(self, input_ids: tf.Tensor, segment_ids: tf.Tensor, dropout: Dropout) -> tf.Tensor:
        """Two int32 [batch, length] to [batch, length, width] in the computation's dtype."""
        # A choice, not a gather: its gradient is two sums, where a gather's adds all tokens up into two rows.
        segments = tf.where(segment_ids[:, :, None] > 0, self.segment[1], self.segment[0])
        summed = tf.gather(self.word, input_ids) + segments + self.position[: input_ids.shape[1]]
        return self.norm(dropout(tf.cast(summed, self.dtype), site=0))


class BigBirdEncoder(tf.Module):
    """BERT's encoder with BigBird-ITC attention (arXiv:2007.14062).

    Weights are float32 always, softmax and LayerNorm run in float32.
    """

    def __init__(self, config: EncoderConfig, seed: int, compute: Compute = FLOAT32) -> None:
        super().__init__()
        draws = Draws(seed, config.initializer_range)
        self.config = config
        self.compute = compute
        self.embeddings = Embeddings(config, draws, compute)
        self.layers = [EncoderLayer(config, layer, draws, compute) for layer in range(config.layers)]
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

        A longer sequence that no number of blocks fills is padded within to the next block, as transformers does.

        Args:
          input_ids: int32 [batch, length], of static length, at most `max_positions`.
          segment_ids: int32 [batch, length], 0 or 1.
          attention_mask: bool [batch, length], False at padding.
          dropout_seed: int32 [2]; no dropout when None.

        Returns:
          [batch, length, hidden_size] in the computation's dtype.

        Raises:
          SettingError: when the length is dynamic or exceeds `max_positions`.
        """
        length = self._checked_length(input_ids.shape[1])
        dropout = Dropout(self.config.dropout, dropout_seed)
        values = self.embeddings(input_ids, segment_ids, dropout)
        over = self._room(length)
        values, mask = tf.pad(values, [[0, 0], [0, over], [0, 0]]), tf.pad(attention_mask, [[0, 0], [0, over]])
        for layer in self.layers:
            values = self._layer(layer, values, mask, dropout)
        return values[:, :length]

    @property
    def dropout_sites(self) -> int:
        """How many places drop values; a head counts its own on from here."""
        return 1 + 2 * self.config.layers

    def pooled(self, hidden: tf.Tensor) -> tf.Tensor:
        """The pooler_output of transformers: [batch, length, hidden_size] to [batch, hidden_size]."""
        return tf.tanh(self.pooler(hidden[:, 0]))

    def _layer(self, layer: EncoderLayer, values: tf.Tensor, mask: tf.Tensor, dropout: Dropout) -> tf.Tensor:
        if self.compute.recompute and dropout.seed is not None:
            return recomputed(lambda inputs: layer(inputs, mask, dropout), values)
        return layer(values, mask, dropout)

    def _room(self, length: int) -> int:
        """How much padding fills the last block; none where attention is full."""
        return 0 if length <= self.config.full_attention_up_to else -length % self.config.block_size

    def _checked_length(self, length: int | None) -> int:
        config = self.config
        if length is None:
            raise SettingError("The sequence length is unknown when compiling; give input_ids a static length.")
        if length > config.max_positions:
            raise SettingError(
                f"{length} tokens exceed max_positions {config.max_positions}; use at most {config.max_positions}."
            )
        return length
