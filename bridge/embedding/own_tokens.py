"""A preset's own vocabulary: how new tokens are cut today, and which must stay."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bridge.tokenizers.base import Tokenizer
from bridge.vocabulary import Convention, TokenKind, Vocabulary

# A word that any tokenizer knows, in front of those that are cut.
_BEFORE = "a"


def spell_tokens(reference: Tokenizer, tokens: Sequence[str]) -> list[list[int]]:
    """Cut new tokens as the tokenizer cuts them today, behind another word.

    In most vocabularies the space is content of a word's first piece, and the row of
    the piece with a space is the one that words have trained. Where a token cannot be
    cut there (`ing`, which only `##ing` spells), it is cut joined to the word before,
    or else by itself.

    Args:
        reference: The tokenizer as it is.
        tokens: Spellings of the new tokens.

    Returns:
        Ids of the pieces of each; none where it is unknown in every place.
    """
    before = reference.encode_batch([_BEFORE])[0].tolist()
    is_text = reference.vocabulary.kinds < TokenKind.SPECIAL
    pieces: list[list[int]] = [[] for _ in tokens]
    for front in (f"{_BEFORE} ", _BEFORE, ""):
        skipped = before if front else []
        # A token may bring the space with it.
        texts = [
            (front.rstrip() if token[:1].isspace() else front) + token
            for token in tokens
        ]
        for place, ids in enumerate(reference.encode_batch(texts).to_lists()):
            found = ids[len(skipped) :]
            apart = ids[: len(skipped)] == skipped
            if not pieces[place] and apart and is_text[found].all():
                pieces[place] = found
    return pieces


def basic_tokens(vocabulary: Vocabulary) -> NDArray[np.bool_]:
    """Find tokens without which some text could not be encoded: bytes or characters.

    Args:
        vocabulary: A preset's.

    Returns:
        `(size,)` bool; special and added tokens are among them.
    """
    kinds = vocabulary.kinds
    has_bytes = vocabulary.convention == Convention.BYTE_LEVEL
    has_bytes |= bool((kinds == TokenKind.BYTE).any())
    lengths = [
        len(key) if has_bytes else len(key.decode("utf-8", "replace"))
        for key in vocabulary.keys
    ]
    outside = np.isin(kinds, (TokenKind.BYTE, TokenKind.ADDED, TokenKind.SPECIAL))
    short = (kinds == TokenKind.NORMAL) & (np.array(lengths) <= 1)
    return np.asarray(outside | short, bool)
