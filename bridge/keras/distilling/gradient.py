"""`value_and_gradient`: the derivative of a function on the backend that Keras runs."""

from collections.abc import Callable, Sequence
from typing import Any

import keras

from bridge.errors import BackboneError

# Of (what is differentiated, the rest) to a loss and whatever else is wanted.
Function = Callable[[Any, Any], tuple[Any, Any]]


# Of the arguments of such a function to loss, nest, gradient and those of variables.
Differentiated = Callable[[Any, Any], tuple[Any, Any, Any, Sequence[Any]]]


def value_and_gradient(
    function: Function,
    model: Any,  # noqa: ANN401
    variables: Sequence[Any] = (),
) -> Differentiated:
    """Compile a function together with its derivative.

    Args:
        function: Takes a tensor to differentiate by, and a nest of other tensors.
            Returns the loss and a nest of tensors.
        model: The Keras model that it calls.
        variables: Those of its weights by which the loss is differentiated too.

    Returns:
        A function of the same arguments as arrays that returns loss, nest, gradient
        and a gradient for each variable.

    Raises:
        BackboneError: If the backend is none of TensorFlow, JAX and torch.
    """
    backend = keras.backend.backend()
    if backend not in _BACKENDS:
        raise BackboneError(
            f"Training needs a backend that differentiates. Received: {backend!r}. Set "
            "KERAS_BACKEND to 'tensorflow', 'jax' or 'torch'."
        )
    return _BACKENDS[backend](function, model, variables)


def compiled(function: Callable[..., None]) -> Callable[..., None]:
    """Return a function that changes variables, compiled where calls are slow.

    Args:
        function: Of tensors; the same shapes each time.

    Returns:
        A function of the same arguments that does the same.
    """
    if keras.backend.backend() != "tensorflow":
        return function
    import tensorflow as tf

    # Operation by operation Adam takes ten times as long here.
    faster: Callable[..., None] = tf.function(function)
    return faster


def _on_tensorflow(
    function: Function,
    model: Any,  # noqa: ANN401, ARG001
    variables: Sequence[Any],
) -> Differentiated:
    import tensorflow as tf

    weights = [variable.value for variable in variables]

    @tf.function(reduce_retracing=True)
    def run(x: Any, rest: Any) -> Any:  # noqa: ANN401
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([x, *weights])
            loss, more = function(x, rest)
        gradient, *others = tape.gradient(
            loss, [x, *weights], unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        # Positions are looked up, and the gradient of a lookup is sparse.
        return loss, more, gradient, [tf.convert_to_tensor(found) for found in others]

    def call(x: Any, rest: Any) -> Any:  # noqa: ANN401
        return run(*tf.nest.map_structure(tf.convert_to_tensor, (x, rest)))

    return call


def _on_jax(
    function: Function,
    model: Any,  # noqa: ANN401
    variables: Sequence[Any],
) -> Differentiated:
    import jax

    chosen = {id(variable) for variable in variables}
    fixed = [variable for variable in model.variables if id(variable) not in chosen]

    # Weights are arguments: as constants they would be compiled in.
    def stateless(x: Any, moving: Any, rest: Any, still: Any) -> Any:  # noqa: ANN401
        pairs = zip((*variables, *fixed), (*moving, *still), strict=True)
        with keras.StatelessScope(state_mapping=list(pairs)):
            return function(x, rest)

    differentiate = jax.jit(jax.value_and_grad(stateless, argnums=(0, 1), has_aux=True))

    def call(x: Any, rest: Any) -> Any:  # noqa: ANN401
        moving, still = (
            [variable.value for variable in part] for part in (variables, fixed)
        )
        (loss, more), (gradient, others) = differentiate(x, moving, rest, still)
        return loss, more, gradient, others

    return call


def _on_torch(
    function: Function,
    model: Any,  # noqa: ANN401, ARG001
    variables: Sequence[Any],
) -> Differentiated:
    import torch

    weights = [variable.value for variable in variables]

    def call(x: Any, rest: Any) -> Any:  # noqa: ANN401
        inputs = keras.ops.convert_to_tensor(x).requires_grad_()
        loss, more = function(
            inputs, keras.tree.map_structure(keras.ops.convert_to_tensor, rest)
        )
        gradient, *others = torch.autograd.grad(
            loss, [inputs, *weights], materialize_grads=True
        )
        return (
            loss.detach(),
            keras.tree.map_structure(torch.Tensor.detach, more),
            gradient,
            others,
        )

    return call


_BACKENDS = {"tensorflow": _on_tensorflow, "jax": _on_jax, "torch": _on_torch}
