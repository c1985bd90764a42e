"""`WordAsker`: the ids of many words, from a library that is quick on longer texts."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import TypeVar

import numpy as np

from bridge.ragged import Ragged
from bridge.tokenizers.word_cutter import WordCutter

Encode = Callable[[list[str]], Ragged]
Item = TypeVar("Item")

# Words that make one text. A call of the library for each takes twice as long.
_TOGETHER = 32

# Words that the library is asked for at a time: what it needs meanwhile stays small.
_AT_ONCE = 2**15

# What may stand between two words: one token, and rare as a word of its own.
_MARKS = "~^|`@#"


class WordAsker:
    """Asks for words in long texts, with a mark in between that tells their ids apart.

    Words are encoded alone and so is the mark. A text whose ids do not hold the mark's
    as often as the mark stands in it has it in a word too; its words are asked for one
    by one.

    Args:
        cutter: Cuts texts into these words.
    """

    def __init__(self, cutter: WordCutter) -> None:
        self._cutter = cutter
        self._mark: tuple[str, int] | None = None
        self._is_sought = False

    def ask(self, words: Sequence[str], reference: Encode) -> tuple[list[str], Ragged]:
        """Encode words.

        Args:
            words: Words that stand alone, all different.
            reference: The library.

        Returns:
            The words in another order, and their ids, a row a word.
        """
        can, apart = _parted(words, map(self._cutter.can_follow, words))
        order: list[str] = []
        found: list[Ragged] = []
        for part in _parts(can):
            known, ids, left = self._together(part, reference)
            order += known
            found.append(ids)
            apart += left
        found += map(reference, _parts(apart))
        return order + apart, Ragged.concatenate(found)

    def _together(
        self, words: list[str], reference: Encode
    ) -> tuple[list[str], Ragged, list[str]]:
        """Return words, their ids, and words that must be asked for one by one."""
        if not self._is_sought and len(words) > _TOGETHER:
            self._mark, self._is_sought = self._find_mark(reference), True
        if self._mark is None or len(words) <= _TOGETHER:
            return [], Ragged.from_lists([]), words
        glue, mark = self._mark
        rows = [words[i : i + _TOGETHER] for i in range(0, len(words), _TOGETHER)]
        ids = reference([glue.join(row) for row in rows])
        marks = np.concatenate([[0], np.cumsum(ids.values == mark)])
        marks_in = np.diff(marks[ids.offsets])
        right = marks_in == [len(row) - 1 for row in rows]
        known, left = (list(chain.from_iterable(part)) for part in _parted(rows, right))
        return known, _without(ids.take(np.flatnonzero(right)), mark, len(known)), left

    def _find_mark(self, reference: Encode) -> tuple[str, int] | None:
        """Return a text to stand between words and the one id it gives."""
        words = [self._cutter.as_word(mark) for mark in _MARKS]
        rows = reference(words).to_lists()
        for word, row in zip(words, rows, strict=True):
            # What several give is the id of all that is unknown.
            if len(row) == rows.count(row) == 1 and self._cutter.stands_alone(word):
                return self._cutter.between(word), row[0]
        return None


def _parts(words: list[str]) -> Iterator[list[str]]:
    for begin in range(0, len(words), _AT_ONCE):
        yield words[begin : begin + _AT_ONCE]


def _parted(items: Sequence[Item], flags: Iterable[bool]) -> tuple[list[Item], ...]:
    """Return the items with a flag, and those without."""
    parts: tuple[list[Item], list[Item]] = ([], [])
    for item, flag in zip(items, flags, strict=True):
        parts[not flag].append(item)
    return parts


def _without(ids: Ragged, mark: int, words: int) -> Ragged:
    """Cut rows at the mark, which stands once less in a row than there are words."""
    is_mark = ids.values == mark
    word = np.cumsum(is_mark) + ids.row_of_value
    lengths = np.bincount(word[~is_mark], minlength=words)
    return Ragged.from_lengths(ids.values[~is_mark], lengths)
