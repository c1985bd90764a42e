"""`WordCuts`: where running ids may be cut so that each word is encoded alone."""

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bridge.alignment.borders import meet
from bridge.ragged import Ragged
from bridge.vocabulary import Position, TokenKind
from bridge.vocabulary.surface import METASPACE

if TYPE_CHECKING:
    from bridge.tokenizers.base import Tokenizer

_VISIBLE = frozenset("LNPS")  # first letters of Unicode categories


@dataclass(frozen=True, slots=True)
class WordCuts:
    """Which tokens begin with one space and a visible character, and which end in one.

    Between such two, no algorithm of a preset looks across: WordPiece cuts there,
    byte-level patterns take the space along, and no piece holds a space inside.

    Attributes:
        flags: For every id, `(size,)` uint8: 1 if it begins so, plus 2 if it ends so.
    """

    flags: NDArray[np.uint8]

    @classmethod
    def of(cls, tokenizer: "Tokenizer", reference: "Tokenizer") -> "WordCuts":
        """Read them off a tokenizer.

        Args:
            tokenizer: Whose ids are cut.
            reference: The preset's; what its normaliser makes white space, or nothing,
                is not visible.

        Returns:
            The cuts.
        """
        vocabulary = tokenizer.vocabulary

        @cache
        def visible(character: str) -> bool:
            if unicodedata.category(character)[0] not in _VISIBLE:
                return False
            seen = reference.normalize(character)
            # The mark of sentencepiece is a space to it.
            return bool(seen) and not (
                seen[0].isspace() or seen[-1].isspace() or METASPACE in seen
            )

        is_text = vocabulary.kinds < TokenKind.SPECIAL
        begins = np.array([visible(_first(key)) for key in vocabulary.keys], bool)
        ends = np.array([visible(_last(key)) for key in vocabulary.keys], bool)
        begins &= (vocabulary.positions == Position.START) & is_text
        return cls(begins + 2 * (ends & is_text).astype(np.uint8))

    def begins(self, ids: Ragged) -> NDArray[np.bool_]:
        """Tell for every id whether a word begins there.

        Args:
            ids: Running ids.

        Returns:
            `(len(ids.values),)` bool; the first id of a row always begins one.
        """
        result = meet(self.flags, ids.values)
        first = ids.offsets[:-1]
        result[first[first < len(result)]] = True
        return result


def _first(key: bytes) -> str:
    """Return the first character, or a control character where there is none."""
    if key[:1].isascii() and key:
        return chr(key[0])
    for length in (2, 3, 4):
        try:
            return key[:length].decode("utf-8")[0]
        except (UnicodeDecodeError, IndexError):
            continue
    return "\0"


def _last(key: bytes) -> str:
    if key[-1:].isascii() and key:
        return chr(key[-1])
    for length in (2, 3, 4):
        try:
            return key[-length:].decode("utf-8")[-1]
        except (UnicodeDecodeError, IndexError):
            continue
    return "\0"
