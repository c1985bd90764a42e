"""A KerasHub model rebuilt over a vocabulary of another size."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np

from bridge.errors import BackboneError
from bridge.keras.tables import backbone_of, token_layer, vocabulary_tables
from bridge.keras.word_lookup import word_lookup

_SIZES = (
    "vocabulary_size",
    "vocab_size",
    "text_vocab_size",
    "vocab_size_per_layer_input",
)

# Config entries that hold an id of the vocabulary (ESM, T5Gemma2, ...).
_ID_ENDINGS = ("_token_id", "_token_index")

# Gemma 3n and Gemma 4 mark images and sound by ids that only their encoders read.
_ENCODERS = {"image": "vision_encoder", "audio": "audio_encoder"}


def check_plain(model: Any) -> None:  # noqa: ANN401
    """Refuse a model whose tables are not plain floats.

    Args:
        model: A KerasHub backbone or task.

    Raises:
        BackboneError: If a layer is quantized, has LoRA adapters, or knows words.
    """
    if word_lookup(model) is not None:
        raise BackboneError(
            "A model that knows words by their tokens keeps its tokenizer. Received: "
            f"a {type(backbone_of(model)).__name__}. Begin with the model that it was "
            "made from."
        )
    quantized, adapted = altered_layers(model)
    if quantized is not None:
        raise BackboneError(
            "A transplant needs float weights: rows of a quantized table cannot be "
            f"averaged. Received: {quantized}. Transplant the float model, then call "
            "`result.model.quantize(...)`."
        )
    if adapted is not None:
        raise BackboneError(
            f"A transplant needs a model without LoRA adapters. Received: {adapted}. "
            "Transplant first, then call `enable_lora(...)` and set "
            "`token_embedding.trainable = True`; or merge the adapters by "
            "`save_weights` and `load_weights` into a model without them."
        )


def altered_layers(model: Any) -> tuple[str | None, str | None]:  # noqa: ANN401
    """Describe the first quantized layer, and the first with LoRA adapters.

    Args:
        model: A KerasHub backbone or task.

    Returns:
        Name and state of each, or `None` where there is none.
    """
    quantized = adapted = None
    for layer in model._flatten_layers():
        mode = getattr(layer, "quantization_mode", None)
        if mode is not None and quantized is None:
            quantized = f"layer {layer.name!r}, quantized to {mode}"
        if getattr(layer, "lora_enabled", False) and adapted is None:
            adapted = f"layer {layer.name!r} with LoRA of rank {layer.lora_rank}"
    return quantized, adapted


def rebuild(
    model: Any,  # noqa: ANN401
    *,
    vocabulary_size: int,
    move_id: Callable[[str, int], int],
) -> Any:  # noqa: ANN401
    """Build a model of the same class over a vocabulary of another size.

    Everything but the rows of the vocabulary is copied, by position: paths differ
    between two models of one class where layers are named by a counter. Dtype,
    policies and trainable flags are kept. A task is compiled with its class's
    defaults and has no preprocessor, since that one spoke the old vocabulary.

    Args:
        model: A backbone or task; not changed.
        vocabulary_size: Rows of the new tables.
        move_id: Takes the name of a config entry and the token id it holds, returns
            the id in the new vocabulary.

    Returns:
        The twin. The tables of `vocabulary_tables` still hold random rows.

    Raises:
        BackboneError: If the model has a weight by vocabulary that is not known.
    """
    backbone = backbone_of(model)
    config = _constructor_config(backbone)
    for key in _SIZES:
        if isinstance(config.get(key), int):
            config[key] = vocabulary_size
    config = _moved_ids(config, token_layer(backbone).input_dim, move_id)
    twin = type(backbone).from_config(config)
    if model is not backbone:
        options = {**model.get_config(), "backbone": twin, "preprocessor": None}
        twin = type(model).from_config(options)
    _copy_weights(model, twin)
    _copy_flags(model, twin)
    return twin


def _constructor_config(backbone: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return its config, with arguments that its `get_config` forgets.

    KerasHub 0.32 forgets `tie_word_embeddings` of Llama and Llama 3; a tied model
    would come back untied.
    """
    config: dict[str, Any] = backbone.get_config()
    for name in inspect.signature(type(backbone).__init__).parameters:
        value = getattr(backbone, name, None)
        if name not in config and isinstance(value, (bool, int, float, str)):
            config[name] = value
    return config


