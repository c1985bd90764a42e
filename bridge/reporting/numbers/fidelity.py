"""`Fidelity`: how much of what a remap gives is the preset's own encoding."""

from collections.abc import Sequence
from dataclasses import dataclass

from bridge.ragged import Ragged
from bridge.reporting.numbers.reading import Reading, ratio


@dataclass(frozen=True, slots=True)
class Fidelity:
    """A remap's ids against those that the reference gives for the text itself.

    Attributes:
        texts: Share of texts with exactly the reference's ids.
        ids: Share of ids that are the reference's in its order: the longest common
            subsequence of both, of the longer of both. Ids too many count as wrong.
    """

    texts: float
    ids: float


def measure_fidelity(reading: Reading, ids: Ragged) -> Fidelity:
    """Compare a remap's ids with the reference's.

    Args:
        reading: Texts and both tokenizers.
        ids: Ids of the backbone, one row a text.

    Returns:
        The shares, each text counted as often as it occurs.
    """
    exact = reading.exact_rows(ids)
    agreeing = longest = 0
    for mine, theirs, same, weight in zip(
        ids, reading.reference_ids, exact, reading.sample.weights.tolist(), strict=True
    ):
        longest += weight * max(len(mine), len(theirs))
        agreeing += weight * (
            len(mine) if same else count_common(mine.tolist(), theirs.tolist())
        )
    return Fidelity(
        texts=reading.share_of_texts(exact),
        ids=ratio(agreeing, longest) if longest else 1.0,
    )


def count_common(first: Sequence[int], second: Sequence[int]) -> int:
    """Return the length of the longest common subsequence of two rows of ids.

    Bits of one large integer stand for the places of `first`, so that a place of
    `second` costs a few operations, not as many as `first` is long (Hyyrö,
    "Bit-parallel LCS-length computation revisited", 2004).

    Args:
        first: Ids.
        second: Ids.

    Returns:
        How many ids of one can be found in the other in the same order.
    """
    places: dict[int, int] = {}
    for place, token_id in enumerate(first):
        places[token_id] = places.get(token_id, 0) | 1 << place
    full = (1 << len(first)) - 1
    free = full
    for token_id in second:
        hit = free & places.get(token_id, 0)
        if hit:
            free = (free + hit | free - hit) & full
    return len(first) - free.bit_count()
