"""`CellTable`: the `lookup` remap of arrays that an engine pads."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from bridge.alignment.borders import WordBorders
from bridge.alignment.lookup_table import LookupTable
from bridge.ragged import IdArray, Ragged
from bridge.spec import Template


@dataclass(frozen=True, slots=True, eq=False)
class CellTable:
    """A lookup table that knows special tokens and padding, too.

    An engine that pads writes special tokens among the ids. The backbone's have ids
    behind the tokenizer's here, so that one look-up serves all cells.

    Attributes:
        table: Backbone ids of the tokenizer's ids and of those behind them.
        template: Special tokens, by ids behind the tokenizer's.
        pad_id: The same for unused cells.
    """

    table: LookupTable
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
        borders = table.borders
        if borders is not None:
            nothing = np.zeros(added.size, np.uint8)
            borders = WordBorders(np.append(borders.flags, nothing))
        specials = range(table.size + 1, table.size + added.size)
        first = len(template.start)
        return cls(
            table=replace(
                table,
                ids=np.concatenate([start, added, inside, added]),
                size=table.size + added.size,
                borders=borders,
            ),
            template=Template(tuple(specials[:first]), (), tuple(specials[first:])),
            pad_id=table.size,
        )

    def write(self, cells: IdArray, out: IdArray) -> None:
        """Look cells up.

        Args:
            cells: `(rows, columns)` int32 ids, those behind the tokenizer's among them.
            out: Where their backbone ids go; may be the same array.
        """
        # Most texts are shorter than a row: columns of nothing but padding need no
        # look-up.
        used = np.flatnonzero((cells != self.pad_id).any(axis=0)).max(initial=-1) + 1
        part = np.ascontiguousarray(cells[:, :used])
        flat, starts = part.reshape(-1), np.arange(len(part) + 1) * used
        out[:, :used] = self.table.read(Ragged(flat, starts)).reshape(part.shape)
        out[:, used:] = self.table.ids[self.pad_id]