def _moved_ids(
    config: Mapping[str, Any], size: int, move_id: Callable[[str, int], int]
) -> dict[str, Any]:
    """Move token ids in a config. Ids outside the table belong to no token."""
    return {
        key: move_id(key, value)
        if key.endswith(_ID_ENDINGS)
        and isinstance(value, int)
        and 0 <= value < size
        and _is_read(key, config)
        else value
        for key, value in config.items()
    }


def _is_read(key: str, config: Mapping[str, Any]) -> bool:
    """Tell whether anything of the model looks at an id of its config."""
    encoder = _ENCODERS.get(key.partition("_")[0])
    parts = [value for name, value in config.items() if name.startswith(encoder or key)]
    return encoder is None or any(part is not None for part in parts)


def _copy_weights(model: Any, twin: Any) -> None:  # noqa: ANN401
    tables = {id(table.variable) for table in vocabulary_tables(model)}
    for old, new in zip(model.weights, twin.weights, strict=True):
        if id(old) in tables:
            continue
        if tuple(old.shape) != tuple(new.shape):
            raise BackboneError(
                "Every weight that depends on the vocabulary must be known. Received: "
                f"{old.path} of {type(model).__name__}, which goes from shape "
                f"{tuple(old.shape)} to {tuple(new.shape)}. Please report this model."
            )
        # A copy: JAX would share one buffer, and training one model would take it
        # from the other.
        new.assign(np.array(keras.ops.convert_to_numpy(old)))


def _copy_flags(model: Any, twin: Any) -> None:  # noqa: ANN401
    # Top down, as the setter of a layer overwrites the flags below it; variables last.
    for old, new in zip(model_layers(model), model_layers(twin), strict=True):
        if new.trainable != old.trainable:
            new.trainable = old.trainable
    for old, new in zip(model.weights, twin.weights, strict=True):
        new.trainable = old.trainable


def model_layers(model: Any) -> list[Any]:  # noqa: ANN401
    """Return a model and its layers, without those of a task's preprocessor.

    Args:
        model: A KerasHub backbone or task.

    Returns:
        Layers from the top down.
    """
    preprocessor = getattr(model, "preprocessor", None)
    skipped = set()
    if isinstance(preprocessor, keras.layers.Layer):
        skipped = {id(layer) for layer in preprocessor._flatten_layers()}
    return [layer for layer in model._flatten_layers() if id(layer) not in skipped]


def reads_one_text(backbone: Any) -> bool:  # noqa: ANN401
    """Tell whether a backbone's inputs are those of one text, by name.

    Args:
        backbone: A KerasHub backbone.

    Returns:
        False for an encoder with a decoder, and for images or sound beside text.
    """
    inputs = backbone.input
    keys = {"token_ids", "padding_mask", "segment_ids"}
    return isinstance(inputs, dict) and set(inputs) <= keys


def tells_id_zero_apart(backbone: Any) -> bool:  # noqa: ANN401
    """Tell whether a backbone treats id 0 in its own way, whatever its row says.

    RoFormer V2 takes no mask and compares ids with 0 in its code. Told by what it
    computes: where two ids have equal rows, one may stand for the other.

    Args:
        backbone: A KerasHub backbone of four rows or more, whose table may be
            overwritten.

    Returns:
        Whether id 0 is special. False where padding is an input.
    """
    keys = set(backbone.input) if isinstance(backbone.input, dict) else set()
    if not keys or not keys <= {"token_ids", "segment_ids"}:
        return False
    table = token_layer(backbone).embeddings
    rows = np.random.default_rng(0).standard_normal(table.shape, np.float32)
    rows[1] = rows[0]
    table.assign(rows)
    outputs = []
    for token_id in (0, 1):
        ids = np.array([[2, token_id, 3]], "int32")
        inputs = {"token_ids": ids, "segment_ids": np.zeros_like(ids)}
        output = backbone({key: inputs[key] for key in keys}, training=False)
        first = keras.tree.flatten(output)[0]
        outputs.append(keras.ops.convert_to_numpy(first))
    return not np.array_equal(outputs[0], outputs[1])
