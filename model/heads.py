"""What stands on the encoder: masked words, next sentences, classes or values of whole sequences, spans of text.

Each head is the one of transformers' BigBirdFor… class of its kind, in tensors and in what it computes.
"""

from typing import NamedTuple

import tensorflow as tf

from model.compute import FLOAT32, Compute
from model.config import EncoderConfig
from model.encoder import BigBirdEncoder
from model.layers import Dense, Draws, Dropout, LayerNorm, gelu

QUESTION_PENALTY = 1e6
"""Taken off the scores of a question's own tokens: no answer begins or ends there (transformers has the same)."""


class MaskedLanguageModel(tf.Module):
    """The encoder with BERT's masked-LM head, whose output weights are the word embeddings.

    Args:
      config: the architecture.
      seed: of the initial weights.
      compute: how to compute.
      next_sentence: whether there is the next-sentence head of transformers' BigBirdForPreTraining as well. The
        published recipe does not train one.
    """

    def __init__(
        self, config: EncoderConfig, seed: int, compute: Compute = FLOAT32, next_sentence: bool = False
    ) -> None:
        super().__init__()
        name, width = "cls.predictions", config.hidden_size
        draws = Draws(seed, config.initializer_range)
        self.encoder = BigBirdEncoder(config, seed, compute)
        self.transform = Dense(width, width, draws, f"{name}.transform.dense")
        self.norm = LayerNorm(width, config.layer_norm_epsilon, f"{name}.transform")
        self.output_bias = tf.Variable(tf.zeros([config.vocabulary_size]), name=f"{name}.bias")
        self.next_sentence = Dense(width, 2, draws, "cls.seq_relationship", trainable=False) if next_sentence else None

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

    def next_sentence_scores(self, hidden: tf.Tensor) -> tf.Tensor:
        """Scores whether the second segment follows the first (index 0) or is any other (1).

        Args:
          hidden: [batch, length, hidden_size], the encoder's output.

        Returns:
          float32 [batch, 2].
        """
        assert self.next_sentence is not None, "the model was made without a next-sentence head"
        return tf.cast(self.next_sentence(self.encoder.pooled(hidden)), tf.float32)


class SequenceClassifier(tf.Module):
    """The encoder with the head of transformers' BigBirdForSequenceClassification; one label: a regressor."""

    def __init__(self, config: EncoderConfig, labels: int, seed: int, compute: Compute = FLOAT32) -> None:
        super().__init__()
        draws = Draws(seed, config.initializer_range)
        self.encoder = BigBirdEncoder(config, seed, compute)
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
        site = self.encoder.dropout_sites
        values = gelu(self.dense(dropout(first, site)))
        return tf.cast(self.output(dropout(values, site + 1)), tf.float32)


class SpanScores(NamedTuple):
    """How well each token begins and ends the answer: two float32 [batch, length]."""

    start: tf.Tensor
    end: tf.Tensor


class SpanReader(tf.Module):
    """The encoder with the head of transformers' BigBirdForQuestionAnswering: a feed-forward block, then two scores."""

    def __init__(self, config: EncoderConfig, seed: int, compute: Compute = FLOAT32) -> None:
        super().__init__()
        name, width = "qa_classifier", config.hidden_size
        draws = Draws(seed, config.initializer_range)
        self.encoder = BigBirdEncoder(config, seed, compute)
        self.widen = Dense(width, config.intermediate_size, draws, f"{name}.intermediate.dense")
        self.narrow = Dense(config.intermediate_size, width, draws, f"{name}.output.dense")
        self.norm = LayerNorm(width, config.layer_norm_epsilon, f"{name}.output")
        self.output = Dense(width, 2, draws, f"{name}.qa_outputs")

    def __call__(
        self,
        input_ids: tf.Tensor,
        segment_ids: tf.Tensor,
        attention_mask: tf.Tensor,
        question_lengths: tf.Tensor,
        dropout_seed: tf.Tensor | None = None,
    ) -> SpanScores:
        """Scores each token of `[CLS] question [SEP] context [SEP]`.

        Args:
          input_ids: int32 [batch, length], of static length.
          segment_ids: int32 [batch, length], 0 or 1.
          attention_mask: bool [batch, length], False at padding.
          question_lengths: int32 [batch], tokens up to the first [SEP], both ends counted. They are scored far
            below all others; [CLS] is not, as it stands for no answer.
          dropout_seed: int32 [2]; no dropout when None.
        """
        dropout = Dropout(self.encoder.config.dropout, dropout_seed)
        hidden = self.encoder(input_ids, segment_ids, attention_mask, dropout_seed)
        site = self.encoder.dropout_sites
        wide = gelu(self.widen(dropout(hidden, site)))
        values = self.norm(dropout(self.narrow(wide), site + 1) + hidden)
        scores = tf.cast(self.output(values), tf.float32)
        place = tf.range(input_ids.shape[1])[None]
        asked = (place > 0) & (place < question_lengths[:, None])
        scores -= QUESTION_PENALTY * tf.cast(asked, tf.float32)[:, :, None]
        return SpanScores(scores[:, :, 0], scores[:, :, 1])
