"""From flat cells to lists, arrays and tensors."""

from collections.abc import Callable, Mapping
from importlib import import_module
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.errors import MissingDependencyError
from bridge.ragged import OffsetArray

# Name in `return_tensors` to the module, its function and what to install.
_LIBRARIES: Mapping[str, tuple[str, str, str]] = {
    "pt": ("torch", "from_numpy", "torch"),
    "tf": ("tensorflow", "convert_to_tensor", "tensorflow"),
    "jax": ("jax.numpy", "asarray", "jax"),
    "mlx": ("mlx.core", "array", "mlx"),
}

_RAGGED = (
    "A tensor needs rows of one length. Received: `{name}` with rows of different "
    "lengths, or nested too deeply. Pass `padding=True`, and `truncation=True` where a "
    "length is set."
)


def find_converter(kind: Any) -> Callable[[NDArray[Any]], Any]:  # noqa: ANN401  str or enumeration
    """Return the function that turns an array into a tensor.

    Args:
        kind: `"np"`, `"pt"`, `"tf"`, `"jax"` or `"mlx"`.

    Returns:
        A function of one array; it keeps the dtype, where the library has it.

    Raises:
        ValueError: If the name is unknown.
        MissingDependencyError: If the library is not installed.
    """
    name = getattr(kind, "value", kind)
    if name == "np":
        return np.asarray
    if name not in _LIBRARIES:
        accepted = ", ".join(map(repr, ["np", *_LIBRARIES]))
        raise ValueError(
            f"`return_tensors` must be None or one of {accepted}. Received: "
            f"{kind!r:.60}."
        )
    module, function, package = _LIBRARIES[name]
    try:
        found: Callable[[NDArray[Any]], Any] = getattr(import_module(module), function)
    except ImportError as error:
        raise MissingDependencyError(
            f"`return_tensors={name!r}` needs {package}. Received: it is not "
            f"installed. Run `pip install {package}`, or use 'np'."
        ) from error
    return found


def as_lists(cells: NDArray[Any], starts: OffsetArray) -> list[Any]:
    """Cut flat cells into rows, as Python numbers.

    Args:
        cells: Numbers, `(cells,)`, or pairs, `(cells, 2)`.
        starts: First cell of every row, `(rows + 1,)`.

    Returns:
        One list a row; pairs are tuples.
    """
    flat = cells.tolist()
    if cells.ndim == 2:
        flat = list(map(tuple, flat))
    return [flat[start:end] for start, end in pairwise(starts.tolist())]


def as_array(cells: NDArray[Any], starts: OffsetArray) -> NDArray[Any]:
    """Cut flat cells into an array of rows.

    Args:
        cells: Numbers, `(cells,)`, or pairs, `(cells, 2)`.
        starts: First cell of every row, `(rows + 1,)`.

    Returns:
        `(rows, width)` or `(rows, width, 2)`. Where rows differ in length, `(rows,)`
        objects that are arrays, as transformers has it for numpy.
    """
    widths = np.diff(starts)
    rows = len(widths)
    if not rows or (widths == widths[0]).all():
        if not cells.size:
            return np.zeros((rows, 0), np.int64)
        return cells.reshape(rows, -1, *cells.shape[1:])
    ragged = np.empty(rows, object)
    for row, (start, end) in enumerate(pairwise(starts)):
        ragged[row] = cells[start:end]
    return ragged


def to_tensor(name: str, value: Any, convert: Callable[[NDArray[Any]], Any]) -> Any:  # noqa: ANN401
    """Turn lists or an array into a tensor.

    Args:
        name: Key that the value stands under, for messages.
        value: Numbers, nested lists of them, or an array.
        convert: What `find_converter` returned.

    Returns:
        The tensor; for numpy, rows of different lengths become an array of objects.

    Raises:
        ValueError: If it has no shape that the library knows.
    """
    try:
        array = value if isinstance(value, np.ndarray) else _array_of(value)
        if array.dtype == object and convert is not np.asarray:
            raise ValueError(_RAGGED.format(name=name))
        return convert(array)
    except (TypeError, ValueError) as error:
        raise ValueError(_RAGGED.format(name=name)) from error


def _array_of(value: Any) -> NDArray[Any]:  # noqa: ANN401
    is_nested = isinstance(value, (list, tuple)) and len(value) > 0
    is_nested = is_nested and isinstance(value[0], (list, tuple, np.ndarray))
    if is_nested and len({len(row) for row in value}) > 1:
        ragged = np.empty(len(value), object)
        for place, row in enumerate(value):
            ragged[place] = _array_of(row)
        return ragged
    array = np.asarray(value)
    # An empty list is float64 to numpy.
    return array if array.size else array.astype(np.int64)
