"""`Batching`: which rows go into which batch, and how wide each batch is."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bridge.ragged import OffsetArray


class Batch(NamedTuple):
    """One batch before its arrays are made.

    Attributes:
        rows: Indices of its rows, `(n,)` int64.
        width: Columns of its arrays.
    """

    rows: OffsetArray
    width: int


@dataclass(frozen=True)
class PaddingWaste:
    """How many cells of a pass hold padding.

    Attributes:
        real: Cells that hold a token.
        cells: All cells of the batches as they are.
        full: All cells, if batches were as wide as the encoder's `sequence_length`.
    """

    real: int = 0
    cells: int = 0
    full: int = 0

    @property
    def share(self) -> float:
        """Share of padding in the batches as they are."""
        return _share(self.real, self.cells)

    @property
    def full_share(self) -> float:
        """Share of padding, if batches were as wide as `sequence_length`."""
        return _share(self.real, self.full)

    def __add__(self, other: "PaddingWaste") -> "PaddingWaste":
        """Count both."""
        return PaddingWaste(
            self.real + other.real, self.cells + other.cells, self.full + other.full
        )

    def __str__(self) -> str:
        """Say both shares."""
        return (
            f"{self.share:.1%} of the cells are padding, {self.full_share:.1%} if all "
            "rows had the sequence length"
        )


def _share(real: int, cells: int) -> float:
    return 1 - real / cells if cells else 0.0


@dataclass(frozen=True)
class Batching:
    """How rows are put into batches.

    Attributes:
        batch_size: Rows of a batch; the last one may have fewer.
        shuffle: Whether rows are put into another order every epoch.
        seed: Of that order.
        buckets: Number of widths that batches may have, or `None` for the encoder's
            `sequence_length` throughout. Rows that are not shuffled stay where they
            are, so that there is one width for them: that of the longest.
        widths: The widths themselves, rising, where they shall not follow from the
            rows, as for rows that are read group by group.

    Raises:
        ValueError: If a size is below 1.
    """

    batch_size: int = 32
    shuffle: bool = True
    seed: int = 0
    buckets: int | None = 8
    widths: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        """Refuse sizes that make no batch."""
        for name in ("batch_size", "buckets"):
            size = getattr(self, name)
            if size is not None and size < 1:
                raise ValueError(
                    f"`{name}` must be at least 1. Received: {name}={size}. Leave it "
                    "out for the default."
                )

    def batches(self, rows: int) -> int:
        """Return how many batches an epoch has.

        Args:
            rows: Number of rows.

        Returns:
            The number, the same in every epoch.
        """
        return -(-rows // self.batch_size)

    def plan(
        self, lengths: OffsetArray, sequence_length: int, epoch: tuple[int, ...]
    ) -> list[Batch]:
        """Put every row into one batch.

        Rows are shuffled, then sorted by bucket and cut into batches: the rest of a
        bucket is filled up with the shortest of the next, so that only one batch is
        smaller, and every epoch has batches of the same widths.

        Args:
            lengths: Cells that every row needs, at most `sequence_length`.
            sequence_length: Columns where there are no buckets.
            epoch: Which epoch it is; equal numbers give equal batches.

        Returns:
            The batches in the order of the epoch.
        """
        widths = self._widths(lengths, sequence_length)
        bucket = np.searchsorted(widths, lengths)
        if not self.shuffle:
            return self._cut(np.arange(len(lengths)), bucket, widths)
        draw = np.random.default_rng((self.seed, *epoch))
        order = draw.permutation(len(lengths))
        order = order[np.argsort(bucket[order], kind="stable")]
        batches = self._cut(order, bucket, widths)
        return _ends_first([batches[i] for i in draw.permutation(len(batches))])

    def _widths(self, lengths: OffsetArray, sequence_length: int) -> NDArray[np.int64]:
        """Choose widths such that about as many rows fall between any two."""
        if self.widths is not None:
            return np.array(self.widths)
        if self.buckets is None or not len(lengths):
            return np.array([sequence_length])
        count = self.buckets if self.shuffle else 1
        shares = np.arange(1, count + 1) / count
        return np.unique(np.quantile(lengths, shares, method="higher"))

    def _cut(
        self, order: OffsetArray, bucket: OffsetArray, widths: OffsetArray
    ) -> list[Batch]:
        begins = range(0, len(order), self.batch_size)
        parts = [order[begin : begin + self.batch_size] for begin in begins]
        return [Batch(rows, int(widths[bucket[rows].max()])) for rows in parts]


def _ends_first(batches: list[Batch]) -> list[Batch]:
    """Put one of the widest batches first and one of the narrowest second.

    Memory that does not suffice shows at once. And Keras reads off the first two
    batches which axes vary: were they equally wide, it would refuse all others.
    """
    if len(batches) < 2:
        return batches
    widest = max(batches, key=_size)
    others = [batch for batch in batches if batch is not widest]
    narrowest = min(others, key=lambda batch: batch.width)
    return [widest, narrowest, *(batch for batch in others if batch is not narrowest)]


def _size(batch: Batch) -> tuple[int, int]:
    return batch.width, len(batch.rows)
