"""A preset's spec in the words of its reference tokenizer."""

from collections.abc import Mapping
from dataclasses import replace

from bridge.spec import BackboneSpec, Template, find_role
from bridge.tokenizers.base import Tokenizer
from bridge.vocabulary import TokenKind


def with_reference(
    spec: BackboneSpec, reference: Tokenizer, *, pad_id: int | None = None
) -> BackboneSpec:
    """Complete a spec with the roles, pad id and template of a reference tokenizer.

    Args:
        spec: What is known of the backbone.
        reference: The tokenizer its checkpoint was trained with.
        pad_id: Pad id that the preset uses where the reference has no pad token.

    Returns:
        The spec, its template by role.
    """
    vocabulary = reference.vocabulary
    roles = dict(vocabulary.roles)
    pad = roles.get("pad")
    if pad is None:
        pad = pad_id
    template = reference.template if spec.template is None else spec.template
    is_text = (
        pad is not None
        and pad < vocabulary.size
        and vocabulary.kinds[pad] < TokenKind.SPECIAL
    )
    return replace(
        spec,
        roles=roles,
        pad_id=pad,
        pad_is_text=bool(is_text),
        vocabulary_size=(
            vocabulary.size if spec.vocabulary_size is None else spec.vocabulary_size
        ),
        template=None if template is None else by_role(template, roles),
    )


def by_role(template: Template, roles: Mapping[str, int]) -> Template:
    """Name a template's ids by role.

    Args:
        template: Of roles or ids.
        roles: Role to id.

    Returns:
        The template; roles that no token plays (Qwen has no bos) are left out.
    """
    names = {token_id: role for role, token_id in reversed(list(roles.items()))}

    def named(part: tuple[str | int, ...]) -> tuple[str | int, ...]:
        return tuple(
            names.get(entry, entry) if isinstance(entry, int) else entry
            for entry in part
            if isinstance(entry, int) or find_role(roles, entry) is not None
        )

    return Template(
        named(template.start), named(template.separator), named(template.end)
    )
