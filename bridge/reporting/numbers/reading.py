"""`Reading`: texts as both tokenizers read them, encoded once for every measure."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bridge.alignment import Alignment
from bridge.errors import VocabularyError
from bridge.lazy import lazy
from bridge.ragged import Ragged
from bridge.reporting.numbers.equality import equal_rows
from bridge.reporting.numbers.probing import can_encode, encode_where_possible
from bridge.reporting.numbers.spacing import in_sentences
from bridge.reporting.sample import Sample
from bridge.spec import find_role
from bridge.tokenizers import Tokenizer

Method = Literal["lookup", "expand", "retokenize"]
METHODS: tuple[Method, ...] = ("lookup", "expand", "retokenize")


@dataclass(frozen=True, eq=False)
class Reading:
    """Texts and their ids in both tokenizers.

    Attributes:
        alignment: The alignment.
        sample: The texts that both tokenizers read, and how often each occurs.
        ids: The tokenizer's ids; empty rows where it is only a vocabulary.
        reference_ids: The ids of the preset's reference tokenizer, likewise.
        given: All texts, those among them that a tokenizer without unk refuses.
        has_ids: Whether the tokenizer can encode.
        has_reference_ids: Whether the reference can.
    """

    alignment: Alignment
    sample: Sample
    ids: Ragged
    reference_ids: Ragged
    given: Sample
    has_ids: bool = True
    has_reference_ids: bool = True

    @classmethod
    def of(cls, alignment: Alignment, sample: Sample) -> "Reading":
        """Encode texts with both tokenizers.

        Args:
            alignment: The alignment.
            sample: Texts.

        Returns:
            The reading, without the texts that one of them refuses.

        Raises:
            VocabularyError: If every text is refused.
        """
        sides = (alignment.tokenizer, alignment.reference)
        able = [can_encode(side) for side in sides]
        sample = in_sentences(sample, list(compress(sides, able)))
        (ids, refused), (reference_ids, too) = (
            _read(side, sample.texts, encodes=encodes)
            for side, encodes in zip(sides, able, strict=True)
        )
        kept = np.flatnonzero(~(refused | too))
        if not kept.size:
            sides[0 if refused.any() else 1].encode_batch(sample.texts)
        if kept.size == len(sample.texts):
            return cls(alignment, sample, ids, reference_ids, sample, *able)
        readable = replace(
            sample,
            texts=[sample.texts[place] for place in kept.tolist()],
            weights=sample.weights[kept],
        )
        return cls(
            alignment,
            readable,
            ids.take(kept),
            reference_ids.take(kept),
            sample,
            *able,
        )

    @property
    def has_both(self) -> bool:
        """Whether the encodings of both can be compared."""
        return self.has_ids and self.has_reference_ids

    @lazy
    def remapped(self) -> dict[Method, Ragged]:
        """What each remap makes of the tokenizer's ids, for those that are possible."""
        if not self.has_ids:
            return {}
        # A preset without unk cannot show what is missing.
        unk = find_role(self.alignment.spec.roles, "unk")
        policy: Literal["unk", "drop"] = "drop" if unk is None else "unk"
        return {
            method: self._remap(method, policy)
            for method in METHODS
            if self.has_reference_ids or method != "retokenize"
        }

    def _remap(self, method: Method, policy: Literal["unk", "drop"]) -> Ragged:
        def remap(ids: Ragged) -> Ragged:
            return self.alignment.remap(ids, method=method, on_unmapped=policy)

        try:
            return remap(self.ids)
        except VocabularyError:
            # What the tokenizer gives back may hold what the preset refuses.
            rows = [
                remap_or_nothing(remap, self.ids.take([i]))
                for i in range(len(self.ids))
            ]
            return Ragged.from_lists(rows)

    @lazy
    def token_weights(self) -> NDArray[np.int64]:
        """How often each running token occurs, `(ids.values.size,)`."""
        return self.sample.weights[self.ids.row_of_value]

    @lazy
    def counts(self) -> NDArray[np.int64]:
        """How often each id of the tokenizer occurs, `(size,)`."""
        return self.count(self.ids, self.alignment.tokenizer.vocabulary.size)

    def count(self, ids: Ragged, size: int) -> NDArray[np.int64]:
        """Count ids of the sample's texts.

        Args:
            ids: Ids, one row a text.
            size: Ids of the vocabulary they belong to.

        Returns:
            How often each occurs, `(size,)` int64.
        """
        weights = self.sample.weights[ids.row_of_value]
        counts = np.bincount(ids.values, weights=weights, minlength=size)
        return counts.astype(np.int64)

    @lazy
    def words(self) -> Counter[str]:
        """Words of all texts given, cut at white space, and how often each occurs."""
        return count_words(self.given)

    @lazy
    def nowhere(self) -> NDArray[np.bool_]:
        """Ids that no pieces express; white space that the preset drops is not lost."""
        nowhere: NDArray[np.bool_] = self.alignment.pieces.lengths == 0
        return nowhere & ~self.alignment.tables.vanishes

    def exact_rows(self, ids: Ragged) -> NDArray[np.bool_]:
        """Tell which texts got the reference's own ids.

        Args:
            ids: Ids of the backbone, one row a text.

        Returns:
            `(texts,)` bool.
        """
        return equal_rows(ids, self.reference_ids)

    def share_of_texts(self, chosen: NDArray[np.bool_]) -> float:
        """Return the share of texts that are chosen, each by how often it occurs."""
        weights = self.sample.weights
        return ratio(int(weights[chosen].sum()), int(weights.sum()))


def _read(
    tokenizer: Tokenizer, texts: Sequence[str], *, encodes: bool
) -> tuple[Ragged, NDArray[np.bool_]]:
    """Encode where that is possible; a vocabulary refuses nothing and gives nothing."""
    if encodes:
        return encode_where_possible(tokenizer, texts)
    return Ragged.from_lists([[]] * len(texts)), np.zeros(len(texts), bool)


def count_words(sample: Sample) -> Counter[str]:
    """Count the words of texts.

    Args:
        sample: Texts and how often each occurs.

    Returns:
        Words, cut at white space, and how often each occurs.
    """
    words: Counter[str] = Counter()
    for text, weight in zip(sample.texts, sample.weights.tolist(), strict=True):
        for word in text.split():
            words[word] += weight
    return words


def remap_or_nothing(remap: Callable[[Ragged], Ragged], ids: Ragged) -> list[int]:
    """Remap one row; nothing where the preset's tokenizer refuses it.

    Args:
        remap: The remap.
        ids: One row.

    Returns:
        Ids of the backbone.
    """
    try:
        found: list[int] = remap(ids)[0].tolist()
    except VocabularyError:
        return []
    return found


def ratio(part: float, whole: float) -> float:
    """Divide; nothing of nothing is 0."""
    return float(part) / float(whole) if whole else 0.0
