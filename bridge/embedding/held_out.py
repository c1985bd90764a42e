"""`hold_out`: how well rows would be made for tokens that the preset does have."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bridge.alignment.index import PieceIndex, Pieces
from bridge.alignment.kinds import MatchKind
from bridge.embedding.last_resort import RowClasses, live_mean
from bridge.embedding.neighbours import unit_rows
from bridge.embedding.plan import RowPlan
from bridge.embedding.provenance import Provenance, Rule
from bridge.embedding.rows import TableKind, build_table
from bridge.ragged import Ragged
from bridge.vocabulary import Position, TokenKind, Vocabulary

if TYPE_CHECKING:
    from bridge.alignment import Alignment

_MADE = (Rule.COMPOSED, Rule.MIXTURE, Rule.ANCHORS, Rule.OMP)

# A mean of fewer cosines says nothing.
_FEWEST = 8


@dataclass(frozen=True, slots=True)
class HeldOutScore:
    """How near rows come to the truth, as means of cosines around the preset's mean.

    Attributes:
        tokens: Copied tokens whose rows were made as if the preset lacked them.
        cosine: Between rows made as the plan makes them and the true rows.
        pieces: The same for the plain mean of their pieces.
        chance: The same for the true row of another of the tokens.
    """

    tokens: int
    cosine: float
    pieces: float
    chance: float

    def __str__(self) -> str:
        """Return one line."""
        return (
            f"  held out, {self.tokens:,} copied tokens made anew: cosine "
            f"{self.cosine:.3f} to the true rows (plain mean of pieces "
            f"{self.pieces:.3f}, another token's row {self.chance:.3f})"
        )


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Recipes for copied tokens that do not use the rows they were copied from.

    Attributes:
        truth: The preset's row of each token, `(n,)` int64.
        recipe: As the plan makes rows of an input table.
        head_recipe: As it makes those of a head.
        pieces: The plain mean of pieces.
        classes: Classes of the preset's rows, which tell the live ones.
    """

    truth: NDArray[np.int64]
    recipe: Provenance
    head_recipe: Provenance
    pieces: Provenance
    classes: RowClasses

    def score(self, table: NDArray[Any], *, kind: TableKind) -> HeldOutScore:
        """Make the rows in one table and compare them with the true ones.

        Args:
            table: The preset's, `(preset_rows, width)` float.
            kind: `"input"` or `"head"`.

        Returns:
            The score.
        """
        centre = live_mean(table, self.classes)
        recipe = self.recipe if kind == "input" else self.head_recipe

        def directions(rows: NDArray[Any]) -> NDArray[np.float32]:
            return unit_rows(rows.astype(np.float32) - centre)

        true = directions(table[self.truth])
        made, plain = (
            directions(build_table(table, each, self.classes, kind=kind))
            for each in (recipe, self.pieces)
        )
        return HeldOutScore(
            len(true),
            *(
                float(np.einsum("ij,ij->i", rows, other).mean())
                for rows, other in (
                    (made, true),
                    (plain, true),
                    (made, np.roll(true, 1, axis=0)),
                )
            ),
        )


def hold_out(plan: RowPlan, *, count: int, seed: int = 0) -> HeldOut | None:
    """Take some copied tokens for new ones, and plan their rows in the same way.

    Each is spelt with the pieces that the preset would have without it. Rows that a
    function of the user made, and drawn ones, cannot be tested so.

    Args:
        plan: The plan whose ways are tested.
        count: Most tokens to hold out.
        seed: Of their choice.

    Returns:
        Recipes, or `None` if too few tokens could be held out.
    """
    source = plan.source
    ids, rows = _choose(plan, np.random.default_rng(seed))
    spelt = _spell(source.alignment.reference.vocabulary, rows, count=count)
    ids, rows = ids[list(spelt)], rows[list(spelt)]
    without = replace(
        source,
        alignment=_without(source.alignment, ids, Ragged.from_lists([*spelt.values()])),
    )
    recipe, *others = without.recipes(list(dict.fromkeys(plan.weights)), only=ids)
    head = others[0] if others else recipe
    (pieces,) = replace(without, steps=("compose",)).recipes(("uniform",))
    made = np.isin(recipe.rules[ids], _MADE)
    if made.sum() < _FEWEST:
        return None
    return HeldOut(
        rows[made],
        recipe.take(ids[made]),
        head.take(ids[made]),
        pieces.take(ids[made]),
        plan.classes,
    )


