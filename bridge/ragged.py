"""`Ragged`: rows of different lengths as two flat arrays."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

IdArray = NDArray[np.int32]
OffsetArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Ragged:
    """Rows of token ids: row `i` is `values[offsets[i]:offsets[i + 1]]`.

    The currency between all stages of `bridge`. Nothing is padded, so nothing is
    masked: every value is a real id.

    Attributes:
        values: All ids, row after row, `(total,)` int32.
        offsets: Where rows begin and end, `(len(self) + 1,)` int64, from 0 to `total`.

    Example:
        >>> ids = Ragged.from_lists([[5, 7], [], [9]])
        >>> len(ids), ids.lengths.tolist(), ids[0].tolist()
        (3, [2, 0, 1], [5, 7])
    """

    values: IdArray
    offsets: OffsetArray

    def __post_init__(self) -> None:
        """Refuse offsets that do not describe `values`."""
        values, offsets = self.values, self.offsets
        if values.dtype != np.int32 or offsets.dtype != np.int64:
            raise TypeError(
                "Values must be int32 and offsets int64. Received: "
                f"{values.dtype} and {offsets.dtype}. Use `Ragged.from_lists` or "
                "`Ragged.from_lengths`, which convert them."
            )
        if (
            values.ndim != 1
            or offsets.ndim != 1
            or not len(offsets)
            or offsets[0] != 0
            or offsets[-1] != len(values)
            or bool((np.diff(offsets) < 0).any())
        ):
            raise ValueError(
                "Offsets must rise from 0 to the number of values. Received: "
                f"offsets={offsets.tolist()[:8]} (of {offsets.size}) for "
                f"{values.size} values. Use `Ragged.from_lists` or "
                "`Ragged.from_lengths`, which build them."
            )

    @classmethod
    def from_lists(cls, rows: Iterable[Sequence[int]]) -> Self:
        """Build from Python rows of ints.

        Args:
            rows: Token ids, one sequence a row.

        Returns:
            The same rows, values as int32.

        Raises:
            OverflowError: If an id does not fit into int32.
        """
        rows = list(rows)
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        flat = np.fromiter(chain.from_iterable(rows), np.int64, int(lengths.sum()))
        return cls.from_lengths(flat, lengths)

    @classmethod
    def from_lengths(cls, values: ArrayLike, lengths: ArrayLike) -> Self:
        """Build from flat values and the length of each row.

        Args:
            values: All ids, row after row, `(total,)`.
            lengths: Ids in each row, `(rows,)`; they sum to `total`.

        Returns:
            Rows over `values`; an int32 array is used as it is, without a copy.

        Raises:
            OverflowError: If an id does not fit into int32.
            TypeError: If the values are no integers.
            ValueError: If the lengths do not sum to the number of values.
        """
        return cls(as_int32(np.asarray(values)), offsets_of(lengths))

    @classmethod
    def concatenate(cls, parts: Sequence["Ragged"]) -> "Ragged":
        """Put the rows of several one after the other.

        Args:
            parts: Any number of them; a single one is returned as it is.

        Returns:
            All rows.
        """
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return cls.from_lists([])
        return cls.from_lengths(
            np.concatenate([part.values for part in parts]),
            np.concatenate([part.lengths for part in parts]),
        )

    @classmethod
    def from_padded(cls, token_ids: ArrayLike, padding_mask: ArrayLike) -> Self:
        """Keep the cells of a padded batch whose mask is true.

        Args:
            token_ids: `(batch_size, sequence_length)` ints.
            padding_mask: Same shape, true or 1 where a token is real.

        Returns:
            One row for each row of the batch.

        Raises:
            ValueError: If they are not two-dimensional and of one shape.
        """
        cells, mask = np.asarray(token_ids), np.asarray(padding_mask).astype(bool)
        if cells.ndim != 2 or cells.shape != mask.shape:
            raise ValueError(
                "Ids and mask must be two-dimensional and of one shape. Received: "
                f"shapes {cells.shape} and {mask.shape}. Wrap a single row: `[ids]`."
            )
        return cls.from_lengths(cells[mask], mask.sum(axis=1))

    @property
    def lengths(self) -> OffsetArray:
        """Number of ids in each row, `(len(self),)` int64."""
        return np.diff(self.offsets)

    @property
    def row_of_value(self) -> OffsetArray:
        """Row index of every value, `(total,)` int64."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def take(self, rows: ArrayLike) -> "Ragged":
        """Pick rows by index, in the order given and repeated where repeated.

        Args:
            rows: Row indices, `(n,)` ints in `[0, len(self))`.

        Returns:
            `n` rows.
        """
        index = np.asarray(rows, np.int64)
        return take_slices(self.values, self.offsets[:-1][index], self.lengths[index])

    def to_lists(self) -> list[list[int]]:
        """Return the rows as Python lists, for display and for other libraries."""
        return [row.tolist() for row in self]

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.offsets) - 1

    def __iter__(self) -> Iterator[IdArray]:
        """Yield each row as a view."""
        for start, end in zip(self.offsets[:-1], self.offsets[1:], strict=True):
            yield self.values[start:end]

    def __getitem__(self, row: int) -> IdArray:
        """Return one row as a view; negative indices count from the end."""
        index = range(len(self))[row]
        return self.values[self.offsets[index] : self.offsets[index + 1]]

    def __eq__(self, other: object) -> bool:
        """Tell whether both hold the same rows."""
        if not isinstance(other, Ragged):
            return NotImplemented
        return np.array_equal(self.values, other.values) and np.array_equal(
            self.offsets, other.offsets
        )

    __hash__ = None  # type: ignore[assignment]  # arrays are mutable

    def __repr__(self) -> str:
        """Show the size and the first rows."""
        first = ", ".join(str(row[:8].tolist()) for row, _ in zip(self, range(3)))  # noqa: B905  the shorter one ends it
        return f"Ragged({len(self)} rows, {self.values.size} values: {first}, ...)"


