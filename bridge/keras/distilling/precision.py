"""`computing_in`: models that compute in another precision for a while."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import keras

# What a model may compute in, and the policy of Keras that says so. Half precision
# of the other kind, float16, would need losses that are scaled.
POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}


@contextmanager
def computing_in(dtype: str | None, models: Iterable[Any]) -> Iterator[None]:
    """Let the layers of models compute in another dtype, and put theirs back.

    Weights stay as they are. What was compiled before computes as before.

    Args:
        dtype: `"float32"` or `"bfloat16"`; `None` changes nothing.
        models: Keras models.

    Yields:
        Once, while it is so.
    """
    if dtype is None:
        yield
        return
    found = {id(x): x for model in models for x in model._flatten_layers()}
    layers = [layer for layer in found.values() if _may_change(layer.dtype_policy)]
    before = [(layer, layer.dtype_policy) for layer in layers]
    try:
        for layer, _ in before:
            layer.dtype_policy = keras.DTypePolicy(POLICIES[dtype])
        yield
    finally:
        for layer, own in before:
            layer.dtype_policy = own


def _may_change(policy: Any) -> bool:  # noqa: ANN401  policies of Keras
    """Tell whether a policy is neither quantized nor one that layers share."""
    shared = isinstance(policy, keras.dtype_policies.DTypePolicyMap)
    return not shared and policy.quantization_mode is None
