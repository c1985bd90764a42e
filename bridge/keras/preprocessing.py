"""KerasHub's preprocessors, made with defaults that give no wrong numbers."""

from collections.abc import Mapping
from typing import Any

import keras_hub

from bridge.keras.guards import guard_preprocessor


def build_preprocessor(
    preprocessor_class: Any,  # noqa: ANN401  a keras_hub Preprocessor class
    tokenizer: Any,  # noqa: ANN401  a KerasTokenizer
    sequence_length: int,
    options: Mapping[str, Any],
) -> Any:  # noqa: ANN401
    """Make a preprocessor.

    Args:
        preprocessor_class: Such as `keras_hub.models.BertTextClassifierPreprocessor`.
        tokenizer: What it tokenizes with.
        sequence_length: Columns of what it makes, of encoder and decoder alike.
        options: The class's own, which win over the defaults.

    Returns:
        The preprocessor; texts as labels raise.
    """
    lengths = ["sequence_length"]
    defaults: dict[str, Any] = {}
    if issubclass(preprocessor_class, keras_hub.models.Seq2SeqLMPreprocessor):
        lengths = ["encoder_sequence_length", "decoder_sequence_length"]
    elif issubclass(preprocessor_class, keras_hub.models.MaskedLMPreprocessor):
        # KerasHub draws random tokens from all ids, special and unused ones too.
        defaults = {"mask_token_rate": 0.9, "random_token_rate": 0.0}
    chosen = {**dict.fromkeys(lengths, sequence_length), **defaults, **options}
    return guard_preprocessor(preprocessor_class(tokenizer=tokenizer, **chosen))
