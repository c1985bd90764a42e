"""Both tokenizers side by side, with some of their differences taken away."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from bridge.reporting.auditing.causes import CHANGES, Change
from bridge.tokenizers import Tokenizer
from bridge.tokenizers.rows import literal_texts
from bridge.vocabulary import TokenKind

Row = tuple[int, ...]
_Piece = str | int


@dataclass(frozen=True, slots=True)
class View:
    """The preset's own tokenizer and its reference, seen through some changes.

    Attributes:
        native: The preset's own tokenizer.
        reference: The tokenizer the checkpoint was trained with.
        changes: Differences that are taken away.
    """

    native: Tokenizer
    reference: Tokenizer
    changes: tuple[Change, ...] = ()

    def without(self, *changes: Change) -> "View":
        """Return the same tokenizers with these differences taken away, no others."""
        # Special tokens are cut out first: folding would change their spelling.
        return replace(self, changes=tuple(sorted(changes, key=CHANGES.index)))

    def differing(self, texts: Sequence[str]) -> list[int]:
        """Return the positions of texts that get different ids."""
        own = _encode(self.native, [self._native_pieces(text) for text in texts])
        other = _encode(
            self.reference, [self._reference_pieces(text) for text in texts]
        )
        return [
            i for i, pair in enumerate(zip(own, other, strict=True)) if differ(pair)
        ]

    def differs(self, text: str) -> bool:
        """Tell whether a text gets different ids."""
        return bool(self.differing([text]))

    def touches(self, text: str) -> bool:
        """Tell whether the changes alter what either tokenizer gets of a text."""
        bare: list[_Piece] = [text]
        return self._native_pieces(text) != bare or self._reference_pieces(text) != bare

    def _native_pieces(self, text: str) -> list[_Piece]:
        pieces: list[_Piece] = [text]
        for change in self.changes:
            if change.specials == "native":
                pieces = _cut_specials(pieces, change, self.reference)
            if change.native is not None:
                pieces = _mapped(pieces, change.native, self.native)
            if change.pattern is not None:
                pieces = _each(pieces, _cutter(change.pattern))
        return pieces

    def _reference_pieces(self, text: str) -> list[_Piece]:
        pieces: list[_Piece] = [text]
        for change in self.changes:
            if change.specials == "reference":
                pieces = _cut_specials(pieces, change, self.native)
            if change.reference is not None:
                pieces = _mapped(pieces, change.reference, self.reference)
        return pieces


def differ(pair: tuple[Row, Row]) -> bool:
    """Tell whether two rows of ids are not the same."""
    return pair[0] != pair[1]


def _encode(tokenizer: Tokenizer, texts: list[list[_Piece]]) -> Iterator[Row]:
    """Encode texts that are cut into pieces; ids among them are taken as they are."""
    found = dict.fromkeys(
        piece for text in texts for piece in text if isinstance(piece, str)
    )
    ids = tokenizer.encode_batch(list(found))
    rows = dict(zip(found, (tuple(row.tolist()) for row in ids), strict=True))
    for text in texts:
        parts = ((p,) if isinstance(p, int) else rows[p] for p in text)
        yield tuple(i for part in parts for i in part)


def _each(pieces: list[_Piece], cut: Callable[[str], Sequence[_Piece]]) -> list[_Piece]:
    """Cut every piece that is text."""
    found: list[_Piece] = []
    for piece in pieces:
        found.extend([piece] if isinstance(piece, int) else cut(piece))
    return found


def _mapped(
    pieces: list[_Piece], change: Callable[[str], str], owner: Tokenizer
) -> list[_Piece]:
    """Change text, but for special tokens of its owner: they are no text to it."""
    pattern = _special_pattern(owner)

    def changed(text: str) -> list[_Piece]:
        if pattern is None:
            return [change(text)]
        parts = pattern.split(text)
        return ["".join(p if i % 2 else change(p) for i, p in enumerate(parts))]

    return _each(pieces, changed)


def _cut_specials(
    pieces: list[_Piece], change: Change, owner: Tokenizer
) -> list[_Piece]:
    pattern = _special_pattern(owner, eats_space=change.eats_space)
    if pattern is None:
        return pieces
    ids = _specials(owner)

    def cut(text: str) -> list[_Piece]:
        parts = pattern.split(text)
        # Every second part is a special token; an empty text has no ids.
        return [ids[p] if i % 2 else p for i, p in enumerate(parts) if p or not i]

    return _each(pieces, cut)


@lru_cache(maxsize=8)
def _specials(tokenizer: Tokenizer) -> dict[str, int]:
    texts = literal_texts(tokenizer.vocabulary, TokenKind.SPECIAL, TokenKind.ADDED)
    return {text: i for i, text in texts.items() if text}


@lru_cache(maxsize=16)
def _special_pattern(
    tokenizer: Tokenizer, *, eats_space: bool = False
) -> re.Pattern[str] | None:
    ordered = sorted(_specials(tokenizer), key=len, reverse=True)
    space = r"\s*" if eats_space else ""
    found = "|".join(map(re.escape, ordered))
    return re.compile(f"{space}({found})") if found else None


@lru_cache(maxsize=8)
def _cutter(pattern: str) -> Callable[[str], list[str]]:
    from tokenizers import Regex, pre_tokenizers

    split: Any = pre_tokenizers.Split(Regex(pattern), behavior="isolated")

    def cut(text: str) -> list[str]:
        return [piece for piece, _ in split.pre_tokenize_str(text)]

    return cut
