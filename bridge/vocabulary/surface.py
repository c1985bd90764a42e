"""What a token's spelling stands for: bytes, and where in a word they may stand.

Vocabularies write the same text in different alphabets: `Ġthe`, `▁the`, `the` and
`b" the"` are one token, while `é` is a character in one vocabulary and a lone byte in
another. So spellings are never compared, only the bytes behind them.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum, StrEnum
from typing import NamedTuple

CONTINUATION_PREFIX = "##"
METASPACE = "\u2581"
END_OF_WORD = "</w>"
BYTE_PIECE = re.compile(r"<0x([0-9A-Fa-f]{2})>")


class Position(IntEnum):
    """Where a token may stand: at the start of a word, inside one, or either."""

    START = 0
    CONTINUATION = 1
    EITHER = 2


class Convention(StrEnum):
    """How a vocabulary writes its tokens."""

    BYTE_LEVEL = "byte_level"  # GPT-2's alphabet of 256 printable characters
    METASPACE = "metaspace"  # sentencepiece: a space is U+2581
    BYTES = "bytes"  # tiktoken: the bytes themselves
    WORDPIECE = "wordpiece"  # BERT: a word start is bare, the rest has ##
    END_OF_WORD = "end_of_word"  # GPT-1: the last piece of a word has </w>
    BYTE_LEVEL_END = "byte_level_end_of_word"  # CLIP: the same in GPT-2's alphabet
    WORDS = "words"  # no marks at all: a token is a word
    PIECES = "pieces"  # no marks at all, and words are cut: position is unknown

    @property
    def keeps_spaces(self) -> bool:
        """Whether spaces are content, so that text can be rebuilt from tokens."""
        return self in (self.BYTE_LEVEL, self.METASPACE, self.BYTES)

    @property
    def marks_ends(self) -> bool:
        """Whether tokens say where a word ends, and not where it starts."""
        return self in (self.END_OF_WORD, self.BYTE_LEVEL_END)


class Surface(NamedTuple):
    """What one spelling stands for."""

    key: bytes
    position: Position


def _byte_alphabet() -> dict[int, int]:
    """Map GPT-2's characters to bytes.

    Printable Latin-1 characters stand for themselves; the other 68 bytes are written,
    in order, as U+0100 and up (Radford et al. 2019, `bytes_to_unicode`).
    """
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in set(printable)]
    return {byte: byte for byte in printable} | {
        256 + place: byte for place, byte in enumerate(hidden)
    }


BYTE_OF_CHARACTER = _byte_alphabet()
CHARACTER_OF_BYTE = {byte: chr(char) for char, byte in BYTE_OF_CHARACTER.items()}
_BYTE_LEVEL_ONLY = re.compile(
    "[" + re.escape("".join(map(chr, BYTE_OF_CHARACTER))) + "]*"
)


def byte_level_bytes(token: str) -> bytes:
    """Return the bytes that a byte-level token stands for.

    A token with a character outside the alphabet was added by a user and is literal
    text: it stands for its UTF-8 bytes.

    Args:
        token: Spelling in the byte-level alphabet, such as `Ġthe`.

    Returns:
        Its bytes, such as `b" the"`.
    """
    if _BYTE_LEVEL_ONLY.fullmatch(token):
        return token.translate(BYTE_OF_CHARACTER).encode("latin-1")
    return utf8(token)


def utf8(text: str) -> bytes:
    """Encode as UTF-8; a lone surrogate in a spelling keeps its three bytes.

    Args:
        text: Any string.

    Returns:
        Its bytes.
    """
    return text.encode("utf-8", "surrogatepass")


def is_isolated(text: str) -> bool:
    """Tell whether BERT-like tokenizers cut this character off whatever surrounds it.

    That holds for punctuation (all ASCII symbols count) and for CJK ideographs, so
    the plain form serves at word starts and inside words, and `##` forms are never
    produced. Ranges: BERT's `_is_punctuation` and `_is_chinese_char`.

    Args:
        text: A token's text.

    Returns:
        True for exactly one such character.
    """
    if len(text) != 1:
        return False
    if text.isascii():
        return text.isprintable() and not text.isalnum() and text != " "
    return unicodedata.category(text).startswith("P") or is_cjk(text)


def is_cjk(character: str) -> bool:
    """Tell whether a character lies in the CJK ideograph blocks that BERT splits.

    Args:
        character: One character.

    Returns:
        Whether it is such an ideograph.
    """
    code = ord(character)
    return any(
        low <= code <= high
        for low, high in (
            (0x4E00, 0x9FFF),
            (0x3400, 0x4DBF),
            (0x20000, 0x2A6DF),
            (0x2A700, 0x2B73F),
            (0x2B740, 0x2B81F),
            (0x2B820, 0x2CEAF),
            (0xF900, 0xFAFF),
            (0x2F800, 0x2FA1F),
        )
    )


def split_leading_space(content: bytes) -> Surface:
    """Turn raw bytes into key and position, where spaces are part of tokens.

    Args:
        content: What the token stands for.

    Returns:
        The key without one leading space that something follows, and `START` where
        there was one; `EITHER` otherwise.
    """
    if len(content) > 1 and content[0] == 0x20:
        return Surface(content[1:], Position.START)
    return Surface(content, Position.EITHER)


def _byte_level(token: str) -> Surface:
    return split_leading_space(byte_level_bytes(token))


def _metaspace(token: str) -> Surface:
    return split_leading_space(utf8(token.replace(METASPACE, " ")))


def _words(token: str) -> Surface:
    position = Position.EITHER if is_isolated(token) else Position.START
    return Surface(utf8(token), position)


def _pieces(token: str) -> Surface:
    return Surface(utf8(token), Position.EITHER)


def _wordpiece(token: str) -> Surface:
    if token.startswith(CONTINUATION_PREFIX) and token != CONTINUATION_PREFIX:
        rest = token.removeprefix(CONTINUATION_PREFIX)
        return Surface(utf8(rest), Position.CONTINUATION)
    return _words(token)


def ends_word(token: str | bytes | None) -> bool:
    """Tell whether a spelling carries the mark of a word's end."""
    return (
        isinstance(token, str) and token != END_OF_WORD and token.endswith(END_OF_WORD)
    )


