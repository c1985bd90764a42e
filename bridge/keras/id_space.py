"""`IdSpace`: what the ids that a tokenizer emits mean, and which are special."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from bridge.errors import MissingRoleError, TokenIdError, VocabularyError
from bridge.spec import FAMILIES, BackboneSpec, Template, find_role
from bridge.vocabulary import Token, Vocabulary

# Roles of tokens that are no text to KerasHub: neither masked nor shown.
SPECIAL_ROLES = ("cls", "sep", "bos", "eos", "pad", "mask")


@dataclass(frozen=True, slots=True)
class IdSpace:
    """The ids a tokenizer emits: its own, or a backbone's after a remap.

    Attributes:
        vocabulary: What the ids mean.
        size: Rows of the table they index; every id is below.
        roles: Role to id.
        pad_id: Id for unused cells, or `None` where there is none.
        pad_is_text: Whether real tokens may carry `pad_id`, so that a mask computed
            from ids would hide them.
        template: Special tokens that the backbone expects, or `None` where that is
            unknown.
    """

    vocabulary: Vocabulary
    size: int
    roles: Mapping[str, int]
    pad_id: int | None
    pad_is_text: bool
    template: Template | None

    @classmethod
    def build(cls, vocabulary: Vocabulary, spec: BackboneSpec | None) -> Self:
        """Describe the ids of a vocabulary.

        Args:
            vocabulary: The one whose ids are emitted.
            spec: What the backbone that takes them expects, in the same ids, or `None`
                where no backbone is known.

        Returns:
            As many ids as the backbone has rows, or as the vocabulary has.
        """
        known = BackboneSpec() if spec is None else spec
        roles = {**vocabulary.roles, **known.roles}
        pad_id = roles.get("pad") if known.pad_id is None else known.pad_id
        rows = known.vocabulary_size
        return cls(
            vocabulary=vocabulary,
            size=vocabulary.size if rows is None else rows,
            roles=roles,
            pad_id=pad_id,
            pad_is_text=known.pad_is_text or _is_shared(pad_id, roles),
            template=known.template,
        )

    @property
    def special_ids(self) -> list[int]:
        """Ids of the special tokens, each once, in a fixed order.

        The unk token is not among them: it stands for text. Nor is a pad id that is
        text, since it would be cut out of generated text.
        """
        named = {**self.roles, **({} if self.pad_id is None else {"pad": self.pad_id})}
        if self.pad_is_text:
            del named["pad"]
        return list(dict.fromkeys(named[r] for r in SPECIAL_ROLES if r in named))

    def role_id(self, role: str) -> int | None:
        """Return the id that plays a role, cls and bos (sep and eos) as one.

        Args:
            role: `"cls"`, `"sep"`, `"pad"` or `"mask"`.

        Returns:
            Its id. `None` for a start or end that the backbone's template is known not
            to use.

        Raises:
            MissingRoleError: If nothing plays it.
        """
        if self._is_unused(role):
            return None
        token_id = self.pad_id if role == "pad" else find_role(self.roles, role)
        if token_id is not None:
            return token_id
        asked = f"{role!r} or {FAMILIES[role]!r}" if role in FAMILIES else repr(role)
        raise MissingRoleError(
            f"A preprocessor needs a {asked} token. Received: a vocabulary whose roles "
            f"are {dict(self.roles)}. Name one with `bridge.load_tokenizer(..., "
            f"roles={{{role!r}: token}})`, or transplant, which appends what is "
            "missing: `bridge.KerasTokenizer(tokenizer, vocabulary=result.vocabulary)`."
        )

    def _is_unused(self, role: str) -> bool:
        if self.template is None or role not in FAMILIES:
            return False
        return not {role, FAMILIES[role]} & {*self.template.roles}

    def token(self, token_id: int) -> Token:
        """Return the spelling of an id.

        Args:
            token_id: An id.

        Returns:
            Its spelling; `bytes` where the vocabulary is made of bytes.

        Raises:
            TokenIdError: If the id is not in the space, or a hole.
        """
        tokens = self.vocabulary.tokens
        token = tokens[token_id] if 0 <= token_id < len(tokens) else None
        if token is None:
            raise TokenIdError(
                f"A token id must have a token. Received: {token_id}, which has none "
                f"in a vocabulary of {self.size} ids. Use an id that is in "
                "`get_vocabulary()`."
            )
        return token

    def token_id(self, token: Token) -> int:
        """Return the id of a spelling.

        Args:
            token: A spelling, such as `Ġthe`.

        Returns:
            Its id.

        Raises:
            VocabularyError: If there is no such token. It is never taken for unk.
        """
        token_id = self.vocabulary.id(token)
        if token_id is None:
            raise VocabularyError(
                f"A token must be in the vocabulary. Received: {token!r}, which is not "
                f"among its {len(self.vocabulary)} tokens. Check the spelling: marks "
                "such as 'Ġ', '▁' or '##' belong to it."
            )
        return token_id


def _is_shared(pad_id: int | None, roles: Mapping[str, int]) -> bool:
    """Tell whether a token that is not padding carries the pad id (GPT-2's eos)."""
    if pad_id is None:
        return False
    return any(i == pad_id for role, i in roles.items() if role not in ("pad", "unk"))
