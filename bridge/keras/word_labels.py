"""Labels of words: names and numbers, and how they are read off tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bridge.lazy import lazy
from bridge.ragged import IdArray, OffsetArray
from bridge.windows import Windows
from bridge.words import IGNORED

if TYPE_CHECKING:
    from bridge.keras.token_classifier_preprocessor import SplitTexts

# A name where the labels have names, else a number; `None` where there is none.
Label = str | int | None


@dataclass(frozen=True)
class LabelNames:
    """The classes of a token classifier, by number or by name.

    Attributes:
        num_classes: How many there are.
        names: Their names in the order of their numbers, or `None`.

    Raises:
        ValueError: If there is not one name for each class, or one twice.
    """

    num_classes: int
    names: tuple[str, ...] | None

    def __post_init__(self) -> None:
        """Refuse names that do not fit."""
        names = self.names
        if names is not None and not self.num_classes == len(names) == len(set(names)):
            raise ValueError(
                "`labels` must hold one name for each class, none of them twice. "
                f"Received: {len(names)} names, {len(set(names))} of them different, "
                f"for num_classes={self.num_classes}. Pass "
                "`num_classes=len(labels)`."
            )

    def numbers(self, labels: Sequence[Sequence[Any]]) -> list[list[int]]:
        """Return labels as numbers, checked.

        Args:
            labels: Rows of numbers, or of names where there are any.

        Returns:
            The same rows of numbers.

        Raises:
            ValueError: If a label is unknown.
        """
        table: dict[Any, int] = {i: i for i in range(self.num_classes)}
        table[IGNORED] = IGNORED
        table.update({name: i for i, name in enumerate(self.names or ())})
        try:
            return [[table[label] for label in row] for row in labels]
        except KeyError as error:
            raise self._unknown(labels, error.args[0]) from None

    @lazy
    def _table(self) -> dict[int, Label]:
        return dict(enumerate(self.names or range(self.num_classes)))

    def _unknown(self, labels: Sequence[Sequence[Any]], label: object) -> ValueError:
        same = sum(other == label for other in chain.from_iterable(labels))
        names = "" if self.names is None else f" or one of {', '.join(self.names)}"
        return ValueError(
            f"A label must be a number from 0 to {self.num_classes - 1}{names}, or "
            f"{IGNORED} for a word that does not count. Received: {label!r} ({same} "
            "such labels). Check the labels, or `num_classes` and `labels`."
        )

    def spelled(self, labels: Sequence[Sequence[Any]]) -> list[list[Label]]:
        """Return labels as names, checked; numbers where there are no names.

        Args:
            labels: Rows of numbers, or of names where there are any.

        Returns:
            The same rows, `None` for -100.

        Raises:
            ValueError: If a label is unknown.
        """
        return [[self._table.get(n) for n in row] for row in self.numbers(labels)]

    def named(self, numbers: IdArray, counts: OffsetArray) -> list[list[Label]]:
        """Return numbers as rows of labels.

        Args:
            numbers: One for each word of all texts, -100 for none.
            counts: Words of each text.

        Returns:
            The rows.
        """
        flat = [self._table.get(number) for number in numbers.tolist()]
        bounds = np.concatenate([[0], np.cumsum(counts)]).tolist()
        return [flat[i:j] for i, j in pairwise(bounds)]


def check_labels(
    y: Any,  # noqa: ANN401  an array or not
    num_classes: int,
    *,
    ignored: int | None = IGNORED,
) -> None:
    """Refuse an array of labels that holds a number outside the classes.

    Args:
        y: Labels of tokens or of texts; looked at only if they are an array or lists
            of numbers.
        num_classes: Number of classes.
        ignored: Label of what does not count, or `None`.

    Raises:
        ValueError: If one is outside, where frameworks do different things silently.
    """
    if not isinstance(y, np.ndarray | list | tuple):
        return
    y = np.asarray(y)
    if y.dtype.kind not in "iuf":
        return
    outside = (y < 0) | (y >= num_classes)
    if ignored is not None:
        outside &= y != ignored
    if outside.any():
        also = "" if ignored is None else f", or {ignored} for one that does not count"
        raise ValueError(
            f"A label must be a number from 0 to {num_classes - 1}{also}. Received: "
            f"{y[outside][0]} ({outside.sum()} such labels). Check the labels, or "
            "`num_classes`."
        )


def read_words(
    classes: NDArray[np.integer],
    cells: IdArray,
    cut: Windows,
    split: "SplitTexts",
    *,
    stride: int,
) -> IdArray:
    """Read the class of every word off its first token.

    Args:
        classes: Predicted class of every cell, `(rows, sequence_length)`.
        cells: Place of the token in every cell among all tokens, -100 for none.
        cut: The rows.
        split: The words.
        stride: Tokens that neighbouring rows share.

    Returns:
        `(words,)` int32, -100 for a word without tokens.
    """
    begins = split.rows.offsets[cut.text_index] + cut.starts
    into_row = cells - begins[:, None]
    # Of the tokens that two rows share, the earlier one reads the first half and the
    # later one the second: each those that it shows more text around.
    read = (cells != IGNORED) & ((into_row >= stride // 2) | (cut.starts == 0)[:, None])
    by_token = np.full(split.ids.values.size, IGNORED, np.int32)
    # Where a token is read twice, numpy keeps the last value, the later row's.
    by_token[cells[read]] = classes[read]
    starts, has_tokens = split.first
    words = np.full(len(split.ids), IGNORED, np.int32)
    words[has_tokens] = by_token[starts[has_tokens]]
    return words
