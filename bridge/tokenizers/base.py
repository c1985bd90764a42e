"""`Tokenizer`: the one protocol behind which every tokenizer library stands."""

import copy
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Self

from bridge.ragged import OffsetArray, Ragged
from bridge.spec import Template
from bridge.tokenizers.engines import EngineSource
from bridge.tokenizers.fast import FastEngine
from bridge.tokenizers.frames import Frame, frame_of
from bridge.tokenizers.padding import Cells, Padding
from bridge.tokenizers.rows import ids_of_kind, surround
from bridge.tokenizers.spans import Spans
from bridge.tokenizers.texts import as_batch, by_place, check_texts
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
        fast: A faster library that gives the same ids, or `None`.
        library_note: `engine_note` before a faster library was looked for.
        template: Special tokens that it adds by itself around a text, by id, or
            `None` where that is unknown.

    Example:
        >>> tokenizer.encode_batch(["a text", ""]).to_lists()
        [[64, 2420], []]
        >>> tokenizer.decode_batch(tokenizer.encode_batch(["a text"]))
        ['a text']
    """

    kind: ClassVar[str]
    vocabulary: Vocabulary
    engine: str
    engine_note: str = "the tokenizer's own library"
    fast: FastEngine | None = None
    library_note: str | None = None
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
        if not add_special_tokens:
            return self._encode_fast(checked)
        if self.fast is None or self.template is None:
            return self._encode_with_specials(checked)
        return surround(self._encode_fast(checked), self.template)

    def _encode_fast(self, texts: list[str]) -> Ragged:
        if self.fast is None:
            return self._encode(texts)
        return self.fast.encode(texts, reference=self._encode)

    def encode_padded(
        self, texts: Sequence[str], padding: Padding
    ) -> tuple[Cells, OffsetArray] | None:
        """Encode texts straight into a padded array, where the engine does so.

        Args:
            texts: Texts, as `encode_batch` takes them.
            padding: How rows look.

        Returns:
            `(len(texts), padding.sequence_length)` ids and the number of real ones in
            each row, int64; `None` where the engine does not pad these texts.

        Raises:
            TextInputError: As `encode_batch`.
        """
        if self.fast is None or not self.fast.pads:
            return None
        batch = as_batch(texts)
        with by_place(batch):
            return self.fast.pad(batch, padding)

    def engine_sources(self) -> Sequence[EngineSource]:
        """Describe the tokenizer to the engines that read it, the fastest first."""
        return ()

    def without_engine(self) -> Self:
        """Return the tokenizer as its own library has it.

        Returns:
            This one, or a twin without the faster engine and the note about it.
        """
        if self.library_note is None:
            return self
        twin = copy.copy(self)
        for name in ("engine", "fast", "library_note"):
            vars(twin).pop(name, None)
        twin.engine_note = self.library_note
        return twin

    @abstractmethod
    def _encode(self, texts: list[str]) -> Ragged:
        """Encode checked texts without special tokens."""

    def _encode_with_specials(self, texts: list[str]) -> Ragged:
        """Encode checked texts with the tokenizer's own template around each."""
        ids = self._encode(texts)
        return ids if self.template is None else surround(ids, self.template)

    def encode_offsets(self, texts: Sequence[str]) -> Spans:
        """Encode texts and say where in its text every token stands.

        Args:
            texts: Texts, as `encode_batch` takes them.

        Returns:
            The ids of `encode_batch`, their characters and their words.

        Raises:
            NotImplementedError: If this kind of tokenizer cannot tell.
            TextInputError: As `encode_batch`.
        """
        return self._encode_offsets(check_texts(texts))

    def _encode_offsets(self, texts: list[str]) -> Spans:
        raise NotImplementedError(
            "Offsets need a tokenizer that says where its tokens stand. Received: "
            f"{len(texts)} texts for {self!r}. Ask for ids only."
        )

    def frame(self, *, pair: bool, add_special_tokens: bool) -> Frame:
        """Return what it puts around one text, or around two, with segment ids."""
        return frame_of(self.template if add_special_tokens else None, pair=pair)

    @property
    def special_ids(self) -> frozenset[int]:
        """Ids of special tokens, which decoding may leave out."""
        return frozenset(ids_of_kind(self.vocabulary, TokenKind.SPECIAL))

    @property
    def base_size(self) -> int:
        """Number of tokens of the model itself, without those added to it."""
        return len(self.vocabulary)

    @property
    def encodes_words_alone(self) -> bool:
        """Whether its algorithm gives a word behind a space the same ids in any text.

        False where that is not known. A token that holds a space inside, or takes one
        along, is an exception that its vocabulary tells.
        """
        return False

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
                "engine_note": self.without_engine().engine_note,
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
