"""`build_table`: the rows of a table for another vocabulary, from their recipe."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bridge.embedding.last_resort import BLOCK, RowClasses, draw_rows, live_mean
from bridge.embedding.provenance import Provenance, Rule

TableKind = Literal["input", "head"]


def build_table(
    table: NDArray[Any],
    recipe: Provenance,
    classes: RowClasses,
    *,
    kind: TableKind = "input",
    seed: int | tuple[int, ...] = 0,
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

    Returns:
        `(len(recipe), width)`, same dtype. Copied rows are equal bit for bit; means
        are computed in float32.

    Example:
        >>> build_table(old, recipe, classes).shape  # doctest: +SKIP
        (50262, 384)
    """
    out = np.empty((len(recipe), table.shape[1]), table.dtype)
    single = (recipe.rows.lengths == 1).nonzero()[0]
    out[single] = table[recipe.rows.values[recipe.rows.offsets[:-1][single]]]
    _combine(table, recipe, out)
    rest = np.flatnonzero(recipe.rows.lengths == 0)
    mean = rest if kind == "head" else rest[recipe.rules[rest] == Rule.MEAN]
    if mean.size:
        out[mean] = live_mean(table, classes)
    drawn = np.setdiff1d(rest, mean, assume_unique=True)
    if drawn.size:
        rng = np.random.default_rng(seed)
        draw_rows(table, classes, drawn, out, rng=rng)
    return out


def _combine(table: NDArray[Any], recipe: Provenance, out: NDArray[Any]) -> None:
    """Write the weighted means, rows with equally many ingredients at a time."""
    lengths, offsets = recipe.rows.lengths, recipe.rows.offsets
    for count in np.unique(lengths[lengths > 1]).tolist():
        rows = np.flatnonzero(lengths == count)
        for begin in range(0, len(rows), BLOCK):
            block = rows[begin : begin + BLOCK]
            total = np.zeros((len(block), table.shape[1]), np.float32)
            for place in offsets[block] + np.arange(count)[:, None]:
                part = table[recipe.rows.values[place]].astype(np.float32, copy=False)
                total += part * recipe.weights[place, None]
            out[block] = total
