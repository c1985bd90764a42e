"""Words that the original tokenizer has whole and the other one cuts, as texts."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bridge.embedding.word_list import whole_words
from bridge.tokenizers.base import Tokenizer

# Words of a text. A sentence would hold fewer of them at the same cost.
_LENGTH = 8

# Texts in which a word stands, on average. The original model reads them once, however
# often they train: what it says of them is kept.
_TIMES = 4

# Vocabularies are made with frequent words first, and frequency falls with the rank's
# first power (Zipf). Between that and all words alike: texts hold the frequent ones.
_POWER = 0.7

# A word with a capital that the vocabulary has without, beside that one.
_CAPITAL = 0.5

# A word in front, since the first of a text may be cut in another way.
_FRONT = "a "


def find_cut_words(reference: Tokenizer, tokenizer: Tokenizer) -> dict[str, float]:
    """Find words that are one token behind a space, and several of another tokenizer.

    The vocabulary says what they are, so that none has to be met in a text. They are
    spelled as it has them, and with a capital.

    Args:
        reference: The tokenizer that has them whole.
        tokenizer: The one that cuts them.

    Returns:
        Words of at least two letters, and how often each should be met beside others:
        less the later it stands in the vocabulary.
    """
    shares = {
        word: (1 + token) ** -_POWER
        for word, token in whole_words(reference.vocabulary).items()
        if len(word) > 1 and word.isalpha()
    }
    for word, share in list(shares.items()):
        shares.setdefault(word.capitalize(), _CAPITAL * share)
    spelled = list(shares)
    whole = _count_tokens(reference, spelled) == 1
    cut = _count_tokens(tokenizer, spelled) > 1
    chosen = (spelled[place] for place in np.flatnonzero(whole & cut))
    return {word: shares[word] for word in chosen}


def make_word_texts(words: Mapping[str, float], *, seed: int) -> list[str]:
    """Make texts in which every word stands, as often as its share says.

    Args:
        words: Words, at least one, and how often each should stand beside others.
        seed: Of their order.

    Returns:
        Texts of eight words or, the last one, fewer, with a space in front.
    """
    draw = np.random.default_rng(seed)
    shares = np.fromiter(words.values(), np.float64, len(words))
    wanted = _TIMES * shares / shares.mean()
    times = np.maximum(np.floor(wanted + draw.random(len(words))), 1).astype(np.int64)
    order = draw.permutation(np.repeat(np.arange(len(words)), times))
    spelled = list(words)
    parts = np.array_split(order, range(_LENGTH, len(order), _LENGTH))
    return [" " + " ".join(spelled[place] for place in part) for part in parts]


def _count_tokens(tokenizer: Tokenizer, words: Sequence[str]) -> NDArray[np.int64]:
    """Count the tokens of words that stand behind another word."""
    front = tokenizer.encode_batch([_FRONT.strip()]).values.size
    return tokenizer.encode_batch([_FRONT + word for word in words]).lengths - front
