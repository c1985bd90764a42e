"""`Rows`: what a corpus is made of, and documents packed into full rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from bridge.ragged import OffsetArray, Ragged, take_slices

Layout = Literal["documents", "windows", "packed"]
LAYOUTS = ("documents", "windows", "packed")


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows as they are stored, with the place that each comes from.

    Attributes:
        ids: What stands in real cells, special tokens among it.
        source: Number of the input, `(rows,)` int32.
        row: Line or row of the document (of a packed row: its first), int64.
        start: First id of the row among the document's, without special tokens; int64.
        begins: Of packed rows: the cells where documents begin, the first among them.
        cut: Ids that the rows do not hold, where a fixed width has no room.
    """

    ids: Ragged
    source: NDArray[np.int32]
    row: OffsetArray
    start: OffsetArray
    begins: Ragged | None = None
    cut: int = 0

    @classmethod
    def nothing(cls) -> Self:
        """Return no rows."""
        none = np.zeros(0, np.int64)
        return cls(Ragged.from_lists([]), none.astype(np.int32), none, none)

    @classmethod
    def concatenate(cls, parts: Sequence["Rows"]) -> Self:
        """Put the rows of several one after the other.

        Args:
            parts: At least one.

        Returns:
            All rows.
        """
        begins = [part.begins for part in parts if part.begins is not None]
        return cls(
            Ragged.concatenate([part.ids for part in parts]),
            np.concatenate([part.source for part in parts]),
            np.concatenate([part.row for part in parts]),
            np.concatenate([part.start for part in parts]),
            Ragged.concatenate(begins) if begins else None,
            sum(part.cut for part in parts),
        )

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.ids)


class Packer:
    """Puts documents behind one another and cuts what results to one width.

    Args:
        width: Ids of a row.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._rest = Rows.nothing()

    def add(self, documents: Rows) -> Rows:
        """Take documents.

        Args:
            documents: With what separates each from the next one.

        Returns:
            The full rows there are now.
        """
        held = Rows.concatenate([self._rest, documents])
        full = held.ids.values.size // self._width
        self._rest = _from(held, full * self._width)
        return self._rows(held, full * self._width)

    def finish(self) -> Rows:
        """Return what is left as one shorter row, or no row."""
        held, self._rest = self._rest, Rows.nothing()
        return self._rows(held, held.ids.values.size)

    def _rows(self, held: Rows, end: int) -> Rows:
        """Cut the first ids, which end with a row."""
        cells = np.arange(0, end, self._width)
        lengths = np.minimum(end - cells, self._width)
        first = _document_at(held, cells)
        offsets = held.ids.offsets[:-1]
        # A document without ids begins where the next one does, and has no cell.
        inside = offsets[(held.ids.lengths > 0) & (offsets < end)]
        begins = np.union1d(cells, inside)
        counts = np.diff(np.searchsorted(begins, np.append(cells, end)))
        place = begins - np.repeat(cells, counts)
        return Rows(
            Ragged.from_lengths(held.ids.values[:end], lengths),
            held.source[first],
            held.row[first],
            held.start[first] + cells - offsets[first],
            Ragged.from_lengths(place.astype(np.int32), counts),
        )


def _document_at(held: Rows, cells: OffsetArray) -> OffsetArray:
    return np.searchsorted(held.ids.offsets, cells, side="right") - 1


def _from(held: Rows, begin: int) -> Rows:
    """Keep what stands behind some ids; the first document may have lost some."""
    if begin == held.ids.values.size:
        return Rows.nothing()
    first = int(_document_at(held, np.array([begin]))[0])
    lost = begin - int(held.ids.offsets[first])
    starts, lengths = held.ids.offsets[first:-1].copy(), held.ids.lengths[first:]
    starts[0] += lost
    lengths[0] -= lost
    start = held.start[first:].copy()
    start[0] += lost
    return Rows(
        take_slices(held.ids.values, starts, lengths),
        held.source[first:],
        held.row[first:],
        start,
    )
