"""`RowLimits`: how far rows may go while they train."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bridge.embedding.rows import row_norms

_SLACK = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class RowLimits:
    """Which rows train, and what keeps them near what the body knows.

    Attributes:
        free: Which rows train, `(vocabulary_size,)` bool.
        copied: Which rows equal one of the preset's.
        band: Least and largest norm of those. A tied output head scores by it.
        reach: How far a copied row may move, as a share of its norm.
        start: All rows as they were, `(vocabulary_size, dim)` float32.
    """

    free: NDArray[np.bool_]
    copied: NDArray[np.bool_]
    band: tuple[float, float]
    reach: float
    start: NDArray[np.float32]

    @classmethod
    def of(
        cls,
        rows: NDArray[Any],
        copied: NDArray[np.bool_],
        *,
        fixed: NDArray[np.int64],
        reach: float,
    ) -> Self:
        """Read the limits off a table.

        Args:
            rows: Its rows, `(vocabulary_size, dim)`.
            copied: Which of them equal one of the preset's, `(rows,)`.
            fixed: Ids that never train: special tokens.
            reach: How far copied rows may move; 0 if not at all.

        Returns:
            The limits.
        """
        start = rows.astype(np.float32)
        norms = row_norms(start)[copied]
        band = (0.0, float("inf"))
        if norms.size:
            # A little within, so that rounding leads none outside.
            band = (
                float(norms.min()) * (1 + _SLACK),
                float(norms.max()) * (1 - _SLACK),
            )
        free = np.ones(len(start), bool) if reach else ~copied
        free[fixed] = False
        return cls(free, copied, band, reach, start)

    def spread(self) -> float:
        """Return the root mean square of the numbers in copied rows, or in all."""
        rows = self.start[self.copied] if self.copied.any() else self.start
        return float(np.sqrt(np.mean(np.square(rows))))

    def clip(self, ids: NDArray[np.int64], rows: NDArray[np.float32]) -> None:
        """Bring rows back within the limits.

        Args:
            ids: Distinct rows, `(n,)`.
            rows: The table, changed in place.
        """
        near = ids[self.copied[ids]]
        if near.size:
            moved = rows[near] - self.start[near]
            most = self.reach * row_norms(self.start[near])
            rows[near] = self.start[near] + _scaled(moved, 0.0, most)
        rows[ids] = _scaled(rows[ids], *self.band)


def _scaled(rows: NDArray[np.float32], low: Any, high: Any) -> NDArray[np.float32]:  # noqa: ANN401
    """Bring the norms of rows between two numbers, or two numbers a row."""
    norms = row_norms(rows)
    factors = np.clip(norms, low, high) / np.maximum(norms, np.finfo(np.float32).tiny)
    return np.asarray(rows * factors[:, None], np.float32)
