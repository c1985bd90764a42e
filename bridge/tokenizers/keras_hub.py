"""Adapter for KerasHub tokenizers, which it drives without importing Keras."""

import importlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bridge.errors import (
    MissingDependencyError,
    SavedFormatError,
    UnsupportedTokenizerError,
)
from bridge.ragged import Ragged
from bridge.tokenizers.base import Tokenizer
from bridge.tokenizers.decoding import decode_runs
from bridge.tokenizers.files import file_error, read_bytes, read_json
from bridge.tokenizers.keras_vocabulary import (
    keras_merges,
    keras_proto,
    keras_vocabulary,
)
from bridge.tokenizers.rows import literal_texts
from bridge.vocabulary import Token, TokenKind

CONFIG_FILE = "keras_config.json"
ASSETS = "assets"
SENTENCEPIECE_ASSET = "vocabulary.spm"

# Arguments that would pad, cut, mark or spell out what the tokenizer gives.
_NEUTRAL = {"sequence_length": None, "add_bos": False, "add_eos": False}


class KerasHubTokenizer(Tokenizer):
    """A `keras_hub.tokenizers.Tokenizer`, driven as it is.

    Args:
        tokenizer: The KerasHub object. It is only read; where it pads, cuts or adds
            special tokens by itself, a copy that does not is driven instead.
        roles: Role to id or token, beside those the object states.

    Attributes:
        kind: `"keras_hub"`, its name in saved folders.
        engine: `"keras_hub"`.

    Raises:
        MissingVocabularyError: If it has no table of tokens.
    """

    kind = "keras_hub"
    engine = "keras_hub"

    def __init__(
        self,
        tokenizer: Any,  # noqa: ANN401  Keras is not imported here
        *,
        roles: Mapping[str, int | Token] | None = None,
    ) -> None:
        self.vocabulary = keras_vocabulary(tokenizer, roles=roles)
        self._engine = _bare(tokenizer)
        self._literal = literal_texts(
            self.vocabulary, TokenKind.SPECIAL, TokenKind.UNUSED
        )

    def _encode(self, texts: list[str]) -> Ragged:
        if not texts:
            return Ragged.from_lists([])
        rows = self._engine.tokenize(texts)
        # Lists of lists, or tensors where its own Python path is switched off.
        ids = Ragged.from_lists([np.asarray(row, np.int64).tolist() for row in rows])
        # Its graph path gives -1 for what a vocabulary without unk cannot encode.
        self.vocabulary.check_ids(ids.values)
        return ids

    def _decode(self, ids: Ragged) -> list[str]:
        return [
            decode_runs(row.tolist(), self._literal, self._decode_run) for row in ids
        ]

    def _decode_run(self, token_ids: list[int]) -> str:
        text = self._engine.detokenize([token_ids])
        values = text.numpy().tolist() if hasattr(text, "numpy") else list(text)
        return values[0].decode() if isinstance(values[0], bytes) else str(values[0])

    def _save_files(self, folder: Path) -> Mapping[str, Any]:
        name = type(self._engine).__name__
        if _find_class(name) is not type(self._engine):
            raise UnsupportedTokenizerError(
                "A saved tokenizer holds no Python code, only the name of a class of "
                f"KerasHub. Received: {type(self._engine).__module__}.{name}. Keep the "
                "class in your own code and pass its object again."
            )
        assets = folder / ASSETS
        assets.mkdir()
        self._engine.save_assets(str(assets))
        config = _plain_config(self._engine)
        (folder / CONFIG_FILE).write_text(json.dumps(config), encoding="utf-8")
        return {"class_name": name}

    @classmethod
    def _load(cls, folder: Path, manifest: Mapping[str, Any]) -> "KerasHubTokenizer":
        config = read_json(folder / CONFIG_FILE)
        name = str(manifest.get("class_name"))
        keras_class = _find_class(name)
        if keras_class is None:
            raise SavedFormatError(
                "A saved KerasHub tokenizer must name one of its public classes. "
                f"Received: {name!r} in {folder}. Save it again, or update keras-hub."
            )
        try:
            tokenizer = keras_class(**config)
            _load_assets(tokenizer, folder / ASSETS)
        except Exception as error:  # whatever a damaged asset makes Keras raise
            raise file_error(
                folder,
                f"which KerasHub cannot load ({error})",
                "Save the tokenizer again.",
            ) from error
        return cls(tokenizer, roles=manifest["roles"])


def _bare(tokenizer: Any) -> Any:  # noqa: ANN401
    """Return the object, or a copy of it without what would change its ids."""
    changes = {
        name: value
        for name, value in _NEUTRAL.items()
        if getattr(tokenizer, name, value) != value
    }
    if not changes and "int" in str(getattr(tokenizer, "compute_dtype", "int32")):
        return tokenizer
    twin = type(tokenizer)(**{**_plain_config(tokenizer), **changes})
    if keras_proto(tokenizer) is not None:
        twin.set_proto(keras_proto(tokenizer))
    elif keras_merges(tokenizer) is not None:
        twin.set_vocabulary_and_merges(
            dict(tokenizer.vocabulary), list(tokenizer.merges)
        )
    else:
        twin.set_vocabulary(list(tokenizer.get_vocabulary()))
    return twin


def _load_assets(tokenizer: Any, assets: Path) -> None:  # noqa: ANN401
    model = assets / SENTENCEPIECE_ASSET
    if model.is_file():
        # Its own `load_assets` leaves this file open.
        tokenizer.set_proto(read_bytes(model))
    else:
        tokenizer.load_assets(str(assets))


def _plain_config(tokenizer: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the arguments of the class: numbers and text, no nested objects."""
    config = dict(tokenizer.get_config())
    # Its own `get_config` forgets this one.
    if hasattr(tokenizer, "split_on_cjk"):
        config["split_on_cjk"] = tokenizer.split_on_cjk
    dropped = ("name", "trainable", "dtype", "config_file", "vocabulary", "merges")
    kept = {key: value for key, value in config.items() if key not in dropped}
    kept.setdefault("proto", None)
    if keras_proto(tokenizer) is None:
        del kept["proto"]
    return json.loads(json.dumps(kept))  # type: ignore[no-any-return]


def _find_class(name: str) -> Any:  # noqa: ANN401
    """Look a class up among KerasHub's public ones, and nowhere else."""
    try:
        # Only a saved KerasHub tokenizer needs Keras to come back.
        keras_hub = importlib.import_module("keras_hub")
    except ImportError as error:
        raise MissingDependencyError(
            f"A saved KerasHub tokenizer needs KerasHub. Received: {name}, and "
            "keras_hub is not installed. Run `pip install 'tokenizer-bridge[keras]'`."
        ) from error
    for namespace in (keras_hub.tokenizers, keras_hub.models):
        found = getattr(namespace, name, None) if name.isidentifier() else None
        if isinstance(found, type) and issubclass(
            found, keras_hub.tokenizers.Tokenizer
        ):
            return found
    return None
