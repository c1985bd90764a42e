"""`TokenClassifierPreprocessor`: rows of words to arrays and labels of tokens."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

import keras
import keras_hub
import numpy as np
from numpy.typing import NDArray

from bridge.encoder import Encoder
from bridge.errors import BridgeError, MissingVocabularyError, TextInputError
from bridge.keras.graph import graph_library
from bridge.keras.spec import describe
from bridge.keras.tokenizer import KerasTokenizer
from bridge.lazy import lazy
from bridge.ragged import IdArray, OffsetArray, Ragged
from bridge.row_format import Arrays
from bridge.stretches import Stretches
from bridge.windows import Located, Windows, cut_windows
from bridge.words import IGNORED, PIECES, check_words, join_words, spread_labels

Words = Sequence[Sequence[str]]


@keras.saving.register_keras_serializable(package="bridge")
class TokenClassifierPreprocessor(keras_hub.models.Preprocessor):
    """Turns texts that are split into words into what a `TokenClassifier` takes.

    Every word has the ids that it has after a space in running text. The mask is made
    from lengths, so a real token that has the pad id is not hidden.

    Args:
        tokenizer: A `KerasTokenizer`, such as `link.keras_tokenizer()`, or anything it
            takes. It says which ids come out and what is put around them.
        sequence_length: Columns of the arrays.
        pieces: Which tokens of a word have its label: the `"first"`, or `"all"`.
        backbone: KerasHub backbone that the arrays are for, where `tokenizer` is not
            a `KerasTokenizer`, which knows.
        **kwargs: Passed to the Keras layer.

    Raises:
        SequenceLengthError: If the backbone takes no such length.
        MissingRoleError: If a special token is needed and missing.
        ValueError: If `pieces` is unknown, or the tokenizer has a backbone already.

    Example:
        >>> preprocessor = link.preprocessor(
        ...     bridge.TokenClassifierPreprocessor, sequence_length=6
        ... )
        >>> x, y = preprocessor([["Ankara", "is"]], y=[[1, 0]])
        >>> y.tolist()  # Ankara is six tokens here, of which four fit
        [[-100, 1, -100, -100, -100, -100]]
    """

    def __init__(
        self,
        tokenizer: Any,  # noqa: ANN401  a KerasTokenizer, or what it takes
        *,
        sequence_length: int = 128,
        pieces: Literal["first", "all"] = "first",
        backbone: Any = None,  # noqa: ANN401  a keras_hub Backbone
        **kwargs: Any,  # noqa: ANN401  Keras's own
    ) -> None:
        super().__init__(**kwargs)
        if pieces not in PIECES:
            raise ValueError(
                f"`pieces` must be one of {', '.join(map(repr, PIECES))}. "
                f"Received: {pieces!r}. Leave it out for 'first'."
            )
        self.tokenizer = _keras_tokenizer(tokenizer, backbone)
        self._sequence_length = sequence_length
        self._pieces = pieces
        self.built = True  # nothing to build, of which Keras would warn on torch
        # From a file the tokenizer is not complete yet; else a fault shows at once.
        with suppress(MissingVocabularyError):
            _ = self.encoder

    @property
    def sequence_length(self) -> int:
        """Columns of the arrays."""
        return self._sequence_length

    @property
    def pieces(self) -> Literal["first", "all"]:
        """Which tokens of a word have its label."""
        return self._pieces

    @lazy
    def encoder(self) -> Encoder:
        """Makes the arrays."""
        codec = self.tokenizer.codec
        if codec.alignment is not None:
            return Encoder(
                codec.tokenizer,
                alignment=codec.alignment,
                strategy=codec.method,
                sequence_length=self.sequence_length,
            )
        return Encoder(
            codec.tokenizer,
            backbone=codec.spec,
            vocabulary=codec.vocabulary,
            sequence_length=self.sequence_length,
        )

    def call(
        self,
        x: Words,
        y: Sequence[Sequence[int]] | None = None,
        sample_weight: Any = None,  # noqa: ANN401  Keras's own
    ) -> Any:  # noqa: ANN401  as `keras.utils.pack_x_y_sample_weight`
        """Make one row for every text. Words that do not fit are cut off.

        `windows` cuts nothing off; `TokenClassifier.fit` uses it.

        Args:
            x: One list of words for each text.
            y: One label for each word, -100 for one that does not count.
            sample_weight: Passed on.

        Returns:
            The arrays, each `(len(x), sequence_length)`; with `y` also the labels of
            the tokens, int32, -100 where there is none; with `sample_weight` that too.

        Raises:
            TextInputError: If these are no rows of words.
            ValueError: If there is not one label for each word.
        """
        try:
            if graph_library() is not None:
                raise TextInputError(
                    "Words are encoded before a dataset is made of them. Received: "
                    "tensors of a graph, as in `dataset.map(preprocessor)`. Pass lists "
                    "of words to `preprocessor(words, y=labels)`, and its result to "
                    "`tf.data.Dataset.from_tensor_slices`."
                )
            split = self.split(x)
            arrays = self.encoder.form.arrays(split.rows)
            labels = None
            if y is not None:
                spread = self._labels(split, y)
                labels = self.encoder.form.marks(spread, blank=IGNORED)
        except BridgeError as error:
            # Keras would print all words after the message; see `KerasTokenizer.call`.
            error._keras_call_info_injected = True  # type: ignore[attr-defined]
            raise
        return keras.utils.pack_x_y_sample_weight(arrays, labels, sample_weight)

    def windows(
        self, x: Words, y: Sequence[Sequence[int]]
    ) -> tuple[Arrays, IdArray, OffsetArray]:
        """Make as many rows for every text as it takes to hold all of its words.

        Args:
            x: One list of words for each text.
            y: One label for each word, -100 for one that does not count.

        Returns:
            The arrays, `(rows, sequence_length)` each; the labels of the tokens, of
            the same shape, every word's once; and the text of each row, `(rows,)`.

        Raises:
            TextInputError: If these are no rows of words.
            ValueError: If there is not one label for each word.
        """
        split = self.split(x)
        labels = self._labels(split, y)
        cut = self.cut(split, stride=0)
        marks = self.place(labels.values, split, cut, blank=IGNORED)
        return cut.arrays, marks, cut.text_index

    def split(self, x: Words) -> "SplitTexts":
        """Encode words; see `SplitTexts`."""
        words, counts = check_words(x)
        return SplitTexts(self.encoder.source.of_words(words, counts), counts)

    def cut(self, split: "SplitTexts", *, stride: int) -> Windows:
        """Cut texts into rows that share `stride` tokens with the next."""
        located = Located(split.rows)
        form = self.encoder.form
        return cut_windows(located, None, form=form, stride=stride, offsets=False)

    def place(
        self, values: IdArray, split: "SplitTexts", cut: Windows, *, blank: int
    ) -> IdArray:
        """Put a number of every token where `cut` puts the token."""
        begins = split.rows.offsets[cut.text_index] + cut.starts
        marks = Stretches(values, begins, cut.lengths)
        return self.encoder.form.marks(marks, blank=blank)

    def _labels(self, split: "SplitTexts", y: Sequence[Sequence[int]]) -> Ragged:
        labels = spread_labels(y, split.ids, split.counts, pieces=self.pieces)
        return Ragged(labels, split.rows.offsets)

    def get_config(self) -> dict[str, Any]:
        """Return plain data; the tokenizer's own is an asset."""
        return {
            **super().get_config(),
            "sequence_length": self.sequence_length,
            "pieces": self.pieces,
        }


@dataclass(frozen=True, eq=False)
class SplitTexts:
    """The tokens of texts that came as words.

    Attributes:
        ids: One row a word.
        counts: Words of each text, `(texts,)` int64.
    """

    ids: Ragged
    counts: OffsetArray

    @lazy
    def rows(self) -> Ragged:
        """The same, one row a text."""
        return join_words(self.ids, self.counts)

    @property
    def first(self) -> tuple[OffsetArray, NDArray[np.bool_]]:
        """Place of every word's first token, and whether it has one."""
        return self.ids.offsets[:-1], self.ids.lengths > 0


def _keras_tokenizer(tokenizer: Any, backbone: Any) -> Any:  # noqa: ANN401
    if not isinstance(tokenizer, KerasTokenizer):
        spec = None if backbone is None else describe(backbone)
        return KerasTokenizer(tokenizer, spec=spec)
    if backbone is not None:
        raise ValueError(
            "A KerasTokenizer says itself what its backbone expects. Received: "
            "one together with `backbone`. Leave `backbone` out."
        )
    return tokenizer
