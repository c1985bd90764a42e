"""`TokenKind`: what sort of token an id is, and how to tell."""

import re
from collections.abc import Collection, Sequence
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from bridge.vocabulary.surface import read_byte_piece

Token = str | bytes

# Reserved rows that no text produces, as the published vocabularies spell them.
_RESERVED = re.compile(
    r"\[unused\d+\]|<unused_?\d+>|<extra_id_\d+>|<\|?reserved[a-z_]*_?\d+\|?>"
    r"|<\|reserved_special_token_\d+\|>|\[PAD\d+\]|madeupword\d+|<special_\d+>"
    r"|<\uff5cplace\u2581holder\u2581no\u2581\d+\uff5c>",
    re.IGNORECASE,
)


class TokenKind(IntEnum):
    """What sort of token an id is; the order breaks ties between equal tokens."""

    NORMAL = 0
    BYTE = 1  # a byte-fallback piece such as <0x0A>
    ADDED = 2  # literal text put beside the model's vocabulary
    SPECIAL = 3  # matched by role or override only, never by its bytes
    UNUSED = 4  # reserved, or a hole in the ids


def find_byte_pieces(tokens: Sequence[Token | None]) -> set[int]:
    """Find the byte-fallback pieces by their spelling.

    Text that merely looks like `<0x03>` exists in corpora, so only a complete set of
    256 counts.

    Args:
        tokens: Spellings in id order.

    Returns:
        Their ids; none where the set is not complete.
    """
    found = {
        i: read_byte_piece(token)
        for i, token in enumerate(tokens)
        if token is not None and token[:1] == "<"
    }
    found = {i: byte for i, byte in found.items() if byte is not None}
    return set(found) if len(set(found.values())) == 256 else set()


def tell_kinds(
    tokens: Sequence[Token | None],
    *,
    roles: Collection[int],
    special: Collection[int],
    added: Collection[int],
    byte_pieces: Collection[int],
) -> NDArray[np.uint8]:
    """Say what sort of token every id is.

    Args:
        tokens: Spellings in id order.
        roles: Ids that play a role. They are in use even where the spelling says
            reserved: a `[unused0]` that was made the pad token.
        special: Other ids that never stand for text.
        added: Ids outside the model's own vocabulary.
        byte_pieces: Ids of byte-fallback pieces.

    Returns:
        `(len(tokens),)` uint8 of `TokenKind`.
    """
    kinds = np.zeros(len(tokens), np.uint8)
    reserved = [
        i
        for i, token in enumerate(tokens)
        if token is None or (isinstance(token, str) and _RESERVED.fullmatch(token))
    ]
    for ids, kind in (
        (byte_pieces, TokenKind.BYTE),
        (added, TokenKind.ADDED),
        (special, TokenKind.SPECIAL),
        (reserved, TokenKind.UNUSED),
        (roles, TokenKind.SPECIAL),
    ):
        kinds[list(ids)] = kind
    return kinds
