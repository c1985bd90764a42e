"""How many backbone ids each id of a tokenizer becomes in running text."""

from typing import TYPE_CHECKING

import numpy as np

from bridge.ragged import OffsetArray, Ragged

if TYPE_CHECKING:
    from bridge.alignment.alignment import Alignment


def piece_counts(alignment: "Alignment", ids: Ragged, *, method: str) -> OffsetArray:
    """Count the backbone ids behind each id, unmapped ones becoming one unk.

    Args:
        alignment: What the ids mean.
        ids: Ids of the tokenizer.
        method: `"lookup"` or `"expand"`.

    Returns:
        `(total,)` int64; they sum to the number of ids that `remap` returns.
    """
    if method == "lookup":
        return np.ones(ids.values.size, np.int64)
    tables = alignment.tables
    inside = tables.borders.continues(ids).astype(np.int64)
    counts = tables.pieces.lengths[ids.values + len(tables.start) * inside]
    unknown = (counts == 0) & ~tables.vanishes[ids.values]
    return np.where(unknown, 1, counts)
