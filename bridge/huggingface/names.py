"""`TokenNames`: tokens, ids and special tokens by transformers' names."""

from collections.abc import Iterable
from typing import Any

from bridge.errors import VocabularyError
from bridge.tokenizers import Tokenizer
from bridge.vocabulary import Token, Vocabulary
from bridge.vocabulary.surface import CHARACTER_OF_BYTE

# In the order in which transformers lists them.
_ROLES = ("bos", "eos", "unk", "sep", "pad", "cls", "mask")


class _Name:
    """Attribute `<role>_token`: the spelling of a special token, or `None`."""

    def __init__(self, role: str) -> None:
        self.role = role

    def __get__(self, owner: "TokenNames", _: type | None = None) -> str | None:
        token_id = owner.special.get(self.role)
        return None if token_id is None else owner.spell(token_id)

    def __set__(self, owner: "TokenNames", token: str | None) -> None:
        owner.set_special(self.role, token)


class _Id:
    """Attribute `<role>_token_id`: the id of a special token, or `None`."""

    def __init__(self, role: str) -> None:
        self.role = role

    def __get__(self, owner: "TokenNames", _: type | None = None) -> int | None:
        return owner.special.get(self.role)

    def __set__(self, owner: "TokenNames", token_id: int | None) -> None:
        token = None if token_id is None else owner.spell(token_id)
        owner.set_special(self.role, token)


