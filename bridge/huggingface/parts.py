"""`Part`: one piece of a frame in all rows."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bridge.ragged import OffsetArray
from bridge.stretches import Stretches
from bridge.tokenizers.frames import Piece


class Part(NamedTuple):
    """Where one piece of a frame stands, and where a text's tokens come from.

    Attributes:
        piece: What it is.
        begins: Its first cell in every row, counted through all rows, `(rows,)` int64.
        taken: Cells that it fills in every row, `(rows,)` int64.
        source: First value of its segment for every row, `(rows,)` int64; zeros for a
            special token.
    """

    piece: Piece
    begins: OffsetArray
    taken: OffsetArray
    source: OffsetArray

    def cells(
        self, rows: slice, starts: OffsetArray, stairs: NDArray[np.bool_] | None
    ) -> NDArray[Any]:
        """Return its cells among those of some rows.

        Args:
            rows: The rows.
            starts: First cell of every row, `(rows + 1,)` int64.
            stairs: Where all rows are of one width: see `stairs_of`.

        Returns:
            Their numbers, from the first cell of `rows`, or a mask of all.
        """
        begins, taken = self.begins[rows], self.taken[rows]
        if stairs is None or self.piece.segment is None:
            return _ranges(begins - starts[rows.start], taken)
        columns = begins - starts[rows]
        mask: NDArray[np.bool_] = np.take(stairs, columns + taken, axis=0)
        mask ^= np.take(stairs, columns, axis=0)
        return mask.reshape(-1)

    def read(self, rows: slice, values: NDArray[Any]) -> NDArray[Any]:
        """Return what a text puts into its cells of some rows.

        Args:
            rows: The rows.
            values: Values of all its tokens, `(total, ...)`.

        Returns:
            The values in the order of the cells.
        """
        source, taken = self.source[rows], self.taken[rows]
        run = Stretches(values, source, taken).as_one_run(taken)
        return values[_ranges(source, taken)] if run is None else run


def _ranges(begins: OffsetArray, sizes: OffsetArray) -> OffsetArray:
    """Return `begin, begin + 1, ...` for every stretch, one behind the other."""
    ends = np.cumsum(sizes)
    ranges: OffsetArray = np.arange(int(ends[-1]) if ends.size else 0)
    ranges += np.repeat(begins - ends + sizes, sizes)
    return ranges
