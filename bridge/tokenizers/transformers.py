"""Adapters for transformers: fast tokenizers by their engine, slow ones as they are."""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bridge.errors import (
    MissingDependencyError,
    SavedFormatError,
    UnsupportedTokenizerError,
)
from bridge.ragged import Ragged
from bridge.spec import ROLES
from bridge.tokenizers.base import Tokenizer
from bridge.tokenizers.files import file_error
from bridge.tokenizers.frames import probe_template
from bridge.tokenizers.huggingface import HuggingFaceTokenizer
from bridge.tokenizers.rows import from_rows
from bridge.vocabulary import Convention, Token, Vocabulary
from bridge.vocabulary.roles import guess_roles
from bridge.vocabulary.surface import detect

FILES = "transformers"


def wrap_transformers(
    tokenizer: Any,  # noqa: ANN401  transformers is not imported here
    *,
    roles: Mapping[str, int | Token] | None = None,
) -> Tokenizer | None:
    """Wrap a tokenizer of transformers.

    Args:
        tokenizer: A fast or slow tokenizer.
        roles: Role to id or token; they win over those the object states.

    Returns:
        The adapter, or `None` where the object is neither.
    """
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is not None:
        stated = transformers_roles(tokenizer)
        fast = HuggingFaceTokenizer(
            backend,
            roles={**stated, **(roles or {})},
            # transformers sets this switch of the engine at every call.
            encode_special_tokens=bool(
                getattr(tokenizer, "split_special_tokens", False)
            ),
        )
        fast.engine_note = "the engine of transformers' fast tokenizers"
        return fast
    if hasattr(tokenizer, "_convert_token_to_id") and hasattr(tokenizer, "tokenize"):
        return TransformersTokenizer(tokenizer, roles=roles)
    return None


def transformers_roles(tokenizer: Any) -> dict[str, int]:  # noqa: ANN401
    """Read the roles that a transformers tokenizer states.

    Args:
        tokenizer: A fast or slow tokenizer.

    Returns:
        Role to id for every role that is set.
    """
    ids = {role: getattr(tokenizer, f"{role}_token_id", None) for role in ROLES}
    return {role: int(i) for role, i in ids.items() if i is not None}


class TransformersTokenizer(Tokenizer):
    """A tokenizer of transformers that is written in Python, such as ByT5's.

    Args:
        tokenizer: The user's object; it is copied.
        roles: Role to id or token; they win over those the object states.

    Attributes:
        kind: `"transformers"`, its name in saved folders.
        engine: `"transformers"`.
        engine_note: Why that engine does the work.

    Example:
        >>> from transformers import ByT5Tokenizer  # doctest: +SKIP
        >>> wrapped = TransformersTokenizer(ByT5Tokenizer())  # doctest: +SKIP
        >>> wrapped.encode_batch(["hi"]).to_lists()  # doctest: +SKIP
        [[107, 108]]
    """

    kind = "transformers"
    engine = "transformers"
    engine_note = "a tokenizer written in Python has no faster engine"

    def __init__(
        self,
        tokenizer: Any,  # noqa: ANN401  transformers is not imported here
        *,
        roles: Mapping[str, int | Token] | None = None,
    ) -> None:
        self._engine = copy.deepcopy(tokenizer)
        self.vocabulary = _read_vocabulary(self._engine, roles)
        self.template = probe_template(
            lambda *texts: list(self._engine.encode(*texts)), self._ids
        )

    def _ids(self, text: str) -> list[int]:
        tokens = self._engine.tokenize(text)
        ids: list[int] = self._engine.convert_tokens_to_ids(tokens)
        return ids

    def _encode(self, texts: list[str]) -> Ragged:
        return from_rows([self._ids(text) for text in texts])

    def _decode(self, ids: Ragged) -> list[str]:
        return [
            self._engine.decode(
                row.tolist(),
                skip_special_tokens=False,
                clean_up_tokenization_spaces=False,
            )
            for row in ids
        ]

    def _save_files(self, folder: Path) -> Mapping[str, Any]:
        name = type(self._engine).__name__
        if _find_class(name) is not type(self._engine):
            raise UnsupportedTokenizerError(
                "A saved tokenizer holds no Python code, only the name of a class of "
                f"transformers. Received: {type(self._engine).__module__}.{name}. "
                "Keep the class in your own code and pass its object again."
            )
        self._engine.save_pretrained(str(folder / FILES))
        return {"class_name": name}

    @classmethod
    def _load(
        cls, folder: Path, manifest: Mapping[str, Any]
    ) -> "TransformersTokenizer":
        name = str(manifest.get("class_name"))
        found = _find_class(name)
        if found is None:
            raise SavedFormatError(
                "A saved tokenizer must name a tokenizer of transformers. Received: "
                f"{name!r} in {folder}. Save it again, or update transformers."
            )
        try:
            tokenizer = found.from_pretrained(
                str(folder / FILES), local_files_only=True
            )
        except Exception as error:  # whatever a damaged file makes the class raise
            raise file_error(
                folder / FILES,
                f"which transformers' {name} cannot load ({error})",
                "Save the tokenizer again.",
            ) from error
        return cls(tokenizer, roles=manifest["roles"])


def _find_class(name: str) -> Any:  # noqa: ANN401
    """Look a class up in transformers itself: no other module, no remote code."""
    try:
        import transformers
    except ImportError as error:
        raise MissingDependencyError(
            f"A saved {name} needs transformers. Received: it is not installed. Run "
            "`pip install 'tokenizer-bridge[transformers]'`."
        ) from error
    found = getattr(transformers, name, None) if name.isidentifier() else None
    base = transformers.PreTrainedTokenizerBase
    if isinstance(found, type) and issubclass(found, base):
        return found
    return None


def _read_vocabulary(
    tokenizer: Any,  # noqa: ANN401
    roles: Mapping[str, int | Token] | None,
) -> Vocabulary:
    entries = dict(tokenizer.added_tokens_decoder)
    spelled = {str(entry): int(i) for i, entry in entries.items()}
    special = {token: spelled[token] for token in tokenizer.all_special_tokens}
    special |= {str(e): int(i) for i, e in entries.items() if e.special}
    # An added token may share its id with one of the table: it is the one in use.
    by_id: dict[int, Token] = {i: t for t, i in tokenizer.get_vocab().items()}
    by_id |= {i: token for token, i in spelled.items()}
    added = set(spelled.values())
    convention = _convention(tokenizer, [t for i, t in by_id.items() if i not in added])
    if convention == Convention.BYTES:
        by_id = {i: t if i in added else _as_byte(t) for i, t in by_id.items()}
    known: dict[str, Any] = {**transformers_roles(tokenizer), **(roles or {})}
    return Vocabulary.from_tokens(
        {token: i for i, token in by_id.items()},
        roles=guess_roles(special, known=known),
        special=special.values(),
        added=added - set(special.values()),
        convention=convention,
    )


def _as_byte(token: Token) -> Token:
    is_byte = isinstance(token, str) and len(token) == 1 and ord(token) < 256
    return token.encode("latin-1") if is_byte else token  # type: ignore[union-attr]


def _convention(tokenizer: Any, tokens: list[Token]) -> Convention:  # noqa: ANN401
    """Tell by a probe whether unmarked tokens are bytes, pieces or words."""
    # A character above U+007F comes back as the Latin-1 spelling of its bytes.
    spelled = "\u00e9".encode().decode("latin-1")
    if tokenizer.tokenize("\u00e9") == list(spelled):
        return Convention.BYTES
    if tokenizer.tokenize("ab cd") == list("ab cd"):
        return Convention.PIECES
    return detect(tokens)
