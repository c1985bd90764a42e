"""What an audit needs Keras for: presets, `tf.data`, pooled outputs."""

import os
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from bridge.errors import BackboneError
from bridge.keras.presets import find_reference, load_backbone, load_native_tokenizer
from bridge.keras.spec import backbone_of, describe
from bridge.keras.tokenizer import KerasTokenizer
from bridge.packing import pack
from bridge.ragged import Ragged
from bridge.spec import Template
from bridge.tokenizers import Tokenizer

_KEYS = ("token_ids", "padding_mask", "segment_ids")
# Longer than any limit that matters here, and what BERT takes.
_LONGEST = 512
_BATCH = 16


def native_tokenizer(preset: str | os.PathLike[str]) -> Any:  # noqa: ANN401
    """Return a preset's own KerasHub tokenizer, or `None` where it has none."""
    return load_native_tokenizer(preset)


def reference_tokenizer(preset: str | os.PathLike[str]) -> Tokenizer | None:
    """Return the tokenizer a preset was trained with, or `None` where it has none."""
    native = load_native_tokenizer(preset)
    return None if native is None else find_reference(preset, native)[0]


def graph_encoder(tokenizer: Any) -> Callable[[Sequence[str]], Ragged] | None:  # noqa: ANN401
    """Return how a KerasHub tokenizer encodes inside `tf.data`.

    Args:
        tokenizer: A KerasHub tokenizer that does not pad.

    Returns:
        A function from texts to ids, or `None` without TensorFlow. Ids of -1 stand for
        what its vocabulary cannot spell.
    """
    if find_spec("tensorflow") is None:
        return None
    import tensorflow

    # Traced once, as `tf.data` does.
    step = tensorflow.function(
        tokenizer.tokenize,
        input_signature=[tensorflow.TensorSpec([None], tensorflow.string)],
    )

    def encode(texts: Sequence[str]) -> Ragged:
        rows = step(tensorflow.constant(list(texts), tensorflow.string))
        return Ragged.from_lengths(rows.values.numpy(), rows.row_lengths().numpy())

    return encode


def encode_bridged(reference: Tokenizer, texts: Sequence[str]) -> Ragged:
    """Encode texts with the reference as a `KerasTokenizer`."""
    return Ragged.from_lists(KerasTokenizer(reference).tokenize(list(texts)))


def find_backbone(backbone: Any) -> Any:  # noqa: ANN401  name, backbone or task
    """Return the backbone that a name, a task or a backbone stands for.

    Args:
        backbone: A preset's name or folder, a KerasHub backbone, or a task.

    Returns:
        The backbone, with weights.

    Raises:
        BackboneError: If it is none of these, or takes more than one text.
    """
    if isinstance(backbone, (str, os.PathLike)):
        backbone = load_backbone(backbone)
    keys = describe(backbone).keys
    if not set(keys) <= set(_KEYS):
        raise BackboneError(
            "Pooled outputs need a backbone that takes one text: "
            f"{', '.join(_KEYS)}. Received: one that takes {', '.join(keys)}. Leave "
            "`backbone=` out."
        )
    return backbone_of(backbone)


def pooled_outputs(
    backbone: Any,  # noqa: ANN401
    ids: Ragged,
    *,
    template: Template | None,
) -> NDArray[np.float32]:
    """Return the mean over real tokens of a backbone's last hidden states.

    Args:
        backbone: A backbone that takes one text.
        ids: Rows without special tokens; what is longer than the backbone's limit, or
            than 512 ids, is cut.
        template: Special tokens to put around each row, by id.

    Returns:
        `(len(ids), hidden_dim)` float32. Padding does not count, and special tokens do.

    Raises:
        BackboneError: If an id is no row of the backbone's table.
    """
    spec = describe(backbone)
    template = Template() if template is None else template
    rows = spec.vocabulary_size
    highest = int(ids.values.max(initial=0))
    if rows is not None and highest >= rows:
        raise BackboneError(
            "Every id must be a row of the backbone's table. Received: "
            f"id {highest} for {rows} rows. Pass the backbone that belongs to the "
            "preset."
        )
    limit = spec.max_sequence_length
    limit = _LONGEST if limit is None else min(_LONGEST, limit)
    around = len(template.start) + len(template.end)
    order = np.argsort(ids.lengths, kind="stable")
    pooled: list[NDArray[np.float32]] = []
    for start in range(0, len(order), _BATCH):
        batch = ids.take(order[start : start + _BATCH])
        # Keras warns of attention over a single column.
        longest = max(2, int(batch.lengths.max()))
        packed = pack(
            batch,
            template=template,
            sequence_length=min(limit, longest + around),
            pad_id=0,
        )
        inputs = {key: getattr(packed, key) for key in spec.keys}
        hidden = _last_hidden(backbone(inputs, training=False))
        weights = packed.padding_mask.astype(np.float32)[:, :, None]
        counts = np.maximum(weights.sum(axis=1), 1)
        pooled.append((hidden * weights).sum(axis=1) / counts)
    if not pooled:
        return np.zeros((0, 1), np.float32)
    # Back from the order of lengths.
    together: NDArray[np.float32] = np.concatenate(pooled)
    return together[np.argsort(order)]


def _last_hidden(outputs: Any) -> NDArray[np.float32]:  # noqa: ANN401
    if isinstance(outputs, dict):
        outputs = outputs["sequence_output"]
    array: NDArray[np.float32] = keras.ops.convert_to_numpy(outputs)
    return array.astype(np.float32)
