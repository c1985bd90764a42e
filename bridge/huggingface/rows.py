"""`Rows`: special tokens, stretches of texts and padding in one flat array."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.huggingface.options import Options
from bridge.huggingface.parts import Part
from bridge.huggingface.segments import Segment
from bridge.huggingface.truncation import Windows
from bridge.places import mask_of, stairs_of
from bridge.ragged import OffsetArray, offsets_of
from bridge.threads import in_threads
from bridge.tokenizers.frames import Frame, Piece

Cells = NDArray[np.int64]
Values = int | NDArray[np.integer]

# Rows written at a time: what they read and write stays in the processor's cache, and
# threads seldom wait for the interpreter.
_BLOCK = 4096

# Up to this width a table of all masks is small whatever the number of rows.
_TABLE_WIDTH = 256


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

        def value(part: Part) -> Values:
            segment = part.piece.segment
            if segment is None:
                return part.piece.token_id
            return self.segments[segment].ids.values

        return self._write(self.pad_id, value)

    def type_ids(self) -> Cells:
        """Write the segment ids, `(cells,)` int64."""
        return self._write(self.pad_type_id, lambda part: part.piece.type_id)

    def mask(self) -> Cells:
        """Write 1 for real tokens and 0 for padding, `(cells,)` int64."""
        widths = self.widths
        if (widths == self.lengths).all():
            return np.ones(int(self.starts[-1]), np.int64)
        width = _table_width(widths)
        if width is None:
            return self._write(0, lambda _: 1)
        left = bool(self.shifts.any())
        edges = self.shifts if left else self.lengths
        cells = mask_of(edges, width, dtype=np.int64)
        if left:
            cells ^= 1
        return cells.reshape(-1)

    def special_mask(self) -> Cells:
        """Write 1 for special tokens and padding, 0 for text, `(cells,)` int64."""
        return self._write(1, lambda part: 1 if part.piece.segment is None else 0)

    def segment_ids(self) -> Cells:
        """Write 0 and 1 for first and second texts, -1 elsewhere, `(cells,)`."""
        return self._write(-1, _segment)

    def words(self) -> Cells:
        """Write word numbers, -1 for special tokens and padding, `(cells,)` int64."""

        def value(part: Part) -> Values:
            if part.piece.segment is None:
                return -1
            words = self.segments[part.piece.segment].words
            return 0 if words is None else words

        return self._write(-1, value)

    def offsets(self) -> Cells:
        """Write characters, (0, 0) for special tokens and padding, `(cells, 2)`."""

        def value(part: Part) -> Values:
            if part.piece.segment is None:
                return 0
            offsets = self.segments[part.piece.segment].offsets
            return 0 if offsets is None else offsets

        return self._write(0, value, columns=(2,))

    def _write(
        self,
        rest: int,
        value: Callable[[Part], Values],
        *,
        columns: tuple[int, ...] = (),
    ) -> Cells:
        """Write one number, or one for each of its cells, for every part.

        Args:
            rest: Number in cells that no part fills.
            value: What a part holds, or the values of all tokens of its segment.
            columns: Shape of one cell's value.

        Returns:
            `(cells, *columns)` int64.
        """
        shape = (int(self.starts[-1]), *columns)
        # Zeros are for free: the system hands out empty pages.
        cells = np.empty(shape, np.int64) if rest else np.zeros(shape, np.int64)
        values = [(part, value(part)) for part in self.parts]
        width = _table_width(self.widths)
        stairs = None if width is None else stairs_of(width)

        def write(rows: slice) -> None:
            block = cells[self.starts[rows.start] : self.starts[rows.stop]]
            if rest:
                block.fill(rest)
            for part, found in values:
                if isinstance(found, int):
                    if found != rest:
                        block[part.cells(rows, self.starts, stairs)] = found
                else:
                    own = part.read(rows, found)
                    block[part.cells(rows, self.starts, stairs)] = own

        in_threads(write, self.lengths.size, step=_BLOCK)
        return cells


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
    starts = offsets_of(widths)
    left = options.padding_side == "left" and options.pads
    shifts = widths - lengths if left else np.zeros_like(lengths)
    parts = []
    begins = starts[:-1] + shifts
    for piece, taken in pieces:
        source = np.zeros_like(taken)
        if piece.segment is not None:
            offsets = segments[piece.segment].ids.offsets
            source = offsets[:-1][windows.sample] + windows.begins[piece.segment]
        parts.append(Part(piece, begins, taken, source))
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


def _segment(part: Part) -> int:
    return -1 if part.piece.segment is None else part.piece.segment


def _table_width(widths: OffsetArray) -> int | None:
    """Return the width of all rows if a table of that many rows is worth its size."""
    if not widths.size or (widths != widths[0]).any():
        return None
    width = int(widths[0])
    return width if width <= max(_TABLE_WIDTH, widths.size // 4) else None


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
    return np.maximum(lengths, options.padded_width(width))
