"""`CellTable`: the `lookup` remap of arrays that an engine pads."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from bridge.alignment.lookup_table import LookupTable
from bridge.ragged import IdArray
from bridge.spec import Template
from bridge.threads import in_threads

# Cells looked up at a time: what a step leaves is in the cache for the next.
_CELLS = 1 << 18


@dataclass(frozen=True, slots=True, eq=False)
class CellTable:
    """A lookup table that knows special tokens and padding, too.

    An engine that pads writes special tokens among the ids. The backbone's have ids
    behind the tokenizer's here, so that one look-up serves all cells.

    Attributes:
        ids: Backbone id of every id at a word start, then of every id inside a word,
            int32.
        flags: Which ids continue a word and can be continued, as `WordBorders.flags`;
            `None` where the place changes nothing.
        size: Ids of the tokenizer and those behind them.
        template: Special tokens, by ids behind the tokenizer's.
        pad_id: The same for unused cells.
    """

    ids: IdArray
    flags: NDArray[np.uint8] | None
    size: int
    template: Template
    pad_id: int

    @classmethod
    def of(cls, table: LookupTable, *, template: Template, pad_id: int) -> Self | None:
        """Put special tokens and padding into a table.

        Args:
            table: A table without misses.
            template: The backbone's special tokens, by id.
            pad_id: The backbone's id in unused cells.

        Returns:
            The table, or `None` where the beginning of a text is a place of its own.
        """
        if table.beginnings is not None:
            return None
        added = np.array([pad_id, *template.start, *template.end], np.int32)
        start, inside = table.ids[: table.size], table.ids[table.size :]
        flags = None
        if table.borders is not None:
            flags = np.append(table.borders.flags, np.zeros(added.size, np.uint8))
        specials = range(table.size + 1, table.size + added.size)
        first = len(template.start)
        return cls(
            ids=np.concatenate([start, added, inside, added]),
            flags=flags,
            size=table.size + added.size,
            template=Template(tuple(specials[:first]), (), tuple(specials[first:])),
            pad_id=table.size,
        )

    def write(self, cells: IdArray, out: IdArray) -> None:
        """Look cells up.

        Args:
            cells: `(rows, columns)` int32 ids, those behind the tokenizer's among them.
            out: Where their backbone ids go; may be the same array.
        """
        columns = cells.shape[1]
        flat, found = cells.reshape(-1), out.reshape(-1)

        def write(rows: slice) -> None:
            stretch = slice(rows.start * columns, rows.stop * columns)
            ids = flat[stretch]
            if self.flags is not None:
                continues = _continues(self.flags.take(ids), columns)
                ids = ids + continues * np.int32(self.size)
            # An engine gives no ids but these: "wrap" only spares a buffer.
            np.take(self.ids, ids, out=found[stretch], mode="wrap")

        in_threads(write, len(cells), step=max(1, _CELLS // columns))


def _continues(flags: NDArray[np.uint8], columns: int) -> NDArray[np.uint8]:
    """Tell for every cell whether it continues a word of the cell before."""
    continues = np.zeros(flags.size, np.uint8)
    np.bitwise_and(flags[1:] & 1, flags[:-1] >> 1, out=continues[1:])
    # A first cell does not continue the row before.
    continues[::columns] = 0
    return continues
