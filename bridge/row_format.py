"""`RowFormat`: rows of ids to the arrays of one backbone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.errors import BackboneError
from bridge.layout import Layout
from bridge.packing import Packed, pack, pack_in_parts, pack_into
from bridge.places import PaddingSide, mask_of, room_for
from bridge.ragged import IdArray, OffsetArray, Ragged
from bridge.spec import Template
from bridge.stretches import Stretches
from bridge.tokenizers import Tokenizer
from bridge.tokenizers.padding import Padding
from bridge.truncation import Truncation
from bridge.vocabulary import TokenKind

Arrays = dict[str, NDArray[Any]]
Rows = Ragged | Stretches
Segments = tuple[Ragged, Ragged | None]


@dataclass(frozen=True, slots=True)
class RowFormat:
    """How long rows are, and what stands in them around the ids.

    Attributes:
        layout: Special tokens, pad id and the backbone's keys.
        sequence_length: Columns of the arrays.
        padding_side: Side that receives the padding.
        truncation: Which segment of a pair loses ids.

    Raises:
        BackboneError: If the backbone does not allow padding on that side.
        SequenceLengthError: If the backbone does not take that length.
    """

    layout: Layout
    sequence_length: int
    padding_side: PaddingSide
    truncation: Truncation

    def __post_init__(self) -> None:
        """Refuse what the backbone does not take."""
        self.layout.check_length(self.sequence_length)
        allowed = self.layout.spec.padding_sides
        if self.padding_side in ("right", "left") and self.padding_side not in allowed:
            raise BackboneError(
                "Padding must stand where the backbone's positions allow it. "
                f"Received: padding_side={self.padding_side!r} for a backbone that "
                "counts positions from column 0, so that padding there would shift "
                f"those of the text. Use {' or '.join(map(repr, allowed))}."
            )

    def room(self, *, paired: bool) -> int:
        """Return how many ids fit into a row; see `room_for`."""
        return room_for(
            self.layout.template, sequence_length=self.sequence_length, paired=paired
        )

    def arrays(self, ids: Rows, pairs: Rows | None = None) -> Arrays:
        """Pack rows.

        Args:
            ids: First segments, without special tokens.
            pairs: Second segments, as many, or `None`.

        Returns:
            Exactly the backbone's inputs.

        Raises:
            BackboneError: If the backbone knows one segment and there are two.
        """
        self._check_segments(paired=pairs is not None)
        return self._select(
            self._pack(ids, pairs, self.layout.template, self.layout.pad_id)
        )

    def fill(
        self,
        rows: int,
        part: Callable[[slice], Segments],
        *,
        paired: bool,
        step: int,
        parallel: bool,
    ) -> Arrays:
        """Pack rows that are made some at a time, straight into their place.

        Args:
            rows: Number of all rows.
            part: Makes the first segments of some rows, and the second ones.
            paired: Whether there are second ones; they are `None` otherwise.
            step: Rows of a part.
            parallel: Whether several parts may be made at the same time.

        Returns:
            Exactly the backbone's inputs.

        Raises:
            BackboneError: If the backbone knows one segment and there are two.
        """
        self._check_segments(paired=paired)

        def write(packed: Packed, stretch: slice) -> OffsetArray | None:
            first, second = part(stretch)
            return pack_into(
                packed,
                first,
                second,
                template=self.layout.template,
                pad_id=self.layout.pad_id,
                padding_side=self.padding_side,
                truncation=self.truncation,
            )

        return self._select(
            pack_in_parts(
                rows, self.sequence_length, write, step=step, parallel=parallel
            )
        )

    def arrays_as_they_are(self, ids: Ragged) -> Arrays:
        """Pack rows that hold their special tokens.

        Args:
            ids: Whole rows. A special token at the end of a row stays when it is cut.

        Returns:
            Exactly the backbone's inputs.
        """
        packed = self._pack(ids, None, Template(), self.layout.pad_id)
        cut = np.flatnonzero(ids.lengths > self.sequence_length)
        last = ids.values[ids.offsets[1:][cut] - 1]
        ends = self.layout.vocabulary.kinds[last] == TokenKind.SPECIAL
        packed.token_ids[cut[ends], -1] = last[ends]
        return self._select(packed)

    def marks(self, marks: Rows, pairs: Rows | None = None, *, blank: int) -> IdArray:
        """Put a number of every id where `arrays` puts the id.

        Args:
            marks: One number for every id of the first segments.
            pairs: The same for the second segments, or `None`.
            blank: Number of special tokens and padding.

        Returns:
            `(rows, sequence_length)` int32.
        """
        template = self.layout.template
        blanks = Template(
            (blank,) * len(template.start),
            (blank,) * len(template.separator),
            (blank,) * len(template.end),
        )
        return self._pack(marks, pairs, blanks, blank).token_ids

    def encode(self, tokenizer: Tokenizer, texts: list[str]) -> Arrays | None:
        """Let the tokenizer's engine fill the arrays, where it can.

        Args:
            tokenizer: Whose ids are the backbone's.
            texts: Texts, at least one.

        Returns:
            What `arrays` would make of its ids, or `None` where that must be done.
        """
        if self.padding_side != "right" or not self._has_a_row_for_all(tokenizer):
            return None
        self.room(paired=False)
        layout, width = self.layout, self.sequence_length
        padding = Padding(layout.template, width, layout.pad_id)
        padded = tokenizer.encode_padded(texts, padding)
        if padded is None:
            return None
        token_ids, lengths = padded
        return self._select(Packed(token_ids, mask_of(lengths, width)))

    def _has_a_row_for_all(self, tokenizer: Tokenizer) -> bool:
        # With fewer rows than tokens every id would have to be checked.
        rows = self.layout.spec.vocabulary_size
        rows = self.layout.vocabulary.size if rows is None else rows
        return tokenizer.vocabulary.size <= rows

    def _pack(
        self, ids: Rows, pairs: Rows | None, template: Template, pad_id: int
    ) -> Packed:
        return pack(
            ids,
            pairs,
            template=template,
            sequence_length=self.sequence_length,
            pad_id=pad_id,
            padding_side=self.padding_side,
            truncation=self.truncation,
        )

    def _check_segments(self, *, paired: bool) -> None:
        # On some backends a row that is not there reads as NaN.
        if paired and self.layout.spec.num_segments == 1:
            raise BackboneError(
                "A second text needs a segment of its own. Received: pairs, for a "
                "backbone with num_segments=1. Join the texts of a pair, or take a "
                "backbone with two."
            )

    def _select(self, packed: Packed) -> Arrays:
        return {key: getattr(packed, key) for key in self.layout.spec.keys}


def rows_of(marks: NDArray[np.integer], rows: Ragged) -> Ragged:
    """Give numbers of values the rows of those values.

    Args:
        marks: One number for every value, `(total,)`.
        rows: The values.

    Returns:
        The numbers as int32 rows.
    """
    return Ragged(marks.astype(np.int32), rows.offsets)
