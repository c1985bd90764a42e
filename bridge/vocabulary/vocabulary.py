"""`Vocabulary`: which id means which bytes, where in a word, and in which role."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bridge.errors import TokenIdError, VocabularyError
from bridge.spec import find_role
from bridge.vocabulary.building import (
    check_places,
    find_roles,
    in_id_order,
    in_role_order,
    literal,
    read_surface,
)
from bridge.vocabulary.display import quoted, readable
from bridge.vocabulary.kinds import Token, TokenKind, find_byte_pieces, tell_kinds
from bridge.vocabulary.surface import (
    Convention,
    Position,
    detect,
    ends_word,
    is_isolated,
)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Vocabulary:
    """Token <-> id, with gaps allowed, and what every id stands for.

    Build it with `from_tokens`. All sequences are indexed by id and have `size`
    entries.

    Attributes:
        tokens: Spelling of every id; `None` for a hole.
        keys: Bytes behind every spelling, without the word-start mark.
        positions: `Position` of every id, `(size,)` uint8.
        kinds: `TokenKind` of every id, `(size,)` uint8.
        roles: Role (`pad`, `unk`, `bos`, `eos`, `cls`, `sep`, `mask`) to id.
        convention: How the spellings are written.

    Example:
        >>> vocabulary = Vocabulary.from_tokens({"[UNK]": 0, "play": 1, "##ing": 2})
        >>> vocabulary.size, vocabulary.keys[2], vocabulary.id("play")
        (3, b'ing', 1)
    """

    tokens: tuple[Token | None, ...]
    keys: tuple[bytes, ...]
    positions: NDArray[np.uint8]
    kinds: NDArray[np.uint8]
    roles: Mapping[str, int]
    convention: Convention
    _ids: Mapping[Token, int] = field(default_factory=dict)

    @classmethod
    def from_tokens(
        cls,
        tokens: Mapping[Token, int] | Sequence[Token | None],
        *,
        roles: Mapping[str, int | Token] | None = None,
        special: Collection[int] = (),
        added: Collection[int] = (),
        byte_pieces: Collection[int] | None = None,
        convention: Convention | str | None = None,
    ) -> Self:
        """Read a vocabulary.

        Args:
            tokens: Token to id, or spellings in id order with `None` for holes.
            roles: Role to id or to the token that plays it.
            special: Ids that never stand for text, beside those with a role.
            added: Ids outside the model's own vocabulary, whose spelling is literal.
            byte_pieces: Ids of byte-fallback pieces; told by their spelling where
                all 256 are there if `None`.
            convention: How tokens are written; read off the tokens if `None`.

        Returns:
            The vocabulary.

        Raises:
            VocabularyError: If ids are negative, doubled or no integers, or if a role
                is unknown or names a missing token.
        """
        spellings = in_id_order(tokens)
        for name, places in (("special", special), ("added", added)):
            check_places(name, places, len(spellings))
        ids = {token: i for i, token in enumerate(spellings) if token is not None}
        role_ids = find_roles(roles or {}, ids, len(spellings))
        if byte_pieces is None:
            byte_pieces = find_byte_pieces(spellings)
        if convention is None:
            outside = {*special, *role_ids.values(), *added, *byte_pieces}
            convention = detect(
                token
                for i, token in enumerate(spellings)
                if token is not None and i not in outside
            )
        convention = Convention(convention)
        kinds = tell_kinds(
            spellings,
            roles=role_ids.values(),
            special=special,
            added=added,
            byte_pieces=byte_pieces,
        )
        surfaces = [
            read_surface(token, kind, convention)
            for token, kind in zip(spellings, kinds.tolist(), strict=True)
        ]
        return cls(
            tokens=tuple(spellings),
            keys=tuple(surface.key for surface in surfaces),
            positions=np.array([s.position for s in surfaces], np.uint8),
            kinds=kinds,
            roles=role_ids,
            convention=convention,
            _ids=ids,
        )

    @property
    def size(self) -> int:
        """Largest id + 1: the rows an embedding needs. Holes count."""
        return len(self.tokens)

    def __len__(self) -> int:
        """Number of tokens. Holes do not count."""
        return len(self._ids)

    def __contains__(self, token: object) -> bool:
        """Tell whether a spelling is in the vocabulary."""
        return token in self._ids

    def __repr__(self) -> str:
        """Show size, convention and roles."""
        return (
            f"Vocabulary(size={self.size}, tokens={len(self)}, "
            f"convention={self.convention.value!r}, roles={dict(self.roles)})"
        )

    def __eq__(self, other: object) -> bool:
        """Tell whether both give every id the same meaning."""
        if not isinstance(other, Vocabulary):
            return NotImplemented
        return (
            self.tokens == other.tokens
            and dict(self.roles) == dict(other.roles)
            and self.convention == other.convention
            and np.array_equal(self.kinds, other.kinds)
        )

    __hash__ = None  # type: ignore[assignment]  # arrays are mutable

    def id(self, token: Token) -> int | None:
        """Return the id of a spelling, or `None` where there is none."""
        return self._ids.get(token)

    def role_id(self, role: str) -> int | None:
        """Return the id that plays a role or its counterpart (cls/bos, sep/eos)."""
        return find_role(self.roles, role)

    def text(self, token_id: int) -> str:
        """Return what an id stands for, readable for people.

        Args:
            token_id: An id in `[0, size)`.

        Returns:
            Text such as `␣the` for `Ġthe`. Not unique, not always the spelling: use
            `tokens` to tell ids apart.
        """
        kind = int(self.kinds[token_id])
        return readable(self.tokens[token_id], kind, self.convention)

    def show(self, ids: Iterable[int], *, most: int = 5) -> str:
        """List the first different ids with their texts, for messages.

        Args:
            ids: Any integers; those outside the vocabulary have no text.
            most: How many to list.

        Returns:
            Such as `12 ('␣the'), 99999`.
        """
        return ", ".join(
            f"{i} ({quoted(self.text(i))})" if 0 <= i < self.size else str(i)
            for i in list(dict.fromkeys(ids))[:most]
        )

    @property
    def isolates(self) -> bool:
        """Whether punctuation and CJK characters are cut off from words (BERT)."""
        return not self.convention.keeps_spaces

    @property
    def ends_word(self) -> NDArray[np.bool_]:
        """Ids whose spelling says that a word ends there (CLIP), `(size,)` bool."""
        if not self.convention.marks_ends:
            return np.zeros(self.size, bool)
        marked = np.array([ends_word(token) for token in self.tokens], bool)
        return np.asarray(marked & (self.kinds == TokenKind.NORMAL), bool)

    @property
    def dead(self) -> NDArray[np.bool_]:
        """Ids that no text produces though they look like tokens, `(size,)` bool.

        These are `##!` and the like: BERT isolates punctuation and CJK, so only the
        plain form is ever emitted and the other row was never trained.
        """
        if self.convention != Convention.WORDPIECE:
            return np.zeros(self.size, bool)
        inside = self.positions == Position.CONTINUATION
        return np.array(
            [
                bool(is_inside) and is_isolated(key.decode("utf-8", "replace"))
                for is_inside, key in zip(inside, self.keys, strict=True)
            ],
            bool,
        )

    def check_ids(self, ids: NDArray[Any], *, rows: int | None = None) -> None:
        """Refuse ids that are no rows of the table.

        Args:
            ids: Integers of any shape.
            rows: Rows of the table they index; `size` if `None`.

        Raises:
            TokenIdError: If an id is negative or too large. TensorFlow, JAX and torch
                would give zeros, the last row, NaN or an error, each in its own way.
        """
        rows = self.size if rows is None else rows
        # The usual case, without an array of answers.
        if not ids.size or (ids.min() >= 0 and ids.max() < rows):
            return
        wrong = (ids < 0) | (ids >= rows)
        raise TokenIdError(
            f"Every token id must be in [0, {rows}). Received: {int(wrong.sum())} "
            f"ids outside it, such as {self.show(ids[wrong].tolist())}. Encode with "
            "the tokenizer that belongs to this vocabulary, or give its missing "
            "tokens ids first."
        )

    def with_roles(
        self, roles: Mapping[str, int | Token], *, append: Iterable[Token] = ()
    ) -> "Vocabulary":
        """Return a copy with other roles and with special tokens appended.

        Args:
            roles: Roles to set, by id or token; the others are kept.
            append: New special tokens, which get ids from `size` upwards.

        Returns:
            A new vocabulary; ids of this one keep their meaning.

        Raises:
            VocabularyError: If an appended token exists, or a role names none.
        """
        new = list(append)
        taken = [token for token in new if token in self._ids]
        if taken:
            raise VocabularyError(
                "An appended token must be new. Received: "
                f"{taken[0]!r}, which is id {self._ids[taken[0]]}. "
                "Give it another spelling."
            )
        ids = {**self._ids, **{t: self.size + i for i, t in enumerate(new)}}
        size = self.size + len(new)
        role_ids = in_role_order({**self.roles, **find_roles(roles, ids, size)})
        kinds = np.concatenate([self.kinds, np.full(len(new), TokenKind.SPECIAL)])
        kinds = kinds.astype(np.uint8)
        kinds[list(role_ids.values())] = TokenKind.SPECIAL
        tokens = (*self.tokens, *new)
        keys = [*self.keys, *map(literal, new)]
        filler = np.full(len(new), Position.EITHER, np.uint8)
        positions = np.concatenate([self.positions, filler])
        for token_id in role_ids.values():
            # A special token is read literally, whatever its marks meant before.
            surface = read_surface(tokens[token_id], TokenKind.SPECIAL, self.convention)
            keys[token_id], positions[token_id] = surface.key, surface.position
        return replace(
            self,
            tokens=tokens,
            keys=tuple(keys),
            positions=positions,
            kinds=kinds,
            roles=role_ids,
            _ids=ids,
        )
