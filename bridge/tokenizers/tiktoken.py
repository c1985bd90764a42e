"""Adapter for tiktoken: encodings, .tiktoken rank files and Mistral's tekken.json."""

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridge.errors import MissingDependencyError, TokenizerFileError
from bridge.ragged import Ragged
from bridge.tokenizers.base import Tokenizer
from bridge.tokenizers.decoding import decode_runs
from bridge.tokenizers.files import file_error, read_json, read_ranks
from bridge.tokenizers.rows import from_rows
from bridge.tokenizers.spans import Spans, find_words, spans_of_bytes
from bridge.vocabulary import Convention, Token, Vocabulary
from bridge.vocabulary.roles import guess_roles

if TYPE_CHECKING:
    import tiktoken

RANKS_FILE = "ranks.tiktoken"

# A damaged number must not ask for that many filler tokens.
_MOST_TOKENS = 10_000_000

# Files of 2024 do not list their special tokens; these are the first ids, as Mistral's
# own reader fills them in. The rest, up to 1,000, are `<SPECIAL_n>`.
_TEKKEN_SPECIALS = (
    "<unk>",
    "<s>",
    "</s>",
    "[INST]",
    "[/INST]",
    "[AVAILABLE_TOOLS]",
    "[/AVAILABLE_TOOLS]",
    "[TOOL_RESULTS]",
    "[/TOOL_RESULTS]",
    "[TOOL_CALLS]",
    "[IMG]",
    "<pad>",
    "[IMG_BREAK]",
    "[IMG_END]",
    "[PREFIX]",
    "[MIDDLE]",
    "[SUFFIX]",
    "[SYSTEM_PROMPT]",
    "[/SYSTEM_PROMPT]",
    "[TOOL_CONTENT]",
)


class TiktokenTokenizer(Tokenizer):
    """A `tiktoken.Encoding`.

    Special tokens that stand in a text are encoded as text, so that no text can
    smuggle one in (`Encoding.encode_ordinary`).

    Args:
        encoding: The user's object; it is only read.
        roles: Role to id or token, beside those told by special tokens.

    Attributes:
        kind: `"tiktoken"`, its name in saved folders.
        engine: `"tiktoken"`.

    Example:
        >>> import tiktoken  # doctest: +SKIP
        >>> encoding = tiktoken.get_encoding("gpt2")  # doctest: +SKIP
        >>> TiktokenTokenizer(encoding).encode_batch(["hi"])  # doctest: +SKIP
    """

    kind = "tiktoken"
    engine = "tiktoken"

    def __init__(
        self,
        encoding: "tiktoken.Encoding",
        *,
        roles: Mapping[str, int | Token] | None = None,
    ) -> None:
        self._engine = encoding
        specials = dict(encoding._special_tokens)
        tokens: dict[Token, int] = {**encoding._mergeable_ranks, **specials}
        known: dict[str, Any] = dict(roles or {})
        self.vocabulary = Vocabulary.from_tokens(
            tokens,
            roles=guess_roles(specials, known=known),
            special=specials.values(),
            byte_pieces=(),
            convention=Convention.BYTES,
        )
        holes = [i for i, t in enumerate(self.vocabulary.tokens) if t is None]
        self._holes = dict.fromkeys(holes, "")

    def _encode(self, texts: list[str]) -> Ragged:
        return from_rows(self._engine.encode_ordinary_batch(texts, num_threads=2))

    def _encode_offsets(self, texts: list[str]) -> Spans:
        import regex  # tiktoken depends on it

        find = regex.compile(self._engine._pat_str).finditer
        rows = self._engine.encode_ordinary_batch(texts, num_threads=2)
        piece = self._engine.decode_single_token_bytes
        placed = [
            spans_of_bytes(text, [piece(i) for i in row], find_words(text, find))
            for text, row in zip(texts, rows, strict=True)
        ]
        return Spans.from_rows(rows, [o for o, _ in placed], [w for _, w in placed])

    @property
    def encodes_words_alone(self) -> bool:
        """True: merges stay in a word; see `Tokenizer.encodes_words_alone`."""
        return True

    def _decode(self, ids: Ragged) -> list[str]:
        decode = self._engine.decode
        return [decode_runs(row.tolist(), self._holes, decode) for row in ids]

    def _save_files(self, folder: Path) -> Mapping[str, Any]:
        lines = [
            base64.b64encode(token) + b" " + str(rank).encode() + b"\n"
            for token, rank in self._engine._mergeable_ranks.items()
        ]
        (folder / RANKS_FILE).write_bytes(b"".join(lines))
        return {
            "name": self._engine.name,
            "pattern": self._engine._pat_str,
            "special_tokens": dict(self._engine._special_tokens),
        }

    @classmethod
    def _load(cls, folder: Path, manifest: Mapping[str, Any]) -> "TiktokenTokenizer":
        encoding = build_encoding(
            str(manifest["name"]),
            read_ranks(folder / RANKS_FILE),
            pattern=manifest["pattern"],
            specials=manifest["special_tokens"],
        )
        return cls(encoding, roles=manifest["roles"])


