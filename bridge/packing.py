"""Ids to arrays: special tokens, truncation, padding, masks from lengths."""

from collections.abc import Callable, Sized
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from bridge.places import PaddingSide, Places, columns_of
from bridge.ragged import IdArray, OffsetArray, Ragged
from bridge.spec import PADDING_SIDES, Template
from bridge.stretches import Stretches
from bridge.threads import in_threads
from bridge.truncation import TRUNCATIONS, Truncation

# Rows written at a time: with fewer, threads wait for the interpreter more often than
# the processor's cache saves.
_BLOCK = 8192


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """A padded batch.

    Attributes:
        token_ids: `(batch_size, sequence_length)` int32.
        padding_mask: Same shape, bool, true where a token is real. Made from lengths,
            so a real token that has the pad id is not hidden.
        second_at: Column of every row's second segment, or `None` without pairs.
    """

    token_ids: IdArray
    padding_mask: NDArray[np.bool_]
    second_at: OffsetArray | None = None

    @classmethod
    def empty(cls, rows: int, sequence_length: int) -> Self:
        """Return arrays whose cells are yet to be written."""
        shape = (rows, sequence_length)
        return cls(np.empty(shape, np.int32), np.empty(shape, bool))

    def rows(self, rows: slice) -> "Packed":
        """Return some of the rows, as views."""
        return Packed(self.token_ids[rows], self.padding_mask[rows])

    @property
    def segment_ids(self) -> IdArray:
        """Same shape, int32: 1 on the second segment and what ends it, else 0."""
        if self.second_at is None:
            return np.zeros(self.token_ids.shape, np.int32)
        columns = columns_of(self.token_ids.shape[1])
        second = columns >= self.second_at.astype(columns.dtype)[:, None]
        second &= self.padding_mask
        return second.astype(np.int32)


def pack(
    ids: Ragged | Stretches,
    pairs: Ragged | Stretches | None = None,
    *,
    template: Template,
    sequence_length: int,
    pad_id: int,
    padding_side: PaddingSide = "right",
    truncation: Truncation = "round_robin",
) -> Packed:
    """Put special tokens around rows, cut them to a length and pad them to it.

    Layout: `start A end`, or `start A separator B end`. Special tokens are never cut.

    Args:
        ids: First segments.
        pairs: Second segments, as many, or `None`.
        template: Special tokens, by id.
        sequence_length: Columns of the result.
        pad_id: Id written into unused cells.
        padding_side: Side that receives the padding.
        truncation: Which segment of a pair loses ids; see `truncated_lengths`.

    Returns:
        The arrays.

    Raises:
        SequenceLengthError: If not even one token fits beside the special ones, or
            the segment that `truncation` names would lose all its ids.
        ValueError: If the two sides have different numbers of rows, or an option is
            unknown.

    Example:
        >>> template = Template(start=(101,), separator=(102,), end=(102,))
        >>> rows = Ragged.from_lists([[7, 8, 9]])
        >>> pack(rows, template=template, sequence_length=6, pad_id=0).token_ids
        array([[101,   7,   8,   9, 102,   0]], dtype=int32)
    """
    packed = Packed.empty(len(ids), sequence_length)
    second_at = pack_into(
        packed,
        ids,
        pairs,
        template=template,
        pad_id=pad_id,
        padding_side=padding_side,
        truncation=truncation,
    )
    return replace(packed, second_at=second_at)


def pack_in_parts(
    rows: int,
    sequence_length: int,
    write: Callable[[Packed, slice], OffsetArray | None],
    *,
    step: int,
    parallel: bool,
) -> Packed:
    """Pack rows that are made some at a time, straight into their place.

    Args:
        rows: Number of all rows.
        sequence_length: Columns of the result.
        write: Writes some rows, given their place in the arrays and which they are;
            returns as `pack_into`.
        step: Rows of a part.
        parallel: Whether several parts may be made at the same time.

    Returns:
        The arrays.
    """
    packed = Packed.empty(rows, sequence_length)
    second_at: dict[int, OffsetArray | None] = {}

    def part(stretch: slice) -> None:
        second_at[stretch.start] = write(packed.rows(stretch), stretch)

    in_threads(part, rows, step=step, parallel=parallel)
    found = [second_at[start] for start in sorted(second_at)]
    paired = [columns for columns in found if columns is not None]
    return replace(packed, second_at=np.concatenate(paired) if paired else None)


def pack_into(
    packed: Packed,
    ids: Ragged | Stretches,
    pairs: Ragged | Stretches | None = None,
    *,
    template: Template,
    pad_id: int,
    padding_side: PaddingSide,
    truncation: Truncation,
) -> OffsetArray | None:
    """Write rows into arrays that are there; see `pack`.

    Args:
        packed: Arrays with as many rows, all of whose cells are written.
        ids: First segments.
        pairs: Second segments, as many, or `None`.
        template: Special tokens, by id.
        pad_id: Id written into unused cells.
        padding_side: Side that receives the padding.
        truncation: Which segment of a pair loses ids.

    Returns:
        Column of every row's second segment, or `None` without pairs.

    Raises:
        SequenceLengthError: As `pack`.
        ValueError: As `pack`.
    """
    _check_options(padding_side, truncation, ids, pairs)
    first = Stretches.of(ids)
    second = None if pairs is None else Stretches.of(pairs)
    places = Places.of(
        first.lengths,
        None if second is None else second.lengths,
        template=template,
        sequence_length=packed.token_ids.shape[1],
        padding_side=padding_side,
        truncation=truncation,
    )

    def write(rows: slice) -> None:
        part, block = places.rows(rows), packed.token_ids[rows]
        part.write_mask(packed.padding_mask[rows])
        block.fill(pad_id)
        part.write_ids(block, first[rows], None if second is None else second[rows])
        part.write_specials(block, template, paired=second is not None)

    in_threads(write, len(first), step=_BLOCK)
    return None if second is None else places.second


def _check_options(
    padding_side: str,
    truncation: str,
    ids: Ragged | Stretches,
    pairs: Ragged | Stretches | None,
) -> None:
    if padding_side not in PADDING_SIDES:
        raise ValueError(
            f"`padding_side` must be 'right' or 'left'. Received: {padding_side!r}."
        )
    if truncation not in TRUNCATIONS:
        raise ValueError(
            f"`truncation` must be one of {', '.join(map(repr, TRUNCATIONS))}. "
            f"Received: {truncation!r}."
        )
    if pairs is not None:
        check_pairs(ids, pairs)


def check_pairs(ids: Sized, pairs: Sized) -> None:
    """Refuse sides of different sizes.

    Args:
        ids: First segments.
        pairs: Second segments.

    Raises:
        ValueError: If they are not as many.
    """
    if len(pairs) != len(ids):
        raise ValueError(
            "Pairs must be as many as first segments. Received: "
            f"{len(ids)} and {len(pairs)}. Pass one second segment for each."
        )
