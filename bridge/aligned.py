"""`AlignedCalls`: arrays with what belongs to each token: characters, words, labels."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bridge.id_source import IdSource
from bridge.ragged import IdArray
from bridge.row_format import Arrays, RowFormat, rows_of
from bridge.windows import Windows, cut_windows, place_offsets
from bridge.words import (
    IGNORED,
    check_words,
    join_words,
    spread_labels,
    word_numbers,
)


class AlignedCalls:
    """The calls of an encoder that return more than the backbone's arrays.

    Attributes:
        source: Turns texts into the backbone's ids.
        form: Turns ids into arrays.
    """

    source: IdSource
    form: RowFormat

    def windows(
        self,
        texts: Sequence[str],
        pairs: Sequence[str] | None = None,
        *,
        stride: int = 0,
        offsets: bool = False,
    ) -> Windows:
        """Encode long texts as several rows each, which slide over them.

        Args:
            texts: Texts, at least one. Beside `pairs` they stand whole in every row.
            pairs: Second texts, which are cut instead, or `None`.
            stride: Ids that two neighbouring rows share.
            offsets: Whether to say which characters every token stands for.

        Returns:
            The arrays, and for every row its text and its place in it.

        Raises:
            TextInputError: If there is no text, or one is not a `str`.
            SequenceLengthError: If the rows would not move on.
            ValueError: If offsets are asked for and cannot follow the ids; see
                `with_offsets`.
        """
        parts = [
            self.source.located(side) if offsets else self.source.unlocated(side)
            for side in (texts, pairs)
            if side is not None
        ]
        return cut_windows(
            parts[0],
            parts[1] if len(parts) > 1 else None,
            form=self.form,
            stride=stride,
            offsets=offsets,
        )

    def with_offsets(
        self, texts: Sequence[str], pairs: Sequence[str] | None = None
    ) -> tuple[Arrays, NDArray[np.int32]]:
        """Encode texts and say which characters every token stands for.

        Args:
            texts: Texts, at least one.
            pairs: Second texts, as many, or `None`.

        Returns:
            The arrays, and `(len(texts), sequence_length, 2)` int32: the first
            character of each token and the one behind its last, in its own text;
            `(0, 0)` for special tokens and padding.

        Raises:
            NotImplementedError: If the tokenizer cannot tell.
            ValueError: If the strategy is `"retokenize"` and a text does not come back
                from its ids as it was.
        """
        sides = (texts,) if pairs is None else (texts, pairs)
        parts = [self.source.located(side) for side in sides]
        arrays = self.form.arrays(*(part.ids for part in parts))
        return arrays, place_offsets(parts, self.form)

    def with_word_ids(self, words: Sequence[Sequence[str]]) -> tuple[Arrays, IdArray]:
        """Encode texts that are split into words.

        Args:
            words: One list of words for each text. Every word has the ids that it has
                after a space in running text.

        Returns:
            The arrays, and `(len(words), sequence_length)` int32: the number of each
            token's word in its text, -1 for special tokens and padding.

        Raises:
            TextInputError: If there is no text, or a word is not a `str`.
        """
        flat, counts = check_words(words)
        ids = self.source.of_words(flat, counts)
        rows = join_words(ids, counts)
        numbers = rows_of(word_numbers(ids, counts), rows)
        return self.form.arrays(rows), self.form.marks(numbers, blank=-1)

    def with_labels(
        self,
        words: Sequence[Sequence[str]],
        labels: Sequence[Sequence[int]],
        *,
        pieces: Literal["first", "all"] = "first",
    ) -> tuple[Arrays, IdArray]:
        """Encode texts that are split into labelled words, for token classification.

        Args:
            words: One list of words for each text, as `with_word_ids` takes them.
            labels: One label for each word, -100 for one that does not count.
            pieces: Whether the first token of a word has its label, or all have.

        Returns:
            The arrays, and `(len(words), sequence_length)` int32 labels: -100 for all
            other tokens, special tokens and padding. `bridge.TokenClassifier` leaves
            them out of every loss and metric. A model of your own needs a loss with
            `ignore_class=-100` and `sample_weight=labels != -100` for its weighted
            metrics: without, TensorFlow raises, and jax and torch take every such
            token for one that costs nothing, without a word.

        Raises:
            TextInputError: If there is no text, or a word is not a `str`.
            ValueError: If there is not one label for each word.
        """
        flat, counts = check_words(words)
        ids = self.source.of_words(flat, counts)
        rows = join_words(ids, counts)
        spread = spread_labels(labels, ids, counts, pieces=pieces)
        marks = self.form.marks(rows_of(spread, rows), blank=IGNORED)
        return self.form.arrays(rows), marks
