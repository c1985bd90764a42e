"""`RoleRow`: special tokens of both sides by role."""

from dataclasses import dataclass

from bridge.alignment import Alignment
from bridge.reporting.numbers.token_text import token_text
from bridge.spec import ROLES, find_role


@dataclass(frozen=True, slots=True)
class RoleRow:
    """One special role on both sides.

    Attributes:
        role: Its name.
        token: The tokenizer's token for it, or `None`.
        preset_token: The preset's, or `None`.
        exact: Whether both play this very role, not its counterpart.
    """

    role: str
    token: str | None
    preset_token: str | None
    exact: bool


def compare_roles(alignment: Alignment) -> tuple[RoleRow, ...]:
    """Put special tokens beside each other.

    Args:
        alignment: The alignment.

    Returns:
        A row for every role that the tokenizer or the preset plays.
    """
    mine, theirs = alignment.tokenizer.vocabulary, alignment.reference.vocabulary
    rows = []
    for role in ROLES:
        token = mine.roles.get(role)
        exact = theirs.roles.get(role)
        preset = find_role(theirs.roles, role) if exact is None else exact
        if token is None and exact is None:
            continue
        rows.append(
            RoleRow(
                role,
                None if token is None else token_text(mine, token),
                None if preset is None else token_text(theirs, preset),
                exact is not None,
            )
        )
    return tuple(rows)
