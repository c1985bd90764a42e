"""Words that the original tokenizer has whole and the other one cuts, as texts."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bridge.tokenizers.base import Tokenizer
from bridge.vocabulary import TokenKind
from bridge.vocabulary.surface import Position

# Words of a text. A sentence would hold fewer of them at the same cost.
_LENGTH = 8

# Texts in which a word stands. The original model reads them once, however often they
# train: what it says of them is kept.
_TIMES = 4

# A word in front, since the first of a text may be cut in another way.
_FRONT = "a "


def find_cut_words(reference: Tokenizer, tokenizer: Tokenizer) -> list[str]:
    """List words that are one token behind a space, and several of another tokenizer.

    The vocabulary says what they are, so that none has to be met in a text. They are
    spelled as it has them, and with a capital.

    Args:
        reference: The tokenizer that has them whole.
        tokenizer: The one that cuts them.

    Returns:
        Distinct words of at least two letters, in the vocabulary's order.
    """
    vocabulary = reference.vocabulary
    begins = vocabulary.positions != Position.CONTINUATION
    tokens = np.flatnonzero(begins & (vocabulary.kinds == TokenKind.NORMAL))
    # Part of a character gives a character that is no letter.
    found = [vocabulary.keys[token].decode("utf-8", "replace") for token in tokens]
    words = [word for word in found if len(word) > 1 and word.isalpha()]
    spelled = list(dict.fromkeys([*words, *map(str.capitalize, words)]))
    whole = _count_tokens(reference, spelled) == 1
    cut = _count_tokens(tokenizer, spelled) > 1
    return [spelled[place] for place in np.flatnonzero(whole & cut)]


def make_word_texts(words: Sequence[str], *, seed: int) -> list[str]:
    """Make texts in which every word stands a few times, each time beside others.

    Args:
        words: Words, at least one.
        seed: Of their order.

    Returns:
        Texts of eight words or, the last one, fewer, with a space in front.
    """
    draw = np.random.default_rng(seed)
    order = np.concatenate([draw.permutation(len(words)) for _ in range(_TIMES)])
    parts = np.array_split(order, range(_LENGTH, len(order), _LENGTH))
    return [" " + " ".join(words[place] for place in part) for part in parts]


def _count_tokens(tokenizer: Tokenizer, words: Sequence[str]) -> NDArray[np.int64]:
    """Count the tokens of words that stand behind another word."""
    front = tokenizer.encode_batch([_FRONT.strip()]).values.size
    return tokenizer.encode_batch([_FRONT + word for word in words]).lengths - front
