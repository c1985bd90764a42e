"""`Distillation`: what came of training the rows of a transplanted model."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from bridge.keras.distilling.trainer import Agreement
    from bridge.keras.result import TransplantResult


@dataclass(frozen=True, slots=True, eq=False)
class Distillation:
    """A transplant that was trained, and how that went.

    Attributes:
        result: The transplant. Its model is the one passed in, with trained rows; its
            provenance names them, and `check` counts what moved in the body.
        losses: Loss of every step, `(steps,)` float32.
        agreements: Step and measure on the held-out texts; empty without such texts.
        best_step: After which of these steps the weights are as they were kept; the
            last step without held-out texts.
        trained: Ids of the rows that were trained, `(n,)` int64.
        rare: Ids of rows that would have been but were seen too rarely, and are as the
            transplant made them.
        body: How many weights of the body trained too, as single numbers; 0 where it
            is the preset's.
        seconds: How long it took, resumed runs together.
    """

    result: "TransplantResult"
    losses: NDArray[np.float32]
    agreements: tuple[tuple[int, "Agreement"], ...]
    best_step: int
    trained: NDArray[np.int64]
    rare: NDArray[np.int64]
    body: int
    seconds: float

    def __str__(self) -> str:
        """Return a line or two."""
        line = (
            f"{len(self.losses):,} steps in {self.seconds:.0f} s: "
            f"{len(self.trained):,} rows trained, {len(self.rare):,} seen too rarely"
        )
        if self.body:
            line += f"; {self.body:,} weights of the body trained too"
        if not self.agreements:
            return line
        before, after = self.agreements[0][1], dict(self.agreements)[self.best_step]
        return (
            f"{line}\nheld-out texts: cosine to the original {before.cosine:.4f} "
            f"before, {after.cosine:.4f} after {self.best_step:,} steps; loss "
            f"{before.loss:.4f} and {after.loss:.4f}"
        )
