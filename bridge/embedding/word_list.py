"""Words that one tokenizer cuts and another has rows for, as `WordRows`."""

import re
from collections import Counter
from collections.abc import Iterable

import numpy as np

from bridge.embedding.word_forms import form_words
from bridge.embedding.word_rows import WordRows
from bridge.embedding.word_tokens import tokens_of_words
from bridge.tokenizers.base import Tokenizer
from bridge.vocabulary import Position, TokenKind, Vocabulary

# What stands in front of a word: a space behind another word, or no space.
_FRONTS = ("a ", "(")

# Words of texts, the most frequent ones: each takes 68 bytes of the model, twice where
# it is cut in another way without a space.
_MOST = 100_000

_WORD = re.compile(r"[^\W_]+")


def whole_words(vocabulary: Vocabulary) -> dict[str, int]:
    """Return the words of a vocabulary: letters and digits, or any one character.

    Args:
        vocabulary: Of a tokenizer that tells where words start.

    Returns:
        Word to the first token that spells it at the start of a word.
    """
    begins = vocabulary.positions != Position.CONTINUATION
    tokens = np.flatnonzero(begins & (vocabulary.kinds == TokenKind.NORMAL)).tolist()
    words: dict[str, int] = {}
    for token in tokens:
        # Part of a character gives a character that is no letter.
        word = vocabulary.keys[token].decode("utf-8", "replace")
        if len(word) == 1 or word.isalnum():
            words.setdefault(word, token)
    return words


def find_word_rows(
    reference: Tokenizer,
    tokenizer: Tokenizer,
    vocabulary: Vocabulary,
    *,
    silent: int,
    texts: Iterable[str] = (),
) -> WordRows | None:
    """Find the words for which one tokenizer's tokens stand for another's.

    They are the words of the reference's vocabulary, and those formed from them as
    texts form words, as they are and with a capital; and those of texts. They must be
    several tokens here and no more there.

    Args:
        reference: The tokenizer of the preset.
        tokenizer: The one that cuts them.
        vocabulary: Its vocabulary, with whatever was appended.
        silent: As in `WordRows.of`.
        texts: Texts whose words are wanted too, the 100,000 most frequent ones, and
            50,000 formed as these are.

    Returns:
        The table, or `None` if there is no such word.
    """
    counts = Counter(word for text in texts for word in _WORD.findall(text))
    words = list(whole_words(reference.vocabulary))
    words += form_words(reference, words, counts)
    words += [word.capitalize() for word in words]
    words += (word for word, _ in counts.most_common(_MOST))
    distinct = list(dict.fromkeys(words))
    tables = [
        [tokens_of_words(one, distinct, front=front) for one in (tokenizer, reference)]
        for front in _FRONTS
    ]
    tokens, pieces = map(np.concatenate, zip(*tables, strict=True))
    lengths, rows = (tokens >= 0).sum(axis=1), (pieces >= 0).sum(axis=1)
    kept = (lengths > 1) & (rows > 0) & (rows <= lengths)
    if not kept.any():
        return None
    return WordRows.of(vocabulary, tokens[kept], pieces[kept], silent=silent)
