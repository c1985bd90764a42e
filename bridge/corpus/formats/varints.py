"""Integers in the variable width of protocol buffers, many at a time."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bridge.ragged import OffsetArray, Ragged


def write_varints(values: NDArray[np.integer], lengths: OffsetArray) -> list[bytes]:
    """Write rows of integers.

    Args:
        values: None of them negative, row after row.
        lengths: Values of every row.

    Returns:
        The bytes of every row.
    """
    numbers = values.astype(np.uint64)
    sizes = np.ones(numbers.size, np.int64)
    for place in range(1, 10):
        sizes += numbers >= np.uint64(1 << 7 * place)
    ends = np.concatenate([[0], np.cumsum(sizes)])
    cells = np.empty(ends[-1], np.uint8)
    for place in range(int(sizes.max(initial=0))):
        here = np.flatnonzero(sizes > place)
        digits = numbers[here] >> np.uint64(7 * place) & np.uint64(127)
        more = (sizes[here] > place + 1) * np.uint64(128)
        cells[ends[here] + place] = digits | more
    data = cells.tobytes()
    borders = ends[np.concatenate([[0], np.cumsum(lengths)])].tolist()
    return [data[i:j] for i, j in pairwise(borders)]


def read_varints(rows: list[bytes]) -> Ragged:
    """Read what `write_varints` wrote.

    Args:
        rows: The bytes of every row.

    Returns:
        The integers.
    """
    cells = np.frombuffer(b"".join(rows), np.uint8)
    ends = np.flatnonzero(cells < 128)
    begins = np.concatenate([[0], ends[:-1] + 1])[: ends.size]
    sizes = ends - begins + 1
    values = np.zeros(ends.size, np.int64)
    for place in range(int(sizes.max(initial=0))):
        here = np.flatnonzero(sizes > place)
        values[here] |= (
            cells[begins[here] + place].astype(np.int64) & 127
        ) << 7 * place
    stops = np.cumsum([len(row) for row in rows], dtype=np.int64)
    counts = np.diff(np.searchsorted(ends, stops), prepend=0)
    return Ragged.from_lengths(values, counts)
