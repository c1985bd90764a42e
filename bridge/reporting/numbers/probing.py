"""Encoding texts that a tokenizer without an unk token may refuse."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bridge.errors import UnsupportedTokenizerError, VocabularyError
from bridge.ragged import Ragged
from bridge.tokenizers import Tokenizer


def can_encode(tokenizer: Tokenizer) -> bool:
    """Tell whether a tokenizer knows how text is split.

    Args:
        tokenizer: The tokenizer.

    Returns:
        False for one that is a vocabulary and nothing else.
    """
    try:
        tokenizer.encode_batch([])
    except UnsupportedTokenizerError:
        return False
    return True


def encode_where_possible(
    tokenizer: Tokenizer, texts: Sequence[str]
) -> tuple[Ragged, NDArray[np.bool_]]:
    """Encode texts, and tell which are refused.

    Args:
        tokenizer: The tokenizer.
        texts: Texts. Where one holds something that no token stands for, a tokenizer
            without unk raises.

    Returns:
        Ids, an empty row for a text that is refused, and which are, `(texts,)` bool.
    """
    refused = np.zeros(len(texts), bool)
    try:
        return tokenizer.encode_batch(texts), refused
    except VocabularyError:
        rows = []
        for place, text in enumerate(texts):
            try:
                rows.append(tokenizer.encode_batch([text])[0].tolist())
            except VocabularyError:
                refused[place] = True
                rows.append([])
        return Ragged.from_lists(rows), refused
