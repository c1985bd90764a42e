"""`TextStream`: texts that come one by one, as shuffled batches of little padding."""

from collections.abc import Iterator
from itertools import count, islice
from typing import Any

from bridge.batches.batching import Batching, PaddingWaste
from bridge.batches.rows import EncodedRows
from bridge.batches.source import open_source
from bridge.encoder import Encoder
from bridge.keras.datasets.tensors import tf_dataset


class TextStream:
    """Texts from a generator or from files, as batches of a backbone's arrays.

    Reads `buffer` batches at a time, encodes them together, and shuffles and buckets
    them as `TextDataset` does, so that memory is bounded. Texts change places within
    what is read at a time only: shuffle a source that is sorted by label beforehand.

    Args:
        encoder: Turns texts into the backbone's arrays; such as `link.encoder`.
        source: A function that returns an iterator, called once for each pass and once
            to look at the first example; an iterable; or `pathlib.Path`s of UTF-8
            files with one text a line. An example is a text, `(text, label)` or
            `(text, label, weight)`; for pairs `(first, second)` stands in place of the
            text.
        batch_size: Rows of a batch; the last one of a pass may have fewer.
        shuffle: Whether every pass has another order.
        seed: Of the order.
        buckets: Number of widths in each buffer, or `None` for the encoder's
            `sequence_length` throughout. See `TextDataset`.
        buffer: Batches that are read at a time.

    Raises:
        TextInputError: If the source is none of these.
        ValueError: If a size is below 1.

    Example:
        >>> stream = bridge.TextStream(encoder, Path("texts.txt"))
        >>> [inputs["token_ids"].shape[0] for inputs in stream]
        [4]
        >>> 0 <= stream.padding_waste.share < 1
        True
    """

    def __init__(
        self,
        encoder: Encoder,
        source: Any,  # noqa: ANN401  see above
        *,
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int = 0,
        buckets: int | None = 8,
        buffer: int = 256,
    ) -> None:
        if buffer < 1:
            raise ValueError(
                f"`buffer` must be at least 1. Received: buffer={buffer}. Leave it out "
                "for the default."
            )
        self.batching = Batching(
            batch_size=batch_size, shuffle=shuffle, seed=seed, buckets=buckets
        )
        self.encoder = encoder
        self.buffer = buffer
        self.padding_waste = PaddingWaste()
        """How much padding the latest complete pass had."""
        self._source = open_source(source)
        self._passes = count()

    def __iter__(self) -> Iterator[Any]:
        """Yield the batches of the next pass; see `TextDataset.batch`."""
        return self._batches(next(self._passes))

    def as_tf(self) -> Any:  # noqa: ANN401  a tf.data.Dataset
        """Return the batches as a `tf.data.Dataset`.

        Returns:
            A dataset of unknown size. Every pass over it is another one over the
            source, in another order.

        Raises:
            MissingDependencyError: If TensorFlow is not installed.
            TextInputError: If the source is empty.
        """
        rows = EncodedRows.of_examples(self.encoder, [self._source.peek()])
        (batch,) = rows.plan(self.batching, (0,))
        return tf_dataset(self._batches, rows.batch(batch))

    def _batches(self, epoch: int) -> Iterator[Any]:
        examples = self._source.open()
        waste = PaddingWaste()
        for number in count():
            part = list(islice(examples, self.buffer * self.batching.batch_size))
            if not part:
                break
            rows = EncodedRows.of_examples(self.encoder, part)
            plan = rows.plan(self.batching, (epoch, number))
            waste += rows.waste(plan)
            yield from map(rows.batch, plan)
        self.padding_waste = waste
