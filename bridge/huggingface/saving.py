"""`save_tokenizer`: a folder that `bridge` and, where it can, transformers reads."""

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bridge.errors import UnsupportedTokenizerError
from bridge.tokenizers import Tokenizer
from bridge.vocabulary import Vocabulary

CONFIG_FILE = "tokenizer_config.json"


def save_tokenizer(
    tokenizer: Tokenizer,
    vocabulary: Vocabulary,
    directory: str | os.PathLike[str],
    *,
    roles: Mapping[str, int],
    settings: Mapping[str, Any],
) -> tuple[str, ...]:
    """Write a tokenizer beside whatever the folder holds, such as a model.

    Args:
        tokenizer: What to save.
        vocabulary: What its ids mean, which must be its own vocabulary.
        directory: Folder; made where missing. Files of the same names are replaced.
        roles: Role to id of its special tokens.
        settings: Further contents of `tokenizer_config.json`.

    Returns:
        Paths of the files.

    Raises:
        UnsupportedTokenizerError: If it holds Python code, or the vocabulary holds
            special tokens that the tokenizer lacks.
    """
    if vocabulary.size != tokenizer.vocabulary.size:
        raise UnsupportedTokenizerError(
            "A saved tokenizer holds its own tokens. Received: a vocabulary with "
            f"{vocabulary.size - tokenizer.vocabulary.size} more, which a transplant "
            "appended. Save the whole with `link.save`."
        )
    target = Path(directory)
    target.mkdir(parents=True, exist_ok=True)
    own = tokenizer.with_roles(roles)
    with tempfile.TemporaryDirectory(dir=target) as beside:
        folder = Path(beside) / "tokenizer"
        own.save(folder)
        config = {"tokenizer_class": "PreTrainedTokenizerFast", **settings}
        (folder / CONFIG_FILE).write_text(
            json.dumps(config, ensure_ascii=False, indent=2), encoding="utf-8"
        )
        names = [p.relative_to(folder) for p in folder.rglob("*") if p.is_file()]
        shutil.copytree(folder, target, dirs_exist_ok=True)
    return tuple(str(target / name) for name in sorted(names))
