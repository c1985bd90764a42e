"""`MaskedPooling`: the states of a text's real tokens as one vector."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

_Pool = Callable[[Any, Any], Any]


@keras.saving.register_keras_serializable(package="bridge")
class MaskedPooling(keras.layers.Layer):
    """Pools hidden states over real tokens only.

    KerasHub's backbones put no mask on what they return, so that Keras's own pooling
    layers average over padding. This one takes the mask as an input. Whatever stands
    in padding, not-a-number included, does not reach the result. A row without a real
    token gives zeros.

    Args:
        mode: `"mean"` of the real tokens, computed in float32 whatever the model
            computes in; `"cls"`, the first real token, which is column 0 unless the
            padding is on the left; or `"max"`, the largest value in every column.
        **kwargs: Passed to the Keras layer.

    Raises:
        ValueError: If there is no such mode.

    Example:
        >>> states = backbone.output["sequence_output"]
        >>> mask = backbone.input["padding_mask"]
        >>> bridge.MaskedPooling()(states, mask).shape
        (None, 384)
    """

    def __init__(self, mode: str = "mean", **kwargs: Any) -> None:  # noqa: ANN401
        if mode not in _POOLS:
            raise ValueError(
                f"`mode` must be one of {', '.join(map(repr, _POOLS))}. "
                f"Received: {mode!r}. Leave it out for 'mean'."
            )
        super().__init__(**kwargs)
        self.mode = mode

    def call(self, hidden_states: Any, padding_mask: Any) -> Any:  # noqa: ANN401
        """Pool.

        Args:
            hidden_states: `(batch_size, sequence_length, dim)`, floating.
            padding_mask: `(batch_size, sequence_length)`, bool or int, true or 1 where
                a token is real.

        Returns:
            `(batch_size, dim)` in the dtype of the states.

        Raises:
            ValueError: If the mask is of another shape, or is floating as masks are
                that are added to scores.
        """
        _check(hidden_states, padding_mask)
        mask = ops.expand_dims(ops.cast(padding_mask, "bool"), -1)
        pooled = _POOLS[self.mode](hidden_states, mask)
        return ops.cast(pooled, hidden_states.dtype)

    def get_config(self) -> dict[str, Any]:
        """Return plain data."""
        return {**super().get_config(), "mode": self.mode}


def _mean(states: Any, mask: Any) -> Any:  # noqa: ANN401  tensors of the backend
    # Sums of hundreds of half-precision numbers lose most of their digits.
    total = ops.sum(_masked(ops.cast(states, "float32"), mask, 0.0), axis=1)
    count = ops.sum(ops.cast(mask, "float32"), axis=1)
    return total / ops.maximum(count, 1.0)


def _first(states: Any, mask: Any) -> Any:  # noqa: ANN401
    place = ops.argmax(ops.cast(mask, "int32"), axis=1)
    first = ops.take_along_axis(states, ops.expand_dims(place, 1), axis=1)
    return _or_zero(ops.squeeze(first, axis=1), mask)


def _max(states: Any, mask: Any) -> Any:  # noqa: ANN401
    return _or_zero(ops.max(_masked(states, mask, float("-inf")), axis=1), mask)


_POOLS: dict[str, _Pool] = {"mean": _mean, "cls": _first, "max": _max}


def _masked(states: Any, mask: Any, blank: float) -> Any:  # noqa: ANN401
    """Replace padding. Multiplying by 0 would keep what is not a number."""
    return ops.where(mask, states, ops.cast(blank, states.dtype))


def _or_zero(pooled: Any, mask: Any) -> Any:  # noqa: ANN401
    return _masked(pooled, ops.any(mask, axis=1), 0.0)


def _check(states: Any, mask: Any) -> None:  # noqa: ANN401
    shape, expected = tuple(mask.shape), tuple(states.shape)[:2]
    if len(states.shape) != 3 or len(shape) != 2 or not _agree(shape, expected):
        raise ValueError(
            "The mask must have one cell for every hidden state. Received: states of "
            f"shape {tuple(states.shape)} and a mask of shape {shape}. Pass "
            "(batch_size, sequence_length, dim) and (batch_size, sequence_length)."
        )
    dtype = keras.backend.standardize_dtype(mask.dtype)
    if "float" in dtype:
        raise ValueError(
            "A padding mask is bool or int, true or 1 where a token is real. "
            f"Received: {dtype}, as masks have that are added to scores. Pass "
            "`mask > 0.5` if it holds 0 and 1, or `mask > -1` if it is 0 where a token "
            "is real."
        )


def _agree(first: tuple[Any, ...], second: tuple[Any, ...]) -> bool:
    """Tell whether two static shapes may be the same."""
    pairs = zip(first, second, strict=True)
    return all(a is None or b is None or a == b for a, b in pairs)
