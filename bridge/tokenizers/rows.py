"""Rows of ids: from what engines return, and into what they decode."""

from collections.abc import Sequence
from itertools import chain

import numpy as np

from bridge.ragged import Ragged
from bridge.spec import Template
from bridge.vocabulary import Token, TokenKind, Vocabulary


def surround(ids: Ragged, template: Template) -> Ragged:
    """Put the special tokens of a template around every row.

    Args:
        ids: Rows without special tokens.
        template: Special tokens, by id.

    Returns:
        As many rows, each longer by the template's start and end.
    """
    start, end = list(template.start), list(template.end)
    lengths = ids.lengths + len(start) + len(end)
    values = np.empty(int(lengths.sum()), np.int32)
    ends = np.cumsum(lengths)
    content = np.ones(len(values), bool)
    for places, token_ids in ((ends - lengths, start), (ends - len(end), end)):
        for shift, token_id in enumerate(token_ids):
            values[places + shift] = token_id
            content[places + shift] = False
    values[content] = ids.values
    return Ragged.from_lengths(values, lengths)


def from_rows(rows: Sequence[Sequence[int]]) -> Ragged:
    """Build `Ragged` from what an engine returned: lists of ids that fit int32.

    Args:
        rows: Token ids, one list a text.

    Returns:
        The same rows.
    """
    lengths = np.fromiter(map(len, rows), np.int64, len(rows))
    flat = chain.from_iterable(rows)
    return Ragged.from_lengths(np.fromiter(flat, np.int32, int(lengths.sum())), lengths)


def ids_of_kind(vocabulary: Vocabulary, *kinds: TokenKind) -> list[int]:
    """Return all ids of the given kinds.

    Args:
        vocabulary: Any vocabulary.
        *kinds: The kinds wanted.

    Returns:
        Ids in order.
    """
    found: list[int] = np.flatnonzero(np.isin(vocabulary.kinds, kinds)).tolist()
    return found


def literal_texts(vocabulary: Vocabulary, *kinds: TokenKind) -> dict[int, str]:
    """Return id to text of every id of the given kinds; a hole is the empty text.

    Args:
        vocabulary: Any vocabulary.
        *kinds: The kinds wanted.

    Returns:
        Id to text.
    """
    ids = ids_of_kind(vocabulary, *kinds)
    return {i: literal_text(vocabulary.tokens[i]) for i in ids}


def literal_text(token: Token | None) -> str:
    """Return a spelling as text.

    Args:
        token: A spelling, or `None` for a hole.

    Returns:
        The text, empty for a hole; bytes that are no UTF-8 become U+FFFD.
    """
    if token is None:
        return ""
    return token.decode("utf-8", "replace") if isinstance(token, bytes) else token
