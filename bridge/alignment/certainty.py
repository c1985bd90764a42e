"""How sure a match is: ties between equal tokens, and spellings byte by byte."""

import numpy as np
from numpy.typing import NDArray

from bridge.alignment.index import candidates, spelled_keys
from bridge.alignment.kinds import MatchKind
from bridge.ragged import Ragged
from bridge.vocabulary import TokenKind, Vocabulary

_BY_BYTES = (MatchKind.EXACT, MatchKind.NORMALIZED, MatchKind.BOUNDARY)


def find_ties(
    tokenizer: Vocabulary,
    reference: Vocabulary,
    kinds: NDArray[np.uint8],
    pieces: Ragged,
) -> NDArray[np.bool_]:
    """Find ids whose counterpart was chosen among equal tokens of the preset.

    Mistral's first vocabulary has `a` as a piece and as a byte piece: same bytes, same
    place in a word. A token of the very same spelling is no choice.

    Args:
        tokenizer: The tokenizer's vocabulary.
        reference: The preset's vocabulary.
        kinds: `MatchKind` of every id.
        pieces: Backbone ids of every id.

    Returns:
        `(tokenizer.size,)` bool.
    """
    doubled = _doubled(reference)
    tied: NDArray[np.bool_] = np.isin(kinds, _BY_BYTES) & (pieces.lengths == 1)
    chosen = pieces.values[pieces.offsets[:-1][tied]]
    tied[tied] = doubled[chosen]
    if tokenizer.convention == reference.convention:
        for token_id in np.flatnonzero(tied).tolist():
            piece = int(pieces[token_id][0])
            tied[token_id] = tokenizer.tokens[token_id] != reference.tokens[piece]
    return tied


def _doubled(vocabulary: Vocabulary) -> NDArray[np.bool_]:
    """Tell which ids share bytes and place with another one."""
    keys, positions = spelled_keys(vocabulary), vocabulary.positions.tolist()
    first: dict[tuple[bytes, int], int] = {}
    doubled = np.zeros(vocabulary.size, bool)
    for token_id in candidates(vocabulary).tolist():
        surface = (keys[token_id], positions[token_id])
        winner = first.setdefault(surface, token_id)
        if winner != token_id:
            doubled[[winner, token_id]] = True
    return doubled


def find_weak(
    reference: Vocabulary,
    kinds: NDArray[np.uint8],
    pieces: Ragged,
    continuation_pieces: Ragged,
) -> NDArray[np.bool_]:
    """Find compositions of nothing but bytes.

    A byte piece, or a part of a split character, means next to nothing by itself.

    Args:
        reference: The preset's vocabulary.
        kinds: `MatchKind` of every id.
        pieces: Backbone ids of every id, read at a word start.
        continuation_pieces: The same read inside a word.

    Returns:
        `(len(kinds),)` bool.
    """
    is_byte = reference.kinds == TokenKind.BYTE
    is_byte |= np.array([not _is_text(key) for key in reference.keys], bool)
    only_bytes = _all_of(is_byte, pieces) & _all_of(is_byte, continuation_pieces)
    return np.asarray((kinds == MatchKind.COMPOSED) & only_bytes, bool)


def _all_of(flags: NDArray[np.bool_], rows: Ragged) -> NDArray[np.bool_]:
    count = np.concatenate([[0], np.cumsum(flags[rows.values])])
    return np.asarray(np.diff(count[rows.offsets]) == rows.lengths, bool)


def _is_text(key: bytes) -> bool:
    if key.isascii():
        return True
    try:
        key.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
