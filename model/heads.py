"""What stands on the encoder: a masked language model, a classifier or regressor of whole sequences."""

import tensorflow as tf

from model.config import EncoderConfig
from model.encoder import BigBirdEncoder, Dense, Draws, Dropout, LayerNorm, gelu


class MaskedLanguageModel(tf.Module):
    """The encoder with BERT's masked-LM head, whose output weights are the word embeddings."""

    def __init__(self, config: EncoderConfig, seed: int, compute_dtype: tf.DType = tf.float32) -> None:
        super().__init__()
        name = "cls.predictions"
        draws = Draws(seed, config.initializer_range)
        self.encoder = BigBirdEncoder(config, seed, compute_dtype)
        self.transform = Dense(config.hidden_size, config.hidden_size, draws, f"{name}.transform.dense")
        self.norm = LayerNorm(config.hidden_size, config.layer_norm_epsilon, f"{name}.transform")
        self.output_bias = tf.Variable(tf.zeros([config.vocabulary_size]), name=f"{name}.bias")

    def __call__(
        self,
        input_ids: tf.Tensor,
        segment_ids: tf.Tensor,
        attention_mask: tf.Tensor,
        positions: tf.Tensor,
        dropout_seed: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """Scores the vocabulary at the given positions, and only there.

        Args:
          input_ids: int32 [batch, length], of static length.
          segment_ids: int32 [batch, length], 0 or 1.
          attention_mask: bool [batch, length], False at padding.
          positions: int32 [batch, predictions], each within the sequence.
          dropout_seed: int32 [2]; no dropout when None.

        Returns:
          float32 [batch, predictions, vocabulary].
        """
        hidden = self.encoder(input_ids, segment_ids, attention_mask, dropout_seed)
        chosen = tf.gather(hidden, positions, batch_dims=1)
        transformed = self.norm(gelu(self.transform(chosen)))
        words = tf.cast(self.encoder.embeddings.word, transformed.dtype)
        return tf.cast(tf.matmul(transformed, words, transpose_b=True), tf.float32) + self.output_bias


class SequenceClassifier(tf.Module):
    """The encoder with the head of transformers' BigBirdForSequenceClassification; one label: a regressor."""

    def __init__(self, config: EncoderConfig, labels: int, seed: int, compute_dtype: tf.DType = tf.float32) -> None:
        super().__init__()
        draws = Draws(seed, config.initializer_range)
        self.encoder = BigBirdEncoder(config, seed, compute_dtype)
        self.dense = Dense(config.hidden_size, config.hidden_size, draws, "classifier.dense")
        self.output = Dense(config.hidden_size, labels, draws, "classifier.out_proj")

    def __call__(
        self,
        input_ids: tf.Tensor,
        segment_ids: tf.Tensor,
        attention_mask: tf.Tensor,
        dropout_seed: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """Scores each label of each sequence from its [CLS] token.

        Args:
          input_ids: int32 [batch, length], of static length.
          segment_ids: int32 [batch, length], 0 or 1.
          attention_mask: bool [batch, length], False at padding.
          dropout_seed: int32 [2]; no dropout when None.

        Returns:
          float32 [batch, labels].
        """
        config = self.encoder.config
        dropout = Dropout(config.dropout, dropout_seed)
        first = self.encoder(input_ids, segment_ids, attention_mask, dropout_seed)[:, 0]
        head_sites = 1 + 2 * config.layers  # past the encoder's own
        values = gelu(self.dense(dropout(first, site=head_sites)))
        return tf.cast(self.output(dropout(values, site=head_sites + 1)), tf.float32)
