"""`Anchors`: rows from copied tokens that are near in a space of the user's."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from bridge.embedding.cooccurrence import count_vectors
from bridge.embedding.methods import Request
from bridge.embedding.neighbours import unit_rows, weigh_neighbours
from bridge.embedding.provenance import Combination, Rule
from bridge.embedding.vectors import Vectors, find_vectors, read_vectors
from bridge.ragged import Ragged

Weighting = Literal["softmax", "sparsemax"]


@dataclass(frozen=True, slots=True)
class Anchors:
    """Makes a row of the copied tokens that are nearest in an auxiliary space.

    With `w` from the cosines between the vectors of a token and of the anchors, its
    row is the sum of `w` times the anchors' rows. `"softmax"` takes the `top_k`
    nearest and weighs them by `exp(cosine / temperature)` (WECHSEL, Minixhofer et al.
    2022, arXiv:2112.06598); `"sparsemax"` lets the cosines decide how many there are
    (FOCUS, Dobler and de Melo 2023, arXiv:2305.14481).

    Attributes:
        vectors: Token to vector, or a file in the text format of word2vec and
            fastText. A token is looked up by its spelling, then by the text it stands
            for, then by that in lower case. `None`: made from `texts`, by which
            tokens stand near which (see `count_vectors`).
        weighting: How near anchors are weighed.
        top_k: With softmax, how many anchors make a row.
        temperature: With softmax, how sharply the nearest is preferred.
        most: With sparsemax, the most anchors that it may choose from.
        minimum: With `texts`, uses below which a token has no vector.
        dimensions: With `texts`, columns of the vectors.
        window: With `texts`, tokens on each side that count as company.
        rule: What the provenance calls its rows.

    Example:
        >>> near = bridge.Anchors({"hello": [1.0, 0.0], "hi": [0.9, 0.1]}, top_k=2)
        >>> result = bridge.transplant(backbone, alignment, init=[near, "compose"])
    """

    vectors: Vectors | str | os.PathLike[str] | None = None
    weighting: Weighting = "softmax"
    top_k: int = 10
    temperature: float = 0.1
    most: int = 256
    minimum: int = 10
    dimensions: int = 100
    window: int = 5

    rule: ClassVar[Rule] = Rule.ANCHORS

    def __post_init__(self) -> None:
        """Refuse options that mean nothing."""
        if self.weighting not in get_args(Weighting):
            raise ValueError(
                "`weighting` must be 'softmax' or 'sparsemax'. Received: "
                f"{self.weighting!r}."
            )
        for name in ("top_k", "temperature", "most", "minimum", "dimensions", "window"):
            if not getattr(self, name) > 0:
                raise ValueError(
                    f"`{name}` must be above 0. Received: {getattr(self, name)}."
                )

    def combine(self, request: Request) -> Combination:
        """Return the nearest anchors of every id asked for.

        Args:
            request: Ids, anchors and texts.

        Returns:
            Ingredients; none for a token that has no vector.

        Raises:
            ValueError: If there are neither vectors nor texts.
            MissingDependencyError: If vectors are to be made and scipy is missing.
        """
        ids, vectors = self._space(request)
        places = np.full(request.alignment.tokenizer.vocabulary.size, -1, np.int64)
        places[ids] = np.arange(len(ids))
        wanted, anchors = places[request.token_ids], places[request.anchors]
        served, usable = np.flatnonzero(wanted >= 0), np.flatnonzero(anchors >= 0)
        lengths = np.zeros(len(request.token_ids), np.int64)
        if not served.size or not usable.size:
            return Combination(
                Ragged.from_lengths(np.zeros(0, np.int32), lengths),
                np.zeros(0, np.float32),
            )
        unit = unit_rows(vectors)
        chosen, weights = weigh_neighbours(
            unit[wanted[served]],
            unit[anchors[usable]],
            count=self.top_k if self.weighting == "softmax" else self.most,
            temperature=self.temperature if self.weighting == "softmax" else None,
        )
        kept = weights > 0
        lengths[served] = kept.sum(axis=1)
        rows = request.anchor_rows[usable][chosen[kept]]
        return Combination(Ragged.from_lengths(rows, lengths), weights[kept])

    def _space(self, request: Request) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return ids that have a vector, and their vectors."""
        tokenizer = request.alignment.tokenizer
        vectors: Any = self.vectors
        if vectors is None:
            return count_vectors(
                tokenizer,
                _texts(request.texts),
                minimum=self.minimum,
                dimensions=self.dimensions,
                window=self.window,
                seed=request.seed,
            )
        if not isinstance(vectors, Mapping):
            vectors = read_vectors(vectors, tokenizer.vocabulary)
        return find_vectors(vectors, tokenizer.vocabulary)


def _texts(texts: Sequence[str] | None) -> Sequence[str]:
    if texts is None or not len(texts):
        raise ValueError(
            "Anchors are found by vectors, or by texts to make them from. Received: "
            "neither. Pass `texts=`, or `init=bridge.Anchors(vectors)`."
        )
    return texts
