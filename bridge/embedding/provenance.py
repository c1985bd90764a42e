"""`Provenance`: the recipe of every row of an embedding, which is also its record."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from bridge.embedding.provenance_files import (
    read_json,
    to_html,
    write_csv,
    write_json,
)
from bridge.errors import SavedFormatError
from bridge.ragged import Ragged

if TYPE_CHECKING:
    from bridge.vocabulary import Vocabulary


class Rule(IntEnum):
    """How a row was made; each row by the first rule that applies."""

    COPY = 0  # the same bytes at the same place: the preset's row, bit for bit
    ROLE = 1  # a special token: the preset's row of the same role
    OVERRIDE = 2  # the user said what it means: that row, or the mean of several
    NORMALIZED = 3  # the same after the preset's normaliser: a copy, many to one
    COMPOSED = 4  # weighted mean of the preset's pieces
    MIXTURE = 5  # two compositions: read as a word start and read inside a word
    ANCHORS = 6  # copied tokens near it in a space of the user's
    OMP = 7  # copied tokens that rebuild it in a donor model's table
    GIVEN = 8  # by the user's own function
    MEAN = 9  # mean of the preset's live rows; only where asked for
    LAST_RESORT = 10  # seeded draw with mean and spread of live rows of its class
    DISTILLED = 11  # began as its ingredients say, then was trained by `distill`


# A row of these with one ingredient equals a row of the preset, and stands for it.
_COPIES = (Rule.COPY, Rule.ROLE, Rule.OVERRIDE, Rule.NORMALIZED)


class Combination(NamedTuple):
    """Ingredients of some rows: rows of the preset, weights, and `centre` as below."""

    rows: Ragged
    weights: NDArray[np.float32]
    centre: NDArray[np.int64] | None = None


class Origin(NamedTuple):
    """Where one row came from."""

    rule: Rule
    rows: tuple[int, ...]
    weights: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Provenance:
    """Rule and ingredients of every row.

    A row is the sum of the preset's `rows` times their `weights`, computed in float32;
    a single row of weight 1 is copied as it stands.

    Attributes:
        rules: `Rule` of every row, `(vocabulary_size,)` uint8.
        rows: Rows of the preset that each new row is made of; none for `GIVEN`, `MEAN`
            and `LAST_RESORT`.
        weights: Weight of each of them, `(rows.values.size,)` float32; those of a row
            sum to 1, but for `OMP`.
        centre: Rows of the preset whose mean makes up in an `OMP` row what its weights
            lack to 1, int64; `None` where there is no such row.
        vocabulary: What the new rows stand for, if known; files and notebooks show it.
        reference: What the preset's rows stand for, if known.

    Example:
        >>> provenance[15496]  # doctest: +SKIP
        Origin(rule=<Rule.NORMALIZED: 3>, rows=(7592,), weights=(1.0,))
    """

    rules: NDArray[np.uint8]
    rows: Ragged
    weights: NDArray[np.float32]
    centre: NDArray[np.int64] | None = None
    vocabulary: "Vocabulary | None" = None
    reference: "Vocabulary | None" = None

    @property
    def copied(self) -> NDArray[np.bool_]:
        """Rows that equal a row of the preset and stand for it, `(len(self),)` bool."""
        single: NDArray[np.bool_] = self.rows.lengths == 1
        return single & np.isin(self.rules, _COPIES)

    def counts(self) -> dict[str, int]:
        """Return how many rows each rule made; they add up to the vocabulary size."""
        counts = np.bincount(self.rules, minlength=len(Rule))
        return {rule.name: int(counts[rule]) for rule in Rule}

    @classmethod
    def join(
        cls,
        rules: NDArray[np.uint8],
        parts: Sequence[tuple[NDArray[np.int64], "Combination"]],
    ) -> "Provenance":
        """Put the ingredients of disjoint groups of rows together.

        Args:
            rules: `Rule` of every row.
            parts: Ids of some rows, and the ingredients of each of them. Rows of no
                part have none.

        Returns:
            The record of all rows.
        """
        lengths = np.zeros(len(rules), np.int64)
        for ids, part in parts:
            lengths[ids] = part.rows.lengths
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        values = np.empty(offsets[-1], np.int32)
        weights = np.empty(offsets[-1], np.float32)
        centre = None
        for ids, part in parts:
            shift = offsets[ids] - part.rows.offsets[:-1]
            places = np.arange(part.rows.values.size) + np.repeat(
                shift, part.rows.lengths
            )
            values[places], weights[places] = part.rows.values, part.weights
            centre = part.centre if centre is None else centre
        return cls(rules, Ragged(values, offsets), weights, centre)

    def take(self, ids: NDArray[np.int64]) -> "Provenance":
        """Return the record of some rows alone, in the order given.

        Args:
            ids: Which rows, `(n,)`.

        Returns:
            A record of `n` rows.
        """
        places = Ragged(np.arange(self.weights.size, dtype=np.int32), self.rows.offsets)
        return replace(
            self,
            rules=self.rules[ids],
            rows=self.rows.take(ids),
            weights=self.weights[places.take(ids).values],
            vocabulary=None,
        )

    def to_dict(self) -> dict[str, list[object]]:
        """Return one column a field, for a data frame, rows in id order."""
        return {
            "id": list(range(len(self))),
            "rule": [origin.rule.name for origin in self],
            "rows": [list(origin.rows) for origin in self],
            "weights": [list(origin.weights) for origin in self],
        }

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write a line for every row: id, token, rule, rows, their tokens, weights.

        Tokens are Python literals and lists stand in brackets: nothing in the file
        moves a cursor, and no cell begins with a sign that a spreadsheet takes for a
        formula.

        Args:
            path: File to write; it appears complete, or the old one stays.
        """
        write_csv(self, path)

    def to_json(self, path: str | os.PathLike[str]) -> None:
        """Write all of the record, tokens as Python literals; `from_json` reads it.

        Args:
            path: File to write; it appears complete, or the old one stays.
        """
        write_json(self, path)

    @classmethod
    def from_json(cls, path: str | os.PathLike[str]) -> Self:
        """Read what `to_json` wrote.

        Args:
            path: The file.

        Returns:
            The record, without the vocabularies.

        Raises:
            SavedFormatError: If the file is no such record, damaged, or of another
                format version.
        """
        found = read_json(path)
        try:
            return cls(
                np.array([Rule[name] for name in found["rules"]], np.uint8),
                Ragged.from_lists(found["rows"]),
                np.fromiter(chain.from_iterable(found["weights"]), np.float32),
                None
                if found["centre"] is None
                else np.array(found["centre"], np.int64),
            )
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise SavedFormatError(
                "Every line of a record of rows holds a known rule, ids and numbers. "
                f"Received: {os.fspath(path)} ({type(error).__name__}: {error}). Write "
                "it again from the transplant's result."
            ) from error

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.rules)

    def __getitem__(self, token_id: int) -> Origin:
        """Return the origin of one row; negative ids are refused by `range`."""
        part = slice(*self.rows.offsets[[token_id, token_id + 1]].tolist())
        return Origin(
            Rule(int(self.rules[token_id])),
            tuple(self.rows.values[part].tolist()),
            tuple(self.weights[part].tolist()),
        )

    def __iter__(self) -> Iterator[Origin]:
        """Yield the origin of every row, in id order."""
        return (self[token_id] for token_id in range(len(self)))

    def __repr__(self) -> str:
        """Show the counts that are not zero."""
        counts = ", ".join(f"{k}={n:,}" for k, n in self.counts().items() if n)
        return f"Provenance({len(self):,} rows: {counts})"

    def _repr_html_(self) -> str:
        """Show the rules in a notebook, with examples."""
        return to_html(self)
