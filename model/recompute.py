"""Gradient checkpointing: what a function computes inside is not kept for the backward pass but computed anew."""

from collections.abc import Callable, Sequence

import tensorflow as tf

Function = Callable[..., tf.Tensor]


def computed_anew(upstream: tf.Tensor, *tensors: tf.Tensor) -> list[tf.Tensor]:
    """The same tensors, but nothing is computed from them before `upstream` is there.

    So a backward pass may compute again what the forward pass did, and XLA neither finds out that it is the same and
    keeps those results, nor computes it before its time. XLA's own optimization barrier does not outlive the first
    passes on CPU, so `upstream` takes part: with a zero.

    Args:
      upstream: a float tensor; in a backward pass the gradient from above.
      *tensors: float tensors.
    """
    rank = upstream.shape.rank
    first = tf.reshape(tf.slice(upstream, [0] * rank, [1] * rank), [])  # reshaped before, all of it would be copied
    zero = tf.minimum(tf.abs(first), 0.0)
    return [tensor + tf.cast(zero, tensor.dtype) for tensor in tensors]


def recomputed(function: Function, *inputs: tf.Tensor) -> tf.Tensor:
    """Calls a function so that only its inputs are kept for its gradient.

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
            kept = computed_anew(upstream, *inputs)
            own = list(variables or [])
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch([*kept, *own])
                again = function(*kept)
            gradients = tape.gradient(again, [*kept, *own], output_gradients=upstream)
            by_inputs, by_variables = gradients[: len(kept)], gradients[len(kept) :]
            return by_inputs if variables is None else (by_inputs, by_variables)

        return function(*inputs), gradient

    return call(*inputs)
