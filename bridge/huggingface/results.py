"""From rows to the values of a result."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.huggingface.request import Request
from bridge.huggingface.rows import Cells, Rows
from bridge.huggingface.tensors import as_array, as_lists, to_tensor

_WRITERS: Mapping[str, Callable[[Rows], Cells]] = {
    "input_ids": Rows.ids,
    "token_type_ids": Rows.type_ids,
    "attention_mask": Rows.mask,
    "special_tokens_mask": Rows.special_mask,
    "offset_mapping": Rows.offsets,
}


def make_result(
    rows: Rows,
    *,
    keys: Sequence[str],
    request: Request,
    convert: Callable[[NDArray[Any]], Any] | None,
) -> dict[str, Any]:
    """Write what was asked for.

    Args:
        rows: The rows.
        keys: Values with one entry a token, in order.
        request: What else was asked for.
        convert: Turns an array into a tensor; lists if `None`.

    Returns:
        Key to lists, arrays or tensors; arrays are int64.

    Raises:
        ValueError: If tensors are asked for and rows differ in length.
    """
    result: dict[str, Any] = {}
    for key in keys:
        cells = _WRITERS[key](rows)
        if convert is None:
            result[key] = as_lists(cells, rows.starts)
        else:
            result[key] = to_tensor(key, as_array(cells, rows.starts), convert)
    for key, numbers in _counts(rows, request).items():
        result[key] = numbers.tolist() if convert is None else convert(numbers)
    return result


def _counts(rows: Rows, request: Request) -> dict[str, NDArray[np.int64]]:
    counts = {}
    if request.return_length:
        counts["length"] = rows.widths
    if request.return_overflowing_tokens:
        counts["overflow_to_sample_mapping"] = rows.sample
    return counts
