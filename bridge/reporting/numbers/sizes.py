"""`Sizes`: the numbers that are all called vocabulary size, and ids of no use."""

from dataclasses import dataclass
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from bridge.alignment import Alignment, MatchKind
from bridge.vocabulary import TokenKind, Vocabulary

_BY_BYTES = (MatchKind.EXACT, MatchKind.NORMALIZED, MatchKind.BOUNDARY)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many ids of what sort a vocabulary has.

    Attributes:
        pieces: Tokens of the model itself, byte pieces among them.
        added: Literal texts put beside them.
        special: Special tokens.
        reserved: Rows such as `[unused7]` that no text produces.
        holes: Ids below the largest that no token has.
        size: Largest id + 1, the sum of all the above.
        rows: Rows of the backbone's embedding, or `None` where there is none.
        duplicates: Ids that stand for the same bytes at the same place as another.
        dead: Ids that look like tokens and are never produced, such as `##!`.
        untrained: Further ids whose rows training never touched, or `None` where no
            weights were given.
    """

    pieces: int
    added: int
    special: int
    reserved: int
    holes: int
    size: int
    rows: int | None
    duplicates: int
    dead: int
    untrained: int | None


@dataclass(frozen=True, slots=True)
class Ties:
    """Where one match was chosen among several, or one row serves several ids.

    Attributes:
        broken: Ids of the tokenizer whose bytes several ids of the preset have at that
            place; see `Alignment.tied`.
        shared_rows: Ids of the preset that more than one id of the tokenizer matches.
        sharing_ids: Ids of the tokenizer that match those.
        weak: Ids of the tokenizer that are spelt by nothing but bytes.
    """

    broken: int
    shared_rows: int
    sharing_ids: int
    weak: int


def count_sizes(
    vocabulary: Vocabulary,
    *,
    rows: int | None = None,
    untrained: NDArray[np.bool_] | None = None,
) -> Sizes:
    """Count the ids of a vocabulary.

    Args:
        vocabulary: The vocabulary.
        rows: Rows of the embedding it indexes, if any.
        untrained: Ids whose rows were never trained, `(size,)`, where that is known.

    Returns:
        The counts.
    """
    kinds = np.bincount(vocabulary.kinds, minlength=len(TokenKind)).tolist()
    holes = vocabulary.tokens.count(None)
    is_text = vocabulary.kinds < TokenKind.SPECIAL
    live = is_text & ~vocabulary.dead
    places = zip(vocabulary.keys, vocabulary.positions.tolist(), strict=True)
    texts = list(compress(places, is_text))
    return Sizes(
        pieces=kinds[TokenKind.NORMAL] + kinds[TokenKind.BYTE],
        added=kinds[TokenKind.ADDED],
        special=kinds[TokenKind.SPECIAL],
        reserved=kinds[TokenKind.UNUSED] - holes,
        holes=holes,
        size=vocabulary.size,
        rows=rows,
        duplicates=len(texts) - len(set(texts)),
        dead=int(vocabulary.dead.sum()),
        untrained=None if untrained is None else int((untrained & live).sum()),
    )


def count_ties(alignment: Alignment) -> Ties:
    """Count ties that were broken and rows that serve several ids.

    Args:
        alignment: The alignment.

    Returns:
        The counts.
    """
    preset = alignment.reference.vocabulary
    single = (alignment.pieces.lengths == 1) & np.isin(alignment.kinds, _BY_BYTES)
    matched = alignment.pieces.values[alignment.pieces.offsets[:-1][single]]
    users = np.bincount(matched, minlength=preset.size)
    return Ties(
        broken=int(alignment.tied.sum()),
        shared_rows=int((users > 1).sum()),
        sharing_ids=int(users[users > 1].sum()),
        weak=int(alignment.weak.sum()),
    )
