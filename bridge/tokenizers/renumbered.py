"""`RenumberedTokenizer`: the same tokens under other ids."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bridge.errors import VocabularyError
from bridge.ragged import IdArray, Ragged
from bridge.tokenizers.base import Tokenizer
from bridge.tokenizers.decoding import decode_runs
from bridge.tokenizers.rows import ids_of_kind, literal_text
from bridge.tokenizers.spans import Spans
from bridge.tokenizers.vocabulary_file import read_vocabulary, write_vocabulary
from bridge.vocabulary import Token, TokenKind, Vocabulary
from bridge.vocabulary.roles import guess_roles

# The numbering of fairseq, which XLM-R has kept: four tokens in an order of their own,
# the pieces behind them, and the mask last.
FAIRSEQ = "fairseq"
_FAIRSEQ_FIRST = ("<s>", "<pad>", "</s>", "<unk>")
_FAIRSEQ_LAST = "<mask>"

_INNER = "tokenizer"
_NO_ID = -1


class RenumberedTokenizer(Tokenizer):
    """A tokenizer whose ids are not those in use: XLM-R's are its model's plus one.

    Args:
        tokenizer: Whose tokens they are.
        vocabulary: The same tokens under the ids in use, and any others, which no text
            gives.

    Raises:
        VocabularyError: If a token that a text can give is missing in `vocabulary`.

    Attributes:
        kind: `"renumbered"`, its name in saved folders.
    """

    kind = "renumbered"

    def __init__(self, tokenizer: Tokenizer, vocabulary: Vocabulary) -> None:
        self._inner = tokenizer
        self.engine, self.engine_note = tokenizer.engine, tokenizer.engine_note
        self.vocabulary = vocabulary
        self._ids = _ids_in(tokenizer.vocabulary, vocabulary)
        known = np.flatnonzero(self._ids != _NO_ID)
        self._back: IdArray = np.full(vocabulary.size, _NO_ID, np.int32)
        self._back[self._ids[known]] = known
        self._others = {
            int(i): literal_text(vocabulary.tokens[i])
            for i in np.flatnonzero(self._back == _NO_ID)
        }

    @classmethod
    def of(
        cls,
        tokenizer: Tokenizer,
        numbers: Vocabulary | None,
        *,
        roles: Mapping[str, int | Token] | None = None,
    ) -> "RenumberedTokenizer":
        """Give a tokenizer other ids.

        Args:
            tokenizer: Whose tokens they are.
            numbers: The same tokens under other ids, or `None` for fairseq's.
            roles: Role to id or token, beside those that the tokens show.

        Returns:
            The tokenizer.

        Raises:
            VocabularyError: If a token that a text can give has no id, or the model is
                not made as fairseq's are.
        """
        own = tokenizer.vocabulary
        tokens = _fairseq_tokens(own) if numbers is None else numbers.tokens
        return cls(tokenizer, _renumbered(own, tokens, roles or {}))

    def _encode(self, texts: list[str]) -> Ragged:
        return self._renumber(self._inner.encode_batch(texts))

    def _encode_offsets(self, texts: list[str]) -> Spans:
        spans = self._inner.encode_offsets(texts)
        return Spans(self._renumber(spans.ids), spans.offsets, spans.words)

    def _renumber(self, ids: Ragged) -> Ragged:
        return Ragged(self._ids.take(ids.values), ids.offsets)

    def _decode(self, ids: Ragged) -> list[str]:
        if (self._back.take(ids.values) != _NO_ID).all():
            return self._decode_known(ids)
        return [
            decode_runs(
                row.tolist(),
                self._others,
                lambda run: self._decode_known(Ragged.from_lists([run]))[0],
            )
            for row in ids
        ]

    def _decode_known(self, ids: Ragged) -> list[str]:
        return self._inner.decode_batch(
            Ragged(self._back.take(ids.values), ids.offsets)
        )

    @property
    def encodes_words_alone(self) -> bool:
        """As the tokenizer's; see `Tokenizer.encodes_words_alone`."""
        return self._inner.encodes_words_alone

    def normalize(self, text: str) -> str:
        """Apply the tokenizer's normaliser; see `Tokenizer.normalize`."""
        return self._inner.normalize(text)

    def _save_files(self, folder: Path) -> Mapping[str, Any]:
        self._inner.save(folder / _INNER)
        write_vocabulary(self.vocabulary, folder)
        return {}

    @classmethod
    def _load(cls, folder: Path, manifest: Mapping[str, Any]) -> "RenumberedTokenizer":  # noqa: ARG003
        from bridge.tokenizers.saved import load_saved

        return cls(load_saved(folder / _INNER), read_vocabulary(folder))


def _ids_in(own: Vocabulary, vocabulary: Vocabulary) -> IdArray:
    """Return the new id of every own one, `(own.size,)`; -1 where it has none."""
    places = {t: i for i, t in enumerate(vocabulary.tokens) if t is not None}
    ids = np.fromiter(
        (_NO_ID if t is None else places.get(t, _NO_ID) for t in own.tokens),
        np.int32,
        own.size,
    )
    given = np.isin(own.kinds, (TokenKind.SPECIAL, TokenKind.UNUSED), invert=True)
    if "unk" in own.roles:
        given[own.roles["unk"]] = True
    missing = np.flatnonzero(given & (ids == _NO_ID))
    if missing.size:
        raise VocabularyError(
            "Other ids must be given for every token that a text can become. Received: "
            f"none for {own.text(int(missing[0]))!r} (id {missing[0]}, {missing.size} "
            "such tokens). Pass token to id for all, spelled as the tokenizer has them."
        )
    return ids


def _renumbered(
    own: Vocabulary, tokens: Sequence[Token | None], roles: Mapping[str, int | Token]
) -> Vocabulary:
    """Describe tokens under new ids; those that the model lacks are special."""
    numbers = {token: i for i, token in enumerate(tokens) if token is not None}

    def new(*kinds: TokenKind) -> list[int]:
        found = (own.tokens[i] for i in ids_of_kind(own, *kinds))
        return [numbers[t] for t in found if t is not None and t in numbers]

    inside = set(own.tokens)
    special = {
        *new(TokenKind.SPECIAL),
        *(numbers[t] for t in numbers if t not in inside),
    }
    known: dict[str, Any] = {
        role: numbers[token]
        for role, i in own.roles.items()
        if (token := own.tokens[i]) in numbers and token is not None
    } | dict(roles)
    spelled = {str(token): i for token, i in numbers.items() if i in special}
    return Vocabulary.from_tokens(
        tokens,
        roles=guess_roles(spelled, known=known),
        special=special,
        added=new(TokenKind.ADDED),
        byte_pieces=new(TokenKind.BYTE),
        convention=own.convention,
    )


def _fairseq_tokens(own: Vocabulary) -> Sequence[Token | None]:
    """Put a sentencepiece model's tokens in the order of fairseq's ids."""
    first = ("<unk>", "<s>", "</s>")
    if own.tokens[:3] != first:
        raise VocabularyError(
            f"fairseq's ids are for models that begin with {', '.join(first)}. "
            f"Received: one that begins with {', '.join(map(str, own.tokens[:3]))}. "
            "Pass token to id."
        )
    return (*_FAIRSEQ_FIRST, *own.tokens[3:], _FAIRSEQ_LAST)
