"""`value_and_gradient`: the derivative of a function on the backend that Keras runs."""

from collections.abc import Callable
from typing import Any

import keras

from bridge.errors import BackboneError

# Of (what is differentiated, the rest) to a loss and whatever else is wanted.
Function = Callable[[Any, Any], tuple[Any, Any]]


def value_and_gradient(function: Function, model: Any) -> Callable[[Any, Any], Any]:  # noqa: ANN401
    """Compile a function together with its derivative.

    Args:
        function: Takes a tensor to differentiate by, and a nest of other tensors.
            Returns the loss and a nest of tensors.
        model: The Keras model that it calls, whose weights are kept.

    Returns:
        A function of the same arguments as arrays that returns loss, nest and
        gradient.

    Raises:
        BackboneError: If the backend is none of TensorFlow, JAX and torch.
    """
    backend = keras.backend.backend()
    if backend not in _BACKENDS:
        raise BackboneError(
            f"Training needs a backend that differentiates. Received: {backend!r}. Set "
            "KERAS_BACKEND to 'tensorflow', 'jax' or 'torch'."
        )
    return _BACKENDS[backend](function, model)


def _on_tensorflow(function: Function, model: Any) -> Callable[[Any, Any], Any]:  # noqa: ANN401, ARG001
    import tensorflow as tf

    @tf.function(reduce_retracing=True)
    def run(x: Any, rest: Any) -> Any:  # noqa: ANN401
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(x)
            loss, more = function(x, rest)
        return loss, more, tape.gradient(loss, x)

    def call(x: Any, rest: Any) -> Any:  # noqa: ANN401
        return run(*tf.nest.map_structure(tf.convert_to_tensor, (x, rest)))

    return call


def _on_jax(function: Function, model: Any) -> Callable[[Any, Any], Any]:  # noqa: ANN401
    import jax

    variables = model.variables

    # Weights are arguments: as constants they would be compiled in.
    def stateless(x: Any, rest: Any, values: Any) -> Any:  # noqa: ANN401
        pairs = list(zip(variables, values, strict=True))
        with keras.StatelessScope(state_mapping=pairs):
            return function(x, rest)

    differentiate = jax.jit(jax.value_and_grad(stateless, has_aux=True))

    def call(x: Any, rest: Any) -> Any:  # noqa: ANN401
        values = [variable.value for variable in variables]
        (loss, more), gradient = differentiate(x, rest, values)
        return loss, more, gradient

    return call


def _on_torch(function: Function, model: Any) -> Callable[[Any, Any], Any]:  # noqa: ANN401, ARG001
    import torch

    def call(x: Any, rest: Any) -> Any:  # noqa: ANN401
        inputs = keras.ops.convert_to_tensor(x).requires_grad_()
        loss, more = function(
            inputs, keras.tree.map_structure(keras.ops.convert_to_tensor, rest)
        )
        (gradient,) = torch.autograd.grad(loss, inputs)
        return (
            loss.detach(),
            keras.tree.map_structure(torch.Tensor.detach, more),
            gradient,
        )

    return call


_BACKENDS = {"tensorflow": _on_tensorflow, "jax": _on_jax, "torch": _on_torch}
