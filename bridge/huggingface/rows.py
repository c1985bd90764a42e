"""`Rows`: special tokens, stretches of texts and padding in one flat array."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bridge.huggingface.options import Options
from bridge.huggingface.segments import Segment
from bridge.huggingface.truncation import Windows
from bridge.ragged import OffsetArray
from bridge.tokenizers.frames import Frame, Piece

Cells = NDArray[np.int64]

# Up to this width a table of all masks is small whatever the number of rows.
_TABLE_WIDTH = 256


class Part(NamedTuple):
    """One piece of a frame in all rows.

    Attributes:
        piece: What it is.
        cells: Flat cells that it fills: their numbers, `(n,)` int64, or a mask of
            all, `(cells,)` bool.
        source: Value of its segment for every cell, `(n,)` int64, or a mask of all
            values, `(values,)` bool; all values in order if `None`.
    """

    piece: Piece
    cells: Cells | NDArray[np.bool_]
    source: Cells | NDArray[np.bool_] | None


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows that are laid out and not yet written.

    Attributes:
        parts: What stands where.
        segments: The texts' tokens.
        lengths: Real tokens of every row, `(rows,)` int64.
        starts: First cell of every row, `(rows + 1,)` int64.
        shifts: Padding in front of every row, `(rows,)` int64.
        sample: Text that every row comes from, `(rows,)` int64.
        paired: Whether every row has a second text, `(rows,)` bool.
        pad_id: Id in unused cells.
        pad_type_id: Segment id in unused cells.
    """

    parts: Sequence[Part]
    segments: Sequence[Segment]
    lengths: OffsetArray
    starts: OffsetArray
    shifts: OffsetArray
    sample: OffsetArray
    paired: NDArray[np.bool_]
    pad_id: int
    pad_type_id: int

    @property
    def widths(self) -> OffsetArray:
        """Cells of every row, `(rows,)` int64."""
        return np.diff(self.starts)

    def ids(self) -> Cells:
        """Write the ids, `(cells,)` int64."""
        cells = self._filled(self.pad_id)
        for part in self.parts:
            if part.piece.segment is None:
                cells[part.cells] = part.piece.token_id
            else:
                values = self.segments[part.piece.segment].ids.values
                cells[part.cells] = _take(values, part.source)
        return cells

    def type_ids(self) -> Cells:
        """Write the segment ids, `(cells,)` int64."""
        cells = self._filled(self.pad_type_id)
        for part in self.parts:
            if part.piece.type_id != self.pad_type_id:
                cells[part.cells] = part.piece.type_id
        return cells

    def mask(self) -> Cells:
        """Write 1 for real tokens and 0 for padding, `(cells,)` int64."""
        widths = self.widths
        if (widths == self.lengths).all():
            return np.ones(int(self.starts[-1]), np.int64)
        width = _table_width(widths)
        if width is None:
            cells = self._filled(0)
            for part in self.parts:
                cells[part.cells] = 1
            return cells
        left = self.shifts.any()
        table = _stairs(width).astype(np.int64)
        # Copying rows of a small table is several times faster than comparing.
        rows = (
            np.take(1 - table, self.shifts, axis=0)
            if left
            else np.take(table, self.lengths, axis=0)
        )
        return rows.reshape(-1)

    def special_mask(self) -> Cells:
        """Write 1 for special tokens and padding, 0 for text, `(cells,)` int64."""
        return self._texts(1, lambda _: 0)

    def segment_ids(self) -> Cells:
        """Write 0 and 1 for first and second texts, -1 elsewhere, `(cells,)`."""
        return self._texts(-1, lambda piece: int(piece.segment == 1))

    def words(self) -> Cells:
        """Write word numbers, -1 for special tokens and padding, `(cells,)` int64."""
        cells = self._filled(-1)
        for part in self.parts:
            if part.piece.segment is not None:
                words = self.segments[part.piece.segment].words
                cells[part.cells] = 0 if words is None else _take(words, part.source)
        return cells

    def offsets(self) -> Cells:
        """Write characters, (0, 0) for special tokens and padding, `(cells, 2)`."""
        cells = np.zeros((int(self.starts[-1]), 2), np.int64)
        for part in self.parts:
            if part.piece.segment is not None:
                offsets = self.segments[part.piece.segment].offsets
                if offsets is not None:
                    cells[part.cells] = _take(offsets, part.source)
        return cells

    def _texts(self, rest: int, value: Callable[[Piece], int]) -> Cells:
        cells = self._filled(rest)
        for part in self.parts:
            if part.piece.segment is not None:
                cells[part.cells] = value(part.piece)
        return cells

    def _filled(self, value: int) -> Cells:
        size = int(self.starts[-1])
        # Zeros are for free: the system hands out empty pages.
        return (
            np.zeros(size, np.int64) if value == 0 else np.full(size, value, np.int64)
        )


