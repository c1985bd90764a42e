"""`PieceIndex`: the preset's pieces by the bytes they stand for."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bridge.vocabulary import Position, TokenKind, Vocabulary
from bridge.vocabulary.surface import is_isolated

Pieces = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PieceIndex:
    """Look-up of pieces by key and by place in a word.

    Attributes:
        start: Key to id of pieces at a word start. Where spaces are content, such a
            piece spells the space too.
        inside: Key to id of pieces inside a word.
        either: Key to id of pieces that stand at both places.
        keeps_spaces: Whether spaces are content of pieces. If so, `either` pieces
            spell exactly their key and never stand for one with a space.
        beginning: Bytes that pieces spell at the beginning of a word, to id.
        following: The same further on in a word.
        longest: Bytes of the longest of these.
    """

    start: Mapping[bytes, int]
    inside: Mapping[bytes, int]
    either: Mapping[bytes, int]
    keeps_spaces: bool
    beginning: Mapping[bytes, int]
    following: Mapping[bytes, int]
    longest: int

    @classmethod
    def build(cls, vocabulary: Vocabulary) -> "PieceIndex":
        """Index every id that stands for text.

        Several ids may stand for the same bytes: a normal piece goes before a byte
        piece (the byte piece is emitted only where the normal one is missing) and
        before an added one, a live before a dead, a lower id before a higher.

        Args:
            vocabulary: The preset's.

        Returns:
            The index.
        """
        kinds, dead = vocabulary.kinds, vocabulary.dead
        order = np.lexsort((np.arange(vocabulary.size), dead, kinds))
        order = order[kinds[order] <= TokenKind.ADDED]
        tables: tuple[dict[bytes, int], ...] = ({}, {}, {})
        positions, keys = vocabulary.positions.tolist(), vocabulary.keys
        for token_id in order.tolist():
            key = keys[token_id]
            if key:
                tables[positions[token_id]].setdefault(key, token_id)
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
            start=start,
            inside=inside,
            either=either,
            keeps_spaces=keeps_spaces,
            beginning=beginning,
            following=following,
            longest=max(map(len, (*beginning, *following)), default=0),
        )

    def find(self, key: bytes, *, inside: bool) -> int | None:
        """Return the piece with these bytes at this place.

        Args:
            key: Bytes without the word-start mark.
            inside: Whether it continues a word.

        Returns:
            Its id, or `None`.
        """
        if not self.keeps_spaces:
            return (self.following if inside else self.beginning).get(key)
        if not inside:
            return self.start.get(key)
        found = self.either.get(key)
        return self.inside.get(key) if found is None else found

    def segment(self, text: bytes, *, inside: bool) -> Pieces | None:
        """Spell bytes with pieces of the preset, words apart where it cuts words.

        Longest match first, as WordPiece does; where that gets stuck, the fewest
        pieces that reach the end.

        Args:
            text: UTF-8, normalised as the preset would, without the word-start mark.
            inside: Whether it continues a word.

        Returns:
            Ids, or `None` if no pieces spell it.
        """
        if self.keeps_spaces:
            return self._spell(text if inside else b" " + text, inside=True)
        pieces: list[int] = []
        for word, word_inside in _words(text, inside=inside):
            found = self._spell(word, inside=word_inside)
            if found is None:
                return None
            pieces += found
        return tuple(pieces) or None

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
