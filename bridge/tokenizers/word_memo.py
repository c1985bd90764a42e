"""`WordMemo`: ids of words that were met, for models that see words one by one."""

import threading
from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from bridge.ragged import OffsetArray, Ragged, take_slices
from bridge.tokenizers.word_asker import Encode, WordAsker
from bridge.tokenizers.word_cutter import END, WordCutter
from bridge.tokenizers.word_rule import WordRule

Number = TypeVar("Number", bound=np.generic)

# When so many are kept, or have had so many ids, all are forgotten. They and their ids
# take some 130 MB.
MOST_WORDS, MOST_IDS = 2**19, 2**24

# Longer words hardly come again: whole sentences where no spaces are written.
LONGEST = 32

# From this share of distinct new words on, the library alone is quicker on a batch. The
# next batches are left to it: one, then two, up to so many, until fewer are new.
MANY_NEW, MOST_LEFT = 1 / 3, 16

# Words of a batch that tells.
ENOUGH = 2**14

_NEW, _NOT_ALONE, _END_ROW = -2, -1, 0


class WordMemo:
    """Encodes texts by words, each word once.

    Args:
        rule: What a word is.
    """

    def __init__(self, rule: WordRule) -> None:
        self._cutter = WordCutter(rule)
        self._asker = WordAsker(self._cutter)
        self._lock = threading.Lock()
        self._pause = self._left = 0
        self._forget()

    def _forget(self) -> None:
        self._rows: dict[str, int] = {END: _END_ROW}
        # Both longer than they need be, so that adding words seldom copies them.
        self._values = np.empty(0, np.int32)
        self._offsets = np.zeros(2, np.int64)
        self._count = 1

    def encode(
        self, texts: Sequence[str], reference: Encode
    ) -> tuple[Ragged, OffsetArray]:
        """Encode texts.

        Args:
            texts: Checked texts.
            reference: The library, which is asked for words that are new.

        Returns:
            Token ids, one row a text, and the places of those texts whose ids are not
            those of their words.
        """
        with self._lock:
            is_left = self._left > 0
            self._left -= is_left
        if is_left:
            return reference(list(texts)), np.empty(0, np.int64)
        odd = [place for place, text in enumerate(texts) if END in text]
        if odd:
            texts = ["" if END in text else text for text in texts]
        words = self._cutter.cut(texts)
        with self._lock:
            index = self._find(words, reference)
            ends = np.flatnonzero(index == _END_ROW)
            alone = index != _NOT_ALONE
            # A word that does not stand alone has no row, and so far no ids.
            index[~alone] = _END_ROW
            begin = self._offsets[index]
            ids = take_slices(self._values, begin, self._offsets[index + 1] - begin)
        offsets = np.zeros(len(texts) + 1, np.int64)
        offsets[1:] = ids.offsets[ends]
        doubtful = np.searchsorted(ends, np.flatnonzero(~alone))
        return Ragged(ids.values, offsets), np.union1d(doubtful, odd).astype(np.int64)

    def _find(self, words: list[str], reference: Encode) -> OffsetArray:
        """Return the row of every word, and -1 for those that do not stand alone."""
        if len(self._rows) > MOST_WORDS or self._values.size > MOST_IDS:
            self._forget()
        known = map(self._rows.get, words, repeat(_NEW))
        index = np.fromiter(known, np.int64, len(words))
        new = np.flatnonzero(index == _NEW)
        met = [words[place] for place in new.tolist()]
        distinct = list(dict.fromkeys(met))
        if distinct:
            rows = self._learn(distinct, reference)
            index[new] = np.fromiter(map(rows.__getitem__, met), np.int64, len(met))
        if len(words) >= ENOUGH:
            many = len(distinct) >= MANY_NEW * len(words)
            self._pause = min(max(1, 2 * self._pause), MOST_LEFT) if many else 0
            self._left = self._pause
        return index

    def _learn(self, words: list[str], reference: Encode) -> Mapping[str, int]:
        """Return the rows of new words; those of long ones hold until the next call."""
        alone = [word for word in words if self._cutter.stands_alone(word)]
        kept, ids = self._asker.ask(
            [word for word in alone if len(word) <= LONGEST], reference
        )
        long = [word for word in alone if len(word) > LONGEST]
        if long:
            ids = Ragged.concatenate([ids, reference(long)])
        count, used = self._count, int(self._offsets[self._count])
        self._values = _grown(self._values, used + ids.values.size)
        self._offsets = _grown(self._offsets, count + len(ids) + 1)
        self._values[used : used + ids.values.size] = ids.values
        self._offsets[count + 1 : count + len(ids) + 1] = used + ids.offsets[1:]
        rows = dict.fromkeys(words, _NOT_ALONE)
        rows |= zip([*kept, *long], range(count, count + len(ids)), strict=True)
        # Last, so that words are not there without ids where the library raises.
        self._count += len(kept)
        self._rows |= ((word, rows[word]) for word in words if len(word) <= LONGEST)
        return rows


def _grown(array: NDArray[Number], size: int) -> NDArray[Number]:
    """Return the array, or a copy of at least twice its size."""
    if size <= array.size:
        return array
    longer = np.empty(max(size, 2 * array.size), array.dtype)
    longer[: array.size] = array
    return longer