def lay_out(
    segments: Sequence[Segment],
    windows: Windows,
    frames: Sequence[tuple[Frame, NDArray[np.bool_]]],
    options: Options,
) -> Rows:
    """Give every token its cell.

    Args:
        segments: First and second texts' tokens.
        windows: Which stretches stand in which row.
        frames: Each frame with the texts it holds for, `(texts,)` bool.
        options: How to pad.

    Returns:
        The rows.
    """
    pieces: list[tuple[Piece, OffsetArray]] = []
    paired = np.zeros(windows.sample.size, bool)
    for frame, texts in frames:
        holds = texts[windows.sample].astype(np.int64)
        for piece in frame:
            taken = 1 if piece.segment is None else windows.lengths[piece.segment]
            pieces.append((piece, holds * taken))
            if piece.segment == 1:
                paired |= holds > 0
    lengths: OffsetArray = np.zeros(windows.sample.size, np.int64)
    for _, taken in pieces:
        lengths += taken
    widths = _widths(lengths, windows.leads, options)
    starts = np.zeros(lengths.size + 1, np.int64)
    np.cumsum(widths, out=starts[1:])
    left = options.padding_side == "left" and options.pads
    shifts = widths - lengths if left else np.zeros_like(lengths)
    parts = []
    begins = starts[:-1] + shifts
    width = _table_width(widths)
    stairs = None if width is None else _stairs(width)
    for piece, taken in pieces:
        if piece.segment is None:
            parts.append(_special(piece, taken, begins))
        else:
            cells = _cells(begins, taken, starts, stairs)
            source = _source(taken, segments[piece.segment], windows, piece.segment)
            parts.append(Part(piece, cells, source))
        begins = begins + taken
    return Rows(
        parts=parts,
        segments=segments,
        lengths=lengths,
        starts=starts,
        shifts=shifts,
        sample=windows.sample,
        paired=paired,
        pad_id=0 if options.pad_id is None else options.pad_id,
        pad_type_id=options.pad_type_id,
    )


def _special(piece: Piece, taken: OffsetArray, begins: OffsetArray) -> Part:
    rows = taken > 0
    return Part(piece, begins if rows.all() else begins[rows], None)


def _cells(
    begins: OffsetArray,
    taken: OffsetArray,
    starts: OffsetArray,
    stairs: NDArray[np.bool_] | None,
) -> Cells | NDArray[np.bool_]:
    """Return the flat cells of a stretch in every row."""
    if stairs is None:
        return _ranges(begins, taken)
    columns = begins - starts[:-1]
    mask: NDArray[np.bool_] = np.take(stairs, columns + taken, axis=0)
    mask ^= np.take(stairs, columns, axis=0)
    flat: NDArray[np.bool_] = mask.reshape(-1)
    return flat


def _source(
    taken: OffsetArray, segment: Segment, windows: Windows, side: int
) -> Cells | NDArray[np.bool_] | None:
    """Return the values of a segment that the rows take, `None` for all in order."""
    offsets = segment.ids.offsets
    if windows.whole and int(taken.sum()) == offsets[-1]:
        return None
    begins = windows.begins[side]
    if windows.sample.size > windows.leads.sum():
        return _ranges(offsets[:-1][windows.sample] + begins, taken)
    # Each text has one row: what is left out is less than what stays.
    keep = np.ones(int(offsets[-1]), bool)
    keep[_ranges(offsets[:-1], begins)] = False
    ends = begins + taken
    keep[_ranges(offsets[:-1] + ends, segment.ids.lengths - ends)] = False
    return keep


def _ranges(begins: OffsetArray, sizes: OffsetArray) -> Cells:
    """Return `begin, begin + 1, ...` for every stretch, one behind the other."""
    ends = np.cumsum(sizes)
    ranges: Cells = np.arange(int(ends[-1]) if ends.size else 0)
    ranges += np.repeat(begins - ends + sizes, sizes)
    return ranges


def _table_width(widths: OffsetArray) -> int | None:
    """Return the width of all rows if a table of that many rows is worth its size."""
    if not widths.size or (widths != widths[0]).any():
        return None
    width = int(widths[0])
    return width if width <= max(_TABLE_WIDTH, widths.size // 4) else None


def _stairs(width: int) -> NDArray[np.bool_]:
    """Return a table whose row `n` is true in its first `n` columns."""
    return np.tri(width + 1, width, -1, dtype=bool)


def _widths(
    lengths: OffsetArray, leads: NDArray[np.bool_], options: Options
) -> OffsetArray:
    """Return the cells of every row; a row that is longer stays as it is."""
    if not options.pads:
        return lengths
    if options.padding == "longest":
        width = int(lengths[leads].max())
    else:
        width = 0 if options.max_length is None else options.max_length
    multiple = options.pad_to_multiple_of
    if multiple is not None and multiple > 0:
        width = -(-width // multiple) * multiple
    return np.maximum(lengths, width)


def _take(
    values: NDArray[np.integer], source: Cells | NDArray[np.bool_] | None
) -> NDArray[np.integer]:
    return values if source is None else values[source]
