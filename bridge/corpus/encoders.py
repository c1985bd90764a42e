"""`make_encoder`: the encoder of a corpus."""

from collections.abc import Mapping
from typing import Any

from bridge.alignment import Alignment
from bridge.encoder import Encoder
from bridge.tokenizers import Tokenizer, load_tokenizer


def make_encoder(
    tokenizer: Any,  # noqa: ANN401  an Encoder, or whatever load_tokenizer takes
    alignment: Alignment | None,
    options: Mapping[str, Any],
) -> Encoder:
    """Make an encoder, or take the one that is given.

    Args:
        tokenizer: A tokenizer, anything `load_tokenizer` takes, or an `Encoder`.
        alignment: What its ids mean to a preset.
        options: Options of `Encoder`.

    Returns:
        The encoder.

    Raises:
        ValueError: If an encoder comes with options.
    """
    if not isinstance(tokenizer, Encoder):
        return Encoder(_padded(tokenizer), alignment=alignment, **options)
    if alignment is not None or options:
        raise ValueError(
            "An Encoder has its own alignment and options. Received: one, and "
            f"{', '.join(sorted(options)) or 'alignment'}. Pass its tokenizer instead, "
            "or set them where it is made."
        )
    return tokenizer


def _padded(tokenizer: Any) -> Tokenizer:  # noqa: ANN401  whatever load_tokenizer takes
    """Let another token fill cells where there is no pad token: lengths are stored.

    A special one, as users of GPT-2 do; where there is none either, the first.
    """
    loaded = load_tokenizer(tokenizer)
    roles = loaded.vocabulary.roles
    if "pad" in roles:
        return loaded
    spare = [roles[role] for role in ("eos", "sep", "bos") if role in roles]
    known = (i for i, token in enumerate(loaded.vocabulary.tokens) if token is not None)
    return loaded.with_roles({"pad": next(iter(spare or known))})
