"""Special tokens that a backbone needs and a tokenizer lacks get new ids and rows."""

from dataclasses import replace

from bridge.errors import BackboneError
from bridge.spec import FAMILIES, ROLES, BackboneSpec, Template, find_role
from bridge.vocabulary import Vocabulary


def extend_vocabulary(vocabulary: Vocabulary, spec: BackboneSpec) -> Vocabulary:
    """Give every special token that the backbone needs an id of its own.

    Needed are the roles of the preset's template, `pad` always, and `mask` and `unk`
    where the preset has them. A role gets a new id if no token plays it, or if its
    token also plays a role of another family (cls/bos, sep/eos, pad, mask, unk) that
    the preset tells apart. Two of the preset's own roles on one row stay together:
    otherwise a decoder's end token would get twins that share its probability.

    Args:
        vocabulary: The tokenizer's.
        spec: What the backbone expects.

    Returns:
        The extended vocabulary; new ids from `vocabulary.size` upwards in the order
        of `ROLES`, and every needed role set, also where its counterpart serves.

    Example:
        >>> extend_vocabulary(gpt2, bert_spec).roles  # doctest: +SKIP
        {'bos': 50256, 'eos': 50256, 'cls': 50257, 'sep': 50258, 'pad': 50259, ...}
    """
    roles: dict[str, int] = {}
    new: list[str] = []
    for role in needed_roles(spec):
        token_id = find_role(vocabulary.roles, role)
        if token_id is None or _is_shared(role, token_id, vocabulary, spec):
            token_id = vocabulary.size + len(new)
            new.append(_free_spelling(role, vocabulary))
        roles[role] = token_id
    return vocabulary.with_roles(roles, append=new)


def role_rows(
    vocabulary: Vocabulary, spec: BackboneSpec, *, first: int
) -> list[int | None]:
    """Return the preset's row for every appended special token.

    Args:
        vocabulary: The extended vocabulary.
        spec: What the backbone expects.
        first: The first appended id, the size of the tokenizer's own vocabulary.

    Returns:
        A row for each id from `first` on; `None` where the preset has no token of
        that role.
    """
    rows: dict[int, int | None] = dict.fromkeys(range(first, vocabulary.size))
    for role, token_id in vocabulary.roles.items():
        if token_id in rows and rows[token_id] is None:
            rows[token_id] = find_role(spec.roles, role)
    return list(rows.values())


def needed_roles(spec: BackboneSpec) -> tuple[str, ...]:
    """Return the roles whose tokens a backbone needs, in the order of `ROLES`.

    Args:
        spec: What the backbone expects.

    Returns:
        Role names.
    """
    needed = {"pad", *(role for role in ("mask", "unk") if role in spec.roles)}
    if spec.template is not None:
        needed.update(template_by_role(spec).roles)
    return tuple(role for role in ROLES if role in needed)


def template_by_role(spec: BackboneSpec) -> Template:
    """Write a preset's template with roles, since its ids end with its vocabulary.

    Args:
        spec: A spec that has a template.

    Returns:
        The template without ids.

    Raises:
        BackboneError: If the template holds an id that plays no role.
    """
    role_of: dict[int, str] = {}
    for role, token_id in spec.roles.items():
        role_of.setdefault(token_id, role)

    def roles(entries: tuple[str | int, ...]) -> tuple[str | int, ...]:
        named = tuple(
            role_of.get(entry, entry) if isinstance(entry, int) else entry
            for entry in entries
        )
        nameless = [entry for entry in named if isinstance(entry, int)]
        if nameless:
            raise BackboneError(
                "A template must name its tokens by role to hold in another "
                f"vocabulary. Received: id {nameless[0]}, which plays none of "
                f"{dict(spec.roles)}. Give the reference's token a role, with "
                "`bridge.load_tokenizer(..., roles={role: token})`."
            )
        return named

    template = spec.template or Template()
    return Template(
        roles(template.start), roles(template.separator), roles(template.end)
    )


def extended_spec(spec: BackboneSpec, vocabulary: Vocabulary) -> BackboneSpec:
    """Describe the backbone over the extended vocabulary.

    Args:
        spec: The preset's.
        vocabulary: The extended one.

    Returns:
        The same keys, limits and template, with ids of the vocabulary.
    """
    if spec.template is not None:
        spec = replace(spec, template=template_by_role(spec))
    return spec.with_vocabulary(vocabulary.roles, vocabulary.size)


def _is_shared(
    role: str, token_id: int, vocabulary: Vocabulary, spec: BackboneSpec
) -> bool:
    family = {role, FAMILIES.get(role, role)}
    others = {
        other
        for other, other_id in vocabulary.roles.items()
        if other_id == token_id and other not in family
    }
    if role == "pad":
        # Padding must be told from text by its id alone: stock preprocessors do so.
        return bool(others)
    row = find_role(spec.roles, role)
    return any(row is None or find_role(spec.roles, other) != row for other in others)


def _free_spelling(role: str, vocabulary: Vocabulary) -> str:
    spelling, suffix = f"[{role.upper()}]", 1
    while spelling in vocabulary:
        suffix += 1
        spelling = f"[{role.upper()}{suffix}]"
    return spelling
