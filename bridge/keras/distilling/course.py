"""`Course`: how far a distillation has come, and its best weights."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.keras.distilling.trainer import Agreement, Trainer


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
        best_body: What the weights of the body were that train.
    """

    losses: list[float] = field(default_factory=list)
    agreements: list[tuple[int, Agreement]] = field(default_factory=list)
    seconds: float = 0.0
    best_step: int = 0
    best_ids: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    best_rows: NDArray[np.float32] = field(
        default_factory=lambda: np.zeros((0, 1), np.float32)
    )
    best_body: list[NDArray[Any]] = field(default_factory=list)

    def note(self, agreement: Agreement, trainer: Trainer) -> None:
        """Record a measure, and the weights where it is the best so far.

        Args:
            agreement: On the held-out texts.
            trainer: The weights as they are.
        """
        best = min((found.loss for _, found in self.agreements), default=np.inf)
        self.agreements.append((len(self.losses), agreement))
        if agreement.loss < best:
            self.keep(trainer)

    def keep(self, trainer: Trainer) -> None:
        """Take the weights as they are for the best ones."""
        self.best_step = len(self.losses)
        self.best_ids = np.flatnonzero(trainer.adam.steps)
        self.best_rows = trainer.adam.rows[self.best_ids]
        self.best_body = trainer.body_adam.read()

    def measures_since_best(self) -> int:
        """Return how many measures were taken since the best one."""
        return sum(step > self.best_step for step, _ in self.agreements)
