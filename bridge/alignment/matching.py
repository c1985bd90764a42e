"""`Matcher`: what every id of one vocabulary means in another."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bridge.alignment.index import Pieces
from bridge.alignment.kinds import MatchKind
from bridge.alignment.own_model import Encode
from bridge.alignment.segment import Speller, Spelling
from bridge.errors import VocabularyError
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


class _Draft(NamedTuple):
    """A fate before anything is spelt: for each place the ways, best first."""

    kind: MatchKind
    start: tuple[Pieces | Spelling, ...]
    inside: tuple[Pieces | Spelling, ...]


class Matcher:
    """Finds every token of one vocabulary in another.

    Args:
        tokenizer: The external vocabulary.
        reference: The preset's vocabulary.
        normalize: The preset's normaliser, text to text.
        encode: The preset's tokenizer, texts to ids; `None` where it has none.
        dead: Ids of the preset whose rows were never trained, `(reference.size,)`.
    """

    def __init__(
        self,
        tokenizer: Vocabulary,
        reference: Vocabulary,
        *,
        normalize: Callable[[str], str],
        encode: Encode | None = None,
        dead: NDArray[np.bool_] | None = None,
    ) -> None:
        self._vocabulary = tokenizer
        self._kinds = tokenizer.kinds.tolist()
        self._positions = tokenizer.positions.tolist()
        self._reference = reference
        self._reference_kinds = reference.kinds.tolist()
        self._speller = Speller.build(reference, dead=dead, encode=encode)
        self._index = self._speller.index
        self._find = self._index.find
        # Only a tokenizer that marks where words end says that one goes on.
        marks_ends = tokenizer.convention.marks_ends
        self._ends = (tokenizer.ends_word | (not marks_ends)).tolist()
        # Most of its tokens are whole words, where most others without a space are not.
        self._counts_as_start = marks_ends
        # Bytes are bytes on both sides: no space is meant that is not spelt. And where
        # the preset marks no word start, both readings are one.
        self._reads_once = reference.convention.marks_ends or (
            reference.convention.keeps_spaces and tokenizer.convention.keeps_spaces
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

    def match(self, token_ids: Iterable[int]) -> list[Match]:
        """Return the fates of ids.

        Args:
            token_ids: Ids of the tokenizer.

        Returns:
            Kind and pieces of each.
        """
        drafts = [self._draft(token_id) for token_id in token_ids]
        spelt = self._speller.spell(
            way
            for draft in drafts
            if isinstance(draft, _Draft)
            for way in (*draft.start, *draft.inside)
            if isinstance(way, Spelling)
        )
        return [
            self._finish(draft, spelt) if isinstance(draft, _Draft) else draft
            for draft in drafts
        ]

    def _finish(self, draft: _Draft, spelt: Mapping[Spelling, Pieces]) -> Match:
        start = _first(draft.start, spelt)
        inside = start if draft.inside is draft.start else _first(draft.inside, spelt)
        kind = draft.kind
        if kind == _COMPOSED:
            counted = start if self._counts_as_start else inside
            # One piece is left where the normaliser cut something off, as a space.
            kind = _COMPOSED if len(counted) > 1 else _NORMALIZED
            kind = kind if counted else _UNMAPPED
        return Match(kind, start, inside)

    def _draft(self, token_id: int) -> Match | _Draft:
        kind = self._kinds[token_id]
        token = self._vocabulary.tokens[token_id]
        if kind == _UNUSED:
            return _same(MatchKind.UNUSED, self._named(token, kind))
        if kind == _SPECIAL:
            return self._draft_special(token_id, token)
        if self._same_spelling:
            same = self._named(token, kind)
            if same:
                return _same(_EXACT, same)
        return self._draft_text(token_id)

    def _draft_special(self, token_id: int, token: Token | None) -> Match | _Draft:
        role = self._roles.get(token_id)
        if role is not None:
            return _same(MatchKind.ROLE, (role,))
        # Chat markers and the like have no role; the same name is the same token.
        same = self._named(token, _SPECIAL)
        if same and token_id not in self._own_role_ids:
            return _same(_EXACT, same)
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

    def _draft_text(self, token_id: int) -> Match | _Draft:
        key, ends = self._vocabulary.keys[token_id], self._ends[token_id]
        position = self._positions[token_id]
        if position == _START:
            return _same(*self._read(key, inside=False, ends=ends))
        if position == _CONTINUATION or self._reads_once:
            return _same(*self._read(key, inside=True, ends=ends))
        return self._draft_either(key, ends=ends)

    def _draft_either(self, key: bytes, *, ends: bool) -> Match | _Draft:
        """Read a token both ways; it counts as it reads inside a word."""
        inside_kind, inside = self._read(key, inside=True, ends=ends)
        isolated = is_isolated(key.decode("utf-8", "replace"))
        if inside_kind == _EXACT and isolated:
            return _same(inside_kind, inside)
        start_kind, start = self._read(key, inside=False, ends=ends)
        if start_kind == _EXACT and isolated and self._vocabulary.isolates:
            # BERT's `!` is also the one behind a space: `Ġ!` serves where `!` lacks.
            return _same(start_kind, start)
        kind = start_kind if self._counts_as_start else inside_kind
        starts: tuple[Pieces | Spelling, ...] = (start,)
        insides: tuple[Pieces | Spelling, ...] = (inside,)
        # Where only the form of the other place exists whole, it is spelt out.
        if start_kind == _BOUNDARY:
            starts = (self._spelling(key, inside=False, ends=ends), start)
        if inside_kind == _BOUNDARY:
            insides = (self._spelling(key, inside=True, ends=ends), inside)
        return _Draft(kind, starts + insides, insides + starts)

    def _read(
        self, key: bytes, *, inside: bool, ends: bool
    ) -> tuple[MatchKind, Pieces | Spelling]:
        """Find a key as it stands at one place of a word."""
        found = self._find(key, inside=inside, ends=ends)
        if found is not None:
            return _EXACT, (found,)
        normalized = self._normalized(key)
        forms: tuple[bytes, ...] = (key,)
        if normalized != key:
            found = self._find(normalized, inside=inside, ends=ends)
            if found is not None:
                return _NORMALIZED, (found,)
            forms = (key, normalized)
        for form in forms:
            found = self._index.find_elsewhere(form, inside=inside, ends=ends)
            if found is not None:
                return _BOUNDARY, (found,)
        return _COMPOSED, self._spelling(key, inside=inside, ends=ends)

    def _spelling(self, key: bytes, *, inside: bool, ends: bool) -> Spelling:
        if not self._index.keeps_spaces and key[:1].isspace():
            # White space in front ends the word before it.
            inside = False
        return Spelling(self._normalized(key), inside, ends)

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
        spelling = self._spelling(content, inside=False, ends=True)
        pieces = self._speller.spell([spelling])[spelling]
        if not pieces:
            raise VocabularyError(
                "An override must be spelt with the preset's pieces. Received: "
                f"{wanted!r}, which has none. Name tokens of the preset instead."
            )
        return pieces


def _same(kind: MatchKind, way: Pieces | Spelling) -> Match | _Draft:
    if isinstance(way, Spelling):
        ways = (way,)
        return _Draft(kind, ways, ways)
    return Match(kind, way, way)


def _first(
    ways: tuple[Pieces | Spelling, ...], spelt: Mapping[Spelling, Pieces]
) -> Pieces:
    for way in ways:
        pieces = spelt[way] if isinstance(way, Spelling) else way
        if pieces:
            return pieces
    return ()


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
