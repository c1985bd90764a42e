"""`compare_hidden`: do both models say the same of tokens that they share?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from bridge.errors import BackboneError
from bridge.keras.tables import vocabulary_layers

# The two differ by rounding at most: 0 on one machine, where the order of sums is the
# same; this many of the steps between two numbers of the largest state elsewhere.
TOLERANCE = 64

# Sequences shown, and their length, which any backbone takes.
_SHOWN = (8, 8)


@dataclass(frozen=True, slots=True)
class HiddenCheck:
    """What a backbone and its twin say of the same tokens.

    Attributes:
        positions: At how many places a shared token was shown; 0 if not compared.
        largest: Largest difference between two hidden states; 0 is bit for bit.
        allowed: The most that rounding explains.
        note: Why nothing was compared, or nothing.
    """

    positions: int
    largest: float = 0.0
    allowed: float = 0.0
    note: str = ""

    def __str__(self) -> str:
        """Return one line."""
        if not self.positions:
            return f"hidden states: not compared, since {self.note}"
        how = "bit for bit" if not self.largest else f"but for {self.largest:.3g}"
        return f"hidden states at {self.positions} shared tokens: equal {how}"


def compare_hidden(
    backbone: Any,  # noqa: ANN401  Keras has no types
    twin: Any,  # noqa: ANN401
    ids: NDArray[np.integer],
    rows: NDArray[np.integer],
    *,
    seed: int = 0,
) -> HiddenCheck:
    """Show both models the same shared tokens, each in its own ids.

    Args:
        backbone: The preset's.
        twin: The one over another vocabulary.
        ids: Shared tokens of text, `(n,)`, as the twin knows them.
        rows: The same as the backbone knows them.
        seed: Of the tokens shown.

    Returns:
        The largest difference, over sequences drawn from the shared tokens.

    Raises:
        BackboneError: If it is larger than rounding explains.
    """
    if not len(ids):
        return HiddenCheck(0, note="no token of text is shared")
    drawn = np.random.default_rng(seed).integers(0, len(ids), _SHOWN)
    inputs = [
        text_inputs(model, known[drawn].astype(np.int32))
        for model, known in ((backbone, rows), (twin, ids))
    ]
    if inputs[0] is None or inputs[1] is None:
        return HiddenCheck(0, note="the model reads more than text")
    old, new = (
        _outputs(model, values)
        for model, values in zip((backbone, twin), inputs, strict=True)
    )
    if any(not isinstance(x, keras.layers.Embedding) for x in vocabulary_layers(twin)):
        # RWKV-7 ends in its head: scores of tokens, not states.
        old, new = [x[..., rows] for x in old], [x[..., ids] for x in new]
    largest = max(_difference(a, b) for a, b in zip(old, new, strict=True))
    allowed = TOLERANCE * max(_step(values) for values in old)
    if not largest <= allowed:
        raise BackboneError(
            "A transplanted model gives the same hidden states for tokens that it "
            f"shares with its preset. Received: {largest:.3g} between two of them, "
            f"where rounding explains {allowed:.3g}. Look for a weight that was "
            "changed since, or please report this model."
        )
    return HiddenCheck(drawn.size, largest, allowed)


def text_inputs(model: Any, ids: NDArray[np.int32]) -> Any:  # noqa: ANN401
    """Fill the inputs of a text backbone.

    Args:
        model: A KerasHub backbone.
        ids: `(rows, length)`, all of them real.

    Returns:
        Arrays by name, or `None` where it wants something else than text.
    """
    wanted = model.input
    if not isinstance(wanted, Mapping):  # Gemma 3n lists its inputs
        wanted = {tensor.name: tensor for tensor in keras.tree.flatten(wanted)}
    values = {}
    for name, tensor in wanted.items():
        value = _value(name, ids)
        if value is None:
            return None
        values[name] = value.astype(tensor.dtype)
    return values


def _value(name: str, ids: NDArray[np.int32]) -> NDArray[Any] | None:
    if name.endswith("token_ids"):
        return ids
    if name.endswith("padding_mask"):
        return np.ones_like(ids)
    if name == "segment_ids":
        return np.zeros_like(ids)
    if name == "position_ids":
        return np.broadcast_to(np.arange(ids.shape[1], dtype=np.int32), ids.shape)
    return None


def _outputs(model: Any, inputs: Any) -> list[NDArray[Any]]:  # noqa: ANN401
    outputs = keras.tree.flatten(model(inputs, training=False))
    return [keras.ops.convert_to_numpy(output) for output in outputs]


def _difference(old: NDArray[Any], new: NDArray[Any]) -> float:
    return float(np.abs(old.astype(np.float32) - new.astype(np.float32)).max())


def _step(values: NDArray[Any]) -> float:
    """Return how far apart numbers are at the largest of some values."""
    # numpy has no `finfo` for bfloat16.
    bits = {"float16": 10, "bfloat16": 7}.get(values.dtype.name, 23)
    return float(np.abs(values.astype(np.float32)).max()) * 2.0**-bits
