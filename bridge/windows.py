"""`Windows`: long texts as several rows each, and the way back."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from bridge.errors import SequenceLengthError
from bridge.ragged import IdArray, OffsetArray, Ragged
from bridge.row_format import Arrays, RowFormat
from bridge.stretches import Stretches


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Rows that slide over their texts.

    Attributes:
        arrays: Exactly the backbone's inputs, `(rows, sequence_length)` each.
        text_index: Text that every row comes from, `(rows,)` int64.
        starts: First id of every row among the ids of its text, `(rows,)` int64.
        lengths: Ids of its text in every row, `(rows,)` int64.
        offsets: First character of every token and the one behind its last, in its
            own text, `(rows, sequence_length, 2)` int32, `(0, 0)` for special tokens
            and padding; `None` where they were not asked for.
    """

    arrays: Arrays
    text_index: OffsetArray
    starts: OffsetArray
    lengths: OffsetArray
    offsets: NDArray[np.int32] | None = None

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.text_index)


@dataclass(frozen=True, slots=True, eq=False)
class Located:
    """Ids of texts with the characters they stand for.

    Attributes:
        ids: Ids that the backbone gets, one row a text.
        offsets: First character of every id and the one behind its last, `(total, 2)`
            int32; left empty where nobody asked.
    """

    ids: Ragged
    offsets: NDArray[np.int32] = field(default_factory=lambda: np.empty((0, 2), "i4"))


@dataclass(frozen=True, slots=True, eq=False)
class _Cut:
    """Which ids of which text stand in every row, for one of two segments."""

    row: OffsetArray
    starts: OffsetArray
    lengths: OffsetArray

    @classmethod
    def nothing(cls, lengths: OffsetArray) -> Self:
        """Keep all ids of every text."""
        return cls(np.arange(len(lengths)), np.zeros_like(lengths), lengths)

    def of(self, rows: Ragged, values: IdArray) -> Stretches:
        return Stretches(values, rows.offsets[self.row] + self.starts, self.lengths)


def cut_windows(
    first: Located,
    second: Located | None,
    *,
    form: RowFormat,
    stride: int,
    offsets: bool,
) -> Windows:
    """Cut texts into windows: the second of a pair if there is one, else the only one.

    Args:
        first: Texts. Beside a second one they stand whole in every row.
        second: Second texts, as many, or `None`.
        form: How rows are made.
        stride: Ids that two neighbouring windows share.
        offsets: Whether both sides have offsets, which the rows shall have too.

    Returns:
        The rows of every text in order, at least one each.

    Raises:
        SequenceLengthError: If windows would not move on.
        ValueError: If the two sides have different numbers of texts.
    """
    room = np.full(len(first.ids), form.room(paired=second is not None))
    whole = first.ids.lengths
    if second is not None:
        if len(second.ids) != len(first.ids):
            raise ValueError(
                "Windows need as many second texts as first ones. Received: "
                f"{len(first.ids)} and {len(second.ids)}. Pass one for each."
            )
        room = room - whole
    sliding = first if second is None else second
    windows = _slide(sliding.ids.lengths, room, stride)
    if second is None:
        parts = [(windows, first)]
    else:
        stays = _Cut(windows.row, np.zeros_like(windows.row), whole[windows.row])
        parts = [(stays, first), (windows, second)]
    arrays = form.arrays(*(cut.of(side.ids, side.ids.values) for cut, side in parts))
    return Windows(
        arrays,
        text_index=windows.row,
        starts=windows.starts,
        lengths=windows.lengths,
        offsets=_offsets(parts, form) if offsets else None,
    )


def place_offsets(parts: list[Located], form: RowFormat) -> NDArray[np.int32]:
    """Put the characters of ids where the ids are put, one row a text.

    Args:
        parts: One or two segments.
        form: How rows are made.

    Returns:
        `(rows, sequence_length, 2)` int32.
    """
    whole = [_Cut.nothing(side.ids.lengths) for side in parts]
    return _offsets(list(zip(whole, parts, strict=True)), form)


def _offsets(parts: list[tuple[_Cut, Located]], form: RowFormat) -> NDArray[np.int32]:
    columns = [
        form.marks(
            *(cut.of(side.ids, side.offsets[:, i]) for cut, side in parts), blank=0
        )
        for i in (0, 1)
    ]
    return np.stack(columns, axis=-1)


def _slide(lengths: OffsetArray, room: OffsetArray, stride: int) -> _Cut:
    """Choose the windows of every text; the last one ends with its text."""
    step = room - stride
    stuck = ((lengths > room) & (step < 1)) | (room < 1)
    if stride < 0 or stuck.any():
        text = 0 if stride < 0 else int(np.flatnonzero(stuck)[0])
        raise SequenceLengthError(
            "`stride` must be at least 0 and leave room for one more id. Received: "
            f"stride={stride}, with room for {int(room[text])} ids of the text at "
            f"position {text}. Pass a smaller stride or a longer sequence."
        )
    step = np.maximum(step, 1)
    counts = 1 + np.maximum(-((room - lengths) // step), 0)
    row = np.repeat(np.arange(len(lengths)), counts)
    place = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    starts = place * step[row]
    return _Cut(row, starts, np.minimum(lengths[row] - starts, room[row]))
