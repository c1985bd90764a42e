"""`WordBorders`: whether a running token starts a word or continues one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.ragged import IdArray, Ragged
from bridge.threads import in_threads
from bridge.vocabulary import Position, TokenKind, Vocabulary
from bridge.vocabulary.surface import is_isolated

# Running ids looked at in one go: what a step leaves is in the cache for the next.
CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class WordBorders:
    """Which tokens can continue a word, and which can be continued.

    A token continues a word if it begins with a character of a word and the one
    before ends with one. White space is no such character, nor is what BERT cuts off
    by itself (punctuation and CJK); vowel signs, which are no letters to Unicode, are.
    A byte of a split character counts as one.

    Attributes:
        flags: For every id, `(size,)` uint8: 1 if it can continue a word, plus 2 if
            it can be continued.
    """

    flags: NDArray[np.uint8]

    @classmethod
    def of(cls, vocabulary: Vocabulary) -> "WordBorders":
        """Read the borders off a tokenizer's vocabulary."""
        starts = vocabulary.positions == Position.START
        marked = vocabulary.positions == Position.CONTINUATION
        is_text = vocabulary.kinds < TokenKind.SPECIAL
        begins = np.array([_in_word(key[:4], 0) for key in vocabulary.keys], bool)
        ends = np.array([_in_word(key[-4:], -1) for key in vocabulary.keys], bool)
        ends &= ~vocabulary.ends_word
        continues = (begins & ~starts | marked) & is_text
        return cls(continues + 2 * (ends & is_text).astype(np.uint8))

    def continues(self, ids: Ragged) -> NDArray[np.bool_]:
        """Tell for every id whether it continues a word of the id before it.

        Args:
            ids: Ids as running text gave them.

        Returns:
            `(len(ids.values),)` bool; the first id of a row never continues one.
        """
        result = meet(self.flags, ids.values)
        first = ids.offsets[:-1]
        result[first[first < len(result)]] = False
        return result


def meet(flags: NDArray[np.uint8], ids: IdArray) -> NDArray[np.bool_]:
    """Tell where an id with flag 1 stands behind one with flag 2.

    Args:
        flags: Sum of the flags of every id of the vocabulary, `(size,)` uint8.
        ids: Running ids, `(total,)` int32.

    Returns:
        `(total,)` bool, false for the first.
    """
    result = np.zeros(ids.size, np.uint8)
    behind = result[1:]

    def compare(part: slice) -> None:
        found = flags.take(ids[part.start : part.stop + 1])
        np.bitwise_and(found[1:], found[:-1] >> 1, out=behind[part])
        behind[part] &= 1

    in_threads(compare, behind.size, step=CHUNK)
    return result.view(bool)


def continues_word(vocabulary: Vocabulary, ids: Ragged) -> NDArray[np.bool_]:
    """Tell for every id whether it continues a word of the id before it.

    Args:
        vocabulary: The tokenizer's.
        ids: Its ids, as running text gave them.

    Returns:
        `(len(ids.values),)` bool.
    """
    return WordBorders.of(vocabulary).continues(ids)


def _in_word(part: bytes, place: int) -> bool:
    text = part.decode("utf-8", "ignore")
    if not text:
        return not part.isascii()
    character = text[place]
    return not (character.isspace() or is_isolated(character))
