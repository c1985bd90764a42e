"""Formats of tokenizer files, told apart by their content."""

import re
from collections.abc import Mapping
from pathlib import Path

from bridge.tokenizers.files import file_error, read_bytes, read_json

TOKENIZER_FILE = "tokenizer.json"
VOCABULARY_NAMES = ("vocab.json", "encoder.json")
MERGES_NAMES = ("merges.txt", "vocab.bpe")
ADDED_TOKENS = "added_tokens.json"
VOCAB_TXT = "vocab.txt"
CONFIG_NAMES = ("tokenizer_config.json", "special_tokens_map.json")

# What a tokenizer's folder may hold.
FILE_NAMES = (
    TOKENIZER_FILE,
    *VOCABULARY_NAMES,
    *MERGES_NAMES,
    VOCAB_TXT,
    *CONFIG_NAMES,
    "*.model",
    "*.tiktoken",
    "tekken.json",
)


def is_huggingface(value: object) -> bool:
    """Tell whether JSON is a `tokenizers` file; KerasHub's has the same file name.

    Args:
        value: What the JSON holds.

    Returns:
        Whether it has a model with a vocabulary.
    """
    model = value.get("model") if isinstance(value, Mapping) else None
    return isinstance(model, Mapping) and "vocab" in model


def is_keras_hub(value: object) -> bool:
    """Tell whether JSON is the configuration of a Keras object.

    Args:
        value: What the JSON holds.

    Returns:
        Whether it names a registered class.
    """
    return isinstance(value, Mapping) and {"class_name", "config"} <= set(value)


def is_tekken(value: object) -> bool:
    """Tell whether JSON is a Tekken file.

    Args:
        value: What the JSON holds.

    Returns:
        Whether it has ranks and a pattern.
    """
    return (
        isinstance(value, Mapping)
        and isinstance(value.get("vocab"), list)
        and isinstance(value.get("config"), Mapping)
        and "pattern" in value["config"]
    )


def is_token_table(value: object) -> bool:
    """Tell whether JSON is a plain table of token to id.

    Args:
        value: What the JSON holds.

    Returns:
        Whether all its values are integers.
    """
    return (
        isinstance(value, Mapping)
        and bool(value)
        and all(type(token_id) is int for token_id in value.values())
    )


def identify(path: Path) -> str:
    """Tell the format of a tokenizer file by its content.

    Args:
        path: An existing file.

    Returns:
        `"tokenizer.json"`, `"tekken.json"`, `"table"` (vocab.json), `"tiktoken"`,
        `"sentencepiece"` or `"vocab.txt"`.

    Raises:
        TokenizerFileError: If it is none of them.
    """
    head = read_bytes(path)[:4096]
    # Sentencepiece files hold scores as raw floats; no text has such bytes.
    if re.search(rb"[\x00-\x08\x0e-\x1f]", head):
        return "sentencepiece"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"{") and path.suffix != ".txt":
        return _identify_json(path)
    first = start.split(b"\n", 1)[0].rstrip(b"\r")
    if path.suffix == ".tiktoken" or re.fullmatch(rb"[A-Za-z0-9+/]+=* \d+", first):
        return "tiktoken"
    if first.startswith(b"#version"):
        raise file_error(
            path,
            "which holds the merges of a byte-pair tokenizer",
            "Pass its vocab.json, with `merges=` naming this file.",
        )
    if path.suffix == ".txt":
        return "vocab.txt"
    raise file_error(
        path,
        f"which begins with {head[:24]!r}",
        "Known are tokenizer.json, vocab.json, .model, .tiktoken, tekken.json and "
        "vocab.txt.",
    )


def _identify_json(path: Path) -> str:
    value = read_json(path)
    if is_huggingface(value):
        return "tokenizer.json"
    if is_tekken(value):
        return "tekken.json"
    if is_token_table(value):
        return "table"
    keras = is_keras_hub(value)
    raise file_error(
        path,
        "which is the configuration of a Keras object"
        if keras
        else "whose JSON is of no tokenizer format",
        "Pass `keras_hub.tokenizers.Tokenizer.from_preset(folder)`."
        if keras
        else "Known are tokenizer.json, vocab.json and tekken.json.",
    )


def read_token_table(path: Path) -> dict[str, int]:
    """Read a vocab.json or encoder.json.

    Args:
        path: A JSON object of token to id.

    Returns:
        Token to id.

    Raises:
        TokenizerFileError: If it is something else.
    """
    value = read_json(path)
    if not is_token_table(value):
        raise file_error(
            path,
            "which is no table of token to id",
            'A vocabulary file is one JSON object: {"token": id, ...}.',
        )
    return dict(value)
