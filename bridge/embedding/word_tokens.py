"""The tokens of words, as they stand behind other text."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bridge.embedding.word_rows import LENGTH, NONE
from bridge.tokenizers.base import Tokenizer


def tokens_of_words(
    tokenizer: Tokenizer, words: Sequence[str], *, front: str
) -> NDArray[np.int32]:
    """Encode words as they stand behind other text.

    Args:
        tokenizer: What encodes them.
        words: The words.
        front: What stands in front of each: `"a "` or `"("`, for instance.

    Returns:
        `(words, LENGTH)`, -1 behind the last token, and nothing but -1 for a word that
        is longer, or unknown, or not apart from what stands in front.
    """
    before = tokenizer.encode_batch([front.strip()]).values
    ids = tokenizer.encode_batch([front + word for word in words])
    columns = np.arange(len(before) + LENGTH)
    cells = ids.offsets[:-1, None] + columns
    is_there = columns < ids.lengths[:, None]
    last = max(ids.values.size - 1, 0)
    found = np.where(is_there, ids.values[np.minimum(cells, last)], NONE)
    found, behind = np.split(found, [len(before)], axis=1)
    usable = (found == before).all(axis=1) & (ids.lengths <= len(columns))
    usable &= ~np.isin(behind, _unknown(tokenizer)).any(axis=1)
    return np.where(usable[:, None], behind, NONE).astype(np.int32)


def _unknown(tokenizer: Tokenizer) -> list[int]:
    """Return the ids that stand for whatever the vocabulary lacks."""
    unk = tokenizer.vocabulary.roles.get("unk")
    return [] if unk is None else [unk]
