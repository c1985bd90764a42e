"""Texts and ids in the forms in which Keras hands them to a tokenizer."""

from typing import Any

import numpy as np

from bridge.errors import TextInputError
from bridge.ragged import Ragged, as_int32


def read_texts(inputs: Any) -> tuple[list[Any], bool]:  # noqa: ANN401  see below
    """Read one text or several.

    Args:
        inputs: A `str` or `bytes`, or a list, tuple, array or tensor of them.

    Returns:
        The texts, bytes decoded, and whether it was a single one. What is no text is
        kept as it is, for the tokenizer to refuse.

    Raises:
        TextInputError: If it is no text and no list of texts, or no UTF-8.
    """
    plain = _plain(inputs)
    if isinstance(plain, (str, bytes)):
        return [_decode(plain, 0, 1)], True
    if not isinstance(plain, (list, tuple)):
        raise TextInputError(
            "Pass a text, or a list or tensor of texts. Received: "
            f"{plain!r:.60} ({type(plain).__name__}). Take the texts out first."
        )
    return [
        _decode(_plain(x), place, len(plain)) for place, x in enumerate(plain)
    ], False


def _plain(value: Any) -> Any:  # noqa: ANN401  any array or tensor
    """Turn arrays and tensors into Python lists, and their scalars into objects."""
    if isinstance(value, (str, bytes, list, tuple)):
        # The scalars of numpy are subclasses of these; libraries want them plain.
        return value.item() if isinstance(value, np.generic) else value
    for method in ("to_list", "numpy"):  # tf.RaggedTensor; eager tensors
        if hasattr(value, method):
            value = getattr(value, method)()
            break
    return value.tolist() if hasattr(value, "tolist") else value


def _decode(text: Any, place: int, total: int) -> Any:  # noqa: ANN401
    if not isinstance(text, bytes):
        return text
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise TextInputError(
            f"Every text must be UTF-8. Received: {text!r:.60} at position {place} of "
            f"{total} ({error.reason} at byte {error.start}). Decode it with its own "
            "encoding first."
        ) from error


def read_ids(inputs: Any) -> tuple[Ragged, bool]:  # noqa: ANN401  see below
    """Read one row of ids or several.

    Args:
        inputs: Ids as lists, an array or tensor, a `tf.RaggedTensor` or a `Ragged`.
            A single id is a row of one.

    Returns:
        The rows, and whether it was a single one. An empty list is one empty row.

    Raises:
        TextInputError: If they are no integers, or deeper than rows.
        OverflowError: If an id does not fit into int32.
    """
    if isinstance(inputs, Ragged):
        return inputs, False
    if hasattr(inputs, "detach"):  # torch, on any device and with gradients
        inputs = inputs.detach().cpu()
    plain = _plain(inputs)
    if not isinstance(plain, (list, tuple)):
        plain = [plain]
    # An empty array is a batch of no rows if it has two axes.
    is_batch = len(getattr(inputs, "shape", ())) == 2
    is_single = not is_batch and not any(hasattr(row, "__len__") for row in plain)
    rows = [plain] if is_single else plain
    arrays = [np.asarray(_plain(row)) for row in rows]
    if any(
        row.ndim != 1 or (row.size and row.dtype.kind not in "iu") for row in arrays
    ):
        raise TextInputError(
            "Ids must be one row of integers, or rows of them. Received: "
            f"{inputs!r:.60} ({type(inputs).__name__}). Pass `token_ids` as they came "
            "out of a tokenizer."
        )
    none = np.zeros(0, np.int64)
    values = np.concatenate([none, *(row.astype(np.int64) for row in arrays)])
    return Ragged.from_lengths(
        as_int32(values), [row.size for row in arrays]
    ), is_single
