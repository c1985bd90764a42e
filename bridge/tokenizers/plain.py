"""Adapters for what people write themselves: a dict, a vocabulary, a function."""

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bridge.errors import (
    TokenIdError,
    UnsupportedTokenizerError,
    VocabularyError,
)
from bridge.ragged import Ragged
from bridge.tokenizers.base import Tokenizer
from bridge.tokenizers.build import spelled_specials
from bridge.tokenizers.decoding import decode_tokens
from bridge.tokenizers.rows import from_rows, literal_text
from bridge.tokenizers.spans import Spans, find_words
from bridge.tokenizers.vocabulary_file import read_vocabulary, write_vocabulary
from bridge.vocabulary import Token, Vocabulary
from bridge.vocabulary.roles import guess_roles

Split = str | Callable[[str], Iterable[str]]

_SPLITTERS: Mapping[str, Callable[[str], list[str]]] = {
    "whitespace": str.split,
    "characters": list,
}


class VocabularyOnly(Tokenizer):
    """A vocabulary whose way of splitting text is not known.

    It can be aligned with, and decodes ids; it cannot encode.

    Args:
        vocabulary: What its ids mean.
        remedy: What the caller can pass to make it encode, as the end of an error
            message.

    Attributes:
        kind: `"vocabulary"`, its name in saved folders.
        engine: `"none"`.
        engine_note: Why that engine does the work.
    """

    kind = "vocabulary"
    engine = "none"
    engine_note = "a vocabulary alone says nothing about how text is split"

    def __init__(self, vocabulary: Vocabulary, *, remedy: str) -> None:
        self.vocabulary = vocabulary
        self._remedy = remedy

    def _encode(self, texts: list[str]) -> Ragged:
        raise UnsupportedTokenizerError(
            "A vocabulary alone cannot encode text. Received: "
            f"{len(texts)} texts for {self.vocabulary!r}. {self._remedy}"
        )

    def _decode(self, ids: Ragged) -> list[str]:
        return [decode_tokens(self.vocabulary, row.tolist()) for row in ids]

    def _save_files(self, folder: Path) -> Mapping[str, Any]:
        write_vocabulary(self.vocabulary, folder)
        return {"remedy": self._remedy}

    @classmethod
    def _load(cls, folder: Path, manifest: Mapping[str, Any]) -> "VocabularyOnly":
        return cls(read_vocabulary(folder), remedy=str(manifest["remedy"]))


class WordTokenizer(Tokenizer):
    """A vocabulary of whole words: text is split and every word looked up.

    A word that is missing becomes the unk token, never the pad token. Where there is
    no unk token it is an error.

    Args:
        vocabulary: What its ids mean.
        split: `"whitespace"`, `"characters"`, a regular expression whose matches are
            the words, or a function from a text to its words.

    Attributes:
        kind: `"words"`, its name in saved folders.
        engine: `"python"`.
        engine_note: Why that engine does the work.

    Raises:
        ValueError: If the regular expression is malformed.

    Example:
        >>> vocabulary = Vocabulary.from_tokens({"<pad>": 0, "<unk>": 1, "hi": 2},
        ...                                     roles={"unk": 1})
        >>> words = WordTokenizer(vocabulary, split="whitespace")
        >>> words.encode_batch(["hi you"]).to_lists()
        [[2, 1]]
    """

    kind = "words"
    engine = "python"
    engine_note = "one dictionary look-up a word"

    def __init__(self, vocabulary: Vocabulary, *, split: Split) -> None:
        self.vocabulary = vocabulary
        self._split = split
        self._words = _splitter(split)

    def _encode(self, texts: list[str]) -> Ragged:
        rows = [list(self._words(text)) for text in texts]
        # Ids count from 0, so -1 is free to mark what is missing.
        ids = [[self._look_up(word) for word in row] for row in rows]
        ragged = from_rows(ids)
        unknown = ragged.values < 0
        if not unknown.any():
            return ragged
        unk_id = self.vocabulary.roles.get("unk")
        if unk_id is None:
            raise _unknown([word for row in rows for word in row], unknown)
        values = np.where(unknown, np.int32(unk_id), ragged.values)
        return Ragged(values, ragged.offsets)

    def _encode_offsets(self, texts: list[str]) -> Spans:
        if not isinstance(self._split, str):
            return super()._encode_offsets(texts)
        # `str.split` cuts at what `\s` matches, and `.` leaves out line ends.
        named = {"whitespace": r"\S+", "characters": r"(?s:.)"}
        find = re.compile(named.get(self._split, self._split)).finditer
        offsets = [find_words(text, find) for text in texts]
        numbers = [range(len(row)) for row in offsets]
        return Spans.from_rows(self._encode(texts).to_lists(), offsets, numbers)

    def _look_up(self, word: str) -> int:
        token_id = self.vocabulary.id(word)
        return -1 if token_id is None else token_id

    def _decode(self, ids: Ragged) -> list[str]:
        # Not by `decode_tokens`: however the words are spelled, they are words here.
        between = "" if self._split == "characters" else " "
        tokens = self.vocabulary.tokens
        rows = [[tokens[i] for i in row if tokens[i] is not None] for row in ids]
        return [between.join(map(literal_text, row)) for row in rows]

    def _save_files(self, folder: Path) -> Mapping[str, Any]:
        if not isinstance(self._split, str):
            raise UnsupportedTokenizerError(
                "A saved tokenizer holds no Python code. Received: split="
                f'{_name(self._split)}. Use `split` "whitespace", "characters" or '
                "a regular expression, or keep the function in your own code."
            )
        write_vocabulary(self.vocabulary, folder)
        return {"split": self._split}

    @classmethod
    def _load(cls, folder: Path, manifest: Mapping[str, Any]) -> "WordTokenizer":
        return cls(read_vocabulary(folder), split=str(manifest["split"]))


