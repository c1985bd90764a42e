"""`PieceIndex`: the preset's pieces by the bytes they stand for."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.vocabulary import Position, TokenKind, Vocabulary
from bridge.vocabulary.surface import is_isolated

Pieces = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PieceIndex:
    """Look-up of pieces by key and by place in a word.

    Attributes:
        keeps_spaces: Whether spaces are content of pieces. If so, `either` pieces
            spell exactly their key and never stand for one with a space.
        marks_ends: Whether pieces say where a word ends (CLIP); those that do spell a
            space behind their key.
        start: Key to id of pieces at a word start. Where spaces are content, such a
            piece spells the space too.
        inside: Key to id of pieces inside a word.
        either: Key to id of pieces that stand at both places.
        beginning: Bytes that pieces spell at the beginning of a word, to id.
        following: The same further on in a word.
        longest: Bytes of the longest of these.
    """

    keeps_spaces: bool
    marks_ends: bool
    start: Mapping[bytes, int]
    inside: Mapping[bytes, int]
    either: Mapping[bytes, int]
    beginning: Mapping[bytes, int]
    following: Mapping[bytes, int]
    longest: int

    @classmethod
    def build(
        cls, vocabulary: Vocabulary, *, dead: NDArray[np.bool_] | None = None
    ) -> "PieceIndex":
        """Index every id that stands for text.

        Several ids may stand for the same bytes: a normal piece goes before a byte
        piece (the byte piece is emitted only where the normal one is missing) and
        before an added one, a live before a dead, a lower id before a higher.

        Args:
            vocabulary: The preset's.
            dead: Ids whose rows were never trained, `(vocabulary.size,)`; those that
                no text produces are known without.

        Returns:
            The index.
        """
        tables: tuple[dict[bytes, int], ...] = ({}, {}, {})
        positions, keys = vocabulary.positions.tolist(), spelled_keys(vocabulary)
        for token_id in candidates(vocabulary, dead=dead).tolist():
            tables[positions[token_id]].setdefault(keys[token_id], token_id)
        start = tables[Position.START]
        inside = tables[Position.CONTINUATION]
        either = tables[Position.EITHER]
        keeps_spaces = vocabulary.convention.keeps_spaces
        if keeps_spaces:
            spaced = {b" " + key: token_id for key, token_id in start.items()}
            beginning = following = {**inside, **either, **spaced}
        else:
            # A piece that is cut off everywhere goes before the form inside words,
            # which is never produced (`!` before `##!`).
            beginning, following = {**either, **start}, {**inside, **either}
        return cls(
            keeps_spaces=keeps_spaces,
            marks_ends=vocabulary.convention.marks_ends,
            start=start,
            inside=inside,
            either=either,
            beginning=beginning,
            following=following,
            longest=max(map(len, (*beginning, *following)), default=0),
        )

    def find(self, key: bytes, *, inside: bool, ends: bool = True) -> int | None:
        """Return the piece with these bytes at this place.

        Args:
            key: Bytes without the marks of a word's start and end.
            inside: Whether it continues a word.
            ends: Whether a word ends with it; heeded where pieces say so (CLIP).

        Returns:
            Its id, or `None`.
        """
        if self.marks_ends:
            return self.either.get(key + b" " if ends else key)
        if not self.keeps_spaces:
            return (self.following if inside else self.beginning).get(key)
        if not inside:
            return self.start.get(key)
        found = self.either.get(key)
        return self.inside.get(key) if found is None else found

    def find_elsewhere(self, key: bytes, *, inside: bool, ends: bool) -> int | None:
        """Return the piece with these bytes at the other place of a word."""
        if self.marks_ends:
            return self.find(key, inside=inside, ends=not ends)
        return self.find(key, inside=not inside)

    def segment(self, text: bytes, *, inside: bool, ends: bool = True) -> Pieces | None:
        """Spell bytes with pieces of the preset, words apart where it cuts words.

        Longest match first, as WordPiece does; where that gets stuck, the fewest
        pieces that reach the end.

        Args:
            text: UTF-8, normalised as the preset would, without the marks of a word's
                start and end.
            inside: Whether it continues a word.
            ends: Whether a word ends with it.

        Returns:
            Ids, or `None` if no pieces spell it.
        """
        if self.keeps_spaces:
            return self._spell(self.target(text, inside=inside), inside=True)
        words = _words(text, inside=inside)
        pieces: list[int] = []
        for place, (word, continues) in enumerate(words, 1):
            whole = self.target(word, inside=continues, ends=ends or place < len(words))
            found = self._spell(whole, inside=continues)
            if found is None:
                return None
            pieces += found
        return tuple(pieces) or None

    def target(self, text: bytes, *, inside: bool, ends: bool = True) -> bytes:
        """Return the bytes that pieces of a text spell, their marks shown as spaces.

        Args:
            text: Bytes without the marks of a word's start and end.
            inside: Whether they continue a word.
            ends: Whether a word ends with them.

        Returns:
            The text, with a space in front (GPT-2, sentencepiece) or behind (CLIP)
            where the preset's pieces hold one.
        """
        if self.keeps_spaces and not inside:
            return b" " + text
        return text + b" " if self.marks_ends and ends else text

    def _spell(self, word: bytes, *, inside: bool) -> Pieces | None:
        first = self.following if inside else self.beginning
        return self._longest_first(word, first) or self._fewest(word, first)

    def _longest_first(self, word: bytes, first: Mapping[bytes, int]) -> Pieces | None:
        pieces: list[int] = []
        table, begin = first, 0
        while begin < len(word):
            for end in range(min(len(word), begin + self.longest), begin, -1):
                found = table.get(word[begin:end])
                if found is not None:
                    break
            else:
                return None
            pieces.append(found)
            table, begin = self.following, end
        return tuple(pieces)

    def _fewest(self, word: bytes, first: Mapping[bytes, int]) -> Pieces | None:
        # For every place that pieces reach: how many, where the last begins, its id.
        reached: dict[int, tuple[int, int, int]] = {0: (0, 0, 0)}
        for begin in range(len(word)):
            if begin not in reached:
                continue
            count = reached[begin][0] + 1
            table = self.following if begin else first
            for end in range(begin + 1, min(len(word), begin + self.longest) + 1):
                found = table.get(word[begin:end])
                if found is not None and (
                    end not in reached or count < reached[end][0]
                ):
                    reached[end] = (count, begin, found)
        if len(word) not in reached:
            return None
        pieces: list[int] = []
        end = len(word)
        while end:
            _, end, found = reached[end]
            pieces.append(found)
        return tuple(reversed(pieces))


def candidates(
    vocabulary: Vocabulary, *, dead: NDArray[np.bool_] | None = None
) -> NDArray[np.int64]:
    """List the ids that stand for text, the preferred of equal ones first.

    Args:
        vocabulary: Any vocabulary.
        dead: Ids whose rows were never trained, beside those that no text produces.

    Returns:
        Ids, int64.
    """
    last = vocabulary.dead if dead is None else vocabulary.dead | dead
    is_text = np.array([bool(key) for key in vocabulary.keys], bool)
    is_text &= vocabulary.kinds <= TokenKind.ADDED
    ids = np.flatnonzero(is_text)
    # The last key counts most: kind, then life; equal ids keep their order.
    order: NDArray[np.int64] = ids[np.lexsort((last[ids], vocabulary.kinds[ids]))]
    return order


def spelled_keys(vocabulary: Vocabulary) -> tuple[bytes, ...]:
    """Return the keys, with a space behind those that end a word (CLIP)."""
    if not vocabulary.convention.marks_ends:
        return vocabulary.keys
    return tuple(
        key + b" " if ends else key
        for key, ends in zip(vocabulary.keys, vocabulary.ends_word, strict=True)
    )


def _words(text: bytes, *, inside: bool) -> list[tuple[bytes, bool]]:
    """Cut at spaces and around isolated characters, as BERT's pre-tokenizer does.

    Only the first word can continue another, and only if no space goes before it.
    """
    try:
        characters = text.decode("utf-8")
    except UnicodeDecodeError:
        return []
    if characters.isascii() and characters.isalnum():
        return [(text, inside)]
    words: list[tuple[bytes, bool]] = []
    word = ""
    word_inside = inside
    for character in characters + " ":
        cut = character.isspace() or is_isolated(character)
        if not cut:
            word += character
            continue
        if word:
            words.append((word.encode(), word_inside))
        if not character.isspace():
            words.append((character.encode(), False))
        word, word_inside = "", False
    return words
