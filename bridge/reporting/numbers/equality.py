"""`equal_rows`: which rows of ids are the same."""

import numpy as np
from numpy.typing import NDArray

from bridge.ragged import Ragged


def equal_rows(first: Ragged, second: Ragged) -> NDArray[np.bool_]:
    """Compare row by row.

    Args:
        first: Rows.
        second: As many rows.

    Returns:
        Which are the same in both, `(rows,)` bool.
    """
    same: NDArray[np.bool_] = first.lengths == second.lengths
    rows = np.flatnonzero(same)
    mine, theirs = first.take(rows), second.take(rows)
    same[rows[mine.row_of_value[mine.values != theirs.values]]] = False
    return same
