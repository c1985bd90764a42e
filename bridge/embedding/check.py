"""`check_table`: proof that a new table is what its recipe says."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.embedding.held_out import HeldOutScore
from bridge.embedding.last_resort import BLOCK
from bridge.embedding.provenance import Provenance, Rule
from bridge.embedding.rows import TableKind, row_norms
from bridge.errors import BackboneError

# Ids that a message lists.
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class RowCheck:
    """What was verified about one table.

    Attributes:
        name: Which table.
        rows: Its rows.
        copied: Rows that were compared with the preset's, equal bit for bit.
        repeated: Rows that equal an earlier one because they are made of the same.
        band: Smallest and largest norm of the copied rows.
        outliers: Ids of new rows whose norm lies outside the band.
        held_out: How near rows come that are made for tokens the preset does have;
            `None` where that was not tried.
    """

    name: str
    rows: int
    copied: int
    repeated: int
    band: tuple[float, float]
    outliers: tuple[int, ...]
    held_out: HeldOutScore | None = None

    def __str__(self) -> str:
        """Return what was verified, one line and another for the score."""
        more = ", ..." if len(self.outliers) > _SHOWN else ""
        ids = ", ".join(map(str, self.outliers[:_SHOWN]))
        which = f" (ids {ids}{more})" if ids else ""
        line = (
            f"{self.name}: {self.rows:,} rows, {self.copied:,} equal to the preset's "
            f"bit for bit, norms of those {self.band[0]:.3g} to {self.band[1]:.3g}, "
            f"{len(self.outliers):,} new rows outside{which}"
        )
        return line if self.held_out is None else f"{line}\n{self.held_out}"


def check_table(
    name: str,
    preset: NDArray[Any],
    table: NDArray[Any],
    recipe: Provenance,
    *,
    kind: TableKind = "input",
) -> RowCheck:
    """Verify a table.

    A bias (width 1) may hold zeros and equal numbers, so only its copies and its
    finiteness are looked at.

    Args:
        name: What to call it in the result and in messages.
        preset: The preset's rows, `(preset_rows, width)`.
        table: The new rows, `(len(recipe), width)`.
        recipe: What each row was made of.
        kind: In a `"head"` the last resort is one mean, so its rows are equal.

    Returns:
        What was verified.

    Raises:
        BackboneError: If a copied row differs, a row holds NaN or only zeros, or two
            rows are equal though they are made of different things.
    """
    copied = np.flatnonzero(recipe.copied)
    sources = recipe.rows.values[recipe.rows.offsets[:-1][copied]]
    same = row_hashes(table)[copied] == row_hashes(preset)[sources]
    _refuse(name, "equals the row it was copied from", copied[~same])
    norms = row_norms(table)
    _refuse(name, "is finite", np.flatnonzero(~np.isfinite(norms)))
    repeated = 0
    if table.shape[1] > 1:
        _refuse(name, "differs from zero", _zeroed(norms, row_norms(preset), recipe))
        repeated = _count_repeated(name, preset, table, recipe, kind)
    band = (0.0, float("inf"))
    if copied.size:
        band = (float(norms[copied].min()), float(norms[copied].max()))
    outside = ~recipe.copied & ((norms < band[0]) | (norms > band[1]))
    return RowCheck(
        name=name,
        rows=len(table),
        copied=len(copied),
        repeated=repeated,
        band=band,
        outliers=tuple(np.flatnonzero(outside).tolist()),
    )


def row_hashes(table: NDArray[Any]) -> NDArray[np.uint64]:
    """Return a 64-bit hash of the bits of every row, `(rows,)`.

    Args:
        table: `(rows, width)` of any dtype of at most 8 bytes.

    Returns:
        Equal numbers for rows with equal bits, and different ones otherwise but for
        one pair in 2**64.
    """
    bits = np.ascontiguousarray(table).view(f"u{table.dtype.itemsize}")
    # Fixed, so that the same table always hashes to the same numbers; odd, so that no
    # bit of a cell is lost.
    factors = np.random.default_rng(0).integers(0, 2**63, table.shape[1], np.uint64)
    factors |= np.uint64(1)
    hashes = np.empty(len(table), np.uint64)
    for begin in range(0, len(table), BLOCK):
        block = bits[begin : begin + BLOCK].astype(np.uint64)
        block ^= block >> np.uint64(15)
        block *= np.uint64(0x9E3779B97F4A7C15)  # spreads low bits (Knuth, golden ratio)
        block ^= block >> np.uint64(32)
        hashes[begin : begin + BLOCK] = (block * factors).sum(axis=1, dtype=np.uint64)
    return hashes


def _zeroed(
    norms: NDArray[np.float32], preset: NDArray[np.float32], recipe: Provenance
) -> NDArray[np.int64]:
    """Find zero rows that are made of anything but the preset's own zero rows."""
    zero = np.flatnonzero(norms == 0)
    asked = [
        len(recipe[i].rows) > 0 and not preset[list(recipe[i].rows)].any()
        for i in zero.tolist()
    ]
    return np.array(zero[~np.array(asked, bool)], np.int64)


def _count_repeated(
    name: str,
    preset: NDArray[Any],
    table: NDArray[Any],
    recipe: Provenance,
    kind: TableKind,
) -> int:
    """Count rows that equal an earlier one; refuse those made of something else."""
    hashes, group = np.unique(row_hashes(table), return_inverse=True)
    shared = np.bincount(group)[group] > 1
    # Presets have equal rows of their own; they are one ingredient.
    ingredients = np.unique(row_hashes(preset), return_inverse=True)[1]
    first: dict[int, object] = {}
    wrong = []
    for token_id in np.flatnonzero(shared).tolist():
        made_of = _made_of(token_id, recipe, ingredients, kind)
        if first.setdefault(int(group[token_id]), made_of) != made_of:
            wrong.append(token_id)
    _refuse(name, "differs from rows made of other things", np.array(wrong, np.int64))
    return len(table) - len(hashes)


def _made_of(
    token_id: int, recipe: Provenance, ingredients: NDArray[np.int64], kind: TableKind
) -> object:
    origin = recipe[token_id]
    if not origin.rows:
        is_mean = origin.rule == Rule.MEAN
        is_mean |= origin.rule == Rule.LAST_RESORT and kind == "head"
        return "mean" if is_mean else token_id
    amounts: dict[int, float] = {}
    for row, weight in zip(origin.rows, origin.weights, strict=True):
        ingredient = int(ingredients[row])
        amounts[ingredient] = amounts.get(ingredient, 0.0) + weight
    # Weights of equal rows may differ in the last bits of float32.
    return frozenset((row, round(weight, 4)) for row, weight in amounts.items())


def _refuse(name: str, rule: str, wrong: NDArray[np.int64]) -> None:
    if not wrong.size:
        return
    shown = ", ".join(map(str, wrong[:_SHOWN].tolist()))
    raise BackboneError(
        f"A transplanted row of {name} {rule}. Received: {wrong.size} that do not, "
        f"such as ids {shown}. If the model was trained since, transplant with "
        "`trainable='new'` to keep copied rows; otherwise look at their "
        "`result.provenance[id]`."
    )