class CallableTokenizer(Tokenizer):
    """A Python function from a text to its ids.

    Args:
        function: One text to token ids: a list, or an array of integers.
        vocabulary: What its ids mean.

    Attributes:
        kind: `"callable"`, its name in saved folders.
        engine: `"python"`.
        engine_note: Why that engine does the work.

    Example:
        >>> vocabulary = Vocabulary.from_tokens({"a": 0, "b": 1})
        >>> tokenizer = CallableTokenizer(lambda text: ["ab".index(c) for c in text],
        ...                               vocabulary=vocabulary)
        >>> tokenizer.encode_batch(["abba"]).to_lists()
        [[0, 1, 1, 0]]
    """

    kind = "callable"
    engine = "python"
    engine_note = "the caller's own function, once a text"

    def __init__(
        self, function: Callable[[str], Any], *, vocabulary: Vocabulary
    ) -> None:
        self._function = function
        self.vocabulary = vocabulary

    def _encode(self, texts: list[str]) -> Ragged:
        rows = [
            _as_ids(self._function(text), place) for place, text in enumerate(texts)
        ]
        _check_ids([i for row in rows for i in row], self.vocabulary)
        return from_rows(rows)

    def _decode(self, ids: Ragged) -> list[str]:
        return [decode_tokens(self.vocabulary, row.tolist()) for row in ids]

    def _save_files(self, folder: Path) -> Mapping[str, Any]:  # noqa: ARG002
        raise UnsupportedTokenizerError(
            "A saved tokenizer holds no Python code. Received: the function "
            f"{_name(self._function)}. Keep it in your own code and call "
            "`bridge.load_tokenizer(function, vocabulary=...)` again."
        )

    @classmethod
    def _load(cls, folder: Path, manifest: Mapping[str, Any]) -> "CallableTokenizer":  # noqa: ARG003
        raise UnsupportedTokenizerError(
            f"A function cannot be loaded from a folder. Received: {folder}. Pass the "
            "function itself."
        )


def _unknown(words: list[str], unknown: np.ndarray[Any, Any]) -> VocabularyError:
    missing = dict.fromkeys(words[place] for place in np.flatnonzero(unknown))
    shown = ", ".join(repr(word) for word in list(missing)[:5])
    return VocabularyError(
        "Every word must be in the vocabulary where no unk token stands for the "
        f"others. Received: {len(missing)} unknown words, such as {shown}. Name the "
        'token for them with `roles={"unk": token}`, or give each an id.'
    )


def table_vocabulary(
    tokens: Mapping[Any, int], roles: Mapping[str, int | Token] | None
) -> Vocabulary:
    """Read a bare table, whose special tokens nobody but their spelling names.

    Args:
        tokens: Token to id.
        roles: Role to token or id; they win.

    Returns:
        The vocabulary.

    Raises:
        VocabularyError: If ids are doubled, negative or no integers.
    """
    for token in tokens:
        if not isinstance(token, (str, bytes)):
            raise VocabularyError(
                "A token must be a str or bytes. Received: "
                f"{token!r:.60} ({type(token).__name__}). Pass `{{token: id}}`."
            )
    vocabulary = Vocabulary.from_tokens(tokens)
    found = guess_roles(spelled_specials(tokens))
    return vocabulary.with_roles({**found, **(roles or {})})


def _check_ids(ids: list[int], vocabulary: Vocabulary) -> None:
    # Python integers have no width: the largest are cut to fit before the comparison.
    limit = np.iinfo(np.int64).max
    vocabulary.check_ids(np.array([min(max(i, -limit), limit) for i in ids], np.int64))
    holes = sorted({i for i in ids if vocabulary.tokens[i] is None})
    if holes:
        raise TokenIdError(
            "Every token id must have a token. Received: "
            f"{len(holes)} ids without one, such as {holes[:5]}. Add their tokens to "
            "`vocabulary=`."
        )


def _as_ids(result: Any, place: int) -> list[int]:  # noqa: ANN401  any user's result
    values = result.tolist() if hasattr(result, "tolist") else result
    try:
        # A string is iterable too, and its characters are no ids.
        items = [] if isinstance(values, (str, bytes)) else list(values)
        if isinstance(values, (str, bytes)) or any(type(i) is bool for i in items):
            raise TypeError
        return [operator.index(item) for item in items]
    except TypeError as error:
        raise VocabularyError(
            "A tokenizer function must return one list of integer ids. Received: "
            f"{result!r:.60} ({type(result).__name__}) for the text at position "
            f"{place}. Return ids, not tokens, and no batch."
        ) from error


def _splitter(split: Split) -> Callable[[str], Iterable[str]]:
    if not isinstance(split, str):
        return split
    if split in _SPLITTERS:
        return _SPLITTERS[split]
    try:
        pattern = re.compile(split)
    except re.error as error:
        raise ValueError(
            '`split` must be "whitespace", "characters", a regular expression or a '
            f"function. Received: {split!r} ({error}). Mend the expression."
        ) from error
    return lambda text: [match[0] for match in pattern.finditer(text) if match[0]]


def _name(function: object) -> str:
    return str(getattr(function, "__qualname__", type(function).__name__))
