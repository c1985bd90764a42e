"""`TextDataset`: texts in memory as shuffled batches of little padding."""

from collections.abc import Sequence
from typing import Any

from bridge.batches.batching import Batch, Batching, PaddingWaste
from bridge.batches.rows import EncodedRows
from bridge.encoder import Encoder
from bridge.keras.datasets.epochs import EpochDataset


class TextDataset(EpochDataset):
    """Texts as batches of the arrays that a backbone takes.

    A `keras.utils.PyDataset`: `fit`, `evaluate` and `predict` of a Keras model take it
    on every backend. A KerasHub task, which takes no such dataset, is given `as_tf()`
    or `as_grain()`, and `task.preprocessor = None`, since the texts are encoded here.

    Texts are encoded once, when the dataset is made. What is kept takes 4 bytes a
    token, holds no tokenizer and can be pickled, so that workers, forked or spawned,
    have nothing to rebuild. For texts that do not fit into memory see `TextStream`.

    KerasHub tasks never shuffle. This does wherever there are labels: every epoch has
    another order, each text exactly once. Texts of about one length go into one batch,
    which is no wider than they need: the padding mask is made from lengths, and
    truncated texts are truncated as the encoder does.

    Args:
        encoder: Turns texts into the backbone's arrays; such as `link.encoder`.
        texts: Texts, at least one.
        labels: One entry a text, numbers of any shape; `None` for `predict`.
        pairs: Second texts, as many, or `None`.
        sample_weight: One number a text, or `None`.
        batch_size: Rows of a batch; the last one of an epoch may have fewer.
        shuffle: Whether every epoch has another order. `None`: where there are labels,
            since predictions come in the order of the batches.
        seed: Of the order. Equal seeds give equal batches in equal epochs.
        buckets: Number of widths that batches may have, chosen by the lengths of the
            texts; a compiled model is traced once for each. `None`: all batches have
            the encoder's `sequence_length`, as labels of single tokens need it.
            Without shuffling there is one width, that of the longest text.
        **kwargs: Keras's own: `workers`, `use_multiprocessing`, `max_queue_size`. On
            jax, where `fit` builds the metrics, Keras 3.15 takes a batch away from
            several workers, so that epochs begin a batch late: `evaluate` once before.

    Raises:
        TextInputError: If there is no text, one is not a `str`, or labels are texts.
        ValueError: If columns are not of one length, or a size is below 1.

    Example:
        >>> dataset = bridge.TextDataset(encoder, texts, labels)
        >>> 0 <= dataset.padding_waste.share < 1
        True
        >>> model = keras_hub.models.BertTextClassifier(link.backbone, num_classes=2)
        >>> history = model.fit(dataset.as_tf(), epochs=2, verbose=0)
    """

    def __init__(
        self,
        encoder: Encoder,
        texts: Sequence[str],
        labels: Any = None,  # noqa: ANN401  whatever numpy reads
        *,
        pairs: Sequence[str] | None = None,
        sample_weight: Any = None,  # noqa: ANN401
        batch_size: int = 32,
        shuffle: bool | None = None,
        seed: int = 0,
        buckets: int | None = 8,
        **kwargs: Any,  # noqa: ANN401  Keras's own
    ) -> None:
        super().__init__(**kwargs)
        self.batching = Batching(
            batch_size=batch_size,
            shuffle=labels is not None if shuffle is None else shuffle,
            seed=seed,
            buckets=buckets,
        )
        self.rows = EncodedRows.encode(
            encoder, texts, pairs, labels=labels, sample_weight=sample_weight
        )
        self._planned: tuple[int, list[Batch]] | None = None

    def __len__(self) -> int:
        """Number of batches in an epoch."""
        return self.batching.batches(len(self.rows))

    def plan(self, epoch: int) -> list[Batch]:
        """Return which rows the batches of an epoch have.

        Args:
            epoch: Its number.

        Returns:
            Indices of texts, and a width, for every batch.
        """
        # One assignment and no lock: threads may both plan, and plan the same.
        planned = self._planned
        if planned is None or planned[0] != epoch:
            planned = epoch, self.rows.plan(self.batching, (epoch,))
            self._planned = planned
        return planned[1]

    def batch(self, index: int, *, epoch: int) -> Any:  # noqa: ANN401  see below
        """Make a batch of any epoch.

        Args:
            index: Its place in the epoch.
            epoch: Number of the epoch.

        Returns:
            `x`, `(x, labels)` or `(x, labels, sample_weight)`, where `x` are exactly
            the backbone's inputs, each `(rows, width)`: `token_ids` int32,
            `padding_mask` bool, true where a token is real, `segment_ids` int32.
        """
        return self.rows.batch(self.plan(epoch)[index])

    @property
    def padding_waste(self) -> PaddingWaste:
        """How much of an epoch is padding, with buckets and without."""
        return self.rows.waste(self.plan(self.epoch))
