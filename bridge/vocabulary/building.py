"""From what a user passes as a vocabulary to spellings, roles and surfaces."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from bridge.errors import VocabularyError
from bridge.spec import ROLES
from bridge.vocabulary.kinds import Token, TokenKind
from bridge.vocabulary.surface import Convention, Position, Surface, read, utf8
from bridge.vocabulary.surface import read_byte_piece as read_byte

# Far above any published vocabulary: a stray huge id would ask for as many rows.
MAX_SIZE = 10_000_000

_HOLE = Surface(b"", Position.EITHER)


def in_id_order(
    tokens: Mapping[Token, int] | Sequence[Token | None],
) -> list[Token | None]:
    """List spellings by id, `None` for ids without one.

    Args:
        tokens: Token to id, or spellings in id order.

    Returns:
        One entry for each id up to the largest.

    Raises:
        VocabularyError: If a token is no text, or an id is no integer, negative,
            doubled or far too large.
    """
    if not isinstance(tokens, Mapping):
        spellings = list(tokens)
        _check_tokens(token for token in spellings if token is not None)
        _refuse_doubles([token for token in spellings if token is not None], "token")
        return spellings
    _check_tokens(tokens)
    for token, token_id in tokens.items():
        _check_id(token, token_id)
    _refuse_doubles(list(tokens.values()), "id", {i: t for t, i in tokens.items()})
    size = max((int(i) for i in tokens.values()), default=-1) + 1
    if size > MAX_SIZE:
        raise VocabularyError(
            f"A vocabulary has at most {MAX_SIZE:,} ids. Received: id {size - 1} for "
            f"{max(tokens, key=tokens.__getitem__)!r}. Check that the mapping is "
            "token to id and that this id is meant."
        )
    ordered: list[Token | None] = [None] * size
    for token, token_id in tokens.items():
        ordered[token_id] = token
    return ordered


def _check_tokens(tokens: Iterable[Any]) -> None:
    for token in tokens:
        if not isinstance(token, (str, bytes)):
            raise VocabularyError(
                "A token must be a str or bytes. Received: "
                f"{token!r:.60} ({type(token).__name__}). Use `{{token: id}}`, not "
                "`{id: token}`, or spellings in id order."
            )


def _check_id(token: Token, token_id: Any) -> None:  # noqa: ANN401  whatever came
    if isinstance(token_id, bool) or not isinstance(token_id, (int, np.integer)):
        raise VocabularyError(
            "A vocabulary maps tokens to integer ids. Received: "
            f"{token!r} -> {token_id!r:.60}. Use `{{token: id}}`."
        )
    if token_id < 0:
        raise VocabularyError(
            "Token ids count from 0; a negative id would read the table from its "
            f"end. Received: {token!r} -> {token_id}. Give it a free id."
        )


def _refuse_doubles(
    values: Sequence[Any], noun: str, owner: Mapping[Any, Token] | None = None
) -> None:
    if len(set(values)) == len(values):
        return
    seen: set[Any] = set()
    doubled: dict[Any, None] = {}
    for value in values:
        if value in seen:
            doubled[value] = None
        seen.add(value)
    shown = ", ".join(
        repr(v) if owner is None else f"{v} (one of them {owner[v]!r})"
        for v in list(doubled)[:3]
    )
    raise VocabularyError(
        f"Every {noun} must occur once. Received: {len(doubled)} doubled, such as "
        f"{shown}. Keep one entry for each."
    )


def check_places(name: str, ids: Collection[int], size: int) -> None:
    """Refuse ids that a vocabulary does not have.

    Args:
        name: The argument they came in.
        ids: Ids.
        size: Of the vocabulary.

    Raises:
        VocabularyError: If an id is negative or not below `size`.
    """
    wrong = sorted(i for i in ids if not 0 <= i < size)
    if wrong:
        raise VocabularyError(
            f"`{name}` must hold ids in [0, {size}). Received: {len(wrong)} others, "
            f"such as {wrong[0]}. Add their tokens, or leave them out."
        )


def find_roles(
    roles: Mapping[str, int | Token], ids: Mapping[Token, int], size: int
) -> dict[str, int]:
    """Turn roles by id or by token into roles by id.

    Args:
        roles: Role to id, or to the token that plays it.
        ids: Token to id.
        size: Largest id + 1.

    Returns:
        Role to id.

    Raises:
        VocabularyError: If a role is unknown or names no token.
    """
    found: dict[str, int] = {}
    for role, entry in roles.items():
        if role not in ROLES:
            raise VocabularyError(
                f"A role must be one of {', '.join(ROLES)}. Received: {role!r}. "
                "Other special tokens need no role."
            )
        token_id = _role_id(entry, ids)
        if token_id is None or not 0 <= token_id < size:
            raise VocabularyError(
                f"A role must name a token of the vocabulary. Received: {role!r} -> "
                f"{entry!r}, which is not among its {len(ids)} tokens. Add the token "
                "or name another."
            )
        found[role] = token_id
    return in_role_order(found)


def in_role_order(roles: Mapping[str, int]) -> dict[str, int]:
    """Sort roles as `ROLES` does, so that nothing hangs on how they were given."""
    return {role: roles[role] for role in ROLES if role in roles}


def _role_id(entry: Any, ids: Mapping[Token, int]) -> int | None:  # noqa: ANN401
    if isinstance(entry, (str, bytes)):
        return ids.get(entry)
    is_id = isinstance(entry, (int, np.integer)) and not isinstance(entry, bool)
    return int(entry) if is_id else None


def read_surface(token: Token | None, kind: int, convention: Convention) -> Surface:
    """Return what one id stands for.

    Args:
        token: Its spelling, `None` for a hole.
        kind: Its `TokenKind`: only normal tokens are written by the convention.
        convention: How normal tokens are written.

    Returns:
        Key and position.
    """
    if token is None:
        return _HOLE
    if kind == TokenKind.NORMAL:
        return read(token, convention)
    byte = read_byte(token) if kind == TokenKind.BYTE else None
    return Surface(literal(token) if byte is None else byte, Position.EITHER)


def literal(token: Token) -> bytes:
    """Return the bytes of a token that stands for its own spelling."""
    return token if isinstance(token, bytes) else utf8(token)
