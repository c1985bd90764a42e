"""Words that the original tokenizer has whole and the other one cuts, as texts."""

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from bridge.tokenizers.base import Tokenizer
from bridge.vocabulary import TokenKind
from bridge.vocabulary.surface import Position

# Words of a text. A sentence would hold fewer of them at the same cost.
_LENGTH = 8

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


def make_word_texts(words: Sequence[str], *, seed: int) -> Iterator[str]:
    """Yield texts of words for ever, every word once in a pass.

    Args:
        words: Words, at least one.
        seed: Of their order, which is another one in every pass.

    Yields:
        Texts of eight words, with a space in front.
    """
    shuffled = _shuffle(words, np.random.default_rng(seed))
    while True:
        yield " " + " ".join(islice(shuffled, _LENGTH))


def _shuffle(words: Sequence[str], draw: np.random.Generator) -> Iterator[str]:
    """Yield all words again and again, in another order in every pass."""
    while True:
        for place in draw.permutation(len(words)):
            yield words[place]


def _count_tokens(tokenizer: Tokenizer, words: Sequence[str]) -> NDArray[np.int64]:
    """Count the tokens of words that stand behind another word."""
    front = tokenizer.encode_batch([_FRONT.strip()]).values.size
    return tokenizer.encode_batch([_FRONT + word for word in words]).lengths - front
