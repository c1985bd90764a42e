"""Ids to arrays: special tokens, truncation, padding, masks from lengths."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bridge.errors import SequenceLengthError
from bridge.ragged import IdArray, OffsetArray, Ragged
from bridge.spec import Template

Truncation = Literal["round_robin", "waterfall"]
PaddingSide = Literal["right", "left"]
_TRUNCATIONS = ("round_robin", "waterfall")


@dataclass(frozen=True, slots=True)
class Packed:
    """A padded batch.

    Attributes:
        token_ids: `(batch_size, sequence_length)` int32.
        padding_mask: Same shape, bool, true where a token is real. Made from lengths,
            so a real token that has the pad id is not hidden.
        segment_ids: Same shape, int32: 1 on the second segment and what ends it, 0
            elsewhere, padding included.
    """

    token_ids: IdArray
    padding_mask: NDArray[np.bool_]
    segment_ids: IdArray


def pack(
    ids: Ragged,
    pairs: Ragged | None = None,
    *,
    template: Template,
    sequence_length: int,
    pad_id: int,
    padding_side: PaddingSide = "right",
    truncation: Truncation = "round_robin",
) -> Packed:
    """Put special tokens around rows, cut them to a length and pad them to it.

    Layout: `start A end`, or `start A separator B end`. Special tokens are never cut.

    Args:
        ids: First segments.
        pairs: Second segments, as many, or `None`.
        template: Special tokens, by id.
        sequence_length: Columns of the result.
        pad_id: Id written into unused cells.
        padding_side: Side that receives the padding.
        truncation: Which segment of a pair loses tokens: in turn (`"round_robin"`) or
            the second first (`"waterfall"`). As KerasHub's `MultiSegmentPacker`.

    Returns:
        The arrays.

    Raises:
        SequenceLengthError: If not even one token fits beside the special ones.
        ValueError: If the two sides have different numbers of rows, or an option is
            unknown.

    Example:
        >>> template = Template(start=(101,), separator=(102,), end=(102,))
        >>> rows = Ragged.from_lists([[7, 8, 9]])
        >>> pack(rows, template=template, sequence_length=6, pad_id=0).token_ids
        array([[101,   7,   8,   9, 102,   0]], dtype=int32)
    """
    _check_options(padding_side, truncation, ids, pairs)
    start, separator, end = (
        np.array(part, np.int32)
        for part in (template.start, template.separator, template.end)
    )
    if pairs is None:
        separator = separator[:0]
    budget = sequence_length - len(start) - len(separator) - len(end)
    if budget < 1:
        raise SequenceLengthError(
            "A row must hold the special tokens and at least one more. Received: "
            f"sequence_length={sequence_length} for "
            f"{sequence_length - budget} special tokens. Pass at least "
            f"{sequence_length - budget + 1}."
        )
    empty = np.zeros(len(ids), np.int64)
    first, second = truncated_lengths(
        ids.lengths,
        empty if pairs is None else pairs.lengths,
        budget=budget,
        truncation=truncation,
    )
    total = len(start) + first + len(separator) + second + len(end)
    shift = sequence_length - total if padding_side == "left" else empty
    batch = _Batch(len(ids), sequence_length, pad_id)
    batch.write_constant(start, shift)
    batch.write_rows(ids, first, shift + len(start))
    batch.write_constant(separator, shift + len(start) + first)
    second_at = shift + len(start) + first + len(separator)
    if pairs is not None:
        batch.write_rows(pairs, second, second_at)
    batch.write_constant(end, second_at + second)
    columns = np.arange(sequence_length)
    mask = (columns >= shift[:, None]) & (columns < (shift + total)[:, None])
    segment_ids = np.zeros_like(batch.token_ids)
    if pairs is not None:
        segment_ids[mask & (columns >= second_at[:, None])] = 1
    return Packed(batch.token_ids, mask, segment_ids)


class _Batch:
    """A padded batch that is written part by part."""

    def __init__(self, rows: int, sequence_length: int, pad_id: int) -> None:
        self.token_ids = np.full((rows, sequence_length), pad_id, np.int32)
        self._flat = self.token_ids.reshape(-1)
        self._row_starts = np.arange(rows) * sequence_length

    def write_constant(self, ids: NDArray[Any], columns: OffsetArray) -> None:
        """Write the same ids into every row, each from its own column."""
        for place, token_id in enumerate(ids.tolist()):
            self._flat[self._row_starts + columns + place] = token_id

    def write_rows(self, ids: Ragged, kept: OffsetArray, columns: OffsetArray) -> None:
        """Write the first `kept` ids of every row, each from its own column."""
        cut = bool((kept < ids.lengths).any())
        begins = (self._row_starts + columns) - ids.offsets[:-1]
        # Position in the flat batch of every value: its row's first cell plus its
        # place in the row, which is its index less its row's offset.
        cells = np.repeat(begins, ids.lengths) + np.arange(ids.values.size)
        values = ids.values
        if cut:
            place = np.arange(values.size) - np.repeat(ids.offsets[:-1], ids.lengths)
            keep = place < np.repeat(kept, ids.lengths)
            cells, values = cells[keep], values[keep]
        self._flat[cells] = values


def truncated_lengths(
    first: OffsetArray,
    second: OffsetArray,
    *,
    budget: int,
    truncation: Truncation,
) -> tuple[OffsetArray, OffsetArray]:
    """Return how many ids of each segment stay.

    Args:
        first: Lengths of the first segments, `(batch_size,)` int64.
        second: Lengths of the second segments.
        budget: Cells for both together.
        truncation: `"round_robin"` hands out cells in turn, the first segment first;
            `"waterfall"` serves the first segment, then the second.

    Returns:
        Kept lengths of both, `(batch_size,)` int64 each.
    """
    if truncation == "waterfall":
        kept = np.minimum(first, budget)
    else:
        half = (budget + 1) // 2
        kept = np.minimum(first, np.maximum(half, budget - second))
    return kept, np.minimum(second, budget - kept)


def _check_options(
    padding_side: str, truncation: str, ids: Ragged, pairs: Ragged | None
) -> None:
    if padding_side not in ("right", "left"):
        raise ValueError(
            f"`padding_side` must be 'right' or 'left'. Received: {padding_side!r}."
        )
    if truncation not in _TRUNCATIONS:
        raise ValueError(
            "`truncation` must be 'round_robin' or 'waterfall'. "
            f"Received: {truncation!r}."
        )
    if pairs is not None and len(pairs) != len(ids):
        raise ValueError(
            "Pairs must be as many as first segments. Received: "
            f"{len(ids)} and {len(pairs)}. Pass one second segment for each."
        )
