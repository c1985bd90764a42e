"""Tokenizer files from the Hugging Face Hub, or from its cache."""

import re
from pathlib import Path

from bridge.errors import TokenizerFileError
from bridge.tokenizers.formats import FILE_NAMES

# What the Hub allows as an id: `name` or `owner/name`.
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")
_LONGEST = 96

# Names that end like this are files that are missing, never Hub ids.
_FILE_SUFFIXES = (".json", ".txt", ".model", ".bpe", ".tiktoken")


def is_hub_id(name: str) -> bool:
    """Tell whether a name could be a Hub repository.

    Args:
        name: Any text.

    Returns:
        Whether it reads `name` or `owner/name` and not like a file.
    """
    fits = len(name) <= _LONGEST and _HUB_ID.fullmatch(name) is not None
    return fits and not name.endswith(_FILE_SUFFIXES)


def download(name: str) -> Path:
    """Fetch the tokenizer files of a Hub repository, or find them in its cache.

    Args:
        name: `owner/name`.

    Returns:
        The folder that holds them.

    Raises:
        TokenizerFileError: If that does not work; it says what to fetch by hand.
    """
    try:
        from huggingface_hub import snapshot_download

        folder = snapshot_download(name, allow_patterns=list(FILE_NAMES))
    except Exception as error:  # no network, no such name, no library
        raise TokenizerFileError(
            "A tokenizer must be a path that exists or a Hub id that can be fetched. "
            f"Received: {name!r}, which is no path here and could not be fetched "
            f"({type(error).__name__}). Download tokenizer.json and "
            f"tokenizer_config.json from https://huggingface.co/{name} into a folder "
            "and pass that folder."
        ) from error
    return Path(folder)
