"""`find_untrained`: rows of a preset's embedding that training never touched."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.errors import VocabularyError
from bridge.vocabulary import TokenKind, Vocabulary

# Fewer rows that are known to be untrained say too little about the others.
_FEWEST_KNOWN = 8
# Share of those that a row must resemble: some were trained under another name.
_SHARE = 0.95
# They must lie this much nearer to their mean than other rows do: else they are as
# scattered as trained ones and tell nothing.
_GAP = 0.5

_BLOCK = 1 << 14  # rows, so that no second table is made


def find_untrained(weights: Any, vocabulary: Vocabulary) -> NDArray[np.bool_]:  # noqa: ANN401
    """Tell which rows training never touched.

    They are zero or not finite; or, where some rows are known to be untrained
    (reserved tokens, holes, `##!` and the like, rows behind the last token), as near
    to the mean of those as 95 % of them are. That finds copies of one row, rows that
    decayed together and small random ones alike. In MiniLM's table (994 reserved
    tokens, 336 dead ones) it finds 127 others, such as `\u02b3` and `...`.

    Args:
        weights: The token embedding, `(rows, dimensions)`, anything numpy reads.
        vocabulary: The preset's; row `i` belongs to id `i`.

    Returns:
        `(vocabulary.size,)` bool.

    Raises:
        VocabularyError: If the weights are no table of numbers, or have fewer rows
            than the vocabulary has ids.
    """
    table = _check(weights, vocabulary)
    known = np.ones(len(table), bool)
    known[: vocabulary.size] = (vocabulary.kinds == TokenKind.UNUSED) | vocabulary.dead
    norms = _distances(table, np.zeros(table.shape[1], np.float32))
    empty = ~(np.isfinite(norms) & (norms > 0))
    found = empty[: vocabulary.size]
    seeds, others = known & np.isfinite(norms), ~known & ~empty
    if seeds.sum() < _FEWEST_KNOWN or not others.any():
        return found
    distances = _distances(table, table[seeds].mean(0, dtype=np.float32))
    near = np.quantile(distances[seeds], _SHARE)
    if near > _GAP * np.median(distances[others]):
        return found
    return np.asarray(found | (distances <= near)[: vocabulary.size], bool)


def _check(weights: Any, vocabulary: Vocabulary) -> NDArray[Any]:  # noqa: ANN401
    table = np.asarray(weights)
    is_table = table.ndim == 2 and table.dtype.kind not in "OSUMmc"
    if is_table and len(table) >= vocabulary.size:
        return table
    raise VocabularyError(
        "`weights` must be a table with a row for every id of the preset. Received: "
        f"shape {table.shape} of {table.dtype} for {vocabulary.size} ids. Pass the "
        "token embedding, such as `backbone.token_embedding.embeddings`."
    )


def _distances(table: NDArray[Any], point: NDArray[Any]) -> NDArray[np.float32]:
    found = np.empty(len(table), np.float32)
    for begin in range(0, len(table), _BLOCK):
        rows = np.asarray(table[begin : begin + _BLOCK], np.float32) - point
        found[begin : begin + _BLOCK] = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    return found
