"""`RowSource`: what recipes are made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bridge.embedding.methods import Step
from bridge.embedding.provenance import Provenance
from bridge.embedding.recipe import combine_rows, make_recipe

if TYPE_CHECKING:
    from bridge.alignment import Alignment


@dataclass(frozen=True, slots=True, eq=False)
class RowSource:
    """What recipes are made from; kept, so that they can be made again and tested.

    Attributes:
        alignment: What every id of the tokenizer means in the preset.
        start_shares: Share of its uses in which each id starts a word, `(size,)`.
        steps: What `read_init` returned.
        texts: The user's texts, or `None`.
        seed: Of whatever is random.
    """

    alignment: "Alignment"
    start_shares: NDArray[np.float32]
    steps: tuple[Step, ...] = ("compose",)
    texts: Sequence[str] | None = None
    seed: int = 0

    def recipes(
        self,
        weights: Sequence[str],
        *,
        appended: Sequence[int | None] = (),
        only: NDArray[np.int64] | None = None,
    ) -> list[Provenance]:
        """Make a recipe for each way to weigh pieces.

        Args:
            weights: Of the pieces, each one of `WEIGHTS`.
            appended: For every id behind the tokenizer's, the preset's row of the same
                role, or `None` where it has none.
            only: Ids that methods are asked for; all that need it if `None`.

        Returns:
            As many recipes.
        """
        combined = combine_rows(
            self.alignment, self.steps, texts=self.texts, seed=self.seed, only=only
        )
        return [
            make_recipe(
                self.alignment,
                self.start_shares,
                steps=self.steps,
                combined=combined,
                weights=by,
                appended=appended,
            )
            for by in weights
        ]
