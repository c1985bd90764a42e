"""Words that one tokenizer cuts and another has rows for, as `WordRows`."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from bridge.embedding.word_rows import LENGTH, NONE, WordRows
from bridge.tokenizers.base import Tokenizer
from bridge.vocabulary import Position, TokenKind, Vocabulary

# What stands in front of a word: a space behind another word, or no space.
_FRONTS = ("a ", "(")

# Words of texts, the most frequent ones: each takes 64 bytes of the model, twice where
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

    They are the words of the reference's vocabulary, as it spells them and with a
    capital, and those of texts, if they are several tokens here and no more there.

    Args:
        reference: The tokenizer of the preset.
        tokenizer: The one that cuts them.
        vocabulary: Its vocabulary, with whatever was appended.
        silent: As in `WordRows.of`.
        texts: Texts whose words are wanted too, the 100,000 most frequent ones.

    Returns:
        The table, or `None` if there is no such word.
    """
    words = list(whole_words(reference.vocabulary))
    words += [word.capitalize() for word in words]
    counts = Counter(word for text in texts for word in _WORD.findall(text))
    words += (word for word, _ in counts.most_common(_MOST))
    distinct = list(dict.fromkeys(words))
    tables = [
        (_tokens_of(tokenizer, distinct, front), _tokens_of(reference, distinct, front))
        for front in _FRONTS
    ]
    tokens, pieces = map(np.concatenate, zip(*tables, strict=True))
    lengths, rows = (tokens >= 0).sum(axis=1), (pieces >= 0).sum(axis=1)
    kept = (lengths > 1) & (rows > 0) & (rows <= lengths)
    if not kept.any():
        return None
    return WordRows.of(vocabulary, tokens[kept], pieces[kept], silent=silent)


def _tokens_of(
    tokenizer: Tokenizer, words: Sequence[str], front: str
) -> NDArray[np.int32]:
    # (words, LENGTH): -1 behind the last token, and alone for a word that is longer, or
    # unknown, or not apart from what stands in front.
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