def take_slices(values: IdArray, begins: OffsetArray, lengths: OffsetArray) -> Ragged:
    """Put stretches of an array behind one another.

    Args:
        values: What is cut, `(total,)` int32.
        begins: Where each stretch begins, `(rows,)` int64 in `[0, total]`.
        lengths: How long each is, `(rows,)` int64.

    Returns:
        A row a stretch.
    """
    offsets = offsets_of(lengths)
    if not values.size:
        return Ragged(values, offsets)
    # The first value of every row is one plain look-up; an empty row writes one too
    # many, which the row behind it (or the spare cell) takes.
    result = np.empty(int(offsets[-1]) + 1, np.int32)
    result[offsets[:-1]] = values[np.minimum(begins, values.size - 1)]
    longer = np.flatnonzero(lengths > 1)
    rest = lengths[longer] - 1
    place = np.arange(1, int(rest.sum()) + 1)
    place -= np.repeat(np.cumsum(rest) - rest, rest)
    cells = np.repeat(offsets[:-1][longer], rest) + place
    result[cells] = values[np.repeat(begins[longer], rest) + place]
    return Ragged(result[:-1], offsets)


def as_int32(values: NDArray[Any]) -> IdArray:
    """Convert ids to int32 without wrapping around.

    Args:
        values: Integer array of any width and shape.

    Returns:
        The same numbers as int32.

    Raises:
        OverflowError: If a number does not fit.
        TypeError: If the values are not integers.
    """
    if values.dtype == np.int32:
        return values
    if values.size and values.dtype.kind not in "iu":
        raise TypeError(
            f"Token ids must be integers. Received: dtype {values.dtype}. "
            "Convert them first, with `ids.astype('int32')`, if they are whole numbers."
        )
    limit = np.iinfo(np.int32)
    wrong = (values < limit.min) | (values > limit.max)
    if wrong.any():
        raise OverflowError(
            f"Token ids must fit into int32. Received: {values[wrong][0]}"
            f" ({int(wrong.sum())} such ids). Check where these ids come from."
        )
    return values.astype(np.int32)


def offsets_of(lengths: ArrayLike) -> OffsetArray:
    """Return where rows begin and end that lie one behind the other.

    Args:
        lengths: Values of every row, `(rows,)` ints.

    Returns:
        `(rows + 1,)` int64, from 0 to their sum.
    """
    lengths = np.asarray(lengths, np.int64)
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets
