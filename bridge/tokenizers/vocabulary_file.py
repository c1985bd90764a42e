"""A `Vocabulary` as a JSON file."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.errors import VocabularyError
from bridge.tokenizers.files import file_error, read_json
from bridge.vocabulary import Token, TokenKind, Vocabulary

VOCABULARY_FILE = "bridge_vocabulary.json"


def write_vocabulary(vocabulary: Vocabulary, folder: Path) -> None:
    """Write a vocabulary with everything that is known about its ids.

    Args:
        vocabulary: The vocabulary.
        folder: Folder to write into.
    """
    content = {
        "tokens": [_to_json(token) for token in vocabulary.tokens],
        "kinds": vocabulary.kinds.tolist(),
        "roles": dict(vocabulary.roles),
        "convention": vocabulary.convention.value,
    }
    # Escaped, since a spelling may hold a lone surrogate, which UTF-8 refuses.
    (folder / VOCABULARY_FILE).write_text(json.dumps(content), encoding="utf-8")


def read_vocabulary(folder: Path) -> Vocabulary:
    """Read what `write_vocabulary` wrote.

    Args:
        folder: Folder that holds it.

    Returns:
        An equal vocabulary.

    Raises:
        TokenizerFileError: If the file is damaged.
    """
    path = folder / VOCABULARY_FILE
    content = read_json(path)
    try:
        return _build(content)
    except (
        VocabularyError,
        KeyError,
        TypeError,
        ValueError,
        IndexError,
        AttributeError,
        binascii.Error,
    ) as error:
        raise file_error(
            path, f"which is no saved vocabulary ({error})", "Save the tokenizer again."
        ) from error


def _build(content: Mapping[str, Any]) -> Vocabulary:
    kinds = np.array(content["kinds"], np.uint8)
    tokens = [_from_json(token) for token in content["tokens"]]
    if len(kinds) != len(tokens):
        raise ValueError(f"{len(kinds)} kinds for {len(tokens)} tokens")
    vocabulary = Vocabulary.from_tokens(
        tokens,
        roles=content["roles"],
        # An unused token is literal text as a special one is; its kind follows below.
        special=_ids(kinds, TokenKind.SPECIAL, TokenKind.UNUSED),
        added=_ids(kinds, TokenKind.ADDED),
        byte_pieces=_ids(kinds, TokenKind.BYTE),
        convention=content["convention"],
    )
    return replace(vocabulary, kinds=kinds)


def _ids(kinds: NDArray[np.uint8], *wanted: TokenKind) -> list[int]:
    return [int(i) for i in np.flatnonzero(np.isin(kinds, wanted))]


def _to_json(token: Token | None) -> str | dict[str, str] | None:
    if isinstance(token, bytes):
        return {"bytes": base64.b64encode(token).decode("ascii")}
    return token


def _from_json(value: Any) -> Token | None:  # noqa: ANN401  JSON of a file
    if isinstance(value, Mapping):
        return base64.b64decode(value["bytes"], validate=True)
    if value is None or isinstance(value, str):
        return value
    raise TypeError(f"{value!r} is no token")
