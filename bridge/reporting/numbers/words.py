"""`WorstWord`: words of the texts that the preset reads worst."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bridge.ragged import Ragged
from bridge.reporting.numbers.probing import encode_where_possible
from bridge.reporting.numbers.reading import Reading
from bridge.tokenizers import Tokenizer

Reason = Literal["unknown", "lost", "pieces"]

_OF_EACH_REASON = 8
# Rarer words cannot be among the worst, which are weighed by how often they occur.
_MOST_WORDS = 50_000


@dataclass(frozen=True, slots=True)
class WorstWord:
    """One word.

    Attributes:
        word: The word, as white space cuts it.
        count: How often it occurs.
        tokens: How many tokens the tokenizer makes of it.
        preset_tokens: How many the preset's reference tokenizer makes.
        reason: `"unknown"`: the preset has no token for part of it; `"lost"`: `expand`
            has no pieces for part of it; `"pieces"`: the preset needs more tokens.
    """

    word: str
    count: int
    tokens: int
    preset_tokens: int
    reason: Reason


def find_worst(reading: Reading) -> tuple[WorstWord, ...]:
    """Find the words that cost most, for each reason.

    Args:
        reading: Texts and both tokenizers.

    Returns:
        At most eight a reason: unknown and lost words by how often they occur,
        words in pieces by how many tokens they add to the texts. None where a side
        is only a vocabulary.
    """
    counted = list(islice(reading.words.most_common(), _MOST_WORDS))
    if not counted or not reading.has_both:
        return ()
    words = [word for word, _ in counted]
    counts = np.array([count for _, count in counted], np.int64)
    alignment = reading.alignment
    mine, _ = _encode_inside(alignment.tokenizer, words)
    theirs, refused = _encode_inside(alignment.reference, words)
    unk = alignment.reference.vocabulary.role_id("unk")
    unknown = _holds(theirs, [unk]) | refused
    lost = _holds(mine, np.flatnonzero(reading.nowhere).tolist()) & ~unknown
    extra = np.where(unknown | lost, 0, theirs.lengths - mine.lengths)
    scores: tuple[tuple[Reason, NDArray[np.int64]], ...] = (
        ("unknown", np.where(unknown, counts, 0)),
        ("lost", np.where(lost, counts, 0)),
        ("pieces", np.maximum(extra, 0) * counts),
    )
    return tuple(
        WorstWord(
            words[place],
            int(counts[place]),
            int(mine.lengths[place]),
            int(theirs.lengths[place]),
            reason,
        )
        for reason, score in scores
        for place in _largest(score)
    )


def _largest(score: NDArray[np.int64]) -> list[int]:
    order = np.argsort(-score, kind="stable")[:_OF_EACH_REASON]
    return [int(place) for place in order if score[place] > 0]


def _encode_inside(
    tokenizer: Tokenizer, words: list[str]
) -> tuple[Ragged, NDArray[np.bool_]]:
    """Encode words as they stand in a sentence, behind another; tell the refused."""
    before, refused = encode_where_possible(tokenizer, ["x"])
    if refused.any():
        # A tokenizer that has no such letter gets the words alone.
        return encode_where_possible(tokenizer, words)
    ids, refused = encode_where_possible(tokenizer, [f"x {word}" for word in words])
    dropped = np.minimum(ids.lengths, before.lengths[0])
    place = np.arange(ids.values.size) - ids.offsets[ids.row_of_value]
    kept = ids.values[place >= dropped[ids.row_of_value]]
    return Ragged.from_lengths(kept, ids.lengths - dropped), refused


def _holds(ids: Ragged, wanted: Iterable[int | None]) -> NDArray[np.bool_]:
    found = np.isin(ids.values, [i for i in wanted if i is not None])
    holds = np.zeros(len(ids), bool)
    holds[ids.row_of_value[found]] = True
    return holds
