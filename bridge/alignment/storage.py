"""An alignment on disk: a JSON manifest and plain numpy arrays."""

import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from bridge.alignment.kinds import MatchKind
from bridge.errors import SavedFormatError
from bridge.ragged import Ragged
from bridge.spec import BackboneSpec

MANIFEST = "bridge_alignment.json"
ARRAYS = "arrays.npz"
FORMAT_VERSION = 1

Fates = tuple[NDArray[np.uint8], Ragged, Ragged]


def write_fates(
    folder: Path, fates: Fates, *, untrained: NDArray[np.bool_] | None = None
) -> None:
    """Write kinds and both tables of pieces.

    Args:
        folder: Folder to write into.
        fates: Kinds, pieces, continuation pieces.
        untrained: Ids of the preset whose rows training never touched, if known.
    """
    kinds, pieces, inside = fates
    arrays: dict[str, Any] = {
        "kinds": kinds,
        "piece_values": pieces.values,
        "piece_offsets": pieces.offsets,
        "continuation_values": inside.values,
        "continuation_offsets": inside.offsets,
    }
    if untrained is not None:
        arrays["untrained"] = untrained
    np.savez_compressed(folder / ARRAYS, **arrays)


def read_fates(folder: Path, *, size: int, rows: int) -> Fates:
    """Read what `write_fates` wrote.

    Args:
        folder: The folder.
        size: Ids of the tokenizer.
        rows: Ids of the preset.

    Returns:
        Kinds, pieces, continuation pieces.

    Raises:
        SavedFormatError: If the arrays are missing, damaged or of other vocabularies.
    """
    with _opened(folder) as arrays:
        pieces, inside = (
            Ragged(arrays[f"{name}_values"], arrays[f"{name}_offsets"])
            for name in ("piece", "continuation")
        )
        kinds = arrays["kinds"]
        _check(kinds, (pieces, inside), size=size, rows=rows)
    return kinds, pieces, inside


def read_untrained(folder: Path, *, rows: int) -> NDArray[np.bool_] | None:
    """Read which rows of the preset training never touched.

    Args:
        folder: The folder.
        rows: Ids of the preset.

    Returns:
        `(rows,)` bool, or `None` where it was not known.

    Raises:
        SavedFormatError: If the array is damaged or of another vocabulary.
    """
    with _opened(folder) as arrays:
        if "untrained" not in arrays:
            return None
        untrained: NDArray[np.bool_] = arrays["untrained"]
        if untrained.dtype != np.bool_ or untrained.shape != (rows,):
            raise ValueError(
                f"untrained rows {untrained.dtype} of shape {untrained.shape}, not "
                f"bool of shape ({rows},)"
            )
    return untrained


@contextmanager
def _opened(folder: Path) -> Iterator[Mapping[str, NDArray[Any]]]:
    try:
        # No code from a file is ever run: allow_pickle stays False.
        with (folder / ARRAYS).open("rb") as file, np.load(file) as arrays:
            yield arrays
    except (
        OSError,
        KeyError,
        ValueError,
        TypeError,
        EOFError,
        BadZipFile,
        zlib.error,
    ) as error:
        raise SavedFormatError(
            f"A saved alignment holds its arrays in {ARRAYS}. Received: {folder}, "
            f"where reading them failed ({error}). Save it again."
        ) from error


def _check(
    kinds: NDArray[Any], tables: tuple[Ragged, ...], *, size: int, rows: int
) -> None:
    lengths = {len(table) for table in tables} | {kinds.size}
    if kinds.dtype != np.uint8 or kinds.ndim != 1 or lengths != {size}:
        raise ValueError(f"arrays for {sorted(lengths)} ids, not {size}")
    wrong = [bool(((t.values < 0) | (t.values >= rows)).any()) for t in tables]
    if (kinds > max(MatchKind)).any() or any(wrong):
        raise ValueError("kinds or backbone ids out of range")


def read_spec(folder: Path, manifest: Mapping[str, Any]) -> BackboneSpec:
    """Read the spec from a manifest.

    Args:
        folder: The folder it came from, for the message.
        manifest: Its content.

    Returns:
        The spec.

    Raises:
        SavedFormatError: If it is missing or damaged.
    """
    try:
        return BackboneSpec.from_dict(manifest["spec"])
    except (KeyError, TypeError, ValueError) as error:
        raise SavedFormatError(
            f"A saved alignment holds its spec in {MANIFEST}. Received: {folder}, "
            f"where reading it failed ({type(error).__name__}: {error}). Save it again."
        ) from error


def read_manifest(file: Path, version: int) -> dict[str, Any]:
    """Read the JSON file that marks a saved folder.

    Args:
        file: The file.
        version: The format version this code reads.

    Returns:
        Its content.

    Raises:
        SavedFormatError: If it is missing, no JSON object or of another version.
    """
    try:
        manifest = json.loads(file.read_text("utf-8"))
        if not isinstance(manifest, dict):
            raise TypeError("no JSON object")
    except (OSError, ValueError, TypeError) as error:
        raise SavedFormatError(
            f"A saved folder holds a readable {file.name}. Received: {file.parent} "
            f"({error}). Pass the folder that `save` wrote."
        ) from error
    if manifest.get("format_version") != version:
        raise SavedFormatError(
            f"This version of bridge reads format {version}. Received: format "
            f"{manifest.get('format_version')!r} in {file}. Save it again, or install "
            "the version that wrote it."
        )
    return manifest
