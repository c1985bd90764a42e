"""`check_masks`: KerasHub's preprocessors that compute masks from the pad id."""

from typing import Any

from bridge.alignment import Alignment
from bridge.errors import BackboneError
from bridge.vocabulary.display import quoted


def check_masks(preprocessor_class: Any, alignment: Alignment) -> None:  # noqa: ANN401
    """Refuse a preprocessor that would hide ordinary tokens.

    Args:
        preprocessor_class: A `keras_hub` Preprocessor class.
        alignment: What ids mean to the preset that pads.

    Raises:
        BackboneError: If the class computes its mask from the pad id while the
            preset's pad id is an ordinary token.
    """
    import keras_hub

    masks_by_value = issubclass(
        preprocessor_class,
        (
            keras_hub.models.TextClassifierPreprocessor,
            keras_hub.models.MaskedLMPreprocessor,
            keras_hub.models.TextEmbedderPreprocessor,
        ),
    )
    spec = alignment.spec
    if spec.pad_is_text and masks_by_value and spec.pad_id is not None:
        token = alignment.reference.vocabulary.text(spec.pad_id)
        raise BackboneError(
            f"{preprocessor_class.__name__} masks every token that has the pad id. "
            f"Received: a preset that pads with id {spec.pad_id}, the ordinary "
            f"token {quoted(token)}, which would be hidden. Use `link.encoder`, "
            "whose masks are made from lengths, or strategy='transplant'."
        )
