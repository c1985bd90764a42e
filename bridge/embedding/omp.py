"""`MatchingPursuit`: rows from copied tokens that rebuild a donor model's row."""

import os
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from bridge.embedding.donor import read_donor
from bridge.embedding.methods import Request
from bridge.embedding.neighbours import top_k, unit_rows
from bridge.embedding.provenance import Combination, Rule
from bridge.embedding.rows import row_norms
from bridge.errors import BackboneError
from bridge.ragged import Ragged

# Rows whose candidates are found at a time: 80 MB of products for 20,000 anchors.
_BLOCK = 1_024

# Rows solved at a time: their candidates, 256 rows of 384 each, stay in the cache.
_PART = 32

# A row whose norm is this many times larger or smaller than the median was never
# trained, or is poisoned; no anchor and no target.
_NORM_RATIO = 5.0


@dataclass(frozen=True, slots=True)
class MatchingPursuit:
    """Makes a row of the copied tokens that best rebuild it in a donor's table.

    Centred orthogonal matching pursuit: the mean of the anchors is taken from the
    donor's rows; then, one at a time, the anchor is added whose direction is nearest to
    what is not yet explained, and all coefficients are solved again with a small ridge.
    The same coefficients rebuild the row from the preset's rows, around the mean of
    the anchors there. Reference: Goddard and Fernandes Neto 2025, arXiv:2506.06607;
    without centring, the free sum of the coefficients scales the common direction of
    all rows.

    Attributes:
        donor: The embedding of the model that the tokenizer comes with, a row an id:
            an array, or a .safetensors file.
        tensor: Name of the embedding in the file; the only two-dimensional tensor
            whose name says so if `None`.
        k: Anchors in a row.
        ridge: Times the mean squared norm of the chosen anchors.
        candidates: Anchors nearest to a row among which the search goes; all would
            take hours on two cores.
        rule: What the provenance calls its rows.

    Example:
        >>> donor = np.random.default_rng(0).normal(size=(tokenizer.vocabulary.size, 8))
        >>> pursuit = bridge.MatchingPursuit(donor, k=4)  # init=pursuit of `transplant`
    """

    donor: NDArray[Any] | str | os.PathLike[str]
    tensor: str | None = None
    k: int = 32
    ridge: float = 1e-3
    candidates: int = 256

    rule: ClassVar[Rule] = Rule.OMP

    def __post_init__(self) -> None:
        """Refuse options that mean nothing."""
        if self.k < 1 or self.candidates < self.k or self.ridge < 0:
            raise ValueError(
                "Matching pursuit needs `k` of at least 1, no more than `candidates`, "
                f"and a `ridge` of at least 0. Received: k={self.k}, "
                f"candidates={self.candidates}, ridge={self.ridge}."
            )

    def combine(self, request: Request) -> Combination:
        """Return anchors and coefficients for every id asked for.

        Args:
            request: Ids and anchors.

        Returns:
            Ingredients; none for ids whose row in the donor is no ordinary one, or if
            there are fewer than two anchors.

        Raises:
            BackboneError: If the donor has too few rows, or cannot be read.
        """
        donor = read_donor(self.donor, self.tensor)
        size = request.alignment.tokenizer.vocabulary.size
        if donor.ndim != 2 or len(donor) < size:
            raise BackboneError(
                "A donor's table must have a row for every id of the tokenizer. "
                f"Received: shape {donor.shape} for {size} ids. Pass the embedding of "
                "the model that the tokenizer comes with."
            )
        usable = _ordinary(donor, request.anchors)
        wanted = _ordinary(donor, request.token_ids, like=request.anchors[usable])
        lengths = np.zeros(len(request.token_ids), np.int64)
        if len(usable) < 2 or not len(wanted):
            return Combination(
                Ragged.from_lengths(np.zeros(0, np.int32), lengths),
                np.zeros(0, np.float32),
            )
        anchors = donor[request.anchors[usable]].astype(np.float32)
        centre = anchors.mean(axis=0)
        chosen, coefficients = pursue(
            donor[request.token_ids[wanted]].astype(np.float32) - centre,
            anchors - centre,
            k=min(self.k, len(usable) - 1, donor.shape[1]),
            ridge=self.ridge,
            candidates=self.candidates,
        )
        lengths[wanted] = chosen.shape[1]
        rows = request.anchor_rows[usable]
        return Combination(
            Ragged.from_lengths(rows[chosen].ravel(), lengths),
            coefficients.ravel(),
            centre=rows,
        )


