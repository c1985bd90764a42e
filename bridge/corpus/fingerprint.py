"""Fingerprints: whether two encoders give the same ids."""

import hashlib
import json
import tempfile
from collections.abc import Iterable
from dataclasses import astuple
from pathlib import Path
from typing import Any

from bridge.alignment import Alignment
from bridge.encoder import Encoder
from bridge.tokenizers import Tokenizer


def describe_encoder(encoder: Encoder) -> dict[str, Any]:
    """Return what decides about an encoder's rows, as plain data.

    Which engine does the work is no part of it: engines give the same ids.

    Args:
        encoder: The encoder.

    Returns:
        What a manifest keeps.

    Raises:
        UnsupportedTokenizerError: If a tokenizer is Python code, which cannot be
            compared.
    """
    alignment = encoder.alignment
    return {
        "tokenizer": of_tokenizer(encoder.tokenizer),
        "alignment": None if alignment is None else of_alignment(alignment),
        "strategy": encoder.strategy,
        "sequence_length": encoder.sequence_length,
        "padding_side": encoder.form.padding_side,
        "template": [list(part) for part in astuple(encoder.template)],
        "pad_id": encoder.pad_id,
        "vocabulary_size": encoder.vocabulary.size,
        "backbone": encoder.spec.to_dict(),
    }


def of_tokenizer(tokenizer: Tokenizer) -> str:
    """Return the SHA-256 of all that a tokenizer saves.

    Args:
        tokenizer: The tokenizer.

    Returns:
        64 hexadecimal digits.

    Raises:
        UnsupportedTokenizerError: If it is Python code.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "saved")
        tokenizer.save(folder)
        files = sorted(file for file in folder.rglob("*") if file.is_file())
        return _digest(
            part
            for file in files
            for part in (
                file.relative_to(folder).as_posix().encode(),
                file.read_bytes(),
            )
        )


def of_alignment(alignment: Alignment) -> str:
    """Return a SHA-256 of an alignment.

    Args:
        alignment: The alignment.

    Returns:
        64 hexadecimal digits.

    Raises:
        UnsupportedTokenizerError: If a tokenizer is Python code.
    """
    spec = json.dumps(alignment.spec.to_dict(), sort_keys=True)
    tables = (alignment.pieces, alignment.continuation_pieces)
    return _digest(
        [
            of_tokenizer(alignment.tokenizer).encode(),
            of_tokenizer(alignment.reference).encode(),
            spec.encode(),
            alignment.kinds.tobytes(),
            *(part.tobytes() for x in tables for part in (x.values, x.offsets)),
        ]
    )


def _digest(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        # The length before each part, so that no two lists of parts read the same.
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
