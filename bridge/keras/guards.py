"""Guards for stock KerasHub objects: mistakes that Keras takes for something else.

KerasHub converts what `fit` gets before any code of ours sees it, so its objects are
guarded one by one, by methods of their own. Nothing of them is saved.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

import keras
import keras_hub
import numpy as np

from bridge.errors import BackboneError, TextInputError
from bridge.keras.backbone import tells_id_zero_apart
from bridge.keras.spec import backbone_of
from bridge.keras.tables import token_layer
from bridge.keras.word_labels import check_labels
from bridge.tokenizers.texts import check_texts


def guard_task(task: Any) -> Any:  # noqa: ANN401  a keras_hub Task
    """Let a task refuse texts, labels and prompts that are none.

    Otherwise KerasHub gives an error of TensorFlow that names no row, or takes
    not-a-number for the text `nan`; jax and torch count a label of -100 as a right
    answer; and `generate` writes over padding that stands before a prompt.

    Args:
        task: A task that takes raw texts.

    Returns:
        The same task.
    """
    for name in ("fit", "evaluate", "predict"):
        setattr(task, name, _checking_examples(task, getattr(task, name)))
    if hasattr(task, "generate"):
        task.generate = _checking_prompts(task.generate)
    return task


def guard_preprocessor(preprocessor: Any) -> Any:  # noqa: ANN401  a keras_hub one
    """Let a preprocessor refuse texts as labels.

    `preprocessor((first, second))` means "inputs and labels" to KerasHub, which would
    drop the second segment in silence.

    Args:
        preprocessor: Any KerasHub preprocessor.

    Returns:
        The same preprocessor.
    """
    call = preprocessor.call

    @wraps(call)
    def checked(x: Any, y: Any = None, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        if _is_text(y):
            error = TextInputError(
                "Labels must be numbers. Received: texts, in the second place of a "
                "tuple. Pass a pair as `preprocessor((first, second), y=None)`, and a "
                "dataset of pairs as `((first, second), label)`."
            )
            # Keras would print all texts after it, unless it believes it has done so.
            error._keras_call_info_injected = True  # type: ignore[attr-defined]
            raise error
        return call(x, y, *args, **kwargs)

    preprocessor.call = checked
    return preprocessor


def check_pad_id(model: Any, pad_id: int) -> None:  # noqa: ANN401
    """Refuse padding that a backbone without a padding mask would take for tokens.

    Such a backbone computes its mask from the ids: it hides the `pad_token_id` of its
    config (ESM), or id 0 in its code (RoFormer V2). One that hides none (FNet) was
    trained so.

    Args:
        model: A KerasHub backbone that takes no padding mask, or a task with one.
        pad_id: Id for unused cells.

    Raises:
        BackboneError: If it hides another id.
    """
    backbone = backbone_of(model)
    hidden = backbone.get_config().get("pad_token_id")
    if hidden is None and pad_id != 0:
        table = token_layer(backbone).embeddings
        before = np.array(table)
        try:
            hidden = 0 if tells_id_zero_apart(backbone) else None
        finally:
            table.assign(before)
    if hidden is not None and hidden != pad_id:
        raise BackboneError(
            f"{type(backbone).__name__} takes no mask and hides token id {hidden} "
            f"wherever it stands. Received: pad id {pad_id}, which it would attend to. "
            f"Take a tokenizer that pads with id {hidden}."
        )


def _checking_examples(task: Any, method: Callable[..., Any]) -> Callable[..., Any]:  # noqa: ANN401
    @wraps(method)
    def checked(x: Any = None, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        labels = args[0] if args else kwargs.get("y")
        _check_examples(task, x, labels)
        held_out = kwargs.get("validation_data")
        if isinstance(held_out, (tuple, list)):
            _check_examples(task, *held_out[:2])
        return method(x, *args, **kwargs)

    return checked


def _check_examples(task: Any, texts: Any, labels: Any = None) -> None:  # noqa: ANN401
    """Check texts, and labels where they are numbers of classes."""
    _check(texts)
    if not isinstance(task, keras_hub.models.TextClassifier):
        return
    loss = task.loss
    is_object = isinstance(loss, keras.losses.SparseCategoricalCrossentropy)
    if is_object or loss == "sparse_categorical_crossentropy":
        ignored = loss.ignore_class if is_object else None
        check_labels(labels, task.num_classes, ignored=ignored)


def _checking_prompts(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def checked(inputs: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        # RWKV-7's own prompts have more keys, and their padding before the text.
        if isinstance(inputs, dict) and set(inputs) == {"token_ids", "padding_mask"}:
            mask = np.asarray(inputs["padding_mask"], bool)
            wrong = (mask[..., 1:] > mask[..., :-1]).any(axis=-1)
            if wrong.any():
                raise TextInputError(
                    "A prompt stands before its padding, as `generate` writes into "
                    f"the first cells of padding. Received: {wrong.sum()} of "
                    f"{wrong.size} prompts behind padding. Pad them on the right."
                )
        return method(inputs, *args, **kwargs)

    return checked


def _check(inputs: Any) -> None:  # noqa: ANN401  what `fit` takes
    """Check every column of texts; a tuple or dict holds several."""
    if isinstance(inputs, (tuple, dict)):
        for part in inputs.values() if isinstance(inputs, dict) else inputs:
            _check(part)
    elif isinstance(inputs, (list, np.ndarray)) and _holds_texts(inputs):
        check_texts([*inputs])


def _holds_texts(column: Any) -> bool:  # noqa: ANN401  a list or an array
    if isinstance(column, np.ndarray) and (
        column.ndim != 1 or column.dtype.kind != "O"
    ):
        return column.ndim == 1 and column.dtype.kind == "U"
    return any(isinstance(text, str) for text in column)


def _is_text(labels: Any) -> bool:  # noqa: ANN401  whatever came
    """Tell whether these are strings of Python, numpy or TensorFlow."""
    if isinstance(labels, (list, tuple)):
        return any(isinstance(label, (str, bytes)) for label in labels)
    kind = getattr(getattr(labels, "dtype", None), "name", "")
    return isinstance(labels, (str, bytes)) or kind.startswith(("str", "bytes"))
