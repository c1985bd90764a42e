"""Characters that are too new for two libraries to agree on."""

import numpy as np
from numpy.typing import NDArray

# Unicode 17 (September 2025) added these characters, and three of Unicode 16 compose
# to others. Libraries differ in the version of their tables, and so in what they take
# for a letter or a mark. Source: all code points through both libraries, with every
# split that KerasHub's and transformers' byte-level tokenizers have.
NEWEST = (
    (0x1ACF, 0x1ADD),
    (0x1AE0, 0x1AEB),
    (0x20C1, 0x20C1),
    (0x2B96, 0x2B96),
    (0xA7CE, 0xA7CF),
    (0xA7D2, 0xA7D2),
    (0xA7D4, 0xA7D4),
    (0xA7F1, 0xA7F1),
    (0xFBC3, 0xFBD2),
    (0xFD90, 0xFD91),
    (0xFDC8, 0xFDCE),
    (0x10940, 0x1095F),
    (0x10EC5, 0x10ED8),
    (0x10EFA, 0x10EFB),
    (0x113C2, 0x113C2),
    (0x11B60, 0x11B67),
    (0x11DB0, 0x11DE9),
    (0x1611E, 0x1611E),
    (0x16D67, 0x16D67),
    (0x16EA0, 0x16ED3),
    (0x16FF2, 0x16FF6),
    (0x187F8, 0x187FF),
    (0x18D09, 0x18DF2),
    (0x1CCFA, 0x1CCFC),
    (0x1CEBA, 0x1CEF0),
    (0x1E6C0, 0x1E6FF),
    (0x1F6D8, 0x1F6D8),
    (0x1F777, 0x1F77A),
    (0x1F8D0, 0x1F8D8),
    (0x1FA54, 0x1FA57),
    (0x1FA8A, 0x1FA8A),
    (0x1FA8E, 0x1FA8E),
    (0x1FAC8, 0x1FAC8),
    (0x1FACD, 0x1FACD),
    (0x1FAEA, 0x1FAEA),
    (0x1FAEF, 0x1FAEF),
    (0x1FBFA, 0x1FBFA),
    (0x2B73A, 0x2B73F),
    (0x2CEA2, 0x2CEAD),
    (0x323B0, 0x33479),
)


def holds_newest(data: bytes) -> bool:
    """Tell whether one of these characters is in a text.

    Args:
        data: The text in UTF-8.

    Returns:
        Whether there is one.
    """
    # Without an object for every character: first the bytes that begin one of these
    # characters, then the whole character at the few places that are left.
    data += bytes(3)
    # `translate` is quicker than looking every byte up in an array.
    places = np.flatnonzero(np.frombuffer(data.translate(_FIRST_BYTES), bool))
    cells = np.frombuffer(data, np.uint8)
    first, second, third, fourth = (
        cells[places + i].astype(np.int32) & mask
        for i, mask in enumerate((0xFF, 0x3F, 0x3F, 0x3F))
    )
    short = (first & 0x0F) << 12 | second << 6 | third
    long = (first & 0x07) << 18 | second << 12 | third << 6 | fourth
    characters = np.where(first < 0xF0, short, long)
    return bool(_IS_NEWEST[np.minimum(characters, _IS_NEWEST.size - 1)].any())


def _tables() -> tuple[NDArray[np.bool_], bytes]:
    """Mark these characters, and the bytes they begin with; the last is unmarked."""
    characters = np.zeros(NEWEST[-1][1] + 2, bool)
    first_bytes = bytearray(256)
    for first, last in NEWEST:
        characters[first : last + 1] = True
        for end in (first, last):
            first_bytes[chr(end).encode("utf-8")[0]] = True
    return characters, bytes(first_bytes)


_IS_NEWEST, _FIRST_BYTES = _tables()
