"""`Windows`: which tokens of each text stand in which row."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bridge.errors import SequenceLengthError
from bridge.huggingface.options import Options
from bridge.ragged import OffsetArray
from bridge.truncation import longest_first


@dataclass(frozen=True, slots=True)
class Windows:
    """Rows to be made: a stretch of a first text and one of its second.

    Attributes:
        sample: Text that each row comes from, `(rows,)` int64.
        begins: First token taken from the first and the second text, `(2, rows)`.
        lengths: Number of tokens taken from each, `(2, rows)`.
        leads: Whether a row is the first of its text, `(rows,)` bool.
    """

    sample: OffsetArray
    begins: OffsetArray
    lengths: OffsetArray
    leads: NDArray[np.bool_]


def cut(
    lengths: OffsetArray,
    *,
    paired: NDArray[np.bool_],
    specials: OffsetArray,
    options: Options,
    second_leads: bool = False,
) -> Windows:
    """Choose the stretches, all texts at once.

    Args:
        lengths: Tokens of first and second texts, `(2, texts)` int64.
        paired: Which texts have a second one, `(texts,)`.
        specials: Special tokens of every row, `(texts,)`.
        options: Strategy, length, side and stride.
        second_leads: Whether second texts stand in front of first ones.

    Returns:
        One row for each text and, with `options.overflow`, further rows of what was
        cut off, in the order in which `tokenizers` has them.

    Raises:
        SequenceLengthError: If the special tokens do not fit, a segment cannot be
            cut by as much as is needed, or windows could not move on.
    """
    if not options.cuts or options.max_length is None:
        return _uncut(lengths)
    room = options.max_length - specials
    _check_room(room, specials, options)
    kept = _kept_lengths(lengths, room, paired=paired, strategy=options.truncation)
    if (kept == lengths).all():
        return _uncut(lengths)
    _check_stride(lengths, kept, options)
    if options.overflow:
        return _windows(lengths, kept, options, second_leads=second_leads)
    left = options.truncation_side == "left"
    begins = lengths - kept if left else np.zeros_like(lengths)
    return replace(_uncut(kept), begins=begins)


def _uncut(lengths: OffsetArray) -> Windows:
    count = lengths.shape[1]
    return Windows(
        sample=np.arange(count),
        begins=np.zeros_like(lengths),
        lengths=lengths,
        leads=np.ones(count, bool),
    )


def _kept_lengths(
    lengths: OffsetArray,
    room: OffsetArray,
    *,
    paired: NDArray[np.bool_],
    strategy: str,
) -> OffsetArray:
    """Return how many tokens of each text the first row keeps."""
    over = lengths.sum(axis=0) - room
    if strategy == "longest_first":
        kept = np.stack(longest_first(lengths[0], lengths[1], room))
    else:
        side = 0 if strategy == "only_first" else 1
        _check_segment(lengths[side], over, room, paired=paired, strategy=strategy)
        kept = lengths.copy()
        kept[side] -= over
        # Where there is room for nothing, both go.
        kept[:, room == 0] = 0
    return np.where(over > 0, kept, lengths)


def _windows(
    lengths: OffsetArray, kept: OffsetArray, options: Options, *, second_leads: bool
) -> Windows:
    """List all windows of each text, every one of the first with every second."""
    step = np.maximum(kept - options.stride, 1)
    counts = np.where(lengths > kept, -((kept - lengths) // step) + 1, 1)
    # A text cut to nothing is returned whole behind its empty row.
    emptied = (kept == 0) & (lengths > 0)
    counts[emptied] = 2
    rows = counts.prod(axis=0)
    sample = np.repeat(np.arange(rows.size), rows)
    place = np.arange(sample.size) - np.repeat(np.cumsum(rows) - rows, rows)
    lead = int(second_leads)
    firsts, seconds = counts[lead][sample], counts[1 - lead][sample]
    # First both leading windows; then each further window of the text in front with
    # all of the other; then its leading window with the other's further ones.
    further = (place > 0) & (place <= (firsts - 1) * seconds)
    last = place > (firsts - 1) * seconds
    window = np.zeros((2, sample.size), np.int64)
    window[lead] = np.where(further, 1 + (place - 1) // seconds, 0)
    window[1 - lead] = np.where(further, (place - 1) % seconds, 0)
    window[1 - lead][last] = (place - (firsts - 1) * seconds)[last]
    total, size = lengths[:, sample], kept[:, sample]
    moved = window * step[:, sample]
    begins = moved
    ends = np.minimum(moved + size, total)
    if options.truncation_side == "left":
        ends = total - moved
        begins = np.maximum(ends - size, 0)
    whole = emptied[:, sample] & (window == 1)
    begins, ends = np.where(whole, 0, begins), np.where(whole, total, ends)
    nothing = emptied[:, sample] & (window == 0)
    taken = np.where(nothing, 0, ends - begins)
    return Windows(sample, begins, taken, leads=place == 0)


def _check_room(room: OffsetArray, specials: OffsetArray, options: Options) -> None:
    if (room < 0).any():
        most = int(specials.max())
        raise SequenceLengthError(
            "A row must hold its special tokens. Received: "
            f"max_length={options.max_length} for {most} special tokens. Pass at "
            f"least {most}, or `add_special_tokens=False`."
        )


def _check_segment(
    lengths: OffsetArray,
    over: OffsetArray,
    room: OffsetArray,
    *,
    paired: NDArray[np.bool_],
    strategy: str,
) -> None:
    needed = (over > 0) & (room > 0)
    if strategy == "only_second" and (needed & ~paired).any():
        raise SequenceLengthError(
            "`truncation='only_second'` needs a second text to cut. Received: a text "
            "without one that is too long, at position "
            f"{int(np.flatnonzero(needed & ~paired)[0])}. Use 'only_first' or "
            "'longest_first'."
        )
    short = needed & (lengths <= over)
    if short.any():
        place = int(np.flatnonzero(short)[0])
        raise SequenceLengthError(
            f"`truncation={strategy!r}` must leave at least one token of the text it "
            f"cuts. Received: {int(lengths[place])} tokens to lose {int(over[place])} "
            f"at position {place}. Use 'longest_first' or a larger `max_length`."
        )


def _check_stride(lengths: OffsetArray, kept: OffsetArray, options: Options) -> None:
    stuck = (kept < lengths) & (kept > 0) & (kept <= options.stride)
    if stuck.any():
        raise SequenceLengthError(
            "`stride` must be below the number of tokens that a row keeps of a text "
            f"that is cut. Received: stride={options.stride} and "
            f"{int(kept[stuck].min())} tokens. Pass a smaller stride or a larger "
            "`max_length`."
        )
