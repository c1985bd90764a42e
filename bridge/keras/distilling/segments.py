"""`Side`: how one tokenizer cuts texts, by the segments that two of them share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from bridge.ragged import Ragged
from bridge.tokenizers.spans import Spans

# Tokenizers disagree on which token a space belongs to, so places are counted in
# characters that show.
_BLANKS = np.array([i for i in range(0x3001) if chr(i).isspace()], np.uint32)


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One tokenizer's ids of some texts, and the segments that they lie in.

    Attributes:
        ids: Its ids, one row a text, without special tokens.
        segments: For every id the number of its segment, rising from 0 in every text;
            -1 where it stands for blanks only.
    """

    ids: Ragged
    segments: Ragged

    def take(self, rows: NDArray[np.int64]) -> Self:
        """Return some of the texts."""
        return type(self)(self.ids.take(rows), self.segments.take(rows))


def share_segments(
    texts: Sequence[str], first: Spans, second: Spans, *, room: int
) -> tuple[Side, Side]:
    """Cut texts wherever two tokenizers both have a border between tokens.

    A segment is the least stretch of text that no token of either reaches out of, so
    that what two models say of it may be compared. Texts end behind the last segment
    for which both have room.

    Args:
        texts: Texts.
        first: One tokenizer's tokens of them.
        second: The other's.
        room: Most ids of a text.

    Returns:
        Both sides, one row a text; an empty row where not one segment fits.
    """
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    starts = np.cumsum(lengths) - lengths
    codes = np.frombuffer("".join(texts).encode("utf-32-le"), np.uint32)
    shown = np.concatenate([[0], np.cumsum(~np.isin(codes, _BLANKS))])
    sides = [_Placed.of(spans, shown, starts) for spans in (first, second)]
    row_starts = shown[starts] + np.arange(len(texts))
    shared = np.intersect1d(sides[0].borders(), sides[1].borders())
    borders = np.union1d(shared, row_starts)
    numbers = [side.segments(borders, row_starts) for side in sides]
    fitting = np.minimum(
        *(_fitting(s.ids, n, room) for s, n in zip(sides, numbers, strict=True))
    )
    left, right = (s.cut(n, fitting) for s, n in zip(sides, numbers, strict=True))
    return left, right


@dataclass(frozen=True, slots=True, eq=False)
class _Placed:
    """Tokens with their places, in characters that show, counted over all texts.

    One is added for every text, so that no two texts meet.
    """

    ids: Ragged
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]

    @classmethod
    def of(
        cls, spans: Spans, shown: NDArray[np.int64], starts: NDArray[np.int64]
    ) -> Self:
        row = spans.ids.row_of_value
        begins, ends = (shown[spans.offsets.T + starts[row]] + row).astype(np.int64)
        return cls(spans.ids, begins, ends)

    def borders(self) -> NDArray[np.int64]:
        """Return where a token begins that no token before it reaches over."""
        solid = self.begins < self.ends
        begins, reach = self.begins[solid], np.maximum.accumulate(self.ends[solid])
        return begins[begins >= np.concatenate([[0], reach[:-1]])]

    def segments(
        self, borders: NDArray[np.int64], row_starts: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        numbers = np.searchsorted(borders, self.begins, side="right") - 1
        firsts = np.searchsorted(borders, row_starts)
        return np.asarray(numbers - firsts[self.ids.row_of_value])

    def cut(self, numbers: NDArray[np.int64], fitting: NDArray[np.int64]) -> Side:
        kept = numbers < fitting[self.ids.row_of_value]
        offsets = np.concatenate([[0], np.cumsum(kept)])[self.ids.offsets]
        solid = self.begins < self.ends
        segments = np.where(solid, numbers, -1)[kept].astype(np.int32)
        return Side(Ragged(self.ids.values[kept], offsets), Ragged(segments, offsets))


def _fitting(ids: Ragged, numbers: NDArray[np.int64], room: int) -> NDArray[np.int64]:
    """Return the number of whole segments that fit into every row."""
    fitting = np.full(len(ids), np.iinfo(np.int64).max)
    behind = np.flatnonzero(ids.lengths > room)
    # Numbers rise, so the first id without room lies in the first segment that is cut.
    fitting[behind] = numbers[ids.offsets[behind] + room]
    return fitting
