"""`BackboneSpec`: what a backbone expects of its inputs. Plain data, no Keras."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from bridge.errors import MissingRoleError

# Order in which appended special tokens get their ids.
ROLES = ("cls", "sep", "bos", "eos", "pad", "mask", "unk")

# Both names mean "begins a sequence" or "ends one": BERT says cls and sep where a
# decoder says bos and eos, so one may stand in for the other.
FAMILIES = MappingProxyType({"cls": "bos", "bos": "cls", "sep": "eos", "eos": "sep"})

PADDING_SIDES = ("right", "left")


def find_role(roles: Mapping[str, int], role: str) -> int | None:
    """Return the id that plays a role, or that of its counterpart (cls/bos, sep/eos).

    Args:
        roles: Role to id.
        role: One of `ROLES`.

    Returns:
        The id, or `None` where neither role is played.
    """
    token_id = roles.get(role)
    if token_id is None and role in FAMILIES:
        token_id = roles.get(FAMILIES[role])
    return token_id


@dataclass(frozen=True, slots=True)
class Template:
    """Special tokens: `start A end` or `start A separator B end`.

    Attributes:
        start: Roles (or ids) before the first segment.
        separator: Roles (or ids) between two segments.
        end: Roles (or ids) after the last segment.
    """

    start: tuple[str | int, ...] = ()
    separator: tuple[str | int, ...] = ()
    end: tuple[str | int, ...] = ()

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles it uses, in the order of `ROLES`."""
        used = {*self.start, *self.separator, *self.end}
        return tuple(role for role in ROLES if role in used)

    def resolve(self, roles: Mapping[str, int]) -> "Template":
        """Replace roles by ids.

        Args:
            roles: Role to id.

        Returns:
            A template of ids only.

        Raises:
            MissingRoleError: If a role is not played by any id.
        """

        def ids(entries: tuple[str | int, ...]) -> tuple[int, ...]:
            return tuple(_resolve(entry, roles) for entry in entries)

        return Template(ids(self.start), ids(self.separator), ids(self.end))


def _resolve(entry: str | int, roles: Mapping[str, int]) -> int:
    if isinstance(entry, int):
        return entry
    token_id = find_role(roles, entry)
    if token_id is None:
        raise MissingRoleError(
            f"The template needs a {entry!r} token. Received: a vocabulary whose "
            f"roles are {dict(roles)}. Name one with "
            f"`bridge.load_tokenizer(..., roles={{{entry!r}: token}})`, or pass "
            "`specials=None` to add no special tokens."
        )
    return token_id


@dataclass(frozen=True, slots=True)
class BackboneSpec:
    """What a backbone expects: input names, special tokens, limits.

    Attributes:
        keys: Names of the inputs it takes, exactly.
        vocabulary_size: Rows of its token embedding; every id must be below.
        embedding_dim: Columns of that table, or `None` where no backbone is known.
        template: Special tokens its checkpoint was trained with, by role, or `None`
            where nothing is known.
        roles: Role to id in the preset's own vocabulary.
        pad_id: Id written into unused cells. Masks never depend on it.
        pad_is_text: Whether `pad_id` is also an ordinary token (GPT-2's 0 is `!`), so
            that a mask computed from ids would hide real tokens.
        max_sequence_length: Longest input, or `None` where there is no limit.
        padding_sides: Sides on which padding is allowed; a backbone with absolute
            positions counts them from column 0, so only `"right"`.
        num_segments: Rows of its segment embedding, or `None` where it has none.
    """

    keys: tuple[str, ...] = ("token_ids", "padding_mask", "segment_ids")
    vocabulary_size: int | None = None
    embedding_dim: int | None = None
    template: Template | None = None
    roles: Mapping[str, int] = field(default_factory=dict)
    pad_id: int | None = None
    pad_is_text: bool = False
    max_sequence_length: int | None = None
    padding_sides: tuple[str, ...] = PADDING_SIDES
    num_segments: int | None = None

    def with_vocabulary(self, roles: Mapping[str, int], size: int) -> "BackboneSpec":
        """Describe the same backbone over another vocabulary.

        Args:
            roles: Role to id in the other vocabulary.
            size: Its size in rows.

        Returns:
            A spec whose ids are those of the other vocabulary.
        """
        return replace(
            self,
            roles=dict(roles),
            vocabulary_size=size,
            pad_id=roles.get("pad"),
            pad_is_text=False,
        )

    def to_dict(self) -> dict[str, object]:
        """Return plain data that JSON can hold; `from_dict` reverses it."""
        template = self.template and [
            list(part)
            for part in (
                self.template.start,
                self.template.separator,
                self.template.end,
            )
        ]
        return {
            "keys": list(self.keys),
            "vocabulary_size": self.vocabulary_size,
            "embedding_dim": self.embedding_dim,
            "template": template,
            "roles": dict(self.roles),
            "pad_id": self.pad_id,
            "pad_is_text": self.pad_is_text,
            "max_sequence_length": self.max_sequence_length,
            "padding_sides": list(self.padding_sides),
            "num_segments": self.num_segments,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> "BackboneSpec":
        """Rebuild a spec from `to_dict`.

        Args:
            data: What `to_dict` returned.

        Returns:
            An equal spec.
        """
        values = dict(data)
        template = values["template"]
        if template is not None:
            values["template"] = Template(*(tuple(part) for part in template))  # type: ignore[attr-defined]
        values["keys"] = tuple(values["keys"])  # type: ignore[arg-type]
        values["padding_sides"] = tuple(values["padding_sides"])  # type: ignore[arg-type]
        return cls(**values)  # type: ignore[arg-type]
