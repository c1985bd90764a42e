"""`TransplantCost`: the rows that a transplant would make, and what they weigh."""

from dataclasses import dataclass

import numpy as np

from bridge.alignment import Alignment
from bridge.embedding.provenance import Rule
from bridge.embedding.recipe import make_recipe
from bridge.embedding.specials import extend_vocabulary, role_rows
from bridge.embedding.usage import start_shares

_BYTES = 4  # float32
_COPIED = (Rule.COPY, Rule.ROLE, Rule.OVERRIDE, Rule.NORMALIZED)
_MADE = (Rule.COMPOSED, Rule.MIXTURE)


@dataclass(frozen=True, slots=True)
class TransplantCost:
    """What a transplant would change.

    Attributes:
        rows: Rows of the new token embedding.
        preset_rows: Rows of the preset's.
        appended: Special tokens that get a new id, as the preset's template needs
            them and the tokenizer lacks them or has one for several.
        copied: Rows that come from the preset as they are.
        composed: Rows made from those of the preset's pieces; training improves them.
        drawn: Rows that only training can give a meaning.
        hidden_dim: Columns of the embedding, or `None` where not given.
        added_parameters: Parameters more than the preset has, negative for fewer;
            `None` where the columns are not given.
        trained_parameters: Parameters in rows that are not copied, or `None`.
        added_megabytes: `added_parameters` as float32, in millions of bytes, or `None`.
    """

    rows: int
    preset_rows: int
    appended: int
    copied: int
    composed: int
    drawn: int
    hidden_dim: int | None
    added_parameters: int | None
    trained_parameters: int | None
    added_megabytes: float | None


def estimate_cost(
    alignment: Alignment, *, hidden_dim: int | None = None
) -> TransplantCost:
    """Count the rows of a transplant by how each would be made.

    Args:
        alignment: The alignment.
        hidden_dim: Columns of the backbone's token embedding.

    Returns:
        The counts, from the very recipe that a transplant follows.
    """
    own = alignment.tokenizer.vocabulary
    vocabulary = extend_vocabulary(own, alignment.spec)
    recipe = make_recipe(
        alignment,
        start_shares(alignment),
        appended=role_rows(vocabulary, alignment.spec, first=own.size),
    )
    known = alignment.spec.vocabulary_size
    preset_rows = alignment.reference.vocabulary.size if known is None else known
    copied = int(np.isin(recipe.rules, _COPIED).sum())
    composed = int(np.isin(recipe.rules, _MADE).sum())
    added = None
    trained = None
    if hidden_dim is not None:
        added = (vocabulary.size - preset_rows) * hidden_dim
        trained = (vocabulary.size - copied) * hidden_dim
    return TransplantCost(
        rows=vocabulary.size,
        preset_rows=preset_rows,
        appended=vocabulary.size - own.size,
        copied=copied,
        composed=composed,
        drawn=vocabulary.size - copied - composed,
        hidden_dim=hidden_dim,
        added_parameters=added,
        trained_parameters=trained,
        added_megabytes=None if added is None else added * _BYTES / 1e6,
    )
