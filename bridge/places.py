"""`Places`: which column every part of every row begins in."""

from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from bridge.errors import SequenceLengthError
from bridge.ragged import IdArray, OffsetArray
from bridge.spec import Template
from bridge.stretches import Stretches, gather
from bridge.threads import in_threads
from bridge.truncation import Truncation, truncated_lengths

PaddingSide = Literal["right", "left"]

# Rows of a mask written at a time.
_BLOCK = 8192


def room_for(template: Template, *, sequence_length: int, paired: bool) -> int:
    """Return how many ids fit into a row beside its special tokens.

    Args:
        template: Special tokens, by id.
        sequence_length: Columns of a row.
        paired: Whether the row holds two segments.

    Returns:
        At least 1.

    Raises:
        SequenceLengthError: If not even one fits.
    """
    specials = len(template.start) + len(template.end)
    if paired:
        specials += len(template.separator)
    if sequence_length - specials < 1:
        raise SequenceLengthError(
            "A row must hold the special tokens and at least one more. Received: "
            f"sequence_length={sequence_length} for {specials} special tokens. Pass "
            f"at least {specials + 1}."
        )
    return sequence_length - specials


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """First column of every part of every row, `(rows,)` each.

    Attributes:
        start: Of the special tokens before the first segment: of the row itself.
        first: Of the first segment.
        separator: Of the special tokens between the segments.
        second: Of the second segment.
        end: Of the special tokens behind the last segment.
        stop: Behind the row.
    """

    start: OffsetArray
    first: OffsetArray
    separator: OffsetArray
    second: OffsetArray
    end: OffsetArray
    stop: OffsetArray

    @classmethod
    def of(
        cls,
        first: OffsetArray,
        second: OffsetArray | None,
        *,
        template: Template,
        sequence_length: int,
        padding_side: PaddingSide,
        truncation: Truncation,
    ) -> Self:
        """Lay rows out; the arguments are those of `pack`, by lengths."""
        room = room_for(
            template, sequence_length=sequence_length, paired=second is not None
        )
        kept, kept_second = truncated_lengths(
            first, second, budget=room, truncation=truncation
        )
        between = 0 if second is None else len(template.separator)
        used = kept + kept_second + (sequence_length - room)
        # 0 for every row where padding comes last.
        start = (sequence_length - used) * (padding_side == "left")
        first_at = start + len(template.start)
        second_at = first_at + kept + between
        end_at = second_at + kept_second
        return cls(start, first_at, first_at + kept, second_at, end_at, start + used)

    def rows(self, rows: slice) -> "Places":
        """Return the places of some of the rows."""
        return Places(
            self.start[rows],
            self.first[rows],
            self.separator[rows],
            self.second[rows],
            self.end[rows],
            self.stop[rows],
        )

    def write_mask(self, mask: NDArray[np.bool_]) -> None:
        """Mark the cells between start and stop."""
        mask_of(self.stop, mask.shape[1], out=mask)
        if self.start.any():
            mask ^= mask_of(self.start, mask.shape[1])

    def write_ids(
        self, block: IdArray, first: Stretches, second: Stretches | None
    ) -> None:
        """Write as many ids of the segments as there is room for."""
        _write(block, first, self.first, self.separator)
        if second is not None:
            _write(block, second, self.second, self.end)

    def write_specials(
        self, block: IdArray, template: Template, *, paired: bool
    ) -> None:
        """Write the special tokens."""
        # Flat places: one number a row, where rows and columns would be two.
        cells, width = block.reshape(-1), block.shape[1]
        rows = np.arange(0, cells.size, width)
        parts = [(template.start, self.start), (template.end, self.end)]
        if paired:
            parts.append((template.separator, self.separator))
        for token_ids, columns in parts:
            for place, token_id in enumerate(token_ids):
                cells[rows + (columns + place)] = token_id


def _write(
    block: IdArray, rows: Stretches, begins: OffsetArray, ends: OffsetArray
) -> None:
    # From the first column on: where a row is full, the cells lie in one piece.
    width = int(ends.max())
    cells, block = mask_of(ends, width), block[:, :width]
    if begins.any():
        cells ^= mask_of(begins, width)
    run = rows.as_one_run(ends - begins)
    if run is not None:
        block[cells] = run
        return
    np.copyto(block, gather(rows.values, rows.starts - begins, width), where=cells)


def mask_of(
    lengths: OffsetArray,
    width: int,
    *,
    dtype: type[np.bool_ | np.int64] = np.bool_,
    out: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """Mark as many cells at the beginning of every row.

    Args:
        lengths: Cells of every row, `(rows,)`, at most `width`.
        width: Columns.
        dtype: What the marks are, true or 1.
        out: Where the mask is written; a new array by default.

    Returns:
        `(rows, width)` of that type.
    """
    mask = np.empty((lengths.size, width), dtype) if out is None else out
    if width >= lengths.size:
        columns = columns_of(width)
        mask[...] = columns < lengths.astype(columns.dtype)[:, None]
        return mask
    stairs = stairs_of(width).astype(mask.dtype)

    def copy(rows: slice) -> None:
        stairs.take(lengths[rows], axis=0, mode="clip", out=mask[rows])

    in_threads(copy, lengths.size, step=_BLOCK)
    return mask


def columns_of(sequence_length: int) -> NDArray[np.signedinteger]:
    """Column numbers in the smallest type that holds them: comparing is faster."""
    return np.arange(
        sequence_length, dtype=np.int16 if sequence_length < 2**15 else np.int64
    )


def stairs_of(width: int) -> NDArray[np.bool_]:
    """Return a table whose row `n` is true in its first `n` columns.

    Copying rows of a small table is several times faster than comparing.

    Args:
        width: Its columns.

    Returns:
        `(width + 1, width)` bool.
    """
    return np.tri(width + 1, width, -1, dtype=bool)
