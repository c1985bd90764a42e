"""Training part of a table, and a Keras embedding for any tokenizer."""

from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from numpy.typing import NDArray

from bridge.embedding.plan import plan_rows
from bridge.errors import BackboneError
from bridge.keras.backbone import check_plain
from bridge.keras.tables import backbone_of, vocabulary_tables
from bridge.tokenizers.base import Tokenizer
from bridge.tokenizers.load import load_tokenizer
from bridge.vocabulary import Vocabulary

if TYPE_CHECKING:
    from bridge.alignment import Alignment

TRAINABLE = ("all", "new", "embedding", "none")


@keras.saving.register_keras_serializable("bridge")
class PinRows(keras.constraints.Constraint):
    """Keeps rows of a variable exactly as they are, whatever the optimizer does.

    A constraint acts after the update, so weight decay and momentum cannot move a
    pinned row either. It belongs to a variable in memory: a preset saved from the
    model does not mention it.

    Args:
        pinned: Which rows to keep, `(vocabulary_size,)` bool.
        values: The variable's values, rows along `axis`; others are ignored.
        axis: The axis of the variable that counts rows.
    """

    def __init__(self, pinned: Any, values: Any, axis: int = 0) -> None:  # noqa: ANN401
        values = np.array(values)  # a copy: on JAX the table's own memory is reused
        mask = np.asarray(pinned, bool)
        shape = [1] * values.ndim
        shape[axis] = len(mask)
        self.axis = axis
        self._mask = keras.ops.convert_to_tensor(mask.reshape(shape))
        self._values = keras.ops.convert_to_tensor(values)

    def __call__(self, w: Any) -> Any:  # noqa: ANN401
        """Return the weights with the pinned rows put back."""
        weights = keras.ops.convert_to_tensor(w)  # JAX takes no variable here
        values = keras.ops.cast(self._values, weights.dtype)
        return keras.ops.where(self._mask, values, weights)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments as plain lists."""
        mask = keras.ops.convert_to_numpy(self._mask).ravel()
        values = keras.ops.convert_to_numpy(self._values)
        return {"pinned": mask.tolist(), "values": values.tolist(), "axis": self.axis}


def pin_rows(variable: Any, pinned: NDArray[np.bool_], *, axis: int = 0) -> None:  # noqa: ANN401
    """Pin rows of a variable at their present values.

    Args:
        variable: A Keras variable.
        pinned: Which rows, `(vocabulary_size,)` bool.
        axis: Its axis over the vocabulary.
    """
    values = keras.ops.convert_to_numpy(variable)
    variable.constraint = PinRows(pinned, values, axis)


def check_trainable(trainable: str) -> None:
    """Refuse an unknown answer to "what trains".

    Args:
        trainable: What the user passed.

    Raises:
        ValueError: If it is none of `TRAINABLE`.
    """
    if trainable not in TRAINABLE:
        raise ValueError(
            f"`trainable` must be one of {', '.join(map(repr, TRAINABLE))}. "
            f"Received: {trainable!r}."
        )


def token_embedding(
    tokenizer: Any,  # noqa: ANN401  whatever `load_tokenizer` takes
    *,
    output_dim: int | None = None,
    alignment: "Alignment | None" = None,
    backbone: Any | None = None,  # noqa: ANN401  Keras has no types
    vocabulary: Vocabulary | None = None,
    trainable: str = "all",
    seed: int = 0,
) -> keras.layers.Embedding:
    """Build a Keras embedding with one row for every id a tokenizer can give.

    Masking: `mask_zero` is False, because id 0 is an ordinary token of most
    vocabularies. Pass the encoder's `padding_mask` to the layers behind, such as
    `keras.layers.LSTM(8)(x, mask=padding_mask)`.

    Args:
        tokenizer: A `bridge` tokenizer or anything that `bridge.load_tokenizer` takes.
        output_dim: Columns. Where a backbone is given, left out or equal to the width
            of its table.
        alignment: With `backbone`: what every id means to it.
        backbone: With `alignment`: a backbone or task whose rows start the table, as
            `bridge.transplant` does.
        vocabulary: The tokenizer's vocabulary with special tokens appended, such as
            `result.vocabulary`; the tokenizer's own if `None`.
        trainable: `"all"` or `"embedding"`, every row trains; `"new"`, rows copied from
            the backbone are pinned; `"none"`, nothing trains.
        seed: Seed of the rows that are not copied or composed.

    Returns:
        A built layer, `vocabulary.size` rows (the largest id + 1, holes included).
        Without a backbone the rows are drawn as Keras draws them, uniform in
        [-0.05, 0.05).

    Raises:
        ValueError: If `trainable` is unknown, if only one of `alignment` and `backbone`
            is given, or neither they nor `output_dim`.
        VocabularyError: If the alignment is of another tokenizer.
        BackboneError: If the model is quantized, has LoRA adapters, or does not fit.

    Example:
        >>> layer = token_embedding({"<unk>": 0, "hi": 1}, output_dim=4)
        >>> tuple(layer.embeddings.shape)
        (2, 4)
    """
    check_trainable(trainable)
    if not isinstance(tokenizer, Tokenizer):
        tokenizer = load_tokenizer(tokenizer)
    if vocabulary is None:
        vocabulary = tokenizer.vocabulary
    if alignment is None and backbone is None:
        if output_dim is None:
            raise ValueError(
                "A table without a backbone needs its width. Received: "
                "output_dim=None. Pass `output_dim=`, or `alignment=` and `backbone=`."
            )
        uniform = keras.initializers.RandomUniform(seed=seed)
        return _layer(vocabulary.size, output_dim, trainable, uniform)
    if alignment is None or backbone is None:
        raise ValueError(
            "Rows are started from a backbone through an alignment. Received: only "
            f"`{'alignment' if backbone is None else 'backbone'}=`. Pass both, or "
            "`output_dim=` alone for a table without a backbone."
        )
    check_plain(backbone)
    table = vocabulary_tables(backbone_of(backbone))[0].read()
    if output_dim not in (None, table.shape[1]):
        raise BackboneError(
            "A table started from a backbone has its width. Received: "
            f"output_dim={output_dim} for a table of width {table.shape[1]}. Leave "
            "`output_dim=` out."
        )
    plan = plan_rows(alignment, vocabulary, preset_rows=len(table), seed=seed)
    layer = _layer(vocabulary.size, table.shape[1], trainable, "uniform")
    layer.embeddings.assign(plan.build(table))
    if trainable == "new":
        pin_rows(layer.embeddings, plan.recipe.copied)
    return layer


def _layer(
    rows: int,
    width: int,
    trainable: str,
    initializer: Any,  # noqa: ANN401
) -> keras.layers.Embedding:
    layer = keras.layers.Embedding(
        rows,
        width,
        embeddings_initializer=initializer,
        trainable=trainable != "none",
        name="token_embedding",
    )
    layer.build()
    return layer
