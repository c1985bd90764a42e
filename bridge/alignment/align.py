"""`align_vocabularies`: what every id of a tokenizer means in a preset."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bridge.alignment.index import PieceIndex, Pieces
from bridge.alignment.kinds import MatchKind
from bridge.errors import VocabularyError
from bridge.ragged import Ragged
from bridge.spec import find_role
from bridge.vocabulary import Position, Token, TokenKind, Vocabulary
from bridge.vocabulary.surface import is_isolated

# A token may play several roles (GPT-2's `<|endoftext|>`); what it does in running
# text, ending a document, goes first.
_ROLE_PRIORITY = ("sep", "eos", "cls", "bos", "mask", "pad", "unk")

# Members under names of their own: Python 3.11 takes longer to look one up in its
# class than to match a token.
_SPECIAL, _UNUSED = TokenKind.SPECIAL, TokenKind.UNUSED
_START, _CONTINUATION = Position.START, Position.CONTINUATION
_EXACT, _NORMALIZED = MatchKind.EXACT, MatchKind.NORMALIZED
_BOUNDARY, _COMPOSED = MatchKind.BOUNDARY, MatchKind.COMPOSED
_UNMAPPED = MatchKind.UNMAPPED

# What `overrides` may say: pieces by id, by spelling, or a text to spell.
Override = int | Token | Iterable[int | Token]


class Match(NamedTuple):
    """Fate of one id: its kind and its pieces, read at both places in a word."""

    kind: MatchKind
    pieces: Pieces = ()
    continuation_pieces: Pieces = ()


class Matcher:
    """Finds every token of one vocabulary in another.

    Args:
        tokenizer: The external vocabulary.
        reference: The preset's vocabulary.
        normalize: The preset's normaliser, text to text.
    """

    def __init__(
        self,
        tokenizer: Vocabulary,
        reference: Vocabulary,
        *,
        normalize: Callable[[str], str],
    ) -> None:
        self._vocabulary = tokenizer
        self._kinds = tokenizer.kinds.tolist()
        self._positions = tokenizer.positions.tolist()
        self._reference = reference
        self._reference_kinds = reference.kinds.tolist()
        self._index = PieceIndex.build(reference)
        self._find = self._index.find
        # Bytes are bytes on both sides: no space is meant that is not spelt.
        self._spaces_agree = (
            self._index.keeps_spaces and tokenizer.convention.keeps_spaces
        )
        self._same_spelling = tokenizer.convention == reference.convention
        self._roles = _match_roles(tokenizer.roles, reference.roles)
        self._own_role_ids = set(tokenizer.roles.values())
        self._role_ids = set(reference.roles.values())

        @cache
        def normalized(key: bytes) -> bytes:
            try:
                return normalize(key.decode("utf-8")).encode("utf-8")
            except UnicodeError:
                return key

        self._normalized = normalized

    def match(self, token_id: int) -> Match:
        """Return the fate of one id.

        Args:
            token_id: An id of the tokenizer.

        Returns:
            Kind and pieces.
        """
        kind = self._kinds[token_id]
        token = self._vocabulary.tokens[token_id]
        if kind == _UNUSED:
            same = self._named(token, kind)
            return Match(MatchKind.UNUSED, same, same)
        if kind == _SPECIAL:
            return self._match_special(token_id, token)
        if self._same_spelling:
            same = self._named(token, kind)
            if same:
                return Match(_EXACT, same, same)
        return self._match_text(token_id)

    def _match_special(self, token_id: int, token: Token | None) -> Match:
        role = self._roles.get(token_id)
        if role is not None:
            return Match(MatchKind.ROLE, (role,), (role,))
        # Chat markers and the like have no role; the same name is the same token.
        same = self._named(token, _SPECIAL)
        if same and token_id not in self._own_role_ids:
            return Match(_EXACT, same, same)
        return Match(_UNMAPPED)

    def _named(self, token: Token | None, kind: int) -> Pieces:
        found = None if token is None else self._reference.id(token)
        if (
            found is None
            or found in self._role_ids
            or self._reference_kinds[found] != kind
        ):
            return ()
        return (found,)

    def _match_text(self, token_id: int) -> Match:
        key = self._vocabulary.keys[token_id]
        position = self._positions[token_id]
        if position == _START:
            fate, pieces = self._read(key, inside=False)
            return Match(fate, pieces, pieces)
        fate, pieces = self._read(key, inside=True)
        if position == _CONTINUATION or self._spaces_agree:
            return Match(fate, pieces, pieces)
        return self._match_either(key, fate, pieces)

    def _match_either(self, key: bytes, fate: MatchKind, inside: Pieces) -> Match:
        """Read a token both ways; it counts as it reads inside a word."""
        isolated = is_isolated(key.decode("utf-8", "replace"))
        if fate == _EXACT and isolated:
            return Match(fate, inside, inside)
        start_fate, start = self._read(key, inside=False)
        if start_fate == _EXACT and isolated and self._vocabulary.isolates:
            # BERT's `!` is also the one behind a space: `Ġ!` serves where `!` lacks.
            return Match(start_fate, start, start)
        if fate == _BOUNDARY:
            # Only the word-start form exists whole; inside a word it is spelt out.
            spelt = self._compose(key, inside=True)
            return Match(fate, start, spelt or inside)
        if start_fate == _BOUNDARY:
            start = self._compose(key, inside=False) or start
        return Match(fate, start or inside, inside or start)

    def _read(self, key: bytes, *, inside: bool) -> tuple[MatchKind, Pieces]:
        """Find a key as it stands at one place of a word."""
        found = self._find(key, inside=inside)
        if found is not None:
            return _EXACT, (found,)
        normalized = self._normalized(key)
        if normalized != key:
            found = self._find(normalized, inside=inside)
            if found is not None:
                return _NORMALIZED, (found,)
        for form in (key, normalized):
            found = self._find(form, inside=not inside)
            if found is not None:
                return _BOUNDARY, (found,)
        pieces = self._compose(key, inside=inside)
        if not pieces:
            return _UNMAPPED, ()
        # One piece is left where the normaliser cut something off, such as a space.
        return _COMPOSED if len(pieces) > 1 else _NORMALIZED, pieces

    def _compose(self, key: bytes, *, inside: bool) -> Pieces:
        if not self._index.keeps_spaces and key[:1].isspace():
            # White space in front ends the word before it.
            inside = False
        return self._index.segment(self._normalized(key), inside=inside) or ()

    def override(self, wanted: Override) -> Pieces:
        """Read what the user says a token means.

        Args:
            wanted: A backbone id, a token or a text of the preset, or several.

        Returns:
            Backbone ids.

        Raises:
            VocabularyError: If an id is no row, or a text cannot be spelt.
        """
        if isinstance(wanted, (int, np.integer)):
            self._reference.check_ids(np.array([wanted]))
            return (int(wanted),)
        if not isinstance(wanted, (str, bytes)):
            return tuple(i for part in wanted for i in self.override(part))
        token_id = self._reference.id(wanted)
        if token_id is not None:
            return (token_id,)
        content = wanted.encode() if isinstance(wanted, str) else wanted
        pieces = self._compose(content, inside=False)
        if not pieces:
            raise VocabularyError(
                "An override must be spelt with the preset's pieces. Received: "
                f"{wanted!r}, which has none. Name tokens of the preset instead."
            )
        return pieces


def _match_roles(
    tokenizer: Mapping[str, int], reference: Mapping[str, int]
) -> dict[int, int]:
    matched: dict[int, int] = {}
    for role in _ROLE_PRIORITY:
        token_id = tokenizer.get(role)
        found = find_role(reference, role)
        if token_id is not None and found is not None:
            matched.setdefault(token_id, found)
    return matched


def align_vocabularies(
    tokenizer: Vocabulary,
    reference: Vocabulary,
    *,
    normalize: Callable[[str], str] = lambda text: text,
    overrides: Mapping[int | Token, Override] | None = None,
) -> tuple[NDArray[np.uint8], Ragged, Ragged]:
    """Give every id of the tokenizer exactly one fate.

    Args:
        tokenizer: The external vocabulary.
        reference: The preset's vocabulary.
        normalize: The preset's normaliser, text to text.
        overrides: Token or id of the tokenizer to what it means in the preset.

    Returns:
        `kinds`, `(size,)` uint8 of `MatchKind`; `pieces`, backbone ids of every id
        read at a word start; `continuation_pieces`, the same read inside a word.

    Raises:
        VocabularyError: If an override names a token that does not exist.
    """
    matcher = Matcher(tokenizer, reference, normalize=normalize)
    matches = [matcher.match(token_id) for token_id in range(tokenizer.size)]
    for token, wanted in (overrides or {}).items():
        token_id = token if isinstance(token, int) else tokenizer.id(token)
        if token_id is None or not 0 <= token_id < tokenizer.size:
            raise VocabularyError(
                "An override must name a token or id of the tokenizer. Received: "
                f"{token!r}, which it does not have (size {tokenizer.size}). Check "
                "the spelling: marks such as 'Ġ' or '▁' belong to it."
            )
        pieces = matcher.override(wanted)
        matches[token_id] = Match(MatchKind.OVERRIDE, pieces, pieces)
    return (
        np.array([match.kind for match in matches], np.uint8),
        Ragged.from_lists([match.pieces for match in matches]),
        Ragged.from_lists([match.continuation_pieces for match in matches]),
    )
