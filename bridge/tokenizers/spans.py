"""`Spans`: where in its text every token stands."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.ragged import Ragged
from bridge.tokenizers.rows import from_rows

# What a word is: its first character and the one behind its last.
WordSpan = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """Ids with their places, value by value.

    Attributes:
        ids: Token ids, one row a text.
        offsets: First character of every token in its text and the one behind its
            last, `(total, 2)` int64. A token that holds a part of a character covers
            the whole of it.
        words: Number of every token's word in its text, `(total,)` int64; -1 where it
            has none.
    """

    ids: Ragged
    offsets: NDArray[np.int64]
    words: NDArray[np.int64]

    @classmethod
    def from_rows(
        cls,
        ids: Sequence[Sequence[int]],
        offsets: Iterable[Iterable[tuple[int, int]]],
        words: Iterable[Iterable[int | None]],
    ) -> "Spans":
        """Build from Python rows.

        Args:
            ids: Token ids, one list a text.
            offsets: A pair of characters for every token.
            words: A word number, or `None`, for every token.

        Returns:
            The same rows, flat.
        """
        ragged = from_rows(ids)
        total = ragged.values.size
        flat = chain.from_iterable(chain.from_iterable(offsets))
        numbers = (-1 if w is None else w for w in chain.from_iterable(words))
        return cls(
            ragged,
            np.fromiter(flat, np.int64, 2 * total).reshape(-1, 2),
            np.fromiter(numbers, np.int64, total),
        )


def read_encodings(encodings: Sequence[Any]) -> Spans:
    """Read what `tokenizers` returned.

    Args:
        encodings: Its encodings, one a text.

    Returns:
        Their ids, offsets and word numbers.
    """
    return Spans.from_rows(
        [encoding.ids for encoding in encodings],
        [encoding.offsets for encoding in encodings],
        [encoding.word_ids for encoding in encodings],
    )


def read_pieces(rows: Sequence[Any], mark: str) -> Spans:
    """Read sentencepiece's offset mappings.

    Several pieces may share one character: its bytes, or the letters it is normalised
    to. The library gives the character to the last of them; here all have it.

    Args:
        rows: Mappings with `ids`, `pieces` and `offsets`, one a text.
        mark: Character that begins a word.

    Returns:
        Ids, offsets, and words that begin where a piece begins with the mark.
    """
    offsets, words = [], []
    for row in rows:
        spans = list(row["offsets"])
        for place in range(len(spans) - 2, -1, -1):
            start, end = spans[place]
            if start == end == spans[place + 1][0]:
                spans[place] = spans[place + 1]
        offsets.append(spans)
        starts = np.array([piece.startswith(mark) for piece in row["pieces"]], np.int64)
        # The first piece begins a word with or without a mark.
        starts[:1] = 1
        words.append((np.cumsum(starts) - 1).tolist())
    return Spans.from_rows([row["ids"] for row in rows], offsets, words)


def spans_of_bytes(
    text: str, pieces: Sequence[bytes], words: Iterable[WordSpan]
) -> tuple[list[tuple[int, int]], list[int]]:
    """Place tokens that are bytes, one word after the other.

    Args:
        text: The text.
        pieces: Bytes of every token. Those of one word join to the word's bytes.
        words: Where the words stand, in order.

    Returns:
        Offsets and word number of every token.
    """
    offsets: list[tuple[int, int]] = []
    numbers: list[int] = []
    remaining = iter(pieces)
    for number, (start, end) in enumerate(words):
        # Character index of every byte of the word.
        owner = [
            start + place
            for place, character in enumerate(text[start:end])
            for _ in character.encode("utf-8")
        ]
        done = 0
        while done < len(owner):
            size = len(next(remaining))
            offsets.append((owner[done], owner[done + size - 1] + 1))
            numbers.append(number)
            done += size
    return offsets, numbers


def find_words(text: str, find: Callable[[str], Iterable[Any]]) -> list[WordSpan]:
    """Return where the matches of an expression stand, empty ones left out.

    Args:
        text: The text.
        find: `finditer` of the compiled expression.

    Returns:
        Spans in order.
    """
    return [match.span() for match in find(text) if match[0]]
