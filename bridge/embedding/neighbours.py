"""Nearest anchors and their weights, a block of the similarities at a time."""

import numpy as np
from numpy.typing import NDArray

# Similarities held at a time, 4 bytes each: 1,024 rows by 30,000 anchors are 123 MB.
_CELLS = 2**25

# Anchors that are looked at by their maximum first.
_GROUP = 64


def unit_rows(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the rows scaled to length 1; rows of zeros stay."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)
    return np.asarray(scaled, np.float32)


def weigh_neighbours(
    queries: NDArray[np.float32],
    anchors: NDArray[np.float32],
    *,
    count: int,
    temperature: float | None,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Find the nearest anchors of every query and weigh them by their cosines.

    Args:
        queries: Rows of length 1, `(n, width)` float32.
        anchors: Rows of length 1, `(m, width)` float32.
        count: Most anchors for a query.
        temperature: Of the softmax over them; sparsemax if `None`.

    Returns:
        Places among the anchors and weights, both `(n, min(count, m))`, the nearest
        first; the weights of a row sum to 1.
    """
    count = min(count, len(anchors))
    places = np.empty((len(queries), count), np.int64)
    weights = np.empty((len(queries), count), np.float32)
    step = max(1, _CELLS // len(anchors))
    for begin in range(0, len(queries), step):
        block = slice(begin, begin + step)
        found, cosines = top_k(queries[block] @ anchors.T, count)
        places[block] = found
        weights[block] = (
            sparsemax(cosines)
            if temperature is None
            else softmax(cosines / temperature)
        )
    return places, weights


def top_k(
    scores: NDArray[np.float32], count: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Find the largest scores of every row.

    The best of each group of columns tells which groups can hold any of the largest:
    at most `count` of them do. So a row is read once, fast, and only some of it is
    sorted; the result is exact.

    Args:
        scores: `(n, m)`.
        count: How many, at most `m`.

    Returns:
        Columns and scores, `(n, count)`, the largest first; of equal scores the lower
        column.
    """
    columns = scores.shape[1]
    groups = columns // _GROUP
    if groups <= 2 * count:
        candidates = np.broadcast_to(np.arange(columns), scores.shape)
        return _sorted_top(scores, candidates, count)
    # Column `g + i * groups` is in group `g`; those behind the last full one are apart.
    whole = scores[:, : groups * _GROUP].reshape(len(scores), _GROUP, groups)
    best = whole.max(axis=1)
    chosen = np.argpartition(best, groups - count, axis=1)[:, groups - count :]
    inside = chosen[:, :, None] + groups * np.arange(_GROUP)
    rest = np.arange(groups * _GROUP, columns)
    candidates = np.concatenate(
        [
            inside.reshape(len(scores), -1),
            np.broadcast_to(rest, (len(scores), len(rest))),
        ],
        axis=1,
    )
    return _sorted_top(
        np.take_along_axis(scores, candidates, axis=1), candidates, count
    )


def _sorted_top(
    scores: NDArray[np.float32], columns: NDArray[np.int64], count: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    places = np.argpartition(scores, -count, axis=1)[:, -count:]
    found = np.take_along_axis(columns, places, axis=1)
    values = np.take_along_axis(scores, places, axis=1)
    order = np.lexsort((found, -values), axis=1)
    return (
        np.take_along_axis(found, order, axis=1),
        np.take_along_axis(values, order, axis=1),
    )


def softmax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the softmax of every row."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def sparsemax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the sparsemax of every row, the nearest point of the simplex.

    Reference: Martins and Astudillo 2016, arXiv:1602.02068, algorithm 1.

    Args:
        scores: `(n, m)`, each row falling.

    Returns:
        `(n, m)`, rows sum to 1; small scores become exactly 0.
    """
    sums = np.cumsum(scores, axis=1, dtype=np.float64)
    counts = np.arange(1, scores.shape[1] + 1)
    support = (1 + counts * scores > sums).sum(axis=1)
    threshold = (sums[np.arange(len(sums)), support - 1] - 1) / support
    return np.asarray(np.maximum(scores - threshold[:, None], 0), np.float32)
