"""The whole program that a core of a TPU runs for one update, as HLO: forward to optimizer, replicas' sums included.

It is the trainer's own `TrainStep`, on variables whose values do not matter.
"""

from dataclasses import dataclass

import tensorflow as tf
from tensorflow.compiler.tf2xla.ops import gen_xla_ops

from model.config import DeviceConfig, EncoderConfig, PretrainConfig
from model.devices import compute_for
from model.heads import MaskedLanguageModel
from model.optimizer import AdamW
from model.tpu_check.source_lines import SourceLine, source_lines
from model.train_step import TrainStep

HERE = "/device:CPU:0"


@dataclass(frozen=True)
class Program:
    """One replica's program.

    Attributes:
      hlo: a serialized HLO module.
      sources: the line of ours that made each operation, by the operation's name in the module's metadata.
      replicas: how many run it together.
      batch: sequences of one replica.
    """

    hlo: bytes
    sources: dict[str, SourceLine]
    replicas: int
    batch: int


def batch_spec(config: PretrainConfig, batch: int) -> dict[str, tf.TensorSpec]:
    """What `model.input_pipeline` gives one replica."""
    tokens, predictions = (batch, config.sequence_length), (batch, config.masking.max_predictions)
    return {
        "input_ids": tf.TensorSpec(tokens, tf.int32),
        "segment_ids": tf.TensorSpec(tokens, tf.int32),
        "attention_mask": tf.TensorSpec(tokens, tf.bool),
        "positions": tf.TensorSpec(predictions, tf.int32),
        "labels": tf.TensorSpec(predictions, tf.int32),
        "weights": tf.TensorSpec(predictions, tf.float32),
    }


class WholeStep:
    """Builds model and optimizer once; gives the program for any batch.

    Args:
      encoder: the architecture.
      config: the run.
      replicas: cores of the slice.

    Attributes:
      trained: the variables that a step updates, moments not counted.
    """

    def __init__(self, encoder: EncoderConfig, config: PretrainConfig, replicas: int) -> None:
        self._config, self._replicas = config, replicas
        compute = compute_for(DeviceConfig(kind="tpu"), config.precision, config.gradient_checkpointing)
        with tf.device(HERE):
            model = MaskedLanguageModel(encoder, config.seed, compute)
            optimizer = AdamW(model.trainable_variables, config.optimizer, config.steps)
        self.trained = optimizer.variables
        self._step = TrainStep(model, optimizer, config)

    def program(self, batch: int) -> Program:
        """The program of a replica that gets `batch` sequences a step."""
        spec = batch_spec(self._config, batch)

        def step(*given: tf.Tensor) -> tf.Tensor:
            return self._update(dict(zip(spec, given, strict=False)), given[-1])

        function = tf.function(step, jit_compile=True, autograph=False)
        signature = [*spec.values(), tf.TensorSpec((), tf.int64)]
        hlo = function.experimental_get_compiler_ir(*signature)(stage="hlo_serialized", platform_name="CPU")
        graph = function.get_concrete_function(*signature).graph
        return Program(hlo, source_lines(graph), self._replicas, batch)

    def _update(self, batch: dict[str, tf.Tensor], step: tf.Tensor) -> tf.Tensor:
        replica = tf.bitcast(gen_xla_ops.xla_replica_id(), tf.int32)
        predicted = self._over_replicas(TrainStep.predicted(batch))
        share = self._step.gradients(batch, predicted, step, replica)
        self._step.update([self._over_replicas(gradient) for gradient in share.gradients], step)
        return self._over_replicas(share.loss)

    def _over_replicas(self, value: tf.Tensor) -> tf.Tensor:
        """What `all_reduce` of a TPUStrategy's replica context is to the compiler."""
        everyone = tf.constant([list(range(self._replicas))])
        return gen_xla_ops.xla_all_reduce(value, everyone, reduce_op="Add", mode="CrossReplica")
