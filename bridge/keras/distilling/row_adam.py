"""`RowAdam`: Adam for a table of which a batch touches few rows."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

_MEAN, _SQUARE = 0.9, 0.99  # decay of the two averages
_TINY = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class RowAdam:
    """Rows and the averages of their gradients; a step costs the rows of its batch.

    Every row counts its own steps, so that the averages of a rare one are corrected
    for how often it was seen, and do not decay while it is not.

    Attributes:
        rows: The table, `(vocabulary_size, dim)` float32, changed in place.
        mean: Running mean of the gradients.
        square: Running mean of their squares.
        steps: Steps of every row, `(vocabulary_size,)` int64.
    """

    rows: NDArray[np.float32]
    mean: NDArray[np.float32]
    square: NDArray[np.float32]
    steps: NDArray[np.int64]

    @classmethod
    def of(cls, rows: NDArray[np.float32]) -> Self:
        """Start from a table. Memory of rows that no step touches is never used."""
        steps = np.zeros(len(rows), np.int64)
        return cls(rows, np.zeros_like(rows), np.zeros_like(rows), steps)

    def step(
        self, ids: NDArray[np.int64], gradient: NDArray[np.float32], *, rate: float
    ) -> None:
        """Move some rows against their gradients.

        Args:
            ids: Distinct rows, `(n,)`.
            gradient: `(n, dim)`.
            rate: How far.
        """
        self.steps[ids] += 1
        count = self.steps[ids][:, None].astype(np.float32)
        mean = _MEAN * self.mean[ids] + (1 - _MEAN) * gradient
        square = _SQUARE * self.square[ids] + (1 - _SQUARE) * gradient**2
        self.mean[ids], self.square[ids] = mean, square
        scale = np.sqrt(square / (1 - _SQUARE**count)) + _TINY
        self.rows[ids] -= rate * mean / (1 - _MEAN**count) / scale


def sum_by_row(
    ids: NDArray[np.integer], values: NDArray[Any]
) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Add up what falls to the same row.

    Args:
        ids: Row of every value, `(n,)`, at least one.
        values: `(n, dim)`.

    Returns:
        Distinct ids in order, and their sums.
    """
    order = np.argsort(ids, kind="stable")
    ordered = ids[order].astype(np.int64)
    begins = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    return ordered[begins], np.add.reduceat(values[order], begins)
