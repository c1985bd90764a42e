"""`MatchKind`: how an id of the tokenizer found its place in the preset."""

from enum import IntEnum


class MatchKind(IntEnum):
    """Fate of one id; the first that applies, in this order.

    `OVERRIDE` is the exception: the user's word also wins over `UNUSED`.

    Attributes:
        UNUSED: Reserved, or a hole in the ids: no text produces it.
        OVERRIDE: The user said what it means.
        ROLE: Special tokens that play the same role.
        EXACT: The same bytes at the same place in a word.
        NORMALIZED: The same after the preset's normaliser (case, accents).
        BOUNDARY: The same bytes, but the preset has them at the other place.
        COMPOSED: Two or more pieces of the preset spell it.
        UNMAPPED: Not even pieces.

    Example:
        >>> bridge.MatchKind(int(alignment.kinds[64])).name  # GPT-2's "a"
        'EXACT'
    """

    UNUSED = 0
    OVERRIDE = 1
    ROLE = 2
    EXACT = 3
    NORMALIZED = 4
    BOUNDARY = 5
    COMPOSED = 6
    UNMAPPED = 7
