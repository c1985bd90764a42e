"""Vectors of tokens from the user's own texts: which stand near which."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bridge.errors import MissingDependencyError, VocabularyError
from bridge.ragged import Ragged
from bridge.tokenizers.base import Tokenizer
from bridge.vocabulary import TokenKind

if TYPE_CHECKING:
    from types import ModuleType

# Levy, Goldberg and Dagan 2015 (TACL 3): contexts are counted to this power, so that
# rare ones do not get the highest scores.
SMOOTHING = 0.75

# Texts counted at a time, so that pairs do not fill the memory.
_CHUNK = 2_048


def count_vectors(
    tokenizer: Tokenizer,
    texts: Sequence[str],
    *,
    minimum: int,
    dimensions: int,
    window: int,
    seed: int = 0,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Make a vector for every token that the texts use often enough.

    Pairs of tokens within `window` of one another are counted, turned into positive
    pointwise mutual information, `max(0, log(p(t, c) / (p(t) p(c)**0.75)))`, and
    factorised: the vectors are `U sqrt(S)` of a truncated singular value decomposition
    (Levy, Goldberg and Dagan 2015, TACL 3).

    Args:
        tokenizer: The external tokenizer.
        texts: The user's texts.
        minimum: Uses below which a token gets no vector: its company says little.
        dimensions: Columns of the vectors.
        window: Tokens on each side.
        seed: Of the randomised decomposition.

    Returns:
        Ids that have a vector, ascending, and their vectors, `(n, dimensions)`.

    Raises:
        MissingDependencyError: If scipy is not installed.
        VocabularyError: If the texts use fewer than two tokens often enough.
    """
    sparse = _scipy_sparse()
    vocabulary = tokenizer.vocabulary
    chunks = [
        tokenizer.encode_batch(texts[begin : begin + _CHUNK])
        for begin in range(0, len(texts), _CHUNK)
    ]
    uses = sum(np.bincount(ids.values, minlength=vocabulary.size) for ids in chunks)
    kept = np.flatnonzero((uses >= minimum) & (vocabulary.kinds < TokenKind.SPECIAL))
    if len(kept) < 2:
        raise VocabularyError(
            "Vectors are made for tokens that the texts use often enough. Received: "
            f"{len(kept)} tokens with {minimum} uses or more in {len(texts)} texts. "
            "Pass more texts, or `bridge.Anchors(minimum=...)`."
        )
    place = np.full(vocabulary.size, -1, np.int64)
    place[kept] = np.arange(len(kept))
    counts = sparse.csr_matrix((len(kept), len(kept)), dtype=np.float32)
    for ids in chunks:
        counts = counts + _count_pairs(sparse, ids, place, len(kept), window)
    scores = _mutual_information(counts + counts.T)
    return kept, _factorize(scores, min(dimensions, len(kept)), seed)


def _count_pairs(
    sparse: "ModuleType", ids: Ragged, place: NDArray[np.int64], size: int, window: int
) -> Any:  # noqa: ANN401  scipy has no types
    """Count pairs of a token and one behind it, each text for itself."""
    tokens, text = place[ids.values], ids.row_of_value
    rows, columns = [], []
    for distance in range(1, window + 1):
        first, second = tokens[:-distance], tokens[distance:]
        together = text[:-distance] == text[distance:]
        together &= (first >= 0) & (second >= 0)
        rows.append(first[together])
        columns.append(second[together])
    left, right = np.concatenate(rows), np.concatenate(columns)
    ones = np.ones(len(left), np.float32)
    return sparse.coo_matrix((ones, (left, right)), shape=(size, size)).tocsr()


def _mutual_information(counts: Any) -> Any:  # noqa: ANN401
    pairs = counts.tocoo()
    uses = np.asarray(counts.sum(axis=1), np.float64).ravel()
    contexts = uses**SMOOTHING
    expected = uses[pairs.row] * contexts[pairs.col] / contexts.sum()
    pairs.data = np.maximum(np.log(pairs.data / expected), 0).astype(np.float32)
    scores = pairs.tocsr()
    scores.eliminate_zeros()
    return scores


def _factorize(scores: Any, rank: int, seed: int) -> NDArray[np.float32]:  # noqa: ANN401
    """Return `U sqrt(S)` of a randomised truncated decomposition.

    Reference: Halko, Martinsson and Tropp 2011, arXiv:0909.4061, algorithms 4.4 and
    5.1, with two power iterations and ten columns to spare.
    """
    rng = np.random.default_rng(seed)
    columns = min(rank + 10, scores.shape[0])
    start = rng.standard_normal((scores.shape[1], columns), dtype=np.float32)
    basis = np.linalg.qr(scores @ start)[0]
    for _ in range(2):
        basis = np.linalg.qr(scores.T @ basis)[0]
        basis = np.linalg.qr(scores @ basis)[0]
    left, values, _ = np.linalg.svd((scores.T @ basis).T, full_matrices=False)
    vectors = basis @ left[:, :rank] * np.sqrt(values[:rank])
    return np.asarray(vectors, np.float32)


def _scipy_sparse() -> "ModuleType":
    try:
        from scipy import sparse
    except ImportError as error:
        raise MissingDependencyError(
            "Vectors are made from texts with scipy. Received: it is not installed. "
            "Run `pip install 'tokenizer-bridge[anchors]'`, or pass vectors: "
            "`bridge.Anchors(vectors)`."
        ) from error
    module: ModuleType = sparse
    return module
