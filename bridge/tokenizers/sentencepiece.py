"""Adapter for sentencepiece: processor objects and .model files."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bridge.errors import UnsupportedTokenizerError
from bridge.ragged import Ragged
from bridge.tokenizers.base import Tokenizer
from bridge.tokenizers.decoding import decode_runs
from bridge.tokenizers.engines import EngineSource
from bridge.tokenizers.files import file_error, read_bytes
from bridge.tokenizers.normalizing import without_dummy_space
from bridge.tokenizers.rows import from_rows, literal_texts
from bridge.tokenizers.spans import Spans, read_pieces
from bridge.vocabulary import Convention, Token, TokenKind, Vocabulary
from bridge.vocabulary.roles import guess_roles
from bridge.vocabulary.surface import METASPACE

MODEL_FILE = "tokenizer.model"

_STATED_ROLES = ("bos", "eos", "pad", "unk")

# Said outright, since a processor's own settings could add or sample.
_PLAIN: Mapping[str, Any] = {
    "add_bos": False,
    "add_eos": False,
    "reverse": False,
    "emit_unk_piece": False,
    "enable_sampling": False,
}


class SentencePieceTokenizer(Tokenizer):
    """A `sentencepiece.SentencePieceProcessor`: unigram or BPE, with byte fallback.

    Control tokens that stand in a text are text, as the library has it. Sampling and
    extra options of the user's object do not count here.

    Args:
        processor: The user's object; its model is copied.
        roles: Role to id or token, beside those the model states.

    Raises:
        UnsupportedTokenizerError: If the object holds no model.

    Attributes:
        kind: `"sentencepiece"`, its name in saved folders.
        engine: `"sentencepiece"`.

    Example:
        >>> from sentencepiece import SentencePieceProcessor  # doctest: +SKIP
        >>> processor = SentencePieceProcessor(model_file="m.model")  # doctest: +SKIP
        >>> SentencePieceTokenizer(processor).encode_batch(["a b"])  # doctest: +SKIP
    """

    kind = "sentencepiece"
    engine = "sentencepiece"

    def __init__(
        self,
        processor: Any,  # noqa: ANN401  the library has no types
        *,
        roles: Mapping[str, int | Token] | None = None,
    ) -> None:
        try:
            self._start(processor.serialized_model_proto(), roles)
        except RuntimeError as error:
            raise UnsupportedTokenizerError(
                "A sentencepiece processor must hold a model. Received: "
                f"{type(processor).__name__} ({error}). Load one into it, or pass the "
                "path of the .model file."
            ) from error

    def _start(self, proto: bytes, roles: Mapping[str, int | Token] | None) -> None:
        from sentencepiece import SentencePieceProcessor

        if not proto:
            # The library takes this and fails at the first text.
            raise RuntimeError("there is no model in it")
        self._proto = proto
        self._engine = SentencePieceProcessor(model_proto=proto)
        self.vocabulary = _read_vocabulary(self._engine, roles)
        # The library drops control pieces and writes U+2047 for unk.
        self._literal = {
            i: self._engine.id_to_piece(i)
            for i in range(self.vocabulary.size)
            if self._engine.is_control(i)
            or self._engine.is_unknown(i)
            or self._engine.is_unused(i)
        }

    @classmethod
    def from_proto(
        cls, proto: bytes, *, roles: Mapping[str, int | Token] | None = None
    ) -> "SentencePieceTokenizer":
        """Build from the bytes of a model.

        Args:
            proto: A serialised model.
            roles: Role to id or token, beside those the model states.

        Returns:
            The tokenizer.

        Raises:
            RuntimeError: If sentencepiece refuses the bytes.
        """
        tokenizer = cls.__new__(cls)
        tokenizer._start(proto, roles)
        return tokenizer

    @classmethod
    def from_file(
        cls, path: Path, *, roles: Mapping[str, int | Token] | None = None
    ) -> "SentencePieceTokenizer":
        """Read a .model file.

        Args:
            path: The file.
            roles: Role to id or token, beside those the model states.

        Returns:
            The tokenizer.

        Raises:
            TokenizerFileError: If it is no complete model.
        """
        proto = read_bytes(path)
        try:
            return cls.from_proto(proto, roles=roles)
        except RuntimeError as error:
            raise file_error(
                path,
                f"which sentencepiece cannot read ({error})",
                "It may be truncated, or no tokenizer at all: download it again.",
            ) from error

    def engine_sources(self) -> Sequence[EngineSource]:
        """Describe it to faster engines; see `Tokenizer.engine_sources`."""
        kinds = (TokenKind.SPECIAL, TokenKind.ADDED, TokenKind.UNUSED)
        added = literal_texts(self.vocabulary, *kinds).values()
        return [EngineSource("gigatoken", self._proto, tuple(filter(None, added)))]

    def _encode(self, texts: list[str]) -> Ragged:
        return from_rows(self._engine.encode(texts, out_type=int, **_PLAIN))

    def _encode_offsets(self, texts: list[str]) -> Spans:
        rows = self._engine.encode(texts, out_type="offset_mapping", **_PLAIN)
        return read_pieces(rows, METASPACE)

    @property
    def encodes_words_alone(self) -> bool:
        """Whether it is BPE; see `Tokenizer.encodes_words_alone`.

        A unigram model adds up the scores of a whole text as 32-bit numbers: of two
        equal cuts of a word, the text in front decides. Its scores are logarithms of
        probabilities; those of BPE count merges and are whole.
        """
        normal = np.flatnonzero(self.vocabulary.kinds == TokenKind.NORMAL)
        scores = [self._engine.get_score(i) for i in normal.tolist()]
        return all(score.is_integer() for score in scores)

    def _decode(self, ids: Ragged) -> list[str]:
        return [
            decode_runs(row.tolist(), self._literal, self._engine.decode) for row in ids
        ]

    def normalize(self, text: str) -> str:
        """Apply the model's normaliser; see `Tokenizer.normalize`."""
        return without_dummy_space(self._spaced, text)

    def _spaced(self, text: str) -> str:
        return str(self._engine.normalize(text)).replace(METASPACE, " ")

    def _save_files(self, folder: Path) -> Mapping[str, Any]:
        (folder / MODEL_FILE).write_bytes(self._proto)
        return {}

    @classmethod
    def _load(
        cls, folder: Path, manifest: Mapping[str, Any]
    ) -> "SentencePieceTokenizer":
        return cls.from_file(folder / MODEL_FILE, roles=manifest["roles"])


def _read_vocabulary(
    model: Any,  # noqa: ANN401
    roles: Mapping[str, int | Token] | None,
) -> Vocabulary:
    """Read pieces by the type the model gives them, never by their spelling."""
    ids = range(model.get_piece_size())
    tokens = [model.id_to_piece(i) for i in ids]
    special = {tokens[i]: i for i in ids if model.is_control(i) or model.is_unknown(i)}
    unused = [i for i in ids if model.is_unused(i)]
    stated = {role: getattr(model, f"{role}_id")() for role in _STATED_ROLES}
    known: dict[str, Any] = {role: i for role, i in stated.items() if i >= 0}
    known |= roles or {}
    vocabulary = Vocabulary.from_tokens(
        tokens,
        roles=guess_roles(special, known=known),
        special=[*special.values(), *unused],
        byte_pieces=[i for i in ids if model.is_byte(i)],
        convention=Convention.METASPACE,
    )
    kinds = np.array(vocabulary.kinds)
    kinds[unused] = TokenKind.UNUSED
    return replace(vocabulary, kinds=kinds)
