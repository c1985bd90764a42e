"""`MatchKind`: how an id of the tokenizer found its place in the preset."""

from enum import IntEnum


class MatchKind(IntEnum):
    """Fate of one id; the first that applies, in this order.

    `OVERRIDE` is the exception: the user's word also wins over `UNUSED`.
    """

    UNUSED = 0  # reserved, or a hole in the ids: no text produces it
    OVERRIDE = 1  # the user said what it means
    ROLE = 2  # special tokens that play the same role
    EXACT = 3  # the same bytes at the same place in a word
    NORMALIZED = 4  # the same after the preset's normaliser (case, accents)
    BOUNDARY = 5  # the same bytes, but the preset has them at the other place
    COMPOSED = 6  # two or more pieces of the preset spell it
    UNMAPPED = 7  # not even pieces
