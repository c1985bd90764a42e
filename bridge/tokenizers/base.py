"""`Tokenizer`: the one protocol behind which every tokenizer library stands."""

import copy
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any, ClassVar, Self

from bridge.errors import TextInputError
from bridge.ragged import Ragged
from bridge.spec import Template
from bridge.tokenizers.rows import ids_of_kind, surround
from bridge.vocabulary import Token, TokenKind, Vocabulary

# Written into every saved folder; `load_tokenizer` finds the adapter by it.
MANIFEST = "bridge_tokenizer.json"
FORMAT_VERSION = 1


class Tokenizer(ABC):
    """An external tokenizer: texts to ids and back. No padding, no truncation.

    An adapter never changes the object it was given: it works on a copy, or only
    calls methods that read.

    Attributes:
        kind: Name of the adapter, stored in saved folders.
        vocabulary: What its ids mean.
        engine: Library that does the work, such as `"tokenizers"`.
        engine_note: Why this engine was taken.
        template: Special tokens that it adds by itself around a text, by id, or
            `None` where that is unknown.
    """

    kind: ClassVar[str]
    vocabulary: Vocabulary
    engine: str
    engine_note: str = "the tokenizer's own library"
    template: Template | None = None

    def encode_batch(
        self, texts: Sequence[str], *, add_special_tokens: bool = False
    ) -> Ragged:
        """Encode texts.

        Args:
            texts: Texts; an empty list gives no rows, an empty text an empty row.
            add_special_tokens: Whether to put the tokenizer's own template around
                each text.

        Returns:
            Token ids, one row a text, neither padded nor truncated.

        Raises:
            TextInputError: If `texts` is one string, or one of them is not a `str` or
                cannot be encoded as UTF-8.
        """
        checked = check_texts(texts)
        if add_special_tokens:
            return self._encode_with_specials(checked)
        return self._encode(checked)

    @abstractmethod
    def _encode(self, texts: list[str]) -> Ragged:
        """Encode checked texts without special tokens."""

    def _encode_with_specials(self, texts: list[str]) -> Ragged:
        """Encode checked texts with the tokenizer's own template around each."""
        ids = self._encode(texts)
        return ids if self.template is None else surround(ids, self.template)

    def decode_batch(self, ids: Ragged) -> list[str]:
        """Turn ids back into texts.

        Args:
            ids: Token ids of this tokenizer.

        Returns:
            One text a row. Special tokens are kept as text. Bytes that are no UTF-8
            become U+FFFD; ids that no token has become nothing.

        Raises:
            TokenIdError: If an id is negative or not below `vocabulary.size`.
        """
        self.vocabulary.check_ids(ids.values)
        return self._decode(ids)

    @abstractmethod
    def _decode(self, ids: Ragged) -> list[str]:
        """Decode checked ids."""

    def normalize(self, text: str) -> str:
        """Return a text as the tokenizer's model sees it: case, accents, forms.

        Word-start marks are not shown: spaces stay spaces.

        Args:
            text: Any text.

        Returns:
            The normalised text; the text itself where there is no normaliser.
        """
        return text

    def with_roles(self, roles: Mapping[str, int | Token]) -> Self:
        """Return the same tokenizer with other roles.

        Args:
            roles: Roles to set, by id or token; the others are kept.

        Returns:
            A new tokenizer that shares the engine; this one is unchanged.

        Raises:
            VocabularyError: If a role is unknown or names no token.
        """
        twin = copy.copy(self)
        twin.vocabulary = self.vocabulary.with_roles(roles)
        return twin

    def _with_only(
        self, roles: Mapping[str, int | Token], *, special: Sequence[int] = ()
    ) -> Self:
        """Return the same tokenizer with these roles and no others."""
        twin = copy.copy(self)
        kinds = self.vocabulary.kinds.copy()
        kinds[list(special)] = TokenKind.SPECIAL
        bare = replace(self.vocabulary, roles={}, kinds=kinds)
        twin.vocabulary = bare.with_roles(roles)
        return twin

    def save(self, directory: str | os.PathLike[str]) -> None:
        """Write the tokenizer into a folder that `load_tokenizer` reads.

        Args:
            directory: Folder to write; made where missing, replaced where it holds an
                older tokenizer.

        Raises:
            UnsupportedTokenizerError: If it holds Python code, which is never saved.
        """
        from bridge.tokenizers.saving import replace_folder

        with replace_folder(directory, owner=MANIFEST) as folder:
            options = self._save_files(folder)
            manifest = {
                "format_version": FORMAT_VERSION,
                "kind": self.kind,
                "roles": dict(self.vocabulary.roles),
                "special": ids_of_kind(self.vocabulary, TokenKind.SPECIAL),
                "engine_note": self.engine_note,
                **options,
            }
            (folder / MANIFEST).write_text(
                json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8"
            )

    @abstractmethod
    def _save_files(self, folder: Path) -> Mapping[str, Any]:
        """Write the adapter's own files and return options for the manifest."""

    @classmethod
    @abstractmethod
    def _load(cls, folder: Path, manifest: Mapping[str, Any]) -> "Tokenizer":
        """Rebuild from what `_save_files` wrote.

        File names are constants of the adapter and never read from the manifest, so
        that no saved folder can point outside itself.
        """

    def __repr__(self) -> str:
        """Show kind, engine and vocabulary."""
        return (
            f"{type(self).__name__}(engine={self.engine!r}, "
            f"vocabulary={self.vocabulary!r})"
        )


