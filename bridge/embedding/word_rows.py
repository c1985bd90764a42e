"""`WordRows`: words that a tokenizer cuts, and the rows of the preset they mean."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.alignment.borders import WordBorders
from bridge.ragged import IdArray, Ragged
from bridge.vocabulary import Position, TokenKind, Vocabulary

# Most tokens of a word. Of 21,100 words that GPT-2 cuts into more than one token and
# BERT has whole none needs more than 6; of Mistral's 32,954 none more than 6 either.
LENGTH = 8

NONE = -1

# What a token can do at the border of a word, beside the two flags of `WordBorders`.
_FOLLOWS_BLANK = 4
_BLANK = 8

# Of the hash, a polynomial in the ids modulo 2**32: 2**32 over the golden ratio, made
# odd, whose powers spread over 32 bits (Knuth, volume 3, 6.4). Saved models hold
# hashes, so it stays.
FACTOR = -1640531535


@dataclass(frozen=True, slots=True, eq=False)
class WordRows:
    """Tells which tokens are together a word that the preset has rows for.

    A word is looked for where a token starts one and none continues it behind the last,
    by its tokens alone, so that ids suffice. It is found by a hash and told by its
    tokens. Row 0 is for tokens of a word that have nothing more to say: the row of the
    special token that ends a text.

    Attributes:
        flags: What each token can do at the border of a word, `(vocabulary_size,)`
            int32: those of `WordBorders`; 4 if it continues a word that a blank token
            begins, 8 if it is such a blank.
        hashes: Of the tokens of each word, `(words,)` int32, rising.
        tokens: Tokens of each word, `(words, LENGTH)` int32, -1 behind the last.
        rows: Row for each token, same shape, -1 behind the last.
        sources: The preset's row that each row is, `(rows,)` int32.
    """

    flags: NDArray[np.int32]
    hashes: NDArray[np.int32]
    tokens: NDArray[np.int32]
    rows: NDArray[np.int32]
    sources: NDArray[np.int32]

    @classmethod
    def of(
        cls,
        vocabulary: Vocabulary,
        tokens: NDArray[np.int32],
        pieces: NDArray[np.int32],
        *,
        silent: int,
    ) -> "WordRows":
        """Make the table.

        Args:
            vocabulary: What ids mean.
            tokens: Tokens of each word, `(words, LENGTH)`, -1 behind the last. Of two
                words with the same tokens the first one counts.
            pieces: Rows of the preset for the same words, same shape and no longer than
                their tokens, -1 behind the last.
            silent: The preset's row for a token that has nothing more to say.

        Returns:
            The table.
        """
        _, first = np.unique(tokens, axis=0, return_index=True)
        tokens, pieces = tokens[first], pieces[first]
        used = np.unique(pieces[pieces >= 0])
        rows = np.searchsorted(used, pieces).astype(np.int32) + 1
        rows = np.where(pieces >= 0, rows, np.where(tokens >= 0, 0, NONE))
        # Among 300,000 words about ten pairs have one hash: the second of the two is
        # left to its tokens.
        hashes, order = np.unique(_hashes(tokens), return_index=True)
        return cls(
            flags=_flags(vocabulary),
            hashes=hashes,
            tokens=tokens[order].astype(np.int32),
            rows=rows[order].astype(np.int32),
            sources=np.concatenate([[silent], used]).astype(np.int32),
        )

    def __len__(self) -> int:
        """Number of words."""
        return len(self.hashes)

    @property
    def continue_words(self) -> NDArray[np.bool_]:
        """Which tokens can be part of a word that another one began."""
        found: NDArray[np.bool_] = (self.flags & (1 | _FOLLOWS_BLANK)) != 0
        return found

    def write(self, ids: Ragged) -> Ragged:
        """Replace the tokens of words by rows behind those of the vocabulary.

        Args:
            ids: Ids as running text gave them.

        Returns:
            As many ids; those of words are `vocabulary_size` plus their row.
        """
        first = ids.offsets[:-1]
        breaks = np.zeros(ids.values.size, bool)
        breaks[first[first < breaks.size]] = True
        rows = find_rows(np, self, ids.values, breaks)
        size = np.int32(len(self.flags))
        values: IdArray = np.where(rows >= 0, rows + size, ids.values)
        return Ragged(values.astype(np.int32), ids.offsets)


def find_rows(xp: Any, table: Any, ids: Any, breaks: Any = None) -> Any:  # noqa: ANN401
    """Find the words among ids, in NumPy or in a Keras model alike.

    Args:
        xp: `numpy`, or `keras.ops`.
        table: `WordRows`, or a layer with the same arrays.
        ids: `(..., length)` int32.
        breaks: Where a text begins, same shape, bool, beside the first cell; `None`
            if there is one text a row.

    Returns:
        Row of the table for each id, -1 where it is not part of a known word,
        `(..., length)` int32.
    """
    flags = xp.take(table.flags, ids, axis=0)
    before = _behind(xp, flags, 1, 0)
    in_word = xp.bitwise_and(flags, xp.right_shift(before, 1))
    behind_blank = xp.bitwise_and(xp.right_shift(flags, 2), xp.right_shift(before, 3))
    joined = xp.bitwise_and(xp.bitwise_or(in_word, behind_blank), 1)
    continues = xp.equal(joined, 1)
    if breaks is not None:
        continues = xp.logical_and(continues, xp.logical_not(breaks))
    within = xp.ones_like(continues)
    hashes = ids + 1
    tokens = [ids]
    for step in range(1, LENGTH):
        within = xp.logical_and(within, _ahead(xp, continues, step, 0))
        token = xp.where(within, _ahead(xp, ids, step, NONE), NONE)
        hashes = xp.where(within, hashes * FACTOR + (token + 1), hashes)
        tokens.append(token)
    # A word that goes on behind the last token is another one.
    ends = xp.logical_not(xp.logical_and(within, _ahead(xp, continues, LENGTH, 0)))
    place = xp.searchsorted(table.hashes, xp.reshape(hashes, (-1,)))
    place = xp.reshape(place, xp.shape(hashes))
    place = xp.minimum(place, table.hashes.shape[0] - 1)
    known = xp.equal(xp.take(table.tokens, place, axis=0), xp.stack(tokens, axis=-1))
    found = xp.logical_and(xp.all(known, axis=-1), ends)
    found = xp.logical_and(found, xp.logical_not(continues))
    rows = xp.where(found[..., None], xp.take(table.rows, place, axis=0), NONE)
    result = rows[..., 0]
    for step in range(1, LENGTH):
        # Words do not overlap, so that at most one of these is there.
        result = xp.maximum(result, _behind(xp, rows[..., step], step, NONE))
    return result


def _ahead(xp: Any, values: Any, step: int, fill: Any) -> Any:  # noqa: ANN401
    """Return what stands some cells later in the row."""
    filled = xp.full_like(values[..., :step], fill)
    return xp.concatenate([values[..., step:], filled], axis=-1)


def _behind(xp: Any, values: Any, step: int, fill: Any) -> Any:  # noqa: ANN401
    """Return what stands some cells earlier in the row."""
    filled = xp.full_like(values[..., :step], fill)
    return xp.concatenate([filled, values[..., :-step]], axis=-1)


def _flags(vocabulary: Vocabulary) -> NDArray[np.int32]:
    borders = WordBorders.of(vocabulary).flags.astype(np.int32)
    is_text = vocabulary.kinds < TokenKind.SPECIAL
    # The mark of a word start is no part of a key, so a mark alone has an empty one.
    blank = np.array([key in (b"", b" ") for key in vocabulary.keys], bool) & is_text
    starts = vocabulary.positions == Position.START
    follows = is_text & ~starts & ~blank
    more = _FOLLOWS_BLANK * follows.astype(np.int32) + _BLANK * blank.astype(np.int32)
    flags: NDArray[np.int32] = borders + more
    return flags


def _hashes(tokens: NDArray[np.int32]) -> NDArray[np.int32]:
    hashes = tokens[:, 0] + np.int32(1)
    for column in tokens.T[1:]:
        longer = hashes * np.int32(FACTOR) + (column + np.int32(1))
        hashes = np.where(column >= 0, longer, hashes)
    return hashes
