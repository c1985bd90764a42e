"""Tokenizing inside a TensorFlow graph: `tf.data` and `tf.function`."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from bridge.errors import TextInputError
from bridge.keras.inputs import read_texts
from bridge.ragged import Ragged, as_int32


def graph_library() -> Any:  # noqa: ANN401  a module
    """Return TensorFlow while a graph of its is being traced, else `None`.

    Without TensorFlow, or before it is loaded, there is no graph.
    """
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None or not hasattr(tensorflow, "executing_eagerly"):
        return None
    return None if tensorflow.executing_eagerly() else tensorflow


def encode_in_graph(
    tensorflow: Any,  # noqa: ANN401  the module
    inputs: Any,  # noqa: ANN401  a string tensor
    encode: Callable[[list[str]], Ragged],
) -> Any:  # noqa: ANN401  a tensor
    """Add a Python step that encodes to the graph.

    Args:
        tensorflow: The module.
        inputs: One text or a batch of them.
        encode: Texts to ids.

    Returns:
        A `tf.RaggedTensor` `(batch_size, None)` int32 whose batch size is static where
        that of the texts is, or an `(n,)` int32 tensor for one text.

    Raises:
        TextInputError: If the tensor has more than one axis, or an unknown number.
    """
    texts = tensorflow.convert_to_tensor(inputs)
    rank = texts.shape.rank
    if rank not in (0, 1) or texts.dtype != tensorflow.string:
        raise TextInputError(
            "In a graph, pass one string or a batch of them. Received: a "
            f"{texts.dtype.name} tensor of shape {texts.shape}. Reshape texts to "
            "`(batch_size,)`."
        )

    def step(batch: Any) -> tuple[Any, Any]:  # noqa: ANN401  an array of bytes
        ids = encode(read_texts(batch)[0])
        return ids.values, ids.lengths

    values, lengths = tensorflow.numpy_function(
        step,
        [tensorflow.reshape(texts, [-1])],
        [tensorflow.int32, tensorflow.int64],
    )
    # A Python step tells nothing about shapes.
    values.set_shape([None])
    if rank == 0:
        return values
    lengths.set_shape(texts.shape)
    return tensorflow.RaggedTensor.from_row_lengths(values, lengths)


def decode_in_graph(
    tensorflow: Any,  # noqa: ANN401  the module
    inputs: Any,  # noqa: ANN401  ids as a tensor
    decode: Callable[[Ragged], list[str]],
) -> Any:  # noqa: ANN401  a tensor
    """Add a Python step that decodes to the graph.

    Args:
        tensorflow: The module.
        inputs: One row of ids, or a dense or ragged batch of rows.
        decode: Ids to texts.

    Returns:
        A string tensor: `(batch_size,)`, or a scalar for one row.
    """
    is_single = False
    if not isinstance(inputs, tensorflow.RaggedTensor):
        dense = tensorflow.convert_to_tensor(inputs)
        is_single = dense.shape.rank == 1
        rows = dense[tensorflow.newaxis] if is_single else dense
        inputs = tensorflow.RaggedTensor.from_tensor(rows)

    def step(values: Any, offsets: Any) -> Any:  # noqa: ANN401  arrays
        texts = decode(Ragged(as_int32(values), offsets))
        return np.array([text.encode("utf-8") for text in texts], object)

    texts = tensorflow.numpy_function(
        step,
        [inputs.values, tensorflow.cast(inputs.row_splits, tensorflow.int64)],
        tensorflow.string,
    )
    texts.set_shape(inputs.shape[:1])
    return texts[0] if is_single else texts
