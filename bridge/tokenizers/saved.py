"""Saved tokenizers: from the manifest to the adapter that wrote it."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bridge.errors import SavedFormatError, TokenizerFileError
from bridge.tokenizers.base import FORMAT_VERSION, MANIFEST, Tokenizer
from bridge.tokenizers.files import read_json


def load_saved(folder: Path) -> Tokenizer:
    """Load what `Tokenizer.save` wrote.

    Args:
        folder: The saved folder.

    Returns:
        An equal tokenizer.

    Raises:
        SavedFormatError: If the manifest is of another version or kind.
        TokenizerFileError: If a file is missing or damaged.
    """
    manifest = read_json(folder / MANIFEST)
    version = manifest.get("format_version") if isinstance(manifest, dict) else None
    if version != FORMAT_VERSION:
        raise SavedFormatError(
            f"A saved tokenizer must have format version {FORMAT_VERSION}. Received: "
            f"{version!r} in {folder}. Save it again with this version of bridge."
        )
    place = _SAVED.get(str(manifest.get("kind")))
    if place is None or not isinstance(manifest.get("roles"), dict):
        raise SavedFormatError(
            "A saved tokenizer must name its kind and its roles. Received: kind "
            f"{manifest.get('kind')!r} in {folder}. Save it again."
        )
    module, name = place
    adapter = getattr(importlib.import_module(f"bridge.tokenizers.{module}"), name)
    try:
        return _rebuild(adapter, folder, manifest)
    except (SavedFormatError, TokenizerFileError):
        raise
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise SavedFormatError(
            "A saved tokenizer's manifest must fit its files. Received: "
            f"{type(error).__name__}: {error} in {folder}. Save it again."
        ) from error


def _rebuild(
    adapter: type[Tokenizer], folder: Path, manifest: Mapping[str, Any]
) -> Tokenizer:
    loaded = adapter._load(folder, manifest)
    # Guessing again could find more roles than the saved tokenizer had.
    loaded = loaded._with_only(manifest["roles"], special=manifest["special"])
    loaded.engine_note = str(manifest["engine_note"])
    return loaded


# Kind in the manifest to the adapter that reads it.
_SAVED: Mapping[str, tuple[str, str]] = {
    "huggingface": ("huggingface", "HuggingFaceTokenizer"),
    "transformers": ("transformers", "TransformersTokenizer"),
    "sentencepiece": ("sentencepiece", "SentencePieceTokenizer"),
    "tiktoken": ("tiktoken", "TiktokenTokenizer"),
    "keras_hub": ("keras_hub", "KerasHubTokenizer"),
    "vocabulary": ("plain", "VocabularyOnly"),
    "words": ("plain", "WordTokenizer"),
    "renumbered": ("renumbered", "RenumberedTokenizer"),
}
