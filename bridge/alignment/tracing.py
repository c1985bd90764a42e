"""`Traced`: remapped ids, each with the id that it came from."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bridge.alignment.readings import ABSENT
from bridge.alignment.runs import Runs, is_unknown, without
from bridge.errors import TextInputError
from bridge.ragged import OffsetArray, Ragged

if TYPE_CHECKING:
    from bridge.alignment.alignment import Alignment


@dataclass(frozen=True, slots=True, eq=False)
class Traced:
    """What `Alignment.trace` returns.

    Attributes:
        ids: Ids of the backbone, as `Alignment.remap` gives them.
        sources: For each of them, which of the tokenizer's ids it begins in, counted
            over all rows, `(len(ids.values),)` int64. Rising within a row.
    """

    ids: Ragged
    sources: OffsetArray

    def carry(self, values: Any, *, repeated: Any = None) -> NDArray[Any]:  # noqa: ANN401  labels, offsets, word ids
        """Give every backbone id what its source has.

        Args:
            values: Labels, offsets or word ids: one entry for each of the tokenizer's
                ids, row after row, `(total, ...)`; or a `Ragged` of them.
            repeated: What an id gets whose source another one had before, such as
                -100 for labels that count once; the source's value too if `None`.

        Returns:
            `(len(ids.values), ...)` of the type of `values`.

        Raises:
            ValueError: If there are fewer values than the sources need.
        """
        flat = values.values if isinstance(values, Ragged) else np.asarray(values)
        needed = int(self.sources.max(initial=-1)) + 1
        if len(flat) < needed:
            raise ValueError(
                "There must be one value for each of the tokenizer's ids. Received: "
                f"{len(flat)} values for {needed} ids or more. Leave padding out: "
                "`labels[padding_mask]`."
            )
        carried: NDArray[Any] = flat[self.sources]
        if repeated is not None:
            again = np.zeros(len(carried), bool)
            again[1:] = self.sources[1:] == self.sources[:-1]
            carried[again] = repeated
        return carried


def trace(
    alignment: "Alignment", ids: Ragged, *, method: str, on_unmapped: str
) -> Traced:
    """Remap and remember; see `Alignment.trace`."""
    remapped = alignment.remap(ids, method=method, on_unmapped=on_unmapped)  # type: ignore[arg-type]
    if method == "retokenize":
        return Traced(remapped, _by_text(alignment, ids, on_unmapped))
    counts = piece_counts(alignment, ids, method=method, on_unmapped=on_unmapped)
    return Traced(remapped, np.repeat(np.arange(ids.values.size), counts))


def piece_counts(
    alignment: "Alignment", ids: Ragged, *, method: str, on_unmapped: str = "unk"
) -> OffsetArray:
    """Count the backbone ids behind each id.

    Args:
        alignment: What the ids mean.
        ids: Ids of the tokenizer.
        method: `"lookup"` or `"expand"`.
        on_unmapped: `"unk"`, where an unmapped id becomes one, or `"drop"`.

    Returns:
        `(total,)` int64; they sum to the number of ids that `remap` returns.
    """
    readings = alignment.readings
    if method == "lookup" and on_unmapped != "drop":
        return np.ones(ids.values.size, np.int64)
    rows = readings.rows(ids)
    if method == "lookup":
        known: NDArray[np.bool_] = readings.single[rows] != ABSENT
        return known.astype(np.int64)
    counts: OffsetArray = readings.pieces.lengths[rows]
    if on_unmapped == "drop":
        return counts
    unknown = (counts == 0) & ~alignment.tables.vanishes[ids.values]
    return np.where(unknown, 1, counts)


def _by_text(alignment: "Alignment", ids: Ragged, on_unmapped: str) -> OffsetArray:
    """Find sources by the characters that both sides' tokens stand for."""
    places = Ragged.from_lengths(np.arange(ids.values.size), ids.lengths)
    is_text = alignment.tables.is_text[ids.values]
    runs = Runs.of(places, is_text)
    text_places, special_places = runs.split()
    texts = Ragged(ids.values[text_places.values], text_places.offsets)
    local = _text_sources(alignment, texts, drop=on_unmapped == "drop")
    specials = Ragged(ids.values[special_places.values], special_places.offsets)
    counts = piece_counts(alignment, specials, method="expand", on_unmapped=on_unmapped)
    ends = np.concatenate([[0], np.cumsum(counts)])
    repeated = Ragged(
        np.repeat(special_places.values, counts), ends[special_places.offsets]
    )
    found = Ragged(text_places.values[local.values], local.offsets)
    return runs.join(found, repeated).values.astype(np.int64)


def _text_sources(alignment: "Alignment", ids: Ragged, *, drop: bool) -> Ragged:
    """Return for each id of the reference the place of its source in `ids.values`."""
    texts = alignment.tokenizer.decode_batch(ids)
    mine = alignment.tokenizer.encode_offsets(texts)
    if mine.ids != ids:
        rows = zip(mine.ids, ids, strict=True)
        differ = [i for i, (a, b) in enumerate(rows) if not np.array_equal(a, b)]
        raise TextInputError(
            "`retokenize` follows ids through the text that they stand for. Received: "
            f"{len(differ)} runs of ids that are not the tokenizer's for their text, "
            f"the first for {texts[differ[0]]!r:.60}. Use `method='expand'`."
        )
    theirs = alignment.reference.encode_offsets(texts)
    # Row and character as one number, so that one search serves all rows.
    width = max(map(len, texts), default=0) + 1
    begins = ids.row_of_value * width + mine.offsets[:, 0]
    wanted = theirs.ids.row_of_value * width + theirs.offsets[:, 0]
    before = np.searchsorted(begins, wanted, side="right") - 1
    before = np.maximum(before, ids.offsets[theirs.ids.row_of_value])
    # Several ids may share one character: the first of them has it.
    sources = np.searchsorted(begins, begins[before]) if before.size else before
    found = Ragged.from_lengths(sources, theirs.ids.lengths)
    if not drop:
        return found
    return without(found, is_unknown(theirs.ids, alignment.reference.vocabulary))
