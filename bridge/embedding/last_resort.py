"""Rows for tokens that nothing is known of: a seeded draw like rows of their class."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.vocabulary import Position, TokenKind, Vocabulary
from bridge.vocabulary.surface import is_isolated

# Below this many rows, mean and spread of a class say little; all live rows serve.
MIN_CLASS = 32

_DEAD = -1
_ALL = -2
# Rows read or written at a time: a block of 1,024 columns stays within 8 MiB.
BLOCK = 2_048


@dataclass(frozen=True, slots=True)
class RowClasses:
    """Place in a word and kind of token of every row.

    Attributes:
        new: Class of every row of the new table, `(vocabulary_size,)` int64.
        preset: Class of every row of the preset's table, `(preset_rows,)` int64; -1
            for rows that no text produces, which were never trained.
    """

    new: NDArray[np.int64]
    preset: NDArray[np.int64]

    @classmethod
    def of(
        cls, vocabulary: Vocabulary, reference: Vocabulary, *, preset_rows: int
    ) -> "RowClasses":
        """Classify the rows of both tables.

        Args:
            vocabulary: The new table's.
            reference: The preset's.
            preset_rows: Rows of the preset's table, which may be more than tokens.

        Returns:
            The classes.
        """
        preset = np.full(preset_rows, _DEAD, np.int64)
        live = (reference.kinds < TokenKind.UNUSED) & ~reference.dead
        known = _classes(reference, reference.positions)
        preset[: reference.size] = np.where(live, known, _DEAD)
        if not live.any():
            preset[:] = 0
        return cls(_classes(vocabulary, _read_places(vocabulary, reference)), preset)


def _classes(vocabulary: Vocabulary, places: NDArray[np.uint8]) -> NDArray[np.int64]:
    return vocabulary.kinds.astype(np.int64) * len(Position) + places


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
    return _moments(table, classes, _ALL)[0]


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
    rows of the same place and kind, or over all of them where these are few.
    Reference: Downey et al. 2023, arXiv:2309.04679, who do so by script and place.

    Args:
        table: The preset's, `(preset_rows, width)` float.
        classes: Classes of both tables.
        rows: Ids to draw, ascending.
        out: The new table, written in place.
        rng: Source of the draw; ids are served in order, so it is the same anywhere.
    """
    sizes = {c: int((classes.preset == c).sum()) for c in set(classes.preset.tolist())}
    wanted = [
        c if c != _DEAD and sizes.get(c, 0) >= MIN_CLASS else _ALL
        for c in classes.new[rows].tolist()
    ]
    kinds, kind_of_row = np.unique(np.array(wanted, np.int64), return_inverse=True)
    moments = [_moments(table, classes, int(kind)) for kind in kinds]
    means = np.array([mean for mean, _ in moments], np.float32)
    spreads = np.array([spread for _, spread in moments], np.float32)
    for begin in range(0, len(rows), BLOCK):
        block = slice(begin, begin + BLOCK)
        kind = kind_of_row[block]
        noise = rng.standard_normal((len(kind), table.shape[1]), dtype=np.float32)
        out[rows[block]] = means[kind] + noise * spreads[kind]


def _moments(
    table: NDArray[Any], classes: RowClasses, wanted: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return mean and standard deviation of each dimension over a class."""
    is_in = classes.preset != _DEAD if wanted == _ALL else classes.preset == wanted
    rows = np.flatnonzero(is_in)
    total, squares = np.zeros((2, table.shape[1]))
    for begin in range(0, len(rows), BLOCK):
        part = table[rows[begin : begin + BLOCK]].astype(np.float64)
        total += part.sum(axis=0)
        squares += (part * part).sum(axis=0)
    mean = total / len(rows)
    spread = np.sqrt(np.maximum(squares / len(rows) - mean * mean, 0.0))
    return mean.astype(np.float32), spread.astype(np.float32)
