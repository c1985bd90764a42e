"""`WordTable`: what was found out about words, kept for the next batch."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.ragged import IdArray, OffsetArray, Ragged, take_slices

HashArray = NDArray[np.uint64]

_ROOM = 1 << 12  # words at the start; it doubles when they are used up
_SLOTS_PER_WORD = 4  # a quarter full: most words are found at the first look


class WordTable:
    """Hash of a word to its pieces: open addressing over flat arrays.

    One thread may `add` while others read: a word is counted only once it is complete,
    arrays only grow, and readers take the count first.
    """

    def __init__(self) -> None:
        self._size = 0
        self._hashes: HashArray = np.zeros(_ROOM, np.uint64)
        self._odd = np.zeros(_ROOM, bool)
        self._begins: OffsetArray = np.zeros(_ROOM, np.int64)
        self._lengths: OffsetArray = np.zeros(_ROOM, np.int64)
        self._pieces: IdArray = np.zeros(_ROOM, np.int32)
        self._slots: IdArray = np.full(_ROOM * _SLOTS_PER_WORD, -1, np.int32)
        self._used = 0

    def __len__(self) -> int:
        """Number of words."""
        return self._size

    @property
    def pieces(self) -> int:
        """Number of pieces of all words."""
        return self._used

    def find(self, hashes: HashArray) -> IdArray:
        """Look words up.

        Args:
            hashes: `(words,)` uint64.

        Returns:
            The entry of each, `(words,)` int32, `-1` where it is not known.
        """
        size, known, slots = self._size, self._hashes, self._slots
        slot = _first_slot(hashes, len(slots))
        entries = slots.take(slot)
        entries[entries >= size] = -1
        going = np.flatnonzero((known.take(entries) != hashes) & (entries >= 0))
        while going.size:
            slot[going] = (slot[going] + 1) & (len(slots) - 1)
            found = slots[slot[going]]
            found[found >= size] = -1
            entries[going] = found
            going = going[(known[found] != hashes[going]) & (found >= 0)]
        return entries

    def take(self, entries: IdArray) -> Ragged:
        """Return the pieces of words.

        Args:
            entries: `(words,)` of `find`, none of them `-1`.

        Returns:
            A row a word.
        """
        begins, lengths = self._begins, self._lengths
        return take_slices(self._pieces, begins.take(entries), lengths.take(entries))

    def odd(self, entries: IdArray) -> NDArray[np.bool_]:
        """Tell which words must be read with their neighbours, `(words,)` bool."""
        return self._odd.take(entries)

    def add(self, hashes: HashArray, pieces: Ragged, odd: NDArray[np.bool_]) -> None:
        """Remember words.

        Args:
            hashes: `(words,)` uint64, no two the same and none known.
            pieces: Their pieces, a row a word.
            odd: Whether a word must be read with its neighbours, `(words,)`.
        """
        begin, end = self._size, self._size + len(hashes)
        used = self._used
        self._used += pieces.values.size
        self._pieces = _put(self._pieces, pieces.values, used)
        self._begins = _put(self._begins, used + pieces.offsets[:-1], begin)
        self._lengths = _put(self._lengths, pieces.lengths, begin)
        self._odd = _put(self._odd, odd, begin)
        self._hashes = _put(self._hashes, hashes, begin)
        if end * _SLOTS_PER_WORD > len(self._slots):
            slots = np.full(len(self._hashes) * _SLOTS_PER_WORD, -1, np.int32)
            _place(slots, self._hashes[:end], np.arange(end, dtype=np.int32))
            self._slots = slots
        else:
            _place(self._slots, hashes, np.arange(begin, end, dtype=np.int32))
        self._size = end


def _first_slot(hashes: HashArray, slots: int) -> NDArray[np.int64]:
    """Return the slot at which the search begins: the upper bits of a hash."""
    return (hashes >> np.uint64(65 - slots.bit_length())).astype(np.int64)


def _place(slots: IdArray, hashes: HashArray, entries: IdArray) -> None:
    """Write entries into free slots, each at or behind its first."""
    slot = _first_slot(hashes, len(slots))
    while entries.size:
        free = slots[slot] == -1
        # Of several that want one slot the last gets it; the others go on.
        slots[slot[free]] = entries[free]
        left = slots[slot] != entries
        slot = (slot[left] + 1) & (len(slots) - 1)
        entries = entries[left]


def _put(array: NDArray[Any], values: NDArray[Any], begin: int) -> NDArray[Any]:
    """Write values from a place on, into a copy twice as long where they do not fit."""
    end = begin + len(values)
    if end > len(array):
        longer = np.zeros(1 << (end - 1).bit_length(), array.dtype)
        longer[:begin] = array[:begin]
        array = longer
    array[begin:end] = values
    return array
