"""`Encoding`: one row of a result, with the way back to its text."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bridge.huggingface.rows import Rows

Column = NDArray[np.int64]


class CharSpan(NamedTuple):
    """Characters of a text: the first, and the one behind the last."""

    start: int
    end: int


class TokenSpan(NamedTuple):
    """Tokens of a row: the first, and the one behind the last."""

    start: int
    end: int


class Encoding:
    """One row: its tokens, and which characters and words they come from.

    It has the members of `tokenizers.Encoding`, except `overflowing`: what was cut
    off is further rows. Special tokens and padding have no sequence and no word.

    Args:
        columns: Values by name, one a token.
        spell: Ids to spellings.
        n_sequences: 2 for a pair, else 1.
    """

    def __init__(
        self,
        columns: dict[str, Column],
        spell: Callable[[list[int]], list[str | None]],
        *,
        n_sequences: int,
    ) -> None:
        self._columns = columns
        self._spell = spell
        self.n_sequences = n_sequences

    @property
    def offsets(self) -> list[tuple[int, int]]:
        """Characters of every token, (0, 0) for special tokens and padding."""
        return list(map(tuple, self._columns["offsets"].tolist()))

    @property
    def special_tokens_mask(self) -> list[int]:
        """1 for special tokens and padding, 0 for text."""
        return self._list("special")

    @property
    def ids(self) -> list[int]:
        """Token ids."""
        return self._list("ids")

    @property
    def type_ids(self) -> list[int]:
        """Segment ids."""
        return self._list("type_ids")

    @property
    def attention_mask(self) -> list[int]:
        """1 for real tokens, 0 for padding."""
        return self._list("mask")

    @property
    def tokens(self) -> list[str | None]:
        """Spelling of every id."""
        return self._spell(self.ids)

    @property
    def word_ids(self) -> list[int | None]:
        """Word number of every token."""
        return [None if word < 0 else word for word in self._list("words")]

    @property
    def words(self) -> list[int | None]:
        """Word number of every token, by its older name."""
        return self.word_ids

    @property
    def sequence_ids(self) -> list[int | None]:
        """0 for tokens of the first text, 1 for those of the second."""
        return [None if s < 0 else s for s in self._list("sequences")]

    def __len__(self) -> int:
        """Number of tokens, padding included."""
        return len(self._columns["ids"])

    def __repr__(self) -> str:
        """Show the number of tokens."""
        return f"Encoding(num_tokens={len(self)}, n_sequences={self.n_sequences})"

    def token_to_sequence(self, token_index: int) -> int | None:
        """Return which text a token belongs to, or `None`."""
        return self._value("sequences", token_index)

    def token_to_word(self, token_index: int) -> int | None:
        """Return which word of its text a token belongs to, or `None`."""
        return self._value("words", token_index)

    def token_to_chars(self, token_index: int) -> tuple[int, int] | None:
        """Return which characters of its text a token covers, or `None`."""
        if self.token_to_sequence(token_index) is None:
            return None
        return self._span(token_index, token_index)

    def word_to_tokens(
        self, word_index: int, sequence_index: int = 0
    ) -> tuple[int, int] | None:
        """Return the tokens of a word, or `None` where it has none in this row."""
        columns = self._columns
        places = np.flatnonzero(
            (columns["sequences"] == sequence_index) & (columns["words"] == word_index)
        )
        return (int(places[0]), int(places[-1]) + 1) if places.size else None

    def word_to_chars(
        self, word_index: int, sequence_index: int = 0
    ) -> tuple[int, int] | None:
        """Return the characters of a word, or `None` where this row lacks it."""
        tokens = self.word_to_tokens(word_index, sequence_index)
        if tokens is None:
            return None
        return self._span(tokens[0], tokens[1] - 1)

    def char_to_token(self, char_pos: int, sequence_index: int = 0) -> int | None:
        """Return the token that covers a character, or `None` where none does."""
        begins, ends = self._columns["offsets"].T
        covers = (begins <= char_pos) & (char_pos < ends)
        covers &= self._columns["sequences"] == sequence_index
        places = np.flatnonzero(covers)
        return int(places[0]) if places.size else None

    def char_to_word(self, char_pos: int, sequence_index: int = 0) -> int | None:
        """Return the word that a character belongs to, or `None`."""
        token = self.char_to_token(char_pos, sequence_index)
        return None if token is None else self.token_to_word(token)

    def _span(self, first: int, last: int) -> tuple[int, int]:
        offsets = self._columns["offsets"]
        return int(offsets[first, 0]), int(offsets[last, 1])

    def _value(self, column: str, token_index: int) -> int | None:
        values = self._columns[column]
        if not -len(values) <= token_index < len(values):
            return None
        value = int(values[token_index])
        return None if value < 0 else value

    def _list(self, column: str) -> list[int]:
        values: list[int] = self._columns[column].tolist()
        return values


def split_rows(
    rows: Rows, spell: Callable[[list[int]], list[str | None]]
) -> list[Encoding]:
    """Return an `Encoding` for every row.

    Args:
        rows: Rows whose segments know their places.
        spell: Ids to spellings.

    Returns:
        One for each row.
    """
    flat: dict[str, Any] = {
        "ids": rows.ids(),
        "type_ids": rows.type_ids(),
        "mask": rows.mask(),
        "special": rows.special_mask(),
        "words": rows.words(),
        "sequences": rows.segment_ids(),
        "offsets": rows.offsets(),
    }
    bounds = rows.starts.tolist()
    return [
        Encoding(
            {name: column[start:end] for name, column in flat.items()},
            spell,
            n_sequences=2 if paired else 1,
        )
        for start, end, paired in zip(
            bounds[:-1], bounds[1:], rows.paired.tolist(), strict=True
        )
    ]
