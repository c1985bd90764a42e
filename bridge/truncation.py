"""How many ids of each segment stay when a row is too long."""

from typing import Literal

import numpy as np

from bridge.errors import SequenceLengthError
from bridge.ragged import OffsetArray

Truncation = Literal[
    "round_robin", "waterfall", "longest_first", "only_first", "only_second"
]
TRUNCATIONS = ("round_robin", "waterfall", "longest_first", "only_first", "only_second")


def truncated_lengths(
    first: OffsetArray,
    second: OffsetArray | None,
    *,
    budget: int,
    truncation: Truncation,
) -> tuple[OffsetArray, OffsetArray]:
    """Return how many ids of each segment stay.

    Args:
        first: Lengths of the first segments, `(batch_size,)` int64.
        second: Lengths of the second segments, or `None` where there are none.
        budget: Cells for both together.
        truncation: As KerasHub's `MultiSegmentPacker`: `"round_robin"` hands out cells
            in turn, the first segment first; `"waterfall"` serves the first segment,
            then the second. As Hugging Face's tokenizers: `"longest_first"` shortens
            the longer segment, `"only_first"` and `"only_second"` the named one.

    Returns:
        Kept lengths of both, `(batch_size,)` int64 each.

    Raises:
        SequenceLengthError: If the named segment would lose all its ids.
    """
    if second is None and truncation != "only_second":
        return np.minimum(first, budget), np.zeros_like(first)
    second = np.zeros_like(first) if second is None else second
    if truncation == "waterfall":
        kept = np.minimum(first, budget)
        return kept, np.minimum(second, budget - kept)
    if truncation == "round_robin":
        kept = np.minimum(first, np.maximum((budget + 1) // 2, budget - second))
        return kept, np.minimum(second, budget - kept)
    if truncation == "longest_first":
        return longest_first(first, second, budget)
    cut, other = (first, second) if truncation == "only_first" else (second, first)
    kept = _only(cut, other, budget, truncation)
    return (kept, second) if truncation == "only_first" else (first, kept)


def longest_first(
    first: OffsetArray, second: OffsetArray, budget: int | OffsetArray
) -> tuple[OffsetArray, OffsetArray]:
    """Shorten the longer text, and both to halves once they are equally long.

    Args:
        first: Lengths of the first segments, `(batch_size,)` int64.
        second: Lengths of the second segments, the same.
        budget: Cells for both together, one number or one for each row.

    Returns:
        Kept lengths of both, `(batch_size,)` int64 each.
    """
    # Of two that are both too long the shorter gets the smaller half; of two equally
    # long ones that is the first.
    short = np.minimum(np.minimum(first, second), budget // 2)
    kept_first = np.where(
        first <= second,
        np.where(first + second <= budget, first, short),
        np.minimum(first, budget - np.minimum(second, short)),
    )
    return kept_first, np.minimum(second, budget - kept_first)


def _only(
    cut: OffsetArray, other: OffsetArray, budget: int, truncation: str
) -> OffsetArray:
    surplus = np.maximum(cut + other - budget, 0)
    short = (surplus > 0) & (surplus >= cut)
    if short.any():
        row = int(np.flatnonzero(short)[0])
        raise SequenceLengthError(
            f"`truncation={truncation!r}` must leave at least one id of the segment "
            f"that it cuts. Received: {int(cut[row])} ids in it and {int(other[row])} "
            f"in the other at position {row}, with room for {budget}. Use "
            "'longest_first' or 'round_robin', or a longer sequence."
        )
    kept: OffsetArray = cut - surplus
    return kept
