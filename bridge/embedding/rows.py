"""`build_table`: the rows of a table for another vocabulary, from their recipe."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bridge.embedding.last_resort import BLOCK, RowClasses, draw_rows, live_mean
from bridge.embedding.methods import RowFunction
from bridge.embedding.provenance import Provenance, Rule

TableKind = Literal["input", "head"]

# Rows summed at a time: 256 of 1,024 columns stay in the cache, five times as fast as
# eight times as many.
_SUMMED = 256

# Means of several rows are shorter than rows: 0.72 of the norm for two, 0.51 for four.
_SHORTENED = (Rule.COMPOSED, Rule.MIXTURE, Rule.ANCHORS)


def build_table(
    table: NDArray[Any],
    recipe: Provenance,
    classes: RowClasses,
    *,
    kind: TableKind = "input",
    seed: int | tuple[int, ...] = 0,
    calibrate: bool = False,
    function: RowFunction | None = None,
) -> NDArray[Any]:
    """Make one table of a new vocabulary from the preset's.

    Memory beyond the result is a few blocks of rows.

    Args:
        table: The preset's rows, `(preset_rows, width)` of any float dtype.
        recipe: Rule and ingredients of every new row.
        classes: Classes of both tables' rows, for the last resort.
        kind: In an `"input"` table the last resort is a draw; in a `"head"`, which
            scores every token of a text, it is the mean.
        seed: Seed of the draw.
        calibrate: Whether composed rows of an input table are scaled to the median
            norm of the copied ones (arXiv:2608.03494).
        function: Makes the rows by `Rule.GIVEN`.

    Returns:
        `(len(recipe), width)`, same dtype. Copied rows are equal bit for bit; means
        are computed in float32.

    Raises:
        ValueError: If the function gives rows of another shape, or some that are not
            finite.

    Example:
        >>> build_table(old, recipe, classes).shape  # doctest: +SKIP
        (50262, 384)
    """
    out = np.empty((len(recipe), table.shape[1]), table.dtype)
    alone = np.zeros(len(recipe), bool)
    single = np.flatnonzero(recipe.rows.lengths == 1)
    places = recipe.rows.offsets[:-1][single]
    whole = recipe.weights[places] == 1
    copies, sources = single[whole], recipe.rows.values[places[whole]]
    alone[copies] = True
    for begin in range(0, len(copies), BLOCK):
        block = slice(begin, begin + BLOCK)
        out[copies[block]] = table[sources[block]]
    _combine(table, recipe, out, skip=alone)
    _fill(table, recipe, classes, out, kind=kind, seed=seed)
    given = np.flatnonzero(recipe.rules == Rule.GIVEN)
    if given.size and function is not None:
        out[given] = _called(function, given, table)
    if calibrate and kind == "input":
        _calibrate(recipe, out)
    return out


def _fill(
    table: NDArray[Any],
    recipe: Provenance,
    classes: RowClasses,
    out: NDArray[Any],
    *,
    kind: TableKind,
    seed: int | tuple[int, ...],
) -> None:
    """Write the rows that have no ingredients."""
    mean = np.flatnonzero(recipe.rules == Rule.MEAN)
    drawn = np.flatnonzero(recipe.rules == Rule.LAST_RESORT)
    if kind == "head":
        mean, drawn = np.concatenate([mean, drawn]), drawn[:0]
    if mean.size:
        out[mean] = live_mean(table, classes)
    if drawn.size:
        rng = np.random.default_rng(seed)
        draw_rows(table, classes, drawn, out, rng=rng)


def _combine(
    table: NDArray[Any],
    recipe: Provenance,
    out: NDArray[Any],
    *,
    skip: NDArray[np.bool_],
) -> None:
    """Write the weighted sums, rows with equally many ingredients at a time."""
    lengths, offsets = recipe.rows.lengths, recipe.rows.offsets
    centre = np.zeros(table.shape[1], np.float32)
    if recipe.centre is not None:
        centre = table[recipe.centre].mean(axis=0, dtype=np.float32)
    for count in np.unique(lengths[(lengths > 0) & ~skip]).tolist():
        rows = np.flatnonzero((lengths == count) & ~skip)
        for begin in range(0, len(rows), _SUMMED):
            block = rows[begin : begin + _SUMMED]
            places = offsets[block][:, None] + np.arange(count)
            weights = recipe.weights[places]
            total = _weighted_sum(table, recipe.rows.values[places], weights)
            centred = recipe.rules[block] == Rule.OMP
            if centred.any():
                total[centred] += (1 - weights[centred].sum(axis=1))[:, None] * centre
            out[block] = total


def _weighted_sum(
    table: NDArray[Any], rows: NDArray[np.int32], weights: NDArray[np.float32]
) -> NDArray[np.float32]:
    total = np.zeros((len(rows), table.shape[1]), np.float32)
    part = np.empty_like(total)
    for place in range(rows.shape[1]):
        if table.dtype == np.float32:
            # With `mode` numpy writes in place; ids were checked where they were made.
            np.take(table, rows[:, place], axis=0, out=part, mode="clip")
        else:
            part[:] = table[rows[:, place]]
        np.multiply(part, weights[:, place, None], out=part)
        total += part
    return total


def _called(
    function: RowFunction, ids: NDArray[np.int64], table: NDArray[Any]
) -> NDArray[Any]:
    rows = np.asarray(function(ids, table))
    wanted = (len(ids), table.shape[1])
    if rows.shape != wanted or not np.isfinite(rows).all():
        state = "" if rows.shape != wanted else " with values that are not finite"
        raise ValueError(
            "The function given as `init` must return one finite row for each id. "
            f"Received: shape {rows.shape}{state} for ids of shape {ids.shape} and a "
            f"table of width {table.shape[1]}. Return `(len(ids), table.shape[1])`."
        )
    return rows


def _calibrate(recipe: Provenance, out: NDArray[Any]) -> None:
    copied = np.flatnonzero(recipe.copied)
    made = np.flatnonzero(np.isin(recipe.rules, _SHORTENED))
    if not copied.size or out.shape[1] == 1:
        return
    target = np.median(row_norms(out[copied]))
    for begin in range(0, len(made), BLOCK):
        block = made[begin : begin + BLOCK]
        norms = row_norms(out[block])
        scale = np.divide(target, norms, out=np.ones_like(norms), where=norms > 0)
        out[block] = out[block].astype(np.float32) * scale[:, None]


def row_norms(table: NDArray[Any]) -> NDArray[np.float32]:
    """Return the Euclidean norm of every row, `(rows,)` float32."""
    norms = np.empty(len(table), np.float32)
    for begin in range(0, len(table), BLOCK):
        block = table[begin : begin + BLOCK].astype(np.float32, copy=False)
        norms[begin : begin + BLOCK] = np.sqrt(np.einsum("ij,ij->i", block, block))
    return norms
