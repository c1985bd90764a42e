"""KerasHub's preprocessors, made with defaults that give no wrong numbers."""

from collections.abc import Mapping
from functools import wraps
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
    has_decoder = issubclass(preprocessor_class, keras_hub.models.Seq2SeqLMPreprocessor)
    if has_decoder:
        lengths = ["encoder_sequence_length", "decoder_sequence_length"]
    elif issubclass(preprocessor_class, keras_hub.models.MaskedLMPreprocessor):
        # KerasHub draws random tokens from all ids, special and unused ones too.
        defaults = {"mask_token_rate": 0.9, "random_token_rate": 0.0}
    chosen = {**dict.fromkeys(lengths, sequence_length), **defaults, **options}
    made = preprocessor_class(tokenizer=tokenizer, **chosen)
    if has_decoder:
        _save_lengths(made, lengths)
    return guard_preprocessor(made)


def _save_lengths(preprocessor: Any, names: list[str]) -> None:  # noqa: ANN401
    """Put lengths into the config of an encoder-decoder's preprocessor.

    KerasHub 0.32 leaves them out, so that what is loaded again would have its default
    of 1,024. Loaded, it is KerasHub's own: it has the lengths, and saves none.
    """
    get_config = preprocessor.get_config

    @wraps(get_config)
    def with_lengths() -> dict[str, Any]:
        return {**get_config(), **{name: getattr(preprocessor, name) for name in names}}

    preprocessor.get_config = with_lengths
