"""`Segment`: the tokens of all first texts, or of all second ones."""

from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.ragged import Ragged, offsets_of
from bridge.tokenizers import Tokenizer
from bridge.tokenizers.spans import Spans


@dataclass(frozen=True, slots=True)
class Segment:
    """Ids of texts and, where they were asked for, their places.

    Attributes:
        ids: Token ids, one row a text.
        offsets: Characters of every token, `(total, 2)` int64, or `None`.
        words: Word number of every token, `(total,)` int64, or `None`.
    """

    ids: Ragged
    offsets: NDArray[np.int64] | None = None
    words: NDArray[np.int64] | None = None


def encode_segment(
    tokenizer: Tokenizer, texts: list[Any], *, split: bool, places: bool
) -> Segment:
    """Encode texts without special tokens.

    Args:
        tokenizer: Any tokenizer.
        texts: Texts, or lists of words where `split`.
        split: Whether texts are lists of words. Each is encoded by itself, and
            offsets count from its first character.
        places: Whether offsets and words are asked for.

    Returns:
        Their tokens.

    Raises:
        NotImplementedError: If places are asked for and the tokenizer cannot tell.
    """
    items = list(chain.from_iterable(texts)) if split else texts
    if places:
        spans = tokenizer.encode_offsets(items)
    else:
        spans = Spans(tokenizer.encode_batch(items), _NO_OFFSETS, _NO_WORDS)
    if not split:
        ids, words = spans.ids, spans.words
    else:
        bounds = offsets_of([len(words) for words in texts])
        ids = Ragged(spans.ids.values, spans.ids.offsets[bounds])
        # Number of each word in its own text.
        number = np.arange(len(items)) - np.repeat(bounds[:-1], np.diff(bounds))
        words = np.repeat(number, spans.ids.lengths) if places else spans.words
    return Segment(ids, spans.offsets, words) if places else Segment(ids)


def spread(segment: Segment, paired: NDArray[np.bool_]) -> Segment:
    """Give rows without a second text an empty one.

    Args:
        segment: Second texts of the rows that have one.
        paired: Which rows have one, `(rows,)`.

    Returns:
        As many rows as `paired`.
    """
    lengths = np.zeros(paired.size, np.int64)
    lengths[paired] = segment.ids.lengths
    ids = Ragged(segment.ids.values, offsets_of(lengths))
    return Segment(ids, segment.offsets, segment.words)


_NO_OFFSETS = np.zeros((0, 2), np.int64)
_NO_WORDS = np.zeros(0, np.int64)
