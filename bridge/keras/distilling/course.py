"""`Course`: how far a distillation has come, and its best rows."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bridge.keras.distilling.row_adam import RowAdam
from bridge.keras.distilling.trainer import Agreement


@dataclass(slots=True, eq=False)
class Course:
    """How far a distillation has come.

    Attributes:
        losses: Loss of every step.
        agreements: Step and measure on the held-out texts, each time it was taken.
        seconds: How long it took.
        best_step: Step of the best measure.
        best_ids: Rows that had been trained by then, `(n,)`.
        best_rows: What they were, `(n, dim)`.
    """

    losses: list[float] = field(default_factory=list)
    agreements: list[tuple[int, Agreement]] = field(default_factory=list)
    seconds: float = 0.0
    best_step: int = 0
    best_ids: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    best_rows: NDArray[np.float32] = field(
        default_factory=lambda: np.zeros((0, 1), np.float32)
    )

    def note(self, agreement: Agreement, adam: RowAdam) -> None:
        """Record a measure, and the rows where it is the best so far.

        Args:
            agreement: On the held-out texts.
            adam: The rows as they are.
        """
        best = min((found.loss for _, found in self.agreements), default=np.inf)
        self.agreements.append((len(self.losses), agreement))
        if agreement.loss < best:
            self.keep(adam)

    def keep(self, adam: RowAdam) -> None:
        """Take the rows as they are for the best ones."""
        self.best_step = len(self.losses)
        self.best_ids = np.flatnonzero(adam.steps)
        self.best_rows = adam.rows[self.best_ids]

    def measures_since_best(self) -> int:
        """Return how many measures were taken since the best one."""
        return sum(step > self.best_step for step, _ in self.agreements)