def build_encoding(
    name: str,
    ranks: Mapping[bytes, int],
    *,
    pattern: Any,  # noqa: ANN401  what a user or a file says
    specials: Mapping[str, int],
) -> "tiktoken.Encoding":
    """Build an encoding.

    Args:
        name: Its name.
        ranks: Token bytes to id.
        pattern: Regular expression whose matches are words.
        specials: Special tokens to id.

    Returns:
        The encoding.

    Raises:
        MissingDependencyError: If tiktoken is not installed.
        TokenizerFileError: If tiktoken refuses the parts.
    """
    try:
        import tiktoken
    except ImportError as error:
        raise MissingDependencyError(
            "Ranks are encoded by tiktoken. Received: no such library is installed. "
            "Run `pip install 'tokenizer-bridge[tiktoken]'`."
        ) from error
    if not isinstance(pattern, str):
        raise TokenizerFileError(
            "Ranks need the regular expression that splits text. Received: `split=` "
            f"{pattern!r:.60}. Pass it as a string."
        )
    try:
        return tiktoken.Encoding(
            name,
            pat_str=pattern,
            mergeable_ranks=dict(ranks),
            special_tokens=dict(specials),
        )
    except Exception as error:  # the binding raises several kinds
        raise TokenizerFileError(
            "Ranks and expression must form an encoding. Received: "
            f"{len(ranks)} ranks and {pattern!r:.60}, which tiktoken refuses "
            f"({error}). Pass the expression that belongs to these ranks."
        ) from error


def read_tekken(path: Path) -> "tiktoken.Encoding":
    """Read a tekken.json.

    Its special tokens come first, so every rank is shifted by their number, and ranks
    beyond the model's vocabulary size are left out.

    Args:
        path: The file.

    Returns:
        The encoding.

    Raises:
        TokenizerFileError: If the file is damaged.
        MissingDependencyError: If tiktoken is not installed.
    """
    content = read_json(path)
    try:
        config = content["config"]
        count = int(config["default_num_special_tokens"])
        if not 0 <= count <= int(config["default_vocab_size"]) <= _MOST_TOKENS:
            raise ValueError(f"{count} special tokens")
        listed = content.get("special_tokens") or []
        specials = {str(t["token_str"]): int(t["rank"]) for t in listed} or {
            token: rank for rank, token in enumerate(_TEKKEN_SPECIALS[:count])
        }
        taken = set(specials.values())
        specials |= {f"<SPECIAL_{i}>": i for i in range(count) if i not in taken}
        kept = content["vocab"][: int(config["default_vocab_size"]) - count]
        ranks = {
            base64.b64decode(t["token_bytes"], validate=True): int(t["rank"]) + count
            for t in kept
        }
        pattern = config["pattern"]
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise file_error(
            path,
            f"whose {type(error).__name__} says that it is no Tekken file ({error})",
            "It may be truncated: download it again.",
        ) from error
    return build_encoding(path.stem, ranks, pattern=pattern, specials=specials)
