"""KerasHub presets: what they expect, and the tokenizer they were trained with.

The only module that calls `from_preset`.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras_hub

from bridge.alignment.reference import with_reference
from bridge.errors import BackboneError, BridgeError, MissingVocabularyError
from bridge.keras.spec import backbone_of, describe
from bridge.spec import BackboneSpec
from bridge.tokenizers import Tokenizer, load_tokenizer


@dataclass(frozen=True, slots=True)
class Preset:
    """A pretrained side: its spec, its reference tokenizer, and how to load it.

    Attributes:
        name: How the user named it.
        spec: What the backbone expects, ids in the preset's own vocabulary.
        reference: The tokenizer whose ids the checkpoint was trained with.
        reference_note: Where that was found.
        native: The preset's own KerasHub tokenizer, or `None`.
        model: The backbone, with weights where it was loaded from a name.
    """

    name: str
    spec: BackboneSpec
    reference: Tokenizer
    reference_note: str
    native: Any
    model: Any


def load_backbone(preset: str | os.PathLike[str], *, weights: bool = True) -> Any:  # noqa: ANN401
    """Load a preset's backbone.

    Args:
        preset: Name, handle or folder.
        weights: Whether to load the weights too.

    Returns:
        The `keras_hub.models.Backbone`.

    Raises:
        BackboneError: If there is no such preset, or it cannot be fetched.
    """
    name = os.fspath(preset)
    try:
        return keras_hub.models.Backbone.from_preset(name, load_weights=weights)
    except Exception as error:  # hub clients raise their own
        raise BackboneError(
            "A preset is a KerasHub name, an hf:// or kaggle:// handle, or a folder "
            f"with a config.json. Received: {name!r}, which could not be loaded "
            f"({_first_line(error)}). {_remedy(name)}"
        ) from error


def _remedy(name: str) -> str:
    """Say where the files of a preset are, for machines without a network."""
    known = keras_hub.models.Backbone.presets.get(name, {})
    handle = known.get("kaggle_handle", name)
    into = "into a folder of any name, and pass that folder."
    if handle.startswith("kaggle://"):
        page = "/".join(handle.removeprefix("kaggle://").split("/")[:2])
        return (
            f"Without a network, download the variation from "
            f"https://www.kaggle.com/models/{page} and unpack it (config.json, "
            f"model.weights.h5, tokenizer.json, assets) {into}"
        )
    if handle.startswith("hf://"):
        page = handle.removeprefix("hf://")
        return (
            "Without a network, download config.json, tokenizer.json and the weights "
            f"(*.safetensors) from https://huggingface.co/{page} {into}"
        )
    return (
        "Check the spelling; `keras_hub.models.Backbone.presets` lists the names. A "
        "folder needs a config.json and the weights beside it."
    )


def load_native_tokenizer(preset: str | os.PathLike[str]) -> Any:  # noqa: ANN401
    """Load a preset's own KerasHub tokenizer, or return `None` where it has none."""
    try:
        return keras_hub.tokenizers.Tokenizer.from_preset(os.fspath(preset))
    except Exception:  # noqa: BLE001  a folder with only tokenizer.json has none
        return None


def read_preset(
    preset: Any,  # noqa: ANN401  name, folder, or KerasHub object
    *,
    reference: Any = None,  # noqa: ANN401  whatever load_tokenizer takes
    weights: bool = False,
) -> Preset:
    """Describe the pretrained side.

    Args:
        preset: Name, handle, folder, KerasHub task, preprocessor, tokenizer or
            backbone.
        reference: The tokenizer the checkpoint was trained with, where it is known
            better.
        weights: Whether to load weights; alignment needs none.

    Returns:
        Spec and reference.

    Raises:
        MissingVocabularyError: If nothing says what the preset's ids mean.
        BackboneError: If the preset cannot be loaded, or has fewer rows than its
            vocabulary has tokens.
    """
    if isinstance(preset, (str, os.PathLike)):
        model = load_backbone(preset, weights=weights)
        native = load_native_tokenizer(preset)
        name = os.fspath(preset)
    else:
        model = backbone_of(preset)
        native = _tokenizer_of(preset)
        name = getattr(preset, "name", type(preset).__name__)
    found, note = find_reference(preset, native, reference)
    spec = BackboneSpec() if model is None else describe(model)
    spec = with_reference(spec, found, pad_id=getattr(native, "pad_token_id", None))
    rows = spec.vocabulary_size
    if rows is not None and rows < len(found.vocabulary):
        raise BackboneError(
            "A backbone has a row for every token of its vocabulary. Received: "
            f"{rows} rows for {len(found.vocabulary)} tokens of {note}. Pass the "
            "tokenizer of this checkpoint as `reference=`."
        )
    return Preset(name, spec, found, note, native, model)


def find_reference(
    preset: Any,  # noqa: ANN401
    native: Any,  # noqa: ANN401
    reference: Any = None,  # noqa: ANN401
) -> tuple[Tokenizer, str]:
    """Find the tokenizer whose ids a checkpoint was trained with.

    KerasHub's own tokenizer often is not it (accents, digits and newlines are cut
    differently), so it comes last, rebuilt from its vocabulary and options.

    Args:
        preset: As in `read_preset`.
        native: The preset's own KerasHub tokenizer, or `None`.
        reference: What the user says it is, or `None`.

    Returns:
        The tokenizer and a note that says where it was found.

    Raises:
        MissingVocabularyError: If there is none.
    """
    if reference is not None:
        return load_tokenizer(reference), "given as reference="
    if isinstance(preset, (str, os.PathLike)):
        file = _hugging_face_file(os.fspath(preset))
        if file is not None:
            return load_tokenizer(file.parent), "tokenizer.json in the preset's folder"
    if native is None:
        raise MissingVocabularyError(
            "Ids can only be aligned with a preset whose vocabulary is known. "
            f"Received: {_shown(preset)}, which has no tokenizer. Pass the tokenizer "
            "its checkpoint was trained with as `reference=`."
        )
    from bridge.tokenizers.reference import rebuild_reference

    return (
        rebuild_reference(native),
        f"rebuilt from {type(native).__name__}'s vocabulary and options",
    )


def _hugging_face_file(preset: str) -> Path | None:
    """Find a Hugging Face tokenizer.json; KerasHub has another file of that name."""
    if preset.startswith("hf://"):
        from huggingface_hub import hf_hub_download

        try:
            file = Path(hf_hub_download(preset.removeprefix("hf://"), "tokenizer.json"))
        except Exception:  # noqa: BLE001  no such file there, or no network
            return None
    else:
        file = Path(preset) / "tokenizer.json"
    try:
        description = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    is_theirs = isinstance(description, dict) and "model" in description
    return file if is_theirs else None


def _tokenizer_of(model: Any) -> Any:  # noqa: ANN401
    if isinstance(model, keras_hub.tokenizers.Tokenizer):
        return model
    preprocessor = getattr(model, "preprocessor", None) or model
    return getattr(preprocessor, "tokenizer", None)


def _shown(value: Any) -> str:  # noqa: ANN401
    name = type(value).__name__
    return f"{value!r}" if isinstance(value, (str, os.PathLike)) else f"a {name}"


def _first_line(error: Exception) -> str:
    if isinstance(error, BridgeError):
        return str(error)
    return f"{type(error).__name__}: {str(error).strip().splitlines()[0]:.120}"
