"""`Reading`: a batch of texts as one model reads it, and the views of its states."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.embedding.word_rows import WordRows
from bridge.keras.distilling.segments import Side
from bridge.packing import pack
from bridge.ragged import Ragged
from bridge.spec import Template
from bridge.tokenizers.base import Tokenizer


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """One model's inputs for a batch, and how its states become views.

    A view is a mean of hidden states: of the whole text first, then of each special
    token, then of each segment. Those of two readings of the same texts stand for the
    same.

    Attributes:
        ids: `(batch_size, width)` int32.
        mask: Same shape, bool, true where a token is real.
        views: `(batch_size, 1 + width, width)` float32: weight of each state in each
            view; all 0 for a view that there is not.
    """

    ids: NDArray[np.int32]
    mask: NDArray[np.bool_]
    views: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """How a model reads texts.

    Attributes:
        tokenizer: Its tokenizer.
        template: Special tokens around a text, by id.
        pad_id: Id in unused cells.
        last: Whether the view of a segment is its last state, which alone has seen all
            of it in a causal model, and not the mean of its states.
        words: Words that the model knows by their tokens, or `None`.
    """

    tokenizer: Tokenizer
    template: Template
    pad_id: int
    last: bool
    words: WordRows | None = None

    @property
    def specials(self) -> int:
        """Special tokens of a text."""
        return len(self.template.start) + len(self.template.end)

    def read(self, side: Side, width: int) -> Reading:
        """Make the inputs of a batch.

        Args:
            side: Its texts.
            width: Columns, enough for each of them.

        Returns:
            The inputs and the views; ids of words are rows behind the vocabulary's.
        """
        ids = side.ids if self.words is None else self.words.write(side.ids)
        packed = pack(
            ids, template=self.template, sequence_length=width, pad_id=self.pad_id
        )
        mask = packed.padding_mask
        views = np.zeros((len(mask), 1 + width, width), np.float32)
        views[:, 0] = mask / mask.sum(axis=1, keepdims=True)
        before = len(self.template.start)
        behind = before + side.ids.lengths
        for place in range(self.specials):
            column = place if place < before else behind + place - before
            views[np.arange(len(mask)), 1 + place, column] = 1
        parts = views[:, 1 + self.specials :]
        parts[segment_cells(side.segments, before)] = 1
        if self.last:
            # Ones from the last state of a segment on are one; of those before, more.
            parts *= np.cumsum(parts[:, :, ::-1], axis=2)[:, :, ::-1] == 1
        else:
            parts /= np.maximum(parts.sum(axis=2, keepdims=True), 1)
        return Reading(packed.token_ids, mask, views)


def segment_cells(
    segments: Ragged, before: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
    """Return text, segment and column of every token that shows.

    Args:
        segments: Segment of every token, -1 for none.
        before: Special tokens in front of a text.

    Returns:
        Three arrays, one entry a token.
    """
    row = segments.row_of_value
    column = np.arange(len(row)) - segments.offsets[row] + before
    shows = segments.values >= 0
    return row[shows], segments.values[shows], column[shows]
