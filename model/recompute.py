"""Gradient checkpointing: what a function computes inside is not kept for the backward pass but computed anew."""

from collections.abc import Callable, Sequence

import tensorflow as tf
from tensorflow.compiler.tf2xla.ops import gen_xla_ops
from tensorflow.python.ops import control_flow_util

Function = Callable[..., tf.Tensor]


def computed_anew(*tensors: tf.Tensor) -> list[tf.Tensor]:
    """The same tensors, but what is computed from them shares nothing with what was computed before.

    Without it XLA would find that a backward pass computes what the forward pass did, and keep those results. Give
    the gradient that comes from above as well: nothing is computed before it is there.
    """
    if not control_flow_util.GraphOrParentsInXlaContext(tf.compat.v1.get_default_graph()):
        return list(tensors)  # nothing is shared, and the operation is XLA's alone
    return list(gen_xla_ops.xla_optimization_barrier(input=tensors))


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
            upstream, *kept = computed_anew(upstream, *inputs)
            own = list(variables or [])
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch([*kept, *own])
                again = function(*kept)
            gradients = tape.gradient(again, [*kept, *own], output_gradients=upstream)
            by_inputs, by_variables = gradients[: len(kept)], gradients[len(kept) :]
            return by_inputs if variables is None else (by_inputs, by_variables)

        return function(*inputs), gradient

    return call(*inputs)
