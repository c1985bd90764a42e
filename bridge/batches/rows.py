"""`EncodedRows`: texts that are encoded once, and batches of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.batches.batching import Batch, Batching, PaddingWaste
from bridge.batches.examples import read_examples
from bridge.encoder import Encoder
from bridge.errors import TextInputError
from bridge.lazy import lazy
from bridge.packing import check_pairs
from bridge.ragged import OffsetArray, Ragged
from bridge.row_format import RowFormat

Target = NDArray[Any]


@dataclass(frozen=True)
class EncodedRows:
    """Ids of texts with what belongs to each text. The tokenizer is not needed again.

    Attributes:
        form: How rows are packed.
        ids: Ids of every text, without special tokens.
        pairs: Ids of the second texts, or `None`.
        targets: Labels, or labels and weights, one entry a text; none for inputs only.
    """

    form: RowFormat
    ids: Ragged
    pairs: Ragged | None = None
    targets: tuple[Target, ...] = ()

    @classmethod
    def encode(
        cls,
        encoder: Encoder,
        texts: Sequence[str],
        pairs: Sequence[str] | None = None,
        *,
        labels: Any = None,  # noqa: ANN401  whatever numpy reads
        sample_weight: Any = None,  # noqa: ANN401
    ) -> "EncodedRows":
        """Encode texts.

        Args:
            encoder: Turns texts into ids of the backbone.
            texts: Texts, at least one.
            pairs: Second texts, as many, or `None`.
            labels: One entry a text, or `None`.
            sample_weight: One number a text, or `None`.

        Returns:
            The rows.

        Raises:
            TextInputError: If there is no text, or one is not a `str`.
            ValueError: If labels, weights or pairs are not as many as texts, or labels
                are no numbers.
        """
        ids = encoder.ids(texts)
        second = None if pairs is None else encoder.ids(pairs)
        if second is not None:
            check_pairs(ids, second)
        if labels is None and sample_weight is not None:
            raise ValueError(
                "Weights belong to labels. Received: sample_weight without labels. "
                "Pass `labels` too."
            )
        given = {"labels": labels, "sample_weight": sample_weight}
        targets = tuple(
            as_target(values, len(ids), name)
            for name, values in given.items()
            if values is not None
        )
        return cls(encoder.form, ids, second, targets)

    @classmethod
    def of_examples(cls, encoder: Encoder, examples: Sequence[Any]) -> "EncodedRows":
        """Encode examples as loaders hand them over.

        Args:
            encoder: Turns texts into ids of the backbone.
            examples: At least one; see `read_examples`.

        Returns:
            The rows.

        Raises:
            TextInputError: If examples are of different forms, or a text is no `str`.
        """
        columns = read_examples(examples)
        return cls.encode(
            encoder,
            columns.texts,
            columns.pairs,
            labels=columns.labels,
            sample_weight=columns.sample_weight,
        )

    def __len__(self) -> int:
        """Number of texts."""
        return len(self.ids)

    @lazy
    def lengths(self) -> OffsetArray:
        """Real cells of every row, special tokens among them, `(len(self),)` int64."""
        wanted = self.ids.lengths
        if self.pairs is not None:
            wanted = wanted + self.pairs.lengths
        return self._specials + np.minimum(wanted, self._room)

    def plan(self, batching: Batching, epoch: tuple[int, ...]) -> list[Batch]:
        """Put every row into one batch.

        Args:
            batching: How.
            epoch: Which epoch it is.

        Returns:
            The batches; see `Batching.plan`.
        """
        # A packer wants room for one token, also where all texts are empty.
        needed = np.maximum(self.lengths, self._specials + 1)
        return batching.plan(needed, self.form.sequence_length, epoch)

    def waste(self, plan: list[Batch]) -> PaddingWaste:
        """Count the padding of a plan.

        Args:
            plan: The batches of all rows.

        Returns:
            The counts.
        """
        return PaddingWaste(
            real=int(self.lengths.sum()),
            cells=sum(len(batch.rows) * batch.width for batch in plan),
            full=len(self) * self.form.sequence_length,
        )

    def batch(self, batch: Batch) -> Any:  # noqa: ANN401  see below
        """Make the arrays of a batch.

        Args:
            batch: Its rows and its width.

        Returns:
            Exactly the backbone's inputs, each `(rows, width)`; in a tuple with labels
            and weights where there are any.
        """
        form = replace(self.form, sequence_length=batch.width)
        rows = batch.rows
        arrays = form.arrays(
            self.ids.take(rows), None if self.pairs is None else self.pairs.take(rows)
        )
        if not self.targets:
            return arrays
        return (arrays, *(target[rows] for target in self.targets))

    @property
    def _room(self) -> int:
        return self.form.room(paired=self.pairs is not None)

    @property
    def _specials(self) -> int:
        return self.form.sequence_length - self._room


def as_target(values: Any, rows: int, name: str) -> Target:  # noqa: ANN401
    """Read labels or weights.

    Args:
        values: One entry a text.
        rows: Number of texts.
        name: What they are called in messages.

    Returns:
        An array of numbers, first axis `rows`.

    Raises:
        TextInputError: If they are texts.
        ValueError: If they are no numbers, or not as many as texts.
    """
    array = np.asarray(values)
    if array.dtype.kind in "USO" and array.size:
        first = array.reshape(-1)[:1].tolist()[0]
        if isinstance(first, (str, bytes)):
            raise TextInputError(
                f"`{name}` must be numbers. Received: the text {first!r:.60}. A second "
                "text goes into `pairs`, or in a stream into `((first, second), "
                "label)`; class names become numbers first."
            )
    if array.dtype.kind not in "biuf" or array.ndim < 1:
        raise ValueError(
            f"`{name}` must be numbers, one entry a text. Received: "
            f"{type(values).__name__} of dtype {array.dtype} and shape {array.shape}. "
            "Convert them with `np.asarray(..., 'int32')` or 'float32'."
        )
    if len(array) != rows:
        raise ValueError(
            f"`{name}` must be as many as texts. Received: {len(array)} for {rows} "
            "texts. Pass one entry for each."
        )
    return array