class TokenNames:
    """Tokens, ids and special tokens, as a tokenizer of transformers names them.

    Tokens that are bytes (tiktoken's) are spelled in GPT-2's alphabet, so that each
    has a spelling of its own: `Ġthe` for `b" the"`.

    Args:
        tokenizer: Any tokenizer.
        vocabulary: What its ids mean; may hold more special tokens than its own.

    Attributes:
        bos_token: Token that begins a text, or `None`; it can be set, as can the rest.
        bos_token_id: Its id.
        eos_token: Token that ends a text.
        eos_token_id: Its id.
        unk_token: Token for what is unknown.
        unk_token_id: Its id.
        sep_token: Token between two texts.
        sep_token_id: Its id.
        pad_token: Token in unused cells.
        pad_token_id: Its id.
        cls_token: Token that stands for the whole text.
        cls_token_id: Its id.
        mask_token: Token for what is to be guessed.
        mask_token_id: Its id.
    """

    bos_token, bos_token_id = _Name("bos"), _Id("bos")
    eos_token, eos_token_id = _Name("eos"), _Id("eos")
    unk_token, unk_token_id = _Name("unk"), _Id("unk")
    sep_token, sep_token_id = _Name("sep"), _Id("sep")
    pad_token, pad_token_id = _Name("pad"), _Id("pad")
    cls_token, cls_token_id = _Name("cls"), _Id("cls")
    mask_token, mask_token_id = _Name("mask"), _Id("mask")

    def __init__(self, tokenizer: Tokenizer, vocabulary: Vocabulary) -> None:
        self.tokenizer = tokenizer
        self.vocabulary = vocabulary
        self.special: dict[str, int] = dict(vocabulary.roles)
        self._spellings = [
            None if token is None else _spelled(token) for token in vocabulary.tokens
        ]
        self._ids = {
            spelling: token_id
            for token_id, spelling in enumerate(self._spellings)
            if spelling is not None
        }

    def __len__(self) -> int:
        """Largest id + 1: the rows of a table that holds every id."""
        return self.vocabulary.size

    @property
    def vocab_size(self) -> int:
        """Tokens of the model itself, without those added to it."""
        return self.tokenizer.base_size

    @property
    def vocab(self) -> dict[str, int]:
        """Token to id."""
        return self.get_vocab()

    @property
    def special_tokens_map(self) -> dict[str, str]:
        """Attribute name to special token, for those that are set."""
        names = {f"{role}_token": self.special.get(role) for role in _ROLES}
        return {
            name: self.spell(token_id)
            for name, token_id in names.items()
            if token_id is not None
        }

    @property
    def all_special_tokens(self) -> list[str]:
        """All special tokens that play a role, each once."""
        return list(dict.fromkeys(self.special_tokens_map.values()))

    @property
    def all_special_ids(self) -> list[int]:
        """Their ids."""
        return [self._ids[token] for token in self.all_special_tokens]

    def get_vocab(self) -> dict[str, int]:
        """Return token to id."""
        return dict(self._ids)

    def convert_tokens_to_ids(
        self, tokens: str | Iterable[str]
    ) -> int | list[int | None] | None:
        """Look tokens up.

        Args:
            tokens: One token or several.

        Returns:
            One id or several; a token that is missing has the unk token's, or `None`.
        """
        if isinstance(tokens, str):
            return self._ids.get(tokens, self.special.get("unk"))
        unk = self.special.get("unk")
        return [self._ids.get(token, unk) for token in tokens]

    def convert_ids_to_tokens(
        self,
        ids: int | Iterable[int],
        skip_special_tokens: bool = False,  # noqa: FBT001, FBT002  transformers'
    ) -> str | list[str | None] | None:
        """Spell ids.

        Args:
            ids: One id or several.
            skip_special_tokens: Whether special tokens are left out of several.

        Returns:
            One token or several; `None` for an id without one.
        """
        if isinstance(ids, int):
            return self._spelling(ids)
        skipped = set(self.all_special_ids) if skip_special_tokens else set()
        return [self._spelling(int(i)) for i in ids if int(i) not in skipped]

    def get_special_tokens_mask(
        self,
        token_ids_0: Iterable[int],
        token_ids_1: Iterable[int] | None = None,
        already_has_special_tokens: bool = False,  # noqa: FBT001, FBT002  transformers'
    ) -> list[int]:
        """Mark the special tokens of a row that holds them.

        Args:
            token_ids_0: Ids, special tokens among them.
            token_ids_1: Must be `None`.
            already_has_special_tokens: Must be true.

        Returns:
            1 for a special token, 0 for any other.

        Raises:
            ValueError: If there are two rows.
            NotImplementedError: If the row has no special tokens yet.
        """
        if not already_has_special_tokens:
            raise NotImplementedError(
                "Special tokens are marked in rows that hold them. Received: "
                "already_has_special_tokens=False. Call the tokenizer with "
                "`return_special_tokens_mask=True`."
            )
        if token_ids_1 is not None:
            raise ValueError(
                "Rows that hold their special tokens come one by one. Received: two. "
                "Leave `token_ids_1` out."
            )
        marked = set(self.all_special_ids)
        return [int(int(i) in marked) for i in token_ids_0]

    def set_special(self, role: str, token: Any) -> None:  # noqa: ANN401  a str or AddedToken
        """Give a role to a token of the vocabulary, or to none.

        Args:
            role: `"pad"`, `"bos"`, ...
            token: The token; `None` takes the role away.

        Raises:
            VocabularyError: If the vocabulary has no such token.
        """
        if token is None:
            self.special.pop(role, None)
            return
        if str(token) not in self._ids:
            raise VocabularyError(
                "A special token must be in the vocabulary. Received: "
                f"{role}_token={str(token)!r:.60}. Name one of its tokens: the model "
                "has no row for any other."
            )
        self.special[role] = self._ids[str(token)]

    def spell(self, token_id: int) -> str:
        """Return the spelling of an id.

        Args:
            token_id: An id of the vocabulary.

        Returns:
            Its spelling, empty for a hole.
        """
        return self._spelling(token_id) or ""

    def _spelling(self, token_id: int) -> str | None:
        known = 0 <= token_id < len(self._spellings)
        return self._spellings[token_id] if known else None


def _spelled(token: Token) -> str:
    if isinstance(token, str):
        return token
    return "".join(CHARACTER_OF_BYTE[byte] for byte in token)
