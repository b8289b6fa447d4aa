"""AdamW as the original BERT code has it, and its learning rate: linear warm-up, then linear decay."""

from collections.abc import Callable, Sequence

import tensorflow as tf

from model.config import OptimizerConfig


def learning_rate(config: OptimizerConfig, step: tf.Tensor, total_steps: int) -> tf.Tensor:
    """The learning rate of one update.

    As in google-research/bigbird (`core/optimization.py`) the decay runs over all steps, warm-up included:
    where the climb ends, the rate is a share of `warmup_steps / total_steps` below its peak. The first
    update of a warm-up has rate 0.

    Args:
      config: peak, warm-up and schedule.
      step: integer scalar, the number of updates made before this one.
      total_steps: updates of the whole run; a linear schedule reaches 0 after the last.

    Returns:
      A float32 scalar.
    """
    done = tf.cast(step, tf.float32)
    peak = tf.constant(config.learning_rate, tf.float32)
    rate = peak
    if config.schedule == "linear":
        rate = peak * tf.maximum(1.0 - done / float(total_steps), 0.0)
    if config.warmup_steps:
        rate = tf.where(done < float(config.warmup_steps), peak * done / float(config.warmup_steps), rate)
    return rate


def is_decayed(variable: tf.Variable) -> bool:
    """Whether weight decay applies: to matrices yes; to biases and LayerNorm scales, all of rank 1, no."""
    return len(variable.shape) >= 2


def clip_by_global_norm(gradients: Sequence[tf.Tensor], limit: float) -> list[tf.Tensor]:
    """Scales gradients down to a joint Euclidean norm of `limit`; shorter ones stay as they are."""
    norm = tf.linalg.global_norm(gradients)
    scale = limit / tf.maximum(norm, limit)
    return [gradient * scale for gradient in gradients]


class AdamW(tf.Module):
    """Adam with decoupled weight decay (arXiv:1711.05101) in the form of google-research/bert.

    Epsilon stands outside the square root. Without `bias_correction` the moments are used as they are, as
    in BERT. The moments are tf.Variables of this module, so a checkpoint that holds it holds them. Create
    it inside the scope of the strategy whose variables it updates; call `apply` in its replica context, or
    with no strategy.
    """

    def __init__(self, variables: Sequence[tf.Variable], config: OptimizerConfig, total_steps: int):
        super().__init__(name="adamw")
        self._config = config
        self._total_steps = total_steps
        targets = tuple(variables)
        # Behind a function, for the model owns them: as an attribute they would be in every checkpoint twice.
        self._targets: Callable[[], tuple[tf.Variable, ...]] = lambda: targets
        self.first_moments = [_zeros_like(variable, "first_moment") for variable in variables]
        self.second_moments = [_zeros_like(variable, "second_moment") for variable in variables]

    @property
    def variables(self) -> tuple[tf.Variable, ...]:
        """The variables that it updates, in the order in which `apply` takes their gradients."""
        return self._targets()

    def apply(self, gradients: Sequence[tf.Tensor | tf.IndexedSlices | None], step: tf.Tensor) -> None:
        """Updates the variables and the moments.

        Args:
          gradients: one for each variable, in their order, summed or averaged over replicas already. A
            variable whose gradient is None stays as it is.
          step: integer scalar, the number of updates made before this one.
        """
        found = [index for index, gradient in enumerate(gradients) if gradient is not None]
        dense = [tf.cast(tf.convert_to_tensor(gradients[index]), tf.float32) for index in found]
        if self._config.clip_norm is not None:
            dense = clip_by_global_norm(dense, self._config.clip_norm)
        rate = learning_rate(self._config, step, self._total_steps)
        corrections = self._bias_corrections(step)
        for index, gradient in zip(found, dense, strict=True):
            self._update(index, gradient, rate, corrections)

    def _bias_corrections(self, step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor] | None:
        if not self._config.bias_correction:
            return None
        updates = tf.cast(step, tf.float32) + 1.0
        return 1.0 - tf.pow(self._config.beta_1, updates), 1.0 - tf.pow(self._config.beta_2, updates)

    def _update(
        self,
        index: int,
        gradient: tf.Tensor,
        rate: tf.Tensor,
        corrections: tuple[tf.Tensor, tf.Tensor] | None,
    ) -> None:
        config, variable = self._config, self.variables[index]
        epsilon = tf.constant(config.epsilon, tf.float32)
        decay = config.weight_decay * rate
        if corrections is not None:
            # The operation below corrects the moments with one factor; so its epsilon takes the other's share.
            epsilon *= tf.sqrt(corrections[1])
            rate *= tf.sqrt(corrections[1]) / corrections[0]
        if config.weight_decay and is_decayed(variable):
            _assign(variable, variable * (1.0 - decay))
        # One pass over all four tensors, in place. Powers of zero mean that it corrects nothing by itself.
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self.first_moments[index].handle,
            v=self.second_moments[index].handle,
            beta1_power=tf.constant(0.0),
            beta2_power=tf.constant(0.0),
            lr=rate,
            beta1=tf.constant(config.beta_1, tf.float32),
            beta2=tf.constant(config.beta_2, tf.float32),
            epsilon=epsilon,
            grad=gradient,
        )


def _zeros_like(variable: tf.Variable, name: str) -> tf.Variable:
    if isinstance(variable, tf.distribute.DistributedValues) and not tf.distribute.has_strategy():
        raise ValueError("AdamW was created outside the scope of the strategy that holds its variables.")
    return tf.Variable(tf.zeros(variable.shape, tf.float32), trainable=False, name=name)


def _assign(variable: tf.Variable, value: tf.Tensor) -> None:
    # `variable.assign` refuses mirrored variables in a replica context unless they name an aggregation;
    # then it leaves the context, which XLA cannot compile. Gradients are reduced already, so each replica
    # may write the same value to its own copy, which is what the handle stands for there.
    tf.raw_ops.AssignVariableOp(resource=variable.handle, value=value)
