"""Batches of numpy arrays as a `tf.data.Dataset`."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from numpy.typing import NDArray

from bridge.errors import MissingDependencyError


def tf_dataset(
    batches: Callable[[int], Iterator[Any]],
    first: Any,  # noqa: ANN401  a batch
    *,
    size: int | None = None,
) -> Any:  # noqa: ANN401  a tf.data.Dataset
    """Make a dataset of what a function yields.

    Args:
        batches: From the number of a pass to its batches.
        first: A batch, for the dtypes and the axes behind the second. Rows vary, and
            columns of two-dimensional arrays in `x` too.
        size: Number of batches of a pass, or `None` where it is not known.

    Returns:
        The dataset; TensorFlow prefetches from it.

    Raises:
        MissingDependencyError: If TensorFlow is not installed.
    """
    try:
        import tensorflow
    except ImportError as error:
        raise MissingDependencyError(
            "`as_tf` needs TensorFlow. Received: it is not installed. Run `pip install "
            "tensorflow`, or use `as_grain()`."
        ) from error

    def spec(array: NDArray[Any], free: int) -> Any:  # noqa: ANN401
        shape = (*(None,) * free, *array.shape[free:])
        return tensorflow.TensorSpec(shape, array.dtype)

    inputs, *targets = first if isinstance(first, tuple) else (first,)
    signature: Any = {key: spec(array, 2) for key, array in inputs.items()}
    if targets:
        signature = (signature, *(spec(target, 1) for target in targets))
    passes = count()
    dataset = tensorflow.data.Dataset.from_generator(
        lambda: batches(next(passes)), output_signature=signature
    )
    if size is not None:
        dataset = dataset.apply(tensorflow.data.experimental.assert_cardinality(size))
    return dataset.prefetch(tensorflow.data.AUTOTUNE)
