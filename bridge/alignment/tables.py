"""`Tables`: what the remaps look up, made once for an alignment."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bridge.alignment.borders import WordBorders
from bridge.alignment.kinds import MatchKind
from bridge.ragged import IdArray, Ragged
from bridge.vocabulary import Convention, TokenKind, Vocabulary

if TYPE_CHECKING:
    from bridge.alignment.alignment import Alignment
    from bridge.tokenizers.base import Tokenizer

ABSENT = -1  # never leaves this package: numpy would read it as the last row


@dataclass(frozen=True, slots=True)
class Tables:
    """Look-up tables over the ids of a tokenizer, each `(size,)`.

    Attributes:
        start: The one backbone id of every id at a word start, int32, `-1` where
            there is none.
        inside: The same inside a word.
        pieces: Backbone ids of every id: `size` rows read at a word start, then
            `size` rows read inside a word.
        borders: Which ids can continue a word, and be continued.
        vanishes: Whether the preset emits nothing for an id, bool.
        is_text: Whether an id stands for text, bool.
    """

    start: IdArray
    inside: IdArray
    pieces: Ragged
    borders: WordBorders
    vanishes: NDArray[np.bool_]
    is_text: NDArray[np.bool_]

    @classmethod
    def build(cls, alignment: "Alignment") -> "Tables":
        """Read the tables off an alignment."""
        vocabulary = alignment.tokenizer.vocabulary
        start, inside = lookup_tables(alignment)
        return cls(
            start=start,
            inside=inside,
            pieces=stack(alignment.pieces, alignment.continuation_pieces),
            borders=WordBorders.of(vocabulary),
            vanishes=find_vanishing(
                vocabulary, alignment.kinds, alignment.pieces, alignment.reference
            ),
            is_text=vocabulary.kinds < TokenKind.SPECIAL,
        )


def lookup_tables(alignment: "Alignment") -> tuple[IdArray, IdArray]:
    """Return one backbone id for every id, at a word start and inside a word.

    Args:
        alignment: The alignment.

    Returns:
        Two tables, `(size,)` int32, `-1` where no single piece stands for the id.
        Where only one place has a single piece, it serves at both.
    """
    start, inside = map(_single, (alignment.pieces, alignment.continuation_pieces))
    return (
        np.where(start == ABSENT, inside, start),
        np.where(inside == ABSENT, start, inside),
    )


def _single(pieces: Ragged) -> IdArray:
    table = np.full(len(pieces), ABSENT, np.int32)
    single = pieces.lengths == 1
    table[single] = pieces.values[pieces.offsets[:-1][single]]
    return table


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


def stack(first: Ragged, second: Ragged) -> Ragged:
    """Return the rows of both, one after the other."""
    return Ragged.from_lengths(
        np.concatenate([first.values, second.values]),
        np.concatenate([first.lengths, second.lengths]),
    )
