"""Weights of the pieces that spell a token."""

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from bridge.ragged import Ragged
from bridge.vocabulary import Vocabulary

Weights = Literal["char_length", "uniform", "first", "longest"]
WEIGHTS: tuple[str, ...] = get_args(Weights)


def check_weights(name: str, weights: str) -> None:
    """Refuse unknown weights.

    Args:
        name: The argument they came in.
        weights: What the user passed.

    Raises:
        ValueError: If they are none of `WEIGHTS`.
    """
    if weights not in WEIGHTS:
        raise ValueError(
            f"`{name}` must be one of {', '.join(map(repr, WEIGHTS))}. Received: "
            f"{weights!r}."
        )


def weigh_pieces(
    pieces: Ragged, lengths: NDArray[np.float64], *, weights: str
) -> NDArray[np.float64]:
    """Return the weight of every piece in its row.

    `"uniform"` is the mean (FVT: Gee et al. 2022, arXiv:2402.09977), `"char_length"`
    weighs a piece by the text it spells (WVT, in the same work's code), `"first"` and
    `"longest"` take one piece alone; the first of several that are equally long.

    Args:
        pieces: Pieces of every row.
        lengths: How much text each id of the preset spells.
        weights: One of `WEIGHTS`.

    Returns:
        `(pieces.values.size,)` float64, those of a row sum to 1.
    """
    amounts = lengths[pieces.values]
    if weights == "uniform":
        amounts = np.ones(len(amounts))
    elif weights != "char_length":
        order = np.arange(len(amounts))
        if weights == "longest":
            order = np.lexsort((order, -amounts, pieces.row_of_value))
        full = pieces.lengths > 0
        amounts = np.zeros(len(amounts))
        amounts[order[pieces.offsets[:-1][full]]] = 1.0
    totals = np.bincount(pieces.row_of_value, weights=amounts, minlength=len(pieces))
    return np.asarray(amounts / totals[pieces.row_of_value])


def piece_lengths(vocabulary: Vocabulary) -> NDArray[np.float64]:
    """Return how much text each of the preset's pieces spells.

    Args:
        vocabulary: The preset's.

    Returns:
        Characters of each key, or bytes where it is no whole character; at least 1.
    """
    lengths = [
        len(key.decode("utf-8", "ignore")) or len(key) or 1 for key in vocabulary.keys
    ]
    return np.array(lengths, np.float64)
