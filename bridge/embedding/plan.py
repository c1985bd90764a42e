"""`RowPlan`: everything needed to make a preset's tables for another vocabulary."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from bridge.embedding.last_resort import RowClasses
from bridge.embedding.methods import Init, Method, RowFunction, read_init
from bridge.embedding.provenance import Provenance
from bridge.embedding.rows import TableKind, build_table
from bridge.embedding.source import RowSource
from bridge.embedding.specials import role_rows
from bridge.embedding.usage import start_shares
from bridge.embedding.weighting import check_weights
from bridge.errors import BackboneError, VocabularyError
from bridge.vocabulary import Vocabulary

if TYPE_CHECKING:
    from bridge.alignment import Alignment

# Tables are often longer than vocabularies: rounded up to a multiple of 64 or 128
# (T5: 32,100 tokens, 32,128 rows; Qwen 3: 151,669 and 151,936).
PADDED_TO = 64
MAX_PADDING = 1_024


@dataclass(frozen=True, slots=True, eq=False)
class RowPlan:
    """How to make every table of a model for a new vocabulary.

    Attributes:
        recipe: Rule and ingredients of every row of a table that is looked up.
        head_recipe: The same for one that scores tokens.
        classes: Classes of rows, for the last resort.
        source: What the recipes were made from.
        weights: Of the pieces, in an input table and in a head.
        calibrate: Whether composed rows of an input table get the norm of copied ones.
        function: The user's own, for rows by `Rule.GIVEN`.
    """

    recipe: Provenance
    head_recipe: Provenance
    classes: RowClasses
    source: RowSource
    weights: tuple[str, str]
    calibrate: bool = False
    function: RowFunction | None = None

    def recipe_of(self, kind: TableKind) -> Provenance:
        """Return the recipe of a kind of table."""
        return self.recipe if kind == "input" else self.head_recipe

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

        Raises:
            ValueError: If the user's function gives rows of another shape, or some
                that are not finite.
        """
        return build_table(
            table,
            self.recipe_of(kind),
            self.classes,
            kind=kind,
            seed=(self.source.seed, number),
            calibrate=self.calibrate,
            function=self.function,
        )


def plan_rows(
    alignment: "Alignment",
    vocabulary: Vocabulary,
    *,
    preset_rows: int,
    init: Init = "compose",
    weights: str = "char_length",
    head_weights: str | None = None,
    calibrate: bool = False,
    texts: Sequence[str] | None = None,
    seed: int = 0,
) -> RowPlan:
    """Decide how every row is made, before any is.

    Args:
        alignment: What every id of the tokenizer means in the preset.
        vocabulary: The tokenizer's, special tokens appended.
        preset_rows: Rows of the preset's table.
        init: What makes rows that are not copied; see `methods.read_init`.
        weights: Of the pieces of a composed row, one of `weighting.WEIGHTS`.
        head_weights: The same in an output head; `weights` if `None`.
        calibrate: Whether composed rows of an input table get the norm of copied ones.
        texts: Texts like those the model will read, from which is counted how often a
            token starts a word; a prior is used if `None`.
        seed: Seed of the draw.

    Returns:
        The plan.

    Raises:
        ValueError: If `init` or weights are unknown.
        BackboneError: If the alignment points at rows that the table does not have.
        VocabularyError: If the vocabulary is not that of the alignment's tokenizer.
        TextInputError: If a text is not a usable `str`.
    """
    head_weights = weights if head_weights is None else head_weights
    steps = check_options(init, weights, head_weights)
    check_fits(alignment, preset_rows)
    own = alignment.tokenizer.vocabulary
    if vocabulary.tokens[: own.size] != own.tokens:
        raise VocabularyError(
            "The rows must be for the tokenizer of the alignment. Received: a "
            f"vocabulary of size {vocabulary.size} for an alignment of size {own.size} "
            "that gives ids another meaning. Align that tokenizer: "
            "`bridge.align(tokenizer, preset)`."
        )
    return make_plan(
        RowSource(alignment, start_shares(alignment, texts), steps, texts, seed),
        vocabulary,
        preset_rows=preset_rows,
        weights=(weights, head_weights),
        calibrate=calibrate,
        appended=role_rows(vocabulary, alignment.spec, first=own.size),
    )


def make_plan(
    source: RowSource,
    vocabulary: Vocabulary,
    *,
    preset_rows: int,
    weights: tuple[str, str],
    calibrate: bool = False,
    appended: Sequence[int | None] = (),
) -> RowPlan:
    """Make the recipes, and note what the last resort needs.

    Args:
        source: What to make them from.
        vocabulary: The new table's, which may have more rows than tokens.
        preset_rows: Rows of the preset's table.
        weights: Of the pieces, in an input table and in a head.
        calibrate: Whether composed rows of an input table get the norm of copied ones.
        appended: For every id behind the alignment's, the preset's row of its role.

    Returns:
        The plan.
    """
    reference = source.alignment.reference.vocabulary
    # Seldom do the two differ, and making one takes a second for a large vocabulary.
    recipes = [
        replace(recipe, vocabulary=vocabulary, reference=reference)
        for recipe in source.recipes(list(dict.fromkeys(weights)), appended=appended)
    ]
    return RowPlan(
        recipes[0],
        recipes[-1],
        RowClasses.of(
            vocabulary, reference, rows=len(recipes[0]), preset_rows=preset_rows
        ),
        source,
        weights,
        calibrate=calibrate,
        function=_function(source.steps),
    )


def check_options(
    init: Init, weights: str, head_weights: str | None
) -> tuple[Any, ...]:
    """Refuse unknown ways to make rows, before any work is done.

    Args:
        init: What makes rows that are not copied.
        weights: Of pieces in an input table.
        head_weights: Of pieces in an output head, or `None`.

    Returns:
        The steps of `init`.

    Raises:
        ValueError: If one is unknown.
    """
    check_weights("weights", weights)
    if head_weights is not None:
        check_weights("head_weights", head_weights)
    return read_init(init)


def _function(steps: Sequence[Any]) -> RowFunction | None:
    last: Callable[..., Any] | str | None = steps[-1] if len(steps) else None
    return None if last is None or isinstance(last, (str, Method)) else last


def check_fits(alignment: "Alignment", preset_rows: int) -> None:
    """Refuse a model that is not the one of the alignment, as far as rows tell.

    Args:
        alignment: The alignment.
        preset_rows: Rows of the model's token embedding.

    Raises:
        BackboneError: If there is an id without a row, or rows for other ids.
    """
    tokens = alignment.reference.vocabulary.size
    needed = tokens
    if alignment.spec.vocabulary_size is not None:
        needed = max(needed, alignment.spec.vocabulary_size)
    # An alignment with a tokenizer alone does not know how its model rounds up.
    rounded = needed == tokens and preset_rows % PADDED_TO == 0
    most = needed + MAX_PADDING if rounded else needed
    if not needed <= preset_rows <= most:
        raise BackboneError(
            "The model must be the one the tokenizer was aligned with. Received: a "
            f"token embedding of {preset_rows} rows for an alignment with a vocabulary "
            f"of {needed}. Align with this model's preset: "
            "`bridge.align(tokenizer, preset)`."
        )
