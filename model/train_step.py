"""One update of a masked language model, in the parts that a device compiles: gradients, their sum, AdamW.

The same parts train on every device and are what `model.tpu_check` compiles for a described TPU.
"""

from typing import NamedTuple

import tensorflow as tf

from model.config import PretrainConfig
from model.heads import MaskedLanguageModel
from model.input_pipeline import Batch
from model.optimizer import AdamW


class Share(NamedTuple):
    """A replica's share in the loss of the global batch, and its gradients; shares add up to the whole."""

    loss: tf.Tensor
    gradients: list[tf.Tensor]


class TrainStep:
    """Pure functions of tensors but for the model's and the optimizer's variables.

    Args:
      model: what is trained.
      optimizer: of the model's trainable variables.
      config: the run; its seed is the dropout's.
    """

    def __init__(self, model: MaskedLanguageModel, optimizer: AdamW, config: PretrainConfig) -> None:
        self._model, self._optimizer, self._config = model, optimizer, config

    def gradients(self, batch: Batch, predicted: tf.Tensor, step: tf.Tensor, replica: tf.Tensor | int) -> Share:
        """One replica's part of an update.

        Args:
          batch: the replica's share, as `model.input_pipeline` makes it.
          predicted: float32 scalar, how many tokens the global batch predicts. The loss is a mean over them; known
            beforehand, it spares dividing all gradients, and memory for as many again.
          step: integer scalar, the number of updates made before this one.
          replica: number of the replica, an int32 scalar; each drops values of its own.
        """
        with tf.GradientTape() as tape:
            losses, _ = self._losses(batch, self._dropout_seed(step, replica))
            loss = tf.reduce_sum(losses) / tf.maximum(predicted, 1.0)
        gradients = tape.gradient(loss, self._optimizer.variables)
        return Share(loss, [tf.convert_to_tensor(each) for each in gradients])

    def update(self, gradients: list[tf.Tensor], step: tf.Tensor) -> None:
        """Updates the variables.

        Args:
          gradients: added up over all replicas.
          step: as for `gradients`.
        """
        self._optimizer.apply(gradients, step)

    @staticmethod
    def predicted(batch: Batch) -> tf.Tensor:
        """How many tokens a replica's batch predicts: a float32 scalar, to be added up before `gradients`."""
        return tf.reduce_sum(batch["weights"])

    def scores(self, batch: Batch) -> tuple[tf.Tensor, tf.Tensor]:
        """The summed losses over a batch, without dropout, and how many predictions are right."""
        losses, logits = self._losses(batch, None)
        right = tf.cast(tf.argmax(logits, -1, tf.int32) == batch["labels"], tf.float32) * batch["weights"]
        return tf.reduce_sum(losses), tf.reduce_sum(right)

    def _dropout_seed(self, step: tf.Tensor, replica: tf.Tensor | int) -> tf.Tensor | None:
        if self._model.encoder.config.dropout == 0:
            return None
        drawn = tf.stack([tf.constant(self._config.seed % 2**31), tf.cast(replica, tf.int32)])
        return tf.random.experimental.stateless_fold_in(drawn, tf.cast(step, tf.int32))

    def _losses(self, batch: Batch, dropout_seed: tf.Tensor | None) -> tuple[tf.Tensor, tf.Tensor]:
        """Cross entropies times weights, [batch, predictions], and the logits that they are of."""
        logits = self._model(
            batch["input_ids"],
            batch["segment_ids"],
            batch["attention_mask"],
            batch["positions"],
            dropout_seed,
        )
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=batch["labels"], logits=logits)
        return losses * batch["weights"], logits
