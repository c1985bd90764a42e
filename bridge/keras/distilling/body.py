"""`Body`: a backbone without its token embedding, which is looked up outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from bridge.errors import BackboneError
from bridge.keras.backbone import reads_one_text
from bridge.keras.distilling.readings import Reading
from bridge.keras.tables import token_layer


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """Layers of a backbone behind its token embedding, all or the first ones.

    Attributes:
        model: From embedded tokens, `(batch_size, width, dim)`, and the backbone's
            other inputs, to the hidden states of every layer that was asked for.
        keys: The other inputs, in the order in which `model` takes them.
    """

    model: Any
    keys: tuple[str, ...]

    @classmethod
    def of(
        cls,
        backbone: Any,  # noqa: ANN401
        layers: Sequence[str],
        *,
        until: str | None = None,
    ) -> "Body":
        """Cut a backbone behind its token embedding; its weights are shared.

        Args:
            backbone: A KerasHub backbone.
            layers: Names of layers whose outputs are wanted beside the last states.
            until: Name of the layer whose outputs are the last states here.

        Returns:
            The body; the last states come last.

        Raises:
            BackboneError: If it reads anything but one text, or has no such layer.
        """
        inputs = backbone.input
        if not reads_one_text(backbone):
            raise BackboneError(
                "Distillation compares what two models say of a text. Received: "
                f"{type(backbone).__name__}, which takes "
                f"{', '.join(sorted(x.name for x in keras.tree.flatten(inputs)))}. "
                "Train its rows by `bridge.fit_in_two_steps`."
            )
        embedded = _embedded(backbone)
        keys = tuple(sorted(set(inputs) - {"token_ids"}))
        last = (
            _last_states(backbone)
            if until is None
            else _named_states(backbone, [until])[0]
        )
        # Keras would lose one of two outputs that are the same tensor.
        named = {id(tensor): tensor for tensor in _named_states(backbone, layers)}
        named.pop(id(last), None)
        others = [inputs[key] for key in keys]
        return cls(keras.Model([embedded, *others], [*named.values(), last]), keys)

    def trainable_weights(self) -> list[Any]:
        """Return the variables that Keras calls trainable.

        Returns:
            At least one.

        Raises:
            BackboneError: If there are none.
        """
        weights: list[Any] = self.model.trainable_variables
        if not weights:
            raise BackboneError(
                "With `trainable='all'` the body trains where Keras lets it. Received: "
                "a model without trainable weights. Set `model.trainable = True`, "
                "or train new rows only, with `trainable='new'`."
            )
        return weights

    def inputs(self, mask: NDArray[np.bool_]) -> list[NDArray[np.int32]]:
        """Return the backbone's other inputs for texts of one segment.

        Args:
            mask: `(batch_size, width)`, true where a token is real.

        Returns:
            Arrays of the same shape, in the order of `keys`.
        """
        ones = {"padding_mask": mask.astype(np.int32)}
        return [ones.get(key, np.zeros(mask.shape, np.int32)) for key in self.keys]

    def __call__(self, embedded: Any, others: Sequence[Any]) -> Any:  # noqa: ANN401
        """Return the states of all layers, `(layers, batch_size, width, dim)`."""
        states = self.model([embedded, *others], training=False)
        return keras.ops.stack(keras.tree.flatten(states))

    def views(self, rows: NDArray[Any], reading: Reading) -> NDArray[np.float32]:
        """Compute the views of a batch.

        Args:
            rows: The token embedding, `(rows, dim)`.
            reading: The batch.

        Returns:
            `(layers, batch_size, views, dim)`.
        """
        inputs = [rows[reading.ids], *self.inputs(reading.mask)]
        states = keras.tree.flatten(self.model.predict_on_batch(inputs))
        return np.stack([reading.views @ layer.astype(np.float32) for layer in states])


def _embedded(backbone: Any) -> Any:  # noqa: ANN401
    """Return the tensor that the token embedding makes of the ids."""
    for node in token_layer(backbone)._inbound_nodes:
        if any(tensor is backbone.input["token_ids"] for tensor in node.input_tensors):
            return node.output_tensors[0]
    raise BackboneError(
        "Distillation needs a backbone that looks its token ids up directly. "
        f"Received: {type(backbone).__name__}, which does it inside another layer. "
        "Train its rows by `bridge.fit_in_two_steps`."
    )


def _last_states(backbone: Any) -> Any:  # noqa: ANN401
    outputs = backbone.output
    if isinstance(outputs, dict):
        outputs = outputs.get("sequence_output")
    return outputs


def _named_states(backbone: Any, names: Sequence[str]) -> list[Any]:  # noqa: ANN401
    shape = _last_states(backbone).shape
    outputs = {layer.name: layer.output for layer in backbone.layers}
    known = {
        name: output
        for name, output in outputs.items()
        if getattr(output, "shape", None) == shape
    }
    for name in names:
        if name not in known:
            raise BackboneError(
                "A layer whose states are compared must be one of the backbone's, with "
                f"states of the last ones' width. Received: {name!r}. Name one of "
                f"{', '.join(known)}."
            )
    return [known[name] for name in names]


def is_causal(body: Body) -> bool:
    """Tell whether a token's states are the same whatever follows it.

    Args:
        body: The body of a backbone.

    Returns:
        False for a model that reads in both directions.
    """
    width = body.model.inputs[0].shape[-1]
    rows = np.random.default_rng(0).standard_normal((2, 3, width), np.float32)
    rows[1, :2] = rows[0, :2]
    states = body(rows, body.inputs(np.ones((2, 3), bool)))
    first, second = np.moveaxis(keras.ops.convert_to_numpy(states)[-1, :, :2], 1, 0)
    return bool(np.allclose(first[0], first[1]) and np.allclose(second[0], second[1]))
