"""`EpochDataset`: batches that differ from epoch to epoch, for every loader."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

import keras

from bridge.errors import MissingDependencyError
from bridge.keras.datasets.tensors import tf_dataset


class EpochDataset(keras.utils.PyDataset):
    """Batches that are made when they are asked for, by epoch and place.

    Args:
        **kwargs: Keras's own: `workers`, `use_multiprocessing`, `max_queue_size`.
    """

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(**kwargs)
        self.epoch = 0

    @abstractmethod
    def __len__(self) -> int:
        """Number of batches in an epoch."""

    @abstractmethod
    def batch(self, index: int, *, epoch: int) -> Any:  # noqa: ANN401
        """Make a batch of any epoch."""

    def __getitem__(self, index: int) -> Any:  # noqa: ANN401  as `batch`
        """Return a batch of the epoch that is running."""
        return self.batch(range(len(self))[index], epoch=self.epoch)

    def on_epoch_end(self) -> None:
        """Go on to the next epoch; Keras calls it."""
        self.epoch += 1

    def as_tf(self) -> Any:  # noqa: ANN401  a tf.data.Dataset
        """Return the batches as a `tf.data.Dataset`.

        Returns:
            A dataset of known size. Every pass over it is another epoch, from 0.

        Raises:
            MissingDependencyError: If TensorFlow is not installed.
        """
        return tf_dataset(self._batches, self.batch(0, epoch=0), size=len(self))

    def as_grain(self) -> Any:  # noqa: ANN401  a grain.MapDataset
        """Return the batches as a `grain.MapDataset`.

        Returns:
            A dataset whose `repeat()` has another order every time, which `fit` of a
            KerasHub task makes use of. `fit` of a plain Keras model begins again with
            the first order every epoch: give it this object itself.

        Raises:
            MissingDependencyError: If grain is not installed.
        """
        try:
            import grain
        except ImportError as error:
            raise MissingDependencyError(
                "`as_grain` needs grain. Received: it is not installed. Run "
                "`pip install grain`, or pass the dataset itself to `fit`."
            ) from error
        return grain.MapDataset.range(len(self)).map_with_index(self._of_repeat)

    def _batches(self, epoch: int) -> Iterator[Any]:
        return (self.batch(index, epoch=epoch) for index in range(len(self)))

    def _of_repeat(self, index: int, place: int) -> Any:  # noqa: ANN401
        return self.batch(place, epoch=index // len(self))