def check_texts(texts: Sequence[str], *, noun: str = "text") -> list[str]:
    """Refuse what cannot be encoded, with its place in the batch.

    Args:
        texts: What the user passed.
        noun: What one item is called in messages.

    Returns:
        The texts as a list.

    Raises:
        TextInputError: If it is one string, or an item is not a `str`, or holds a
            lone surrogate.
    """
    if isinstance(texts, (str, bytes)):
        raise TextInputError(
            f"Pass a list of {noun}s. Received: one {type(texts).__name__}, "
            f"{texts[:40]!r}. Wrap it: `[{noun}]`."
        )
    try:
        items = list(texts)
    except TypeError as error:
        raise TextInputError(
            f"Pass a list of {noun}s. Received: {type(texts).__name__}. "
            f"Pass `[]` where there is no {noun}."
        ) from error
    for place, text in enumerate(items):
        if not isinstance(text, str):
            remedy = (
                "Decode it first: `text.decode('utf-8')`."
                if isinstance(text, bytes)
                else f"Drop it, or replace it by `''` if an empty {noun} is meant."
            )
            raise TextInputError(
                f"Every {noun} must be a str. Received: {text!r:.60} "
                f"({type(text).__name__}) at position {place} of {len(items)}. {remedy}"
            )
    try:
        # One pass over everything is far cheaper than one call a text.
        "".join(items).encode("utf-8")
    except UnicodeEncodeError:
        _refuse_surrogate(items, noun)
    return items


def _refuse_surrogate(items: list[str], noun: str) -> None:
    for place, text in enumerate(items):
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise TextInputError(
                f"Every {noun} must be valid Unicode. Received: a lone surrogate "
                f"{text[error.start]!a} at character {error.start} of the {noun} at "
                f"position {place}. Clean it first: "
                "`text.encode('utf-8', 'replace').decode('utf-8')`."
            ) from error


def decode_runs(
    row: Sequence[int],
    specials: Mapping[int, str],
    decode: Callable[[list[int]], str],
) -> str:
    """Decode a row with a library that drops special tokens.

    Args:
        row: Token ids.
        specials: Id to text of the ids that the library would drop or refuse.
        decode: Decodes ids that are not among them.

    Returns:
        The text with the special tokens in their places.
    """
    parts: list[str] = []
    for is_special, run in groupby(row, key=specials.__contains__):
        if is_special:
            parts.extend(specials[token_id] for token_id in run)
        else:
            parts.append(decode(list(run)))
    return "".join(parts)
