"""Gradient checkpointing: what a function computes inside is not kept for the backward pass but computed anew."""

from collections.abc import Callable, Sequence

import tensorflow as tf
from tensorflow.compiler.tf2xla.ops import gen_xla_ops

Function = Callable[..., tf.Tensor]


def recomputed(function: Function, *inputs: tf.Tensor) -> tf.Tensor:
    """Calls a function so that only its inputs are kept for its gradient; under XLA alone.

    Args:
      function: of float tensors and of variables that it reads by itself. It must compute the same when called
        again, so what it draws has to follow from a seed.
      *inputs: what to call it with, and to differentiate by.

    Returns:
      What the function returns, a float tensor.
    """

    @tf.custom_gradient
    def call(*inputs: tf.Tensor) -> tuple[tf.Tensor, Callable[..., object]]:
        def gradient(
            upstream: tf.Tensor, variables: Sequence[tf.Variable] | None = None
        ) -> list[tf.Tensor | None] | tuple[list[tf.Tensor | None], list[tf.Tensor | None]]:
            # Without the barrier XLA would find that both calls compute the same, and keep the first one's results.
            upstream, *kept = gen_xla_ops.xla_optimization_barrier(input=[upstream, *inputs])
            own = list(variables or [])
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch([*kept, *own])
                again = function(*kept)
            gradients = tape.gradient(again, [*kept, *own], output_gradients=upstream)
            by_inputs, by_variables = gradients[: len(kept)], gradients[len(kept) :]
            return by_inputs if variables is None else (by_inputs, by_variables)

        return function(*inputs), gradient

    return call(*inputs)
