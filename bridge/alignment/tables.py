"""`Tables`: what the remaps ask of an id, made once for an alignment."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bridge.alignment.borders import WordBorders
from bridge.alignment.kinds import MatchKind
from bridge.alignment.retokenizer import Retokenizer
from bridge.ragged import Ragged
from bridge.vocabulary import Convention, TokenKind, Vocabulary

if TYPE_CHECKING:
    from bridge.alignment.alignment import Alignment
    from bridge.tokenizers.base import Tokenizer


@dataclass(frozen=True, slots=True)
class Tables:
    """Facts about the ids of a tokenizer, each `(size,)`.

    Attributes:
        borders: Which ids can continue a word, and be continued.
        vanishes: Whether the preset emits nothing for an id, bool.
        is_text: Whether an id stands for text, bool.
        retokenizer: Turns text ids into ids of the reference, and keeps its words.
    """

    borders: WordBorders
    vanishes: NDArray[np.bool_]
    is_text: NDArray[np.bool_]
    retokenizer: Retokenizer

    @classmethod
    def build(cls, alignment: "Alignment") -> "Tables":
        """Read the tables off an alignment."""
        vocabulary = alignment.tokenizer.vocabulary
        return cls(
            borders=WordBorders.of(vocabulary),
            vanishes=find_vanishing(
                vocabulary, alignment.kinds, alignment.pieces, alignment.reference
            ),
            is_text=vocabulary.kinds < TokenKind.SPECIAL,
            retokenizer=Retokenizer(alignment.tokenizer, alignment.reference),
        )


def find_vanishing(
    vocabulary: Vocabulary,
    kinds: NDArray[np.uint8],
    pieces: Ragged,
    reference: "Tokenizer",
) -> NDArray[np.bool_]:
    """Find ids for which the preset emits nothing, so that nothing is lost.

    BERT cuts words at white space and drops it, and its normaliser deletes control
    characters: GPT-2's newline has no counterpart there and needs none.

    Args:
        vocabulary: The tokenizer's.
        kinds: `MatchKind` of every id.
        pieces: Backbone ids of every id.
        reference: The preset's tokenizer.

    Returns:
        `(size,)` bool. An override by no pieces counts too: the user said so.
    """
    convention = reference.vocabulary.convention
    # Where words are cut without a mark, nothing says that white space is dropped.
    drops_spaces = not convention.keeps_spaces and convention != Convention.PIECES
    vanishes: NDArray[np.bool_] = kinds == MatchKind.OVERRIDE
    vanishes &= pieces.lengths == 0
    text = vocabulary.kinds < TokenKind.SPECIAL
    for token_id in np.flatnonzero((kinds == MatchKind.UNMAPPED) & text).tolist():
        try:
            content = reference.normalize(vocabulary.keys[token_id].decode("utf-8"))
        except UnicodeDecodeError:
            continue
        vanishes[token_id] = not (content.strip() if drops_spaces else content)
    return vanishes