def _without_end(token: str) -> str:
    return token.removesuffix(END_OF_WORD) or token


def _end_of_word(token: str) -> Surface:
    # What starts a word is not marked: the token before tells, by its own end.
    return Surface(utf8(_without_end(token)), Position.EITHER)


def _byte_level_end(token: str) -> Surface:
    return Surface(byte_level_bytes(_without_end(token)), Position.EITHER)


_READERS: dict[Convention, Callable[[str], Surface]] = {
    Convention.BYTE_LEVEL: _byte_level,
    Convention.METASPACE: _metaspace,
    Convention.WORDPIECE: _wordpiece,
    Convention.END_OF_WORD: _end_of_word,
    Convention.BYTE_LEVEL_END: _byte_level_end,
    Convention.WORDS: _words,
    Convention.PIECES: _pieces,
    Convention.BYTES: _metaspace,
}


def read(token: str | bytes, convention: Convention) -> Surface:
    """Return what a token stands for.

    Args:
        token: Its spelling; bytes stand for themselves under every convention.
        convention: How its vocabulary writes tokens.

    Returns:
        Key and position.

    Example:
        >>> read("Ġthe", Convention.BYTE_LEVEL)
        Surface(key=b'the', position=<Position.START: 0>)
        >>> read("##ing", Convention.WORDPIECE)
        Surface(key=b'ing', position=<Position.CONTINUATION: 1>)
    """
    if isinstance(token, bytes):
        return split_leading_space(token)
    return _READERS[convention](token)


def read_byte_piece(token: str | bytes) -> bytes | None:
    """Return the byte that a `<0xNN>` spelling names, or `None` for any other."""
    match = BYTE_PIECE.fullmatch(token) if isinstance(token, str) else None
    return match and bytes([int(match[1], 16)])


def detect(tokens: Iterable[str | bytes]) -> Convention:
    """Tell from its tokens how a vocabulary is written.

    No class name is trusted: models change their tokenizer and keep the class. Marks
    decide, each by how many tokens carry it, since real vocabularies also hold a few
    tokens that merely contain another family's mark (a BPE trained on code has `##`).

    Args:
        tokens: All spellings, special tokens left out where known.

    Returns:
        The convention with the most evidence; `WORDS` where there is none.
    """
    tokens = list(tokens)
    texts: Sequence[str] = [token for token in tokens if isinstance(token, str)]
    if len(texts) * 2 < len(tokens):
        return Convention.BYTES
    # A mark counts only in front of (or behind) something: `##` alone is Markdown.
    share = {
        Convention.BYTE_LEVEL: sum(t[0] in "ĠĊ" and len(t) > 1 for t in texts if t),
        Convention.METASPACE: sum(t.startswith(METASPACE) for t in texts),
        Convention.WORDPIECE: sum(
            t.startswith(CONTINUATION_PREFIX) and len(t) > 2 and t[2] != "#"
            for t in texts
        ),
        Convention.END_OF_WORD: sum(
            t.endswith(END_OF_WORD) and len(t) > len(END_OF_WORD) for t in texts
        ),
    }
    best = max(share, key=lambda convention: share[convention])
    alphabet = set(CHARACTER_OF_BYTE.values())
    if best == Convention.END_OF_WORD and share[best] and alphabet <= set(texts):
        return Convention.BYTE_LEVEL_END
    if share[best]:
        return best
    # A byte-level vocabulary may have no word start yet, but it has the alphabet.
    return Convention.BYTE_LEVEL if alphabet <= set(texts) else Convention.WORDS
