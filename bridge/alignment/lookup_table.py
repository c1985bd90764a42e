"""`LookupTable`: what the `lookup` remap reads, made once for many batches."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bridge.alignment.beginnings import Beginnings
from bridge.alignment.borders import CHUNK, WordBorders
from bridge.alignment.readings import ABSENT
from bridge.ragged import IdArray, Ragged
from bridge.spec import find_role
from bridge.threads import in_threads

if TYPE_CHECKING:
    from bridge.alignment.alignment import Alignment


@dataclass(frozen=True, slots=True, eq=False)
class LookupTable:
    """One backbone id for every id of a tokenizer, at both places in a word.

    Attributes:
        ids: Backbone id of every id at a word start, then of every id inside a word,
            then, where there are beginnings, at the beginning of a text, int32; `-1`
            where there is none.
        size: Ids of the tokenizer.
        borders: Which ids can continue a word; `None` where the place changes nothing.
        beginnings: Where texts begin, if that is a place of its own.
        misses: Whether there is an id without a backbone id.
    """

    ids: IdArray
    size: int
    borders: WordBorders | None
    beginnings: Beginnings | None
    misses: bool

    @classmethod
    def of(cls, alignment: "Alignment", *, unk: bool) -> "LookupTable":
        """Make the table of an alignment.

        Args:
            alignment: The alignment.
            unk: Whether the preset's unk id, where it has one, stands for an id
                without a counterpart.

        Returns:
            The table.
        """
        readings = alignment.readings
        ids, size = readings.single.copy(), readings.size
        role = find_role(alignment.spec.roles, "unk") if unk else None
        if role is not None:
            ids[ids == ABSENT] = role
        differ = not np.array_equal(ids[:size], ids[size : 2 * size])
        return cls(
            ids=ids,
            size=size,
            borders=readings.borders if differ else None,
            beginnings=readings.beginnings,
            misses=bool((ids == ABSENT).any()),
        )

    def read(self, ids: Ragged) -> IdArray:
        """Look ids up.

        Args:
            ids: Ids of the tokenizer, as running text gave them, all in its table.

        Returns:
            Their backbone ids, `(len(ids.values),)`.
        """
        size = np.int32(self.size)
        inside = None if self.borders is None else self.borders.continues(ids)
        values = np.empty_like(ids.values)

        def read(part: slice) -> None:
            index = ids.values[part]
            if inside is not None:
                index = inside[part] * size
                index += ids.values[part]
            # The ids are checked, so that "wrap" only spares a buffer.
            np.take(self.ids, index, out=values[part], mode="wrap")

        in_threads(read, values.size, step=CHUNK)
        if self.beginnings is not None:
            places = self.beginnings.places(ids)
            values[places] = self.ids[ids.values[places] + 2 * size]
        return values
