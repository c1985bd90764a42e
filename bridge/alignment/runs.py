"""`Runs`: rows cut into text and special tokens, and put together again."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from bridge.ragged import OffsetArray, Ragged
from bridge.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Longest stretches of rows that are all text, or all special tokens.

    Attributes:
        ids: One row a run.
        is_text: Whether each is text, `(runs,)` bool.
        of_row: First run of every row and the one behind the last, `(rows + 1,)`.
    """

    ids: Ragged
    is_text: NDArray[np.bool_]
    of_row: OffsetArray

    @classmethod
    def of(cls, ids: Ragged, is_text: NDArray[np.bool_]) -> Self:
        """Cut rows.

        Args:
            ids: Rows.
            is_text: Whether each id stands for text, `(total,)` bool.

        Returns:
            Their runs.
        """
        row = ids.row_of_value
        border = np.ones(len(is_text), bool)
        border[1:] = (is_text[1:] != is_text[:-1]) | (row[1:] != row[:-1])
        begins = np.flatnonzero(border)
        return cls(
            Ragged(ids.values, np.append(begins, len(is_text))),
            is_text[begins],
            np.searchsorted(begins, ids.offsets),
        )

    def split(self) -> tuple[Ragged, Ragged]:
        """Return the runs of text, and those of special tokens."""
        return (
            self.ids.take(np.flatnonzero(self.is_text)),
            self.ids.take(np.flatnonzero(~self.is_text)),
        )

    def join(self, texts: Ragged, specials: Ragged) -> Ragged:
        """Put what became of both back into rows.

        Args:
            texts: One row a run of text.
            specials: One row a run of special tokens.

        Returns:
            One row a row that was cut.
        """
        order = np.empty(len(self.ids), np.int64)
        order[self.is_text] = np.arange(len(texts))
        order[~self.is_text] = len(texts) + np.arange(len(specials))
        joined = Ragged.concatenate([texts, specials]).take(order)
        return Ragged(joined.values, joined.offsets[self.of_row])


def is_unknown(ids: Ragged, vocabulary: Vocabulary) -> NDArray[np.bool_]:
    """Tell which ids stand for text that a vocabulary cannot express.

    Args:
        ids: Ids of its tokenizer.
        vocabulary: The vocabulary.

    Returns:
        `(total,)` bool. None are where one token plays all roles, as GPT-2's does: no
        text is unknown to it.
    """
    roles = dict(vocabulary.roles)
    unk = roles.pop("unk", None)
    if unk is None or unk in roles.values():
        return np.zeros(ids.values.size, bool)
    return np.asarray(ids.values == unk)


def without(ids: Ragged, dropped: NDArray[np.bool_]) -> Ragged:
    """Leave values out of rows.

    Args:
        ids: Rows.
        dropped: Which values go, `(total,)` bool.

    Returns:
        As many rows.
    """
    kept = np.concatenate([[0], np.cumsum(~dropped)])
    return Ragged(ids.values[~dropped], kept[ids.offsets])
