"""`Stretches`: rows that share one flat array."""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from bridge.ragged import IdArray, OffsetArray, Ragged

# A run may be put together from a piece for every so many rows: a piece costs as much
# as the row-wise copy of some.
_ROWS_A_PIECE = 8


@dataclass(frozen=True, slots=True, eq=False)
class Stretches:
    """Rows that are stretches of flat ids: they may overlap or leave ids out.

    Attributes:
        values: Ids, `(total,)` int32.
        starts: First id of every row, `(rows,)` int64.
        lengths: Ids of every row, `(rows,)` int64.
    """

    values: IdArray
    starts: OffsetArray
    lengths: OffsetArray

    @classmethod
    def of(cls, ids: "Ragged | Stretches") -> "Stretches":
        """Return the same rows; nothing is copied."""
        if isinstance(ids, Ragged):
            return cls(ids.values, ids.offsets[:-1], ids.lengths)
        return ids

    def as_one_run(self, kept: OffsetArray) -> IdArray | None:
        """Return the first ids of every row, one row behind the other.

        Args:
            kept: Ids of every row that are wanted, `(rows,)`.

        Returns:
            Those ids, or `None` where they would be put together from so many pieces
            that it is quicker to take a whole width of every row.
        """
        ends = self.starts + kept
        gaps = np.flatnonzero(self.starts[1:] != ends[:-1])
        if not gaps.size:
            return self.values[self.starts[0] : ends[-1]]
        if gaps.size > len(self) // _ROWS_A_PIECE:
            return None
        begins = self.starts[np.append(0, gaps + 1)].tolist()
        stops = ends[np.append(gaps, -1)].tolist()
        pieces = [self.values[i:j] for i, j in zip(begins, stops, strict=True)]
        return np.concatenate(pieces)

    def __getitem__(self, rows: slice) -> "Stretches":
        """Return some of the rows."""
        return Stretches(self.values, self.starts[rows], self.lengths[rows])

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.starts)


def gather(values: IdArray, starts: OffsetArray, width: int) -> IdArray:
    """Return `values[start : start + width]` for every start, zeros where it ends.

    Args:
        values: Flat ids.
        starts: In `[-width, values.size]`.
        width: Ids of each row.

    Returns:
        `(len(starts), width)` ids. One copy of memory a row: far cheaper than an
        index for every id.
    """
    if values.size < width:
        values = np.concatenate([values, np.zeros(width - values.size, np.int32)])
    if not width:
        return np.zeros((len(starts), 0), np.int32)
    last = values.size - width
    ids: IdArray = sliding_window_view(values, width)[np.clip(starts, 0, last)]
    zeros = np.zeros(width, np.int32)
    for rows, edge, base in (
        (np.flatnonzero(starts < 0), (zeros, values[:width]), -width),
        (np.flatnonzero(starts > last), (values[last:], zeros), last),
    ):
        if rows.size:
            windows = sliding_window_view(np.concatenate(edge), width)
            ids[rows] = windows[starts[rows] - base]
    return ids
