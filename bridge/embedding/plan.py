"""`RowPlan`: everything needed to make a preset's tables for another vocabulary."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from bridge.embedding.last_resort import RowClasses
from bridge.embedding.provenance import Provenance
from bridge.embedding.recipe import check_init, make_recipe
from bridge.embedding.rows import TableKind, build_table
from bridge.embedding.specials import role_rows
from bridge.embedding.usage import start_shares
from bridge.errors import BackboneError, VocabularyError
from bridge.vocabulary import Vocabulary

if TYPE_CHECKING:
    from bridge.alignment import Alignment


@dataclass(frozen=True, slots=True, eq=False)
class RowPlan:
    """How to make every table of a model for a new vocabulary.

    Attributes:
        recipe: Rule and ingredients of every row, for all tables.
        classes: Classes of rows, for the last resort.
        seed: Seed of the draw.
    """

    recipe: Provenance
    classes: RowClasses
    seed: int

    def build(
        self, table: NDArray[Any], *, kind: TableKind = "input", number: int = 0
    ) -> NDArray[Any]:
        """Make one table.

        Args:
            table: The preset's rows, `(preset_rows, width)` float.
            kind: `"input"` or `"head"`.
            number: Which of the model's tables; each has a draw of its own.

        Returns:
            The new rows, `(vocabulary_size, width)`, same dtype.
        """
        return build_table(
            table, self.recipe, self.classes, kind=kind, seed=(self.seed, number)
        )


def plan_rows(
    alignment: "Alignment",
    vocabulary: Vocabulary,
    *,
    preset_rows: int,
    init: str = "compose",
    texts: Sequence[str] | None = None,
    seed: int = 0,
) -> RowPlan:
    """Decide how every row is made, before any is.

    Args:
        alignment: What every id of the tokenizer means in the preset.
        vocabulary: The tokenizer's, special tokens appended.
        preset_rows: Rows of the preset's table.
        init: One of `recipe.INITS`.
        texts: Texts like those the model will read, from which is counted how often a
            token starts a word; a prior is used if `None`.
        seed: Seed of the draw.

    Returns:
        The plan.

    Raises:
        ValueError: If `init` is unknown.
        BackboneError: If the alignment points at rows that the table does not have.
        VocabularyError: If the vocabulary is not that of the alignment's tokenizer.
        TextInputError: If a text is not a usable `str`.
    """
    check_init(init)
    check_fits(alignment, preset_rows)
    own = alignment.tokenizer.vocabulary
    if vocabulary.tokens[: own.size] != own.tokens:
        raise VocabularyError(
            "The rows must be for the tokenizer of the alignment. Received: a "
            f"vocabulary of size {vocabulary.size} for an alignment of size {own.size} "
            "that gives ids another meaning. Align that tokenizer: "
            "`bridge.align(tokenizer, preset)`."
        )
    reference = alignment.reference.vocabulary
    return RowPlan(
        make_recipe(
            alignment,
            start_shares(alignment, texts),
            appended=role_rows(vocabulary, alignment.spec, first=own.size),
            init=init,
        ),
        RowClasses.of(vocabulary, reference, preset_rows=preset_rows),
        seed,
    )


def check_fits(alignment: "Alignment", preset_rows: int) -> None:
    """Refuse a model that is smaller than the vocabulary of the alignment's preset.

    Args:
        alignment: The alignment.
        preset_rows: Rows of the model's token embedding.

    Raises:
        BackboneError: If there is an id without a row.
    """
    needed = alignment.reference.vocabulary.size
    if alignment.spec.vocabulary_size is not None:
        needed = max(needed, alignment.spec.vocabulary_size)
    if preset_rows < needed:
        raise BackboneError(
            "The model must be the one the tokenizer was aligned with. Received: a "
            f"token embedding of {preset_rows} rows for an alignment with a vocabulary "
            f"of {needed}. Align with this model's preset: "
            "`bridge.align(tokenizer, preset)`."
        )
