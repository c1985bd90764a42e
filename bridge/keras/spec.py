"""What a KerasHub backbone expects, read off the backbone itself."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import keras_hub

from bridge.errors import BackboneError
from bridge.keras.tables import token_layer
from bridge.spec import PADDING_SIDES, BackboneSpec, Template

# Markers that a probed preprocessor hands to its packer in place of real ids.
_START, _END, _PAD = 11, 12, 13


def describe(model: Any) -> BackboneSpec:  # noqa: ANN401  any Keras model
    """Read what a backbone expects; roles and pad id stay unknown.

    Args:
        model: A KerasHub backbone or a task with one.

    Returns:
        Input names, rows and columns, template by role, length limit, padding sides and
        segments.

    Raises:
        BackboneError: If it is no KerasHub backbone or task.
    """
    backbone = backbone_of(model)
    if backbone is None:
        raise BackboneError(
            "A backbone must be a `keras_hub.models.Backbone`, or a task that has "
            f"one. Received: a {type(model).__name__}. Pass `task.backbone`."
        )
    inputs = backbone.input
    limit = _position_limit(backbone)
    embedding = token_layer(backbone)
    return BackboneSpec(
        keys=tuple(inputs) if isinstance(inputs, Mapping) else ("token_ids",),
        vocabulary_size=int(embedding.input_dim),
        embedding_dim=int(embedding.output_dim),
        template=_template(type(backbone)),
        max_sequence_length=limit,
        # Absolute positions count from column 0: on the left, padding shifts them.
        padding_sides=PADDING_SIDES if limit is None else PADDING_SIDES[:1],
        num_segments=getattr(backbone, "num_segments", None),
    )


def class_for(backbone_class: type, base: type) -> Any:  # noqa: ANN401
    """Find KerasHub's task or preprocessor for a backbone.

    Args:
        backbone_class: Class of the backbone.
        base: Which kind, such as `keras_hub.models.CausalLMPreprocessor`.

    Returns:
        The class, or `None`.
    """
    for candidate in vars(keras_hub.models).values():
        if (
            isinstance(candidate, type)
            and issubclass(candidate, base)
            and getattr(candidate, "backbone_cls", None) == backbone_class
        ):
            return candidate
    return None


def _template(backbone_class: type) -> Template | None:
    """Read the template off the packer that KerasHub's own preprocessor builds.

    The preprocessor gets marked ids for start and end, and what it hands on to its
    packer shows where they go. No class name is trusted.
    """
    for base in (
        keras_hub.models.TextClassifierPreprocessor,
        keras_hub.models.CausalLMPreprocessor,
        keras_hub.models.Seq2SeqLMPreprocessor,
    ):
        found = class_for(backbone_class, base)
        if found is not None:
            return _packer_template(found)
    return None


def _packer_template(preprocessor_type: Any) -> Template | None:  # noqa: ANN401
    probe = SimpleNamespace(
        start_token_id=_START,
        end_token_id=_END,
        pad_token_id=_PAD,
        cls_token_id=_START,
        sep_token_id=_END,
    )
    preprocessor = preprocessor_type(tokenizer=probe)
    preprocessor.build(None)
    # Of two packers, the encoder's: a decoder also starts with what trained it to.
    packer = getattr(preprocessor, "encoder_packer", None) or preprocessor.packer
    pairs = isinstance(packer, keras_hub.layers.MultiSegmentPacker)
    start, end = ("cls", "sep") if pairs else ("bos", "eos")
    names = {_START: start, _END: end}

    def roles(values: Any) -> tuple[str | int, ...]:  # noqa: ANN401  int, list or None
        if values is None:
            return ()
        values = values if isinstance(values, (list, tuple)) else [values]
        return tuple(names.get(value, value) for value in values)

    return Template(
        roles(packer.start_value),
        roles(packer.sep_value) if pairs else (),
        roles(packer.end_value),
    )


def _position_limit(backbone: Any) -> int | None:  # noqa: ANN401
    limits = [
        layer.sequence_length
        for layer in backbone._flatten_layers()
        if isinstance(layer, keras_hub.layers.PositionEmbedding)
    ]
    return min(limits, default=None)


def backbone_of(model: Any) -> Any:  # noqa: ANN401
    """Return a backbone, that of a task, or `None` where there is none."""
    if isinstance(model, keras_hub.models.Backbone):
        return model
    backbone = getattr(model, "backbone", None)
    return backbone if isinstance(backbone, keras_hub.models.Backbone) else None
