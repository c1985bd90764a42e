"""`to_ragged`: ids in the forms other libraries have them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from bridge.errors import TextInputError
from bridge.ragged import Ragged, as_int32


def to_ragged(ids: Any, mask: Any = None) -> Ragged:  # noqa: ANN401  see below
    """Read rows of ids.

    Args:
        ids: Rows of ints, a 2-D array or tensor, a `Ragged`, or a `tf.RaggedTensor`.
        mask: Which cells of a 2-D `ids` are real (1 or true), same shape; all if
            `None`.

    Returns:
        The real ids, as int32.

    Raises:
        TextInputError: If the form is not understood, there is no row, or the mask
            does not fit.
        OverflowError: If an id does not fit into int32.
        TypeError: If the cells are not integers.

    Example:
        >>> to_ragged([[5, 7, 0], [9, 0, 0]], [[1, 1, 0], [1, 0, 0]]).to_lists()
        [[5, 7], [9]]
    """
    rows = _as_ragged(ids)
    if rows is not None:
        if mask is not None:
            raise TextInputError(
                "A mask belongs to padded ids. Received: a mask and ragged ids, which "
                "hold no padding. Leave the mask out."
            )
        return _filled(rows)
    if mask is None and not hasattr(ids, "__array__"):
        return _filled(_from_rows(ids))
    cells = _as_array(ids)
    real = np.ones(cells.shape, bool) if mask is None else _as_array(mask)
    if cells.ndim != 2 or cells.shape != real.shape:
        raise TextInputError(
            "Ids and mask must be two-dimensional, one row a text, and of one shape. "
            f"Received: shapes {cells.shape} and {real.shape}. Wrap a single row: "
            "`[ids]`."
        )
    unlike = ~np.isin(real, (0, 1))
    if unlike.any():
        raise TextInputError(
            "A mask holds 1 (or true) for real tokens and 0 for padding. Received: "
            f"{real[unlike][0].item()!r}. Pass the tokenizer's attention mask, not an "
            "additive one."
        )
    return _filled(Ragged.from_padded(cells, real))


def refuse_padding(ids: Any, mask: Any, roles: Mapping[str, int]) -> None:  # noqa: ANN401
    """Refuse a padded batch whose mask is missing, all ones or inverted.

    Its padding would pass for tokens. Rows of their own lengths, and lists without a
    mask, are taken to hold none.

    Args:
        ids: What `to_ragged` has read.
        mask: The mask it was given, or `None`.
        roles: Role to id in the vocabulary of these ids.

    Raises:
        TextInputError: If padding is among the real ids.
    """
    pad = roles.get("pad")
    is_batch = mask is not None or hasattr(ids, "__array__")
    if pad is None or not is_batch or _as_ragged(ids) is not None:
        return
    padded = _as_array(ids) == pad
    real = np.ones(padded.shape, bool) if mask is None else _as_array(mask).astype(bool)
    is_inverted = not real.all() and padded[real].all() and not padded[~real].all()
    # Where the pad id is also, say, eos, it ends many a text.
    is_own = [*roles.values()].count(pad) == 1
    is_missing = is_own and real.all() and bool(padded[:, [0, -1]].any())
    if is_inverted or is_missing:
        raise TextInputError(
            "A mask holds 1 (or true) for real tokens and 0 for padding. Received: "
            f"{'an inverted mask' if is_inverted else 'no padding in the mask'}, for "
            f"rows that hold the pad id {pad}. Pass `mask=ids != {pad}`, or a `Ragged` "
            "if these are tokens."
        )


def _as_ragged(ids: Any) -> Ragged | None:  # noqa: ANN401  whatever came
    if isinstance(ids, Ragged):
        return ids
    if hasattr(ids, "row_splits") and hasattr(ids, "flat_values"):
        values = np.asarray(ids.flat_values)
        return Ragged(as_int32(values), np.asarray(ids.row_splits, np.int64))
    return None


def _from_rows(ids: Any) -> Ragged:  # noqa: ANN401  rows of any kind
    try:
        rows = [_as_array(row) for row in ids]
    except TypeError as error:
        raise _not_rows(ids) from error
    if any(row.ndim != 1 or (row.size and row.dtype.kind not in "iu") for row in rows):
        raise _not_rows(ids)
    # One by one: an empty row is float64, and would make floats of them all.
    flat = [as_int32(row) for row in rows]
    return Ragged.from_lengths(
        np.concatenate(flat) if flat else np.zeros(0, np.int32),
        [row.size for row in rows],
    )


def _as_array(cells: Any) -> Any:  # noqa: ANN401  arrays and tensors
    # torch tensors on another device, or that carry gradients, refuse `__array__`.
    if hasattr(cells, "detach"):
        cells = cells.detach().cpu()
    try:
        return np.asarray(cells)
    except ValueError as error:
        raise TextInputError(
            "Ids and mask must be two-dimensional, one row a text, and of one shape. "
            f"Received: {type(cells).__name__} with rows of different lengths. Pass "
            "such rows without `mask`: all their ids are real."
        ) from error


def _not_rows(ids: Any) -> TextInputError:  # noqa: ANN401  whatever came
    return TextInputError(
        "Ids must be rows of integers, one row a text. Received: "
        f"{type(ids).__name__}, {ids!r:.60}. Wrap a single row: `[ids]`; encode texts "
        "by calling the encoder itself."
    )


def _filled(ids: Ragged) -> Ragged:
    if not len(ids):
        raise TextInputError(
            "A batch must hold at least one row. Received: none. Skip the call, or "
            "pass `[[]]` for one empty row."
        )
    return ids
