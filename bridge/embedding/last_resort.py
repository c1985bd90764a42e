"""Rows for tokens that nothing is known of: a seeded draw like rows of their class."""

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.vocabulary import Position, TokenKind, Vocabulary
from bridge.vocabulary.surface import is_isolated

# Below this many rows, mean and spread of a class say little; a wider one serves.
MIN_CLASS = 32

_DEAD = -1
_ALL = -2
# A class is a script times this, and behind it kind and place, which need less.
_SCRIPT = 64
# Kind and place alone are this less their number.
_ANY_SCRIPT = -3
# Rows read or written at a time: a block of 1,024 columns stays within 8 MiB.
BLOCK = 2_048


@dataclass(frozen=True, slots=True)
class RowClasses:
    """Script, kind and place in a word of the token of every row.

    Attributes:
        new: Class of every row of the new table, `(vocabulary_size,)` int64; -1 for
            rows without a token.
        preset: Class of every row of the preset's table, `(preset_rows,)` int64; -1
            for rows that no text produces, which were never trained.
    """

    new: NDArray[np.int64]
    preset: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        vocabulary: Vocabulary,
        reference: Vocabulary,
        *,
        preset_rows: int,
        rows: int | None = None,
    ) -> "RowClasses":
        """Classify the rows of both tables.

        Args:
            vocabulary: The new table's.
            reference: The preset's.
            preset_rows: Rows of the preset's table, which may be more than tokens.
            rows: The same of the new table; one a token if `None`.

        Returns:
            The classes.
        """
        scripts: dict[str, int] = {}
        new = np.full(vocabulary.size if rows is None else rows, _DEAD, np.int64)
        places = _read_places(vocabulary, reference)
        new[: vocabulary.size] = _classes(vocabulary, places, scripts)
        preset = np.full(preset_rows, _DEAD, np.int64)
        live = (reference.kinds < TokenKind.UNUSED) & ~reference.dead
        known = _classes(reference, reference.positions, scripts)
        preset[: reference.size] = np.where(live, known, _DEAD)
        if not live.any():
            preset[:] = 0
        return cls(new, preset)

    def widen(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Choose like which of the preset's rows each new row is drawn.

        Args:
            rows: Ids of the new table.

        Returns:
            For each its class, or a wider one where it has few rows; see `members`.
        """
        classes, index = np.unique(self.new[rows], return_inverse=True)
        chosen = [
            next(c for c in _wider(own) if c == _ALL or self._has_many(c))
            for own in classes.tolist()
        ]
        return np.array(chosen, np.int64)[index]

    def members(self, row_class: int) -> NDArray[np.int64]:
        """Return the preset's rows of a class that `widen` gave, ascending."""
        if row_class >= 0:
            return np.flatnonzero(self.preset == row_class)
        live = self.preset != _DEAD
        if row_class != _ALL:
            live &= self.preset % _SCRIPT == _ANY_SCRIPT - row_class
        return np.flatnonzero(live)

    def _has_many(self, row_class: int) -> bool:
        return len(self.members(row_class)) >= MIN_CLASS


def _wider(row_class: int) -> tuple[int, ...]:
    """Return a class, that of all scripts, and that of all live rows."""
    if row_class == _DEAD:
        return (_ALL,)
    return (row_class, _ANY_SCRIPT - row_class % _SCRIPT, _ALL)


def _classes(
    vocabulary: Vocabulary, places: NDArray[np.uint8], scripts: dict[str, int]
) -> NDArray[np.int64]:
    found = [
        scripts.setdefault(_script(key.decode("utf-8", "ignore")), len(scripts))
        for key in vocabulary.keys
    ]
    kinds = vocabulary.kinds.astype(np.int64) * len(Position) + places
    return np.array(found, np.int64) * _SCRIPT + kinds


def _script(text: str) -> str:
    """Name the script of the first letter, or say that there are digits or neither."""
    for character in text:
        if character.isalpha():
            return _letter_script(character)
    return "digits" if text[:1].isdigit() else ""


@cache
def _letter_script(letter: str) -> str:
    # The Unicode name of a letter begins with its script; the database of Python has
    # no other note of it.
    return unicodedata.name(letter, "").partition(" ")[0]


def _read_places(vocabulary: Vocabulary, reference: Vocabulary) -> NDArray[np.uint8]:
    """Say where tokens stand in the words of the preset, as it would mark them."""
    places = vocabulary.positions.copy()
    if reference.isolates and not vocabulary.isolates:
        # Without a space before it, a token is inside a word unless it is cut off.
        isolated = [is_isolated(k.decode("utf-8", "ignore")) for k in vocabulary.keys]
        either = (places == Position.EITHER) & ~np.array(isolated, bool)
        places[either] = Position.CONTINUATION
    if vocabulary.isolates and not reference.isolates:
        places[places == Position.CONTINUATION] = Position.EITHER
    return places


def live_mean(table: NDArray[Any], classes: RowClasses) -> NDArray[np.float32]:
    """Return the mean of the rows that text produces.

    For an output head it bounds how far the distribution over the old tokens moves
    (Hewitt 2021, https://nlp.stanford.edu/~johnhew/vocab-expansion.html).

    Args:
        table: `(preset_rows, width)` float.
        classes: Classes of its rows.

    Returns:
        `(width,)` float32.
    """
    return _moments(table, classes.members(_ALL))[0]


def draw_rows(
    table: NDArray[Any],
    classes: RowClasses,
    rows: NDArray[np.int64],
    out: NDArray[Any],
    *,
    rng: np.random.Generator,
) -> None:
    """Draw rows from a normal distribution with mean and spread of their class.

    Mean and standard deviation are taken in each dimension over the preset's live
    rows of the same script, place and kind, or over wider classes where these are few.
    Reference: Downey et al. 2023, arXiv:2309.04679.

    Args:
        table: The preset's, `(preset_rows, width)` float.
        classes: Classes of both tables.
        rows: Ids to draw, ascending.
        out: The new table, written in place.
        rng: Source of the draw; ids are served in order, so it is the same anywhere.
    """
    kinds, kind_of_row = np.unique(classes.widen(rows), return_inverse=True)
    moments = [_moments(table, classes.members(int(kind))) for kind in kinds]
    means = np.array([mean for mean, _ in moments], np.float32)
    spreads = np.array([spread for _, spread in moments], np.float32)
    for begin in range(0, len(rows), BLOCK):
        block = slice(begin, begin + BLOCK)
        kind = kind_of_row[block]
        noise = rng.standard_normal((len(kind), table.shape[1]), dtype=np.float32)
        out[rows[block]] = means[kind] + noise * spreads[kind]


def _moments(
    table: NDArray[Any], rows: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return mean and standard deviation of each dimension over some rows."""
    total, squares = np.zeros((2, table.shape[1]))
    for begin in range(0, len(rows), BLOCK):
        part = table[rows[begin : begin + BLOCK]].astype(np.float64)
        total += part.sum(axis=0)
        squares += (part * part).sum(axis=0)
    mean = total / len(rows)
    spread = np.sqrt(np.maximum(squares / len(rows) - mean * mean, 0.0))
    return mean.astype(np.float32), spread.astype(np.float32)
