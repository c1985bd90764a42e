"""The embedding of a donor model, read from safetensors: numbers, never code."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.errors import BackboneError, MissingDependencyError

# How checkpoints call the table that looks tokens up.
_NAMES = ("embed_tokens", "word_embeddings", "wte", "token_embedding", "embed_in")


def read_donor(
    source: NDArray[Any] | str | os.PathLike[str], tensor: str | None = None
) -> NDArray[Any]:
    """Read a table of embeddings.

    Args:
        source: The table itself, or a .safetensors file.
        tensor: Its name in the file; found by how such tables are called if `None`.

    Returns:
        `(rows, width)` float.

    Raises:
        BackboneError: If the file cannot be read, or holds no such table or several.
        MissingDependencyError: If safetensors is not installed.
    """
    if not isinstance(source, (str, os.PathLike)):
        return np.asarray(source)
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError as error:
        raise MissingDependencyError(
            "A donor's file is read with safetensors. Received: it is not installed. "
            "Run `pip install 'tokenizer-bridge[anchors]'`, or pass the table itself."
        ) from error
    try:
        with safe_open(Path(source), framework="numpy") as file:
            name = _choose(list(file.keys()), tensor, Path(source))
            table: NDArray[Any] = file.get_tensor(name)
    except (OSError, SafetensorError, TypeError, ValueError) as error:
        if isinstance(error, BackboneError):
            raise
        raise BackboneError(
            "A donor is a .safetensors file in which numpy can read the embedding. "
            f"Received: {os.fspath(source)} ({error}). Save the table as float32 or "
            "float16, or pass it as an array."
        ) from error
    return table


def _choose(names: list[str], wanted: str | None, path: Path) -> str:
    found = [
        name
        for name in names
        if (name == wanted if wanted else any(part in name for part in _NAMES))
    ]
    if len(found) != 1:
        raise BackboneError(
            "A donor's file holds one table that looks tokens up. Received: "
            f"{len(found)} that could be it in {path}, which holds "
            f"{', '.join(map(repr, names[:5]))}{', ...' if len(names) > 5 else ''}. "
            "Name it with `tensor=`."
        )
    return found[0]
