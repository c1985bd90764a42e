"""Adapter for `tokenizers.Tokenizer`, the engine of transformers' fast tokenizers."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridge.errors import UnsupportedTokenizerError, VocabularyError
from bridge.ragged import Ragged
from bridge.tokenizers.base import Tokenizer
from bridge.tokenizers.description import flatten, read_vocabulary
from bridge.tokenizers.engines import EngineSource
from bridge.tokenizers.formats import TOKENIZER_FILE
from bridge.tokenizers.frames import Frame, probe_frame, probe_template
from bridge.tokenizers.normalizing import without_dummy_space
from bridge.tokenizers.rows import from_rows
from bridge.tokenizers.spans import Spans, read_encodings
from bridge.tokenizers.word_rule import SPLITS, WordRule
from bridge.vocabulary import Token
from bridge.vocabulary.surface import METASPACE

if TYPE_CHECKING:
    import tokenizers

# Kind of model to the faster engine that reads it.
_ENGINES: Mapping[str, str] = {"WordPiece": "nanotoken", "BPE": "gigatoken"}


class HuggingFaceTokenizer(Tokenizer):
    """A `tokenizers.Tokenizer`: WordPiece, BPE, unigram or word level.

    Special tokens that stand in a text are found there, as the library does.

    Args:
        tokenizer: The user's object. It is copied; its padding, truncation and
            serialised form stay as they are. BPE dropout is off in the copy.
        roles: Role to id or token, beside those the object states.
        encode_special_tokens: Whether special tokens that stand in a text are encoded
            as text; as the object says if `None`.

    Attributes:
        kind: `"huggingface"`, its name in saved folders.
        engine: `"tokenizers"`.

    Raises:
        UnsupportedTokenizerError: If the object holds Python components.

    Example:
        >>> from tokenizers import Tokenizer, models
        >>> model = models.WordLevel({"a": 0, "[UNK]": 1}, unk_token="[UNK]")
        >>> HuggingFaceTokenizer(Tokenizer(model)).encode_batch(["a", "b"]).to_lists()
        [[0], [1]]
    """

    kind = "huggingface"
    engine = "tokenizers"

    def __init__(
        self,
        tokenizer: "tokenizers.Tokenizer",
        *,
        roles: Mapping[str, int | Token] | None = None,
        encode_special_tokens: bool | None = None,
    ) -> None:
        from tokenizers import Tokenizer as Engine

        try:
            serialised = tokenizer.to_str()
        except Exception as error:  # the binding raises bare Exception
            raise UnsupportedTokenizerError(
                "A tokenizer must be serialisable, so that it can be copied and "
                f"saved. Received: {error}. Replace its Python component, or pass "
                "`lambda text: tokenizer.encode(text).ids` with `vocabulary=`."
            ) from error
        description = _settle(json.loads(serialised), roles or {})
        self._engine = Engine.from_str(json.dumps(description, ensure_ascii=False))
        # Both are state of the object and would pad or cut every row.
        self._engine.no_padding()
        self._engine.no_truncation()
        # The serialised form lacks this switch.
        if encode_special_tokens is None:
            encode_special_tokens = bool(tokenizer.encode_special_tokens)
        self._engine.encode_special_tokens = encode_special_tokens
        self.vocabulary = read_vocabulary(description, self._engine, roles)
        self._word_rule = WordRule.of(description)
        self.template = probe_template(
            lambda *texts: self._engine.encode(*texts).ids,
            lambda text: self._engine.encode(text, add_special_tokens=False).ids,
        )

    def _encode(self, texts: list[str]) -> Ragged:
        return self._run(texts, add_special_tokens=False)

    def _encode_with_specials(self, texts: list[str]) -> Ragged:
        # Its post-processor may hold a template that ours cannot describe.
        return self._run(texts, add_special_tokens=True)

    def engine_sources(self) -> Sequence[EngineSource]:
        """Describe it to faster engines; see `Tokenizer.engine_sources`."""
        tokens = self._engine.get_added_tokens_decoder().values()
        added = tuple(token.content for token in tokens)
        rule = self._word_rule
        if isinstance(rule, str):
            words = EngineSource("words", "", obstacle=rule)
        else:
            words = EngineSource("words", rule.to_json(), added)
        kind = type(self._engine.model).__name__
        if kind not in _ENGINES:
            return [words]
        obstacle = None
        if self._engine.encode_special_tokens:
            obstacle = "special tokens are encoded as text, which it never does"
        elif kind == "BPE" and any(token.single_word for token in tokens):
            obstacle = "an added token has `single_word`, which it ignores"
        name, data = _ENGINES[kind], self._engine.to_str()
        return [EngineSource(name, data, added, obstacle), words]

    def _run(self, texts: list[str], *, add_special_tokens: bool) -> Ragged:
        run = self._engine.encode_batch_fast
        encodings = self._call(run, texts, add_special_tokens=add_special_tokens)
        return from_rows([encoding.ids for encoding in encodings])

    def _encode_offsets(self, texts: list[str]) -> Spans:
        run = self._engine.encode_batch
        return read_encodings(self._call(run, texts, add_special_tokens=False))

    def _call(
        self,
        run: Callable[..., list["tokenizers.Encoding"]],
        texts: list[str],
        *,
        add_special_tokens: bool,
    ) -> list["tokenizers.Encoding"]:
        try:
            return run(texts, add_special_tokens=add_special_tokens)
        except Exception as error:  # the binding raises bare Exception
            raise VocabularyError(
                "A text must be made of known pieces where the tokenizer's model has "
                f"no unk token. Received: {self._first_failure(texts)} ({error}). "
                'Name one: `load_tokenizer(..., roles={"unk": token})`.'
            ) from error

    def frame(self, *, pair: bool, add_special_tokens: bool) -> Frame:
        """Read its post-processor; see `Tokenizer.frame`."""
        return probe_frame(
            self._engine.post_processor,
            pair=pair,
            add_special_tokens=add_special_tokens,
        )

    @property
    def special_ids(self) -> frozenset[int]:
        """Ids that decoding may leave out; see `Tokenizer.special_ids`."""
        added = self._engine.get_added_tokens_decoder()
        return super().special_ids | {i for i, token in added.items() if token.special}

    @property
    def base_size(self) -> int:
        """Tokens of the model itself; see `Tokenizer.base_size`."""
        return int(self._engine.get_vocab_size(with_added_tokens=False))

    @property
    def encodes_words_alone(self) -> bool:
        """True but for a unigram model that sees texts whole; see `Tokenizer`."""
        if type(self._engine.model).__name__ != "Unigram":
            return True
        stage = json.loads(self._engine.to_str())["pre_tokenizer"]
        return any(
            part["type"] in SPLITS
            or (part["type"] == "Metaspace" and part.get("split", True))
            for part in flatten(stage)
        )

    def _first_failure(self, texts: list[str]) -> str:
        for place, text in enumerate(texts):
            try:
                self._engine.encode(text)
            except Exception:  # noqa: BLE001  the question is which text fails
                return f"{text!r:.60} at position {place} of {len(texts)}"
        return f"{len(texts)} texts"

    def _decode(self, ids: Ragged) -> list[str]:
        return self._engine.decode_batch(ids.to_lists(), skip_special_tokens=False)

    def normalize(self, text: str) -> str:
        """Apply the normaliser; see `Tokenizer.normalize`."""
        if self._engine.normalizer is None:
            return text
        return without_dummy_space(self._spaced, text)

    def _spaced(self, text: str) -> str:
        normalized = self._engine.normalizer.normalize_str(text)
        return str(normalized).replace(METASPACE, " ")

    def _save_files(self, folder: Path) -> Mapping[str, Any]:
        self._engine.save(str(folder / TOKENIZER_FILE))
        return {"encode_special_tokens": self._engine.encode_special_tokens}

    @classmethod
    def _load(cls, folder: Path, manifest: Mapping[str, Any]) -> "HuggingFaceTokenizer":
        from bridge.tokenizers.files import read_tokenizer_json

        return cls(
            read_tokenizer_json(folder / TOKENIZER_FILE),
            roles=manifest["roles"],
            encode_special_tokens=bool(manifest.get("encode_special_tokens")),
        )


def _settle(
    description: dict[str, Any], roles: Mapping[str, int | Token]
) -> dict[str, Any]:
    """Take chance out of a serialised tokenizer, and give it an unk that was named."""
    model = description["model"]
    if model.get("dropout"):
        # Random merges would give one text several encodings.
        model["dropout"] = None
    if "unk" in roles:
        _name_unk(model, roles["unk"])
    return description


def _name_unk(model: dict[str, Any], unk: int | Token) -> None:
    """Give a model the unk token it lacks: it would raise at the first unseen word."""
    if model["type"] == "Unigram" and model.get("unk_id") is None:
        ids = {piece: i for i, (piece, _) in enumerate(model["vocab"])}
        if unk in ids or unk in ids.values():
            model["unk_id"] = ids.get(unk, unk)
    elif model["type"] in ("WordLevel", "WordPiece"):
        ids = model["vocab"]
        spellings = [token for token, i in ids.items() if unk in (token, i)]
        if model["unk_token"] not in ids and spellings:
            model["unk_token"] = spellings[0]