def _ordinary(
    donor: NDArray[Any],
    ids: NDArray[np.int64],
    like: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Return places of ids whose rows have about the norm that most of them have."""
    norms = row_norms(donor[ids])
    usual = norms if like is None else row_norms(donor[like])
    usual = usual[np.isfinite(usual) & (usual > 0)]
    if not usual.size:
        return np.zeros(0, np.int64)
    median = np.median(usual)
    near = (norms > median / _NORM_RATIO) & (norms < median * _NORM_RATIO)
    return np.flatnonzero(near)


def pursue(
    targets: NDArray[np.float32],
    anchors: NDArray[np.float32],
    *,
    k: int,
    ridge: float,
    candidates: int,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Solve `min ||target - sum c_i anchor_i||` greedily, `k` anchors a target.

    As in batch OMP (Rubinstein, Zibulevsky and Elad 2008, Technion CS-2008-08) no
    residual is formed: what is left of each product of target and candidate follows
    from the products of candidates with the chosen.

    Args:
        targets: Centred rows, `(n, width)` float32.
        anchors: Centred rows, `(m, width)` float32.
        k: Anchors in a row.
        ridge: Times the mean squared norm of the chosen anchors.
        candidates: Anchors of largest absolute cosine that are searched.

    Returns:
        Places among the anchors and coefficients, both `(n, k)`, in the order chosen.
    """
    chosen = np.empty((len(targets), k), np.int64)
    coefficients = np.empty((len(targets), k), np.float32)
    directions, norms = unit_rows(anchors), row_norms(anchors)
    count = min(candidates, len(anchors))
    for begin in range(0, len(targets), _BLOCK):
        products = targets[begin : begin + _BLOCK] @ directions.T
        near = top_k(np.abs(products), count)[0]
        scores = np.take_along_axis(products, near, axis=1)
        for first in range(0, len(near), _PART):
            part = slice(first, first + _PART)
            rows = slice(begin + first, begin + first + len(near[part]))
            places, amounts = _pursue_part(
                directions[near[part]], scores[part], k=k, ridge=ridge
            )
            chosen[rows] = np.take_along_axis(near[part], places, axis=1)
            # Directions were of length 1; the anchors themselves are not.
            coefficients[rows] = amounts / norms[chosen[rows]]
    return chosen, coefficients


def _pursue_part(
    candidates: NDArray[np.float32],
    scores: NDArray[np.float32],
    *,
    k: int,
    ridge: float,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Pick and solve for some rows in step.

    Args:
        candidates: Directions of every row's candidates, `(b, c, width)`.
        scores: Products of candidates and targets, `(b, c)`.
        k: Steps.
        ridge: Added to the diagonal of the products, which is 1.

    Returns:
        Places among the candidates and coefficients, both `(b, k)`.
    """
    rows = np.arange(len(scores))
    places = np.zeros((len(scores), k), np.int64)
    # Products of all candidates with the chosen.
    picked = np.zeros((len(scores), k, scores.shape[1]), np.float32)
    left, amounts = scores, np.zeros((len(scores), 0), np.float32)
    taken = np.zeros(scores.shape, bool)
    for step in range(k):
        best = np.where(taken, -1.0, np.abs(left)).argmax(axis=1)
        taken[rows, best] = True
        places[:, step] = best
        # Not `matmul`: threads of a BLAS cost more here than they bring.
        picked[:, step] = np.einsum("bcd,bd->bc", candidates, candidates[rows, best])
        so_far, known = places[:, : step + 1], picked[:, : step + 1]
        inner = np.take_along_axis(known, so_far[:, None, :], axis=2)
        inner = inner + ridge * np.eye(step + 1, dtype=np.float32)
        aims = np.take_along_axis(scores, so_far, axis=1)
        amounts = np.linalg.solve(inner, aims[:, :, None])[:, :, 0]
        left = scores - np.einsum("bs,bsc->bc", amounts, known)
    return places, amounts
