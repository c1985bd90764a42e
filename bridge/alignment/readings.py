"""`Readings`: the pieces of an id at each place where it can stand."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from bridge.alignment.beginnings import Beginnings
from bridge.alignment.borders import WordBorders
from bridge.ragged import IdArray, Ragged

if TYPE_CHECKING:
    from bridge.alignment.alignment import Alignment

ABSENT = -1  # never leaves this package: numpy would read it as the last row


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """All pieces in one table: a row for every id at every place.

    Attributes:
        pieces: Backbone ids: `size` rows read at a word start, `size` read inside a
            word, and where texts begin in a way of their own `size` read there.
        single: The one backbone id of every row, int32, `-1` where there is none.
            Where only one place has a single piece, it serves at all.
        size: Ids of the tokenizer.
        borders: Which ids can continue a word, and be continued.
        beginnings: Where texts begin; `None` where that is a word start as any other.
    """

    pieces: Ragged
    single: IdArray
    size: int
    borders: WordBorders
    beginnings: Beginnings | None

    @classmethod
    def of(cls, alignment: "Alignment") -> Self:
        """Read them off an alignment.

        Args:
            alignment: The alignment.

        Returns:
            The table.
        """
        start, inside = alignment.pieces, alignment.continuation_pieces
        beginnings = Beginnings.of(alignment)
        tables = [start, inside, *([] if beginnings is None else [beginnings.pieces])]
        singles = [_single(table) for table in tables]
        for place, other in enumerate((1, 0, 0)[: len(tables)]):
            absent = singles[place] == ABSENT
            singles[place] = np.where(absent, singles[other], singles[place])
        return cls(
            pieces=Ragged.concatenate(tables),
            single=np.concatenate(singles),
            size=len(start),
            borders=alignment.tables.borders,
            beginnings=beginnings,
        )

    def rows(self, ids: Ragged) -> IdArray:
        """Tell for running ids which rows of the table are theirs.

        Args:
            ids: Running ids of the tokenizer.

        Returns:
            `(total,)` int32.
        """
        rows = self.borders.continues(ids) * np.int32(self.size)
        rows += ids.values
        if self.beginnings is not None:
            places = self.beginnings.places(ids)
            rows[places] = ids.values[places] + 2 * self.size
        return rows


def _single(pieces: Ragged) -> IdArray:
    table = np.full(len(pieces), ABSENT, np.int32)
    single = pieces.lengths == 1
    table[single] = pieces.values[pieces.offsets[:-1][single]]
    return table
