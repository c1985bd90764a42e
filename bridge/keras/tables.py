"""`VocabularyTable`: the variables of a KerasHub model that have a row a token."""

from dataclasses import dataclass
from typing import Any

import keras
import keras_hub
import numpy as np
from numpy.typing import NDArray

from bridge.embedding.rows import TableKind
from bridge.errors import BackboneError

# Attributes under which KerasHub's backbones keep further layers with a row for each
# token.
_LAYERS = (
    "decoder_token_embedding",  # T5Gemma
    "per_layer_token_embedding",  # Gemma4
    "head",  # RWKV7: a dense layer with a column for each token
)


@dataclass(frozen=True, slots=True, eq=False)
class VocabularyTable:
    """One variable that holds a row, column or number for every token.

    Attributes:
        variable: The Keras variable.
        axis: Its axis over the vocabulary.
        kind: `"input"` for what is looked up, `"head"` for what scores tokens.
    """

    variable: Any
    axis: int
    kind: TableKind

    @property
    def name(self) -> str:
        """Path of the variable in its model."""
        return str(self.variable.path)

    def read(self) -> NDArray[Any]:
        """Return its values as `(vocabulary_size, width)`; a bias has width 1."""
        values = keras.ops.convert_to_numpy(self.variable)
        rows = np.moveaxis(values, self.axis, 0)
        # A copy: JAX shows its own memory, which a training step may reuse.
        return np.array(rows.reshape(len(rows), -1), order="C")

    def write(self, rows: NDArray[Any]) -> None:
        """Set its values from `(vocabulary_size, width)`."""
        shape = [n for axis, n in enumerate(self.variable.shape) if axis != self.axis]
        values = rows.reshape(len(rows), *shape)
        self.variable.assign(np.moveaxis(values, 0, self.axis))


def backbone_of(model: Any) -> Any:  # noqa: ANN401  Keras has no types
    """Return a task's backbone, or the backbone itself.

    Args:
        model: A KerasHub task or backbone.

    Returns:
        The backbone.

    Raises:
        BackboneError: If it is neither.
    """
    backbone: Any = getattr(model, "backbone", None) if _is(model, "Task") else model
    if not _is(backbone, "Backbone") or token_layer(backbone) is None:
        raise BackboneError(
            "A transplant takes a KerasHub backbone with a token embedding, or a task "
            f"with one. Received: {type(model).__name__}. For any other Keras model "
            "build a layer with `bridge.token_embedding(...)`."
        )
    return backbone


def _is(model: Any, name: str) -> bool:  # noqa: ANN401
    return isinstance(model, getattr(keras_hub.models, name))


def token_layer(backbone: Any) -> Any:  # noqa: ANN401
    """Return the layer that looks token ids up, or `None` where there is none.

    Args:
        backbone: A KerasHub backbone.

    Returns:
        A Keras `Embedding`; Gemma 3n's is two layers deeper than the others'.
    """
    layer = getattr(backbone, "token_embedding", None)
    return _nested(backbone, "embed_tokens") if layer is None else layer


def _nested(backbone: Any, name: str) -> Any:  # noqa: ANN401
    """Return an embedding of Gemma 3n's language model, or `None`."""
    language_model = getattr(backbone, "language_model", None)
    return getattr(getattr(language_model, name, None), "embedding", None)


def vocabulary_layers(backbone: Any) -> list[Any]:  # noqa: ANN401
    """Return the layers of a backbone that hold a row for every token.

    Args:
        backbone: A KerasHub backbone.

    Returns:
        Distinct layers, the token embedding first.

    Raises:
        BackboneError: If one of them has rows for only some of the tokens.
    """
    size = token_layer(backbone).input_dim
    found = [
        token_layer(backbone),
        *(getattr(backbone, attribute, None) for attribute in _LAYERS),
        _nested(backbone, "embed_tokens_per_layer"),
    ]
    layers: list[Any] = []
    for layer in found:
        rows = getattr(layer, "input_dim", getattr(layer, "units", None))
        if rows is None or any(layer is known for known in layers):
            continue
        if rows != size:
            raise BackboneError(
                "Every table of a model must have a row for each token, or ids without "
                f"one would silently read another's. Received: {layer.name!r} with "
                f"{rows} rows beside {size} of the token embedding. Remap ids onto "
                "this model's own vocabulary instead, with `alignment.remap`."
            )
        layers.append(layer)
    return layers


def vocabulary_tables(model: Any) -> list[VocabularyTable]:  # noqa: ANN401
    """Return every variable with a row for each token, by identity and not by shape.

    A shape cannot tell: the new vocabulary may be as large as the old one, or as some
    other dimension.

    Args:
        model: A KerasHub backbone or task.

    Returns:
        Distinct tables in a fixed order, the same for a rebuilt twin.
    """
    backbone = backbone_of(model)
    tables: list[VocabularyTable] = []
    for layer in vocabulary_layers(backbone):
        if isinstance(layer, keras.layers.Embedding):
            tables.append(VocabularyTable(layer.embeddings, 0, "input"))
            head = getattr(layer, "reverse_embeddings", None)
            if head is not None:
                tables.append(VocabularyTable(head, 1, "head"))
        else:
            tables += [_of_head(variable) for variable in layer.weights]
    if model is not backbone:
        tables += _task_tables(model, backbone)
    return tables


def _task_tables(model: Any, backbone: Any) -> list[VocabularyTable]:  # noqa: ANN401
    """Find kernel and bias of masked language model heads."""
    inside = {id(layer) for layer in backbone._flatten_layers()}
    return [
        _of_head(variable)
        for layer in model._flatten_layers()
        if id(layer) not in inside and hasattr(layer, "vocabulary_size")
        for variable in layer._trainable_variables
        if variable.name in ("output_kernel", "output_bias")
    ]


def _of_head(variable: Any) -> VocabularyTable:  # noqa: ANN401
    return VocabularyTable(variable, len(variable.shape) - 1, "head")