def _choose(
    plan: RowPlan, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return copied tokens of text in a random order, and their rows."""
    vocabulary = plan.source.alignment.tokenizer.vocabulary
    reference = plan.source.alignment.reference.vocabulary
    rules = plan.recipe.rules[: vocabulary.size]
    is_text = vocabulary.kinds < TokenKind.SPECIAL
    ids = rng.permutation(np.flatnonzero((rules == Rule.COPY) & is_text))
    rows = plan.recipe.rows.values[plan.recipe.rows.offsets[:-1][ids]].astype(np.int64)
    live = np.zeros(max(reference.size, int(rows.max(initial=0)) + 1), bool)
    live[: reference.size] = (reference.kinds < TokenKind.SPECIAL) & ~reference.dead
    return ids[live[rows]], rows[live[rows]]


def _spell(
    reference: Vocabulary, rows: NDArray[np.int64], *, count: int
) -> dict[int, Pieces]:
    """Spell tokens of the preset with its other pieces.

    Args:
        reference: The preset's vocabulary.
        rows: Its ids, in the order in which to try.
        count: Most to spell.

    Returns:
        For places among `rows` that can be spelt: the pieces.
    """
    index = PieceIndex.build(reference)
    beginning = dict(index.beginning)
    # Where a word's start is spelt like any other place, both are one table.
    same = index.following is index.beginning
    following = beginning if same else dict(index.following)
    others = replace(index, beginning=beginning, following=following)
    # Twice as many as asked for are tried, since characters cannot be spelt.
    tried = rows[: 2 * count].tolist()
    spelling = _spellings(tried, beginning) | _spellings(tried, following)
    is_inside = _are_inside(reference)
    spelt: dict[int, Pieces] = {}
    for place, row in enumerate(tried):
        if row not in spelling or len(spelt) == count:
            continue
        tables = [t for t in (beginning, following) if t.get(spelling[row]) == row]
        for table in tables:
            table.pop(spelling[row], None)
        pieces = others.segment(reference.keys[row], inside=bool(is_inside[row]))
        for table in tables:
            table[spelling[row]] = row
        if pieces is not None and len(pieces) > 1:
            spelt[place] = pieces
    return spelt


def _spellings(rows: list[int], table: Mapping[bytes, int]) -> dict[int, bytes]:
    wanted = set(rows)
    return {row: spelling for spelling, row in table.items() if row in wanted}


def _are_inside(reference: Vocabulary) -> NDArray[np.bool_]:
    """Tell which tokens are spelt without the space or mark of a word's start."""
    if reference.convention.keeps_spaces:
        return np.asarray(reference.positions != Position.START)
    return np.asarray(reference.positions == Position.CONTINUATION)


def _without(
    alignment: "Alignment", ids: NDArray[np.int64], pieces: Ragged
) -> "Alignment":
    """Return the alignment to a preset that lacks some tokens."""
    kinds = alignment.kinds.copy()
    kinds[ids] = MatchKind.COMPOSED
    order = np.arange(len(kinds))
    order[ids] = len(kinds) + np.arange(len(ids))
    return replace(
        alignment,
        kinds=kinds,
        pieces=Ragged.concatenate([alignment.pieces, pieces]).take(order),
        continuation_pieces=Ragged.concatenate(
            [alignment.continuation_pieces, pieces]
        ).take(order),
    )
