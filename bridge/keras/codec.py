"""`Codec`: texts to the ids a backbone takes, and back; saved as one file."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from bridge.alignment import Alignment
from bridge.alignment.remap import METHODS
from bridge.errors import SavedFormatError, VocabularyError
from bridge.keras.assets import pack, unpack
from bridge.keras.id_space import IdSpace
from bridge.lazy import lazy
from bridge.ragged import Ragged
from bridge.spec import BackboneSpec
from bridge.tokenizers.base import Tokenizer
from bridge.tokenizers.decoding import decode_runs
from bridge.tokenizers.load import load_tokenizer
from bridge.tokenizers.vocabulary_file import (
    VOCABULARY_FILE,
    read_vocabulary,
    write_vocabulary,
)
from bridge.vocabulary import Vocabulary

Method = Literal["lookup", "expand", "retokenize"]

# Folders inside the file.
_TOKENIZER, _ALIGNMENT = "tokenizer", "alignment"


@dataclass(frozen=True)
class Codec:
    """A tokenizer, with or without a remap behind it.

    Attributes:
        tokenizer: The external tokenizer.
        alignment: What its ids mean to a preset, or `None` to emit its own.
        method: How ids are remapped.
        vocabulary: Vocabulary that extends the tokenizer's own, or `None`.
        spec: What the backbone expects, where there is no alignment that says it.
    """

    tokenizer: Tokenizer
    alignment: Alignment | None = None
    method: Method = "retokenize"
    vocabulary: Vocabulary | None = None
    spec: BackboneSpec | None = None

    def __post_init__(self) -> None:
        """Refuse parts that do not belong together."""
        check_method(self.method)
        own, alignment = self.tokenizer.vocabulary, self.alignment
        if alignment is not None and not (self.vocabulary is None is self.spec):
            raise ValueError(
                "An alignment says whose ids come out and what the backbone expects. "
                "Received: `alignment` together with `vocabulary` or `spec`. After a "
                "transplant leave `alignment` out."
            )
        if (
            alignment is not None
            and alignment.tokenizer.vocabulary.tokens != own.tokens
        ):
            raise VocabularyError(
                "An alignment belongs to one tokenizer. Received: an alignment of "
                f"{alignment.tokenizer!r} for {self.tokenizer!r}. Pass "
                "`alignment.tokenizer`, or align this one."
            )
        extended = self.vocabulary
        if extended is not None and extended.tokens[: own.size] != own.tokens:
            raise VocabularyError(
                "`vocabulary` must extend the tokenizer's own, id by id. Received: "
                f"{extended!r} for {own!r}. Pass `result.vocabulary` of a transplant "
                "of this tokenizer."
            )

    @lazy
    def space(self) -> IdSpace:
        """What the ids that come out mean."""
        if self.alignment is not None:
            return IdSpace.build(
                self.alignment.reference.vocabulary, self.alignment.spec
            )
        vocabulary = self.vocabulary
        return IdSpace.build(
            self.tokenizer.vocabulary if vocabulary is None else vocabulary, self.spec
        )

    def encode(self, texts: list[str]) -> Ragged:
        """Encode texts, no special tokens added.

        Args:
            texts: The texts.

        Returns:
            Ids for the backbone, one row a text.

        Raises:
            TextInputError: If an item is no text.
            TokenIdError: If an id lies outside the backbone's table.
        """
        ids = self.tokenizer.encode_batch(texts)
        if self.alignment is not None:
            ids = self.alignment.remap(ids, method=self.method)
        # Outside the table every framework does something else, and nothing good.
        self.space.vocabulary.check_ids(ids.values, rows=self.space.size)
        return ids

    def decode(self, ids: Ragged) -> list[str]:
        """Turn ids that came out back into texts.

        Args:
            ids: Ids for the backbone.

        Returns:
            One text a row, special tokens kept as text.

        Raises:
            TokenIdError: If an id is not in the vocabulary.
        """
        if self.alignment is not None:
            return self.alignment.reference.decode_batch(ids)
        tokenizer, vocabulary = self.tokenizer, self.space.vocabulary
        vocabulary.check_ids(ids.values)
        own = tokenizer.vocabulary.size
        if not (ids.values >= own).any():
            return tokenizer.decode_batch(ids)
        # The tokenizer does not know the tokens that were appended to it.
        appended = {i: vocabulary.text(i) for i in range(own, vocabulary.size)}

        def decode(run: list[int]) -> str:
            return tokenizer.decode_batch(Ragged.from_lists([run]))[0]

        return [decode_runs(row.tolist(), appended, decode) for row in ids]

    def save(self, file: str | os.PathLike[str]) -> None:
        """Write tokenizer, alignment and vocabulary.

        Args:
            file: The file; an older one stays where anything fails.

        Raises:
            UnsupportedTokenizerError: If the tokenizer is Python code.
        """
        with pack(file) as folder:
            if self.alignment is not None:
                self.alignment.save(folder / _ALIGNMENT)
            if self.alignment is None or self.alignment.tokenizer is not self.tokenizer:
                self.tokenizer.save(folder / _TOKENIZER)
            if self.vocabulary is not None:
                write_vocabulary(self.vocabulary, folder)

    @classmethod
    def load(
        cls,
        file: str | os.PathLike[str],
        *,
        method: Method = "retokenize",
        spec: BackboneSpec | None = None,
    ) -> Self:
        """Read what `save` wrote.

        Args:
            file: The file.
            method: How ids are remapped.
            spec: What the backbone expects, where there is no alignment.

        Returns:
            An equal codec.

        Raises:
            SavedFormatError: If the file is missing or damaged.
        """
        with unpack(file) as folder:
            alignment = _read_alignment(folder)
            own = folder / _TOKENIZER
            if alignment is None and not own.is_dir():
                raise SavedFormatError(
                    "A saved tokenizer holds a tokenizer or an alignment. Received: "
                    f"{os.fspath(file)}, which holds neither. Save it again."
                )
            return cls(
                tokenizer=(
                    load_tokenizer(own)
                    if alignment is None or own.is_dir()
                    else alignment.tokenizer
                ),
                alignment=alignment,
                method=method,
                vocabulary=(
                    read_vocabulary(folder)
                    if (folder / VOCABULARY_FILE).is_file()
                    else None
                ),
                spec=spec,
            )


def _read_alignment(folder: Path) -> Alignment | None:
    place = folder / _ALIGNMENT
    return Alignment.load(place) if place.is_dir() else None


def check_method(method: str) -> None:
    """Refuse an unknown way to remap.

    Args:
        method: What the user passed.

    Raises:
        ValueError: If there is no such method.
    """
    if method not in METHODS:
        raise ValueError(
            f"`method` must be one of {', '.join(map(repr, METHODS))}. "
            f"Received: {method!r}. Leave it out for 'retokenize'."
        )
