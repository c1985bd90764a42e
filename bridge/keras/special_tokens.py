"""`SpecialTokens`: special tokens and vocabulary, under the names KerasHub reads."""

from abc import abstractmethod

from bridge.keras.id_space import IdSpace
from bridge.vocabulary import Token


class SpecialTokens:
    """What KerasHub's preprocessors and tasks ask a tokenizer about its ids.

    Every id is in the space of the ids that the tokenizer emits. An id that is needed
    and missing raises `MissingRoleError` when it is read; a start or end that the
    backbone's template is known not to use is `None`.
    """

    @property
    @abstractmethod
    def _space(self) -> IdSpace:
        """What the ids that the tokenizer emits mean."""

    @property
    def start_token_id(self) -> int | None:
        """Id before a text: cls, or bos where there is no cls."""
        return self._space.role_id("cls")

    @property
    def end_token_id(self) -> int | None:
        """Id behind a text: sep, or eos where there is no sep."""
        return self._space.role_id("sep")

    @property
    def pad_token_id(self) -> int | None:
        """Id for unused cells."""
        return self._space.role_id("pad")

    @property
    def mask_token_id(self) -> int | None:
        """Id that hides a token in masked language modelling."""
        return self._space.role_id("mask")

    @property
    def pad_is_text(self) -> bool:
        """Whether real tokens may carry the pad id; masks must then go by length."""
        return self._space.pad_is_text

    @property
    def start_token(self) -> Token | None:
        """Spelling of `start_token_id`."""
        return self._spelling(self.start_token_id)

    @property
    def end_token(self) -> Token | None:
        """Spelling of `end_token_id`."""
        return self._spelling(self.end_token_id)

    @property
    def pad_token(self) -> Token | None:
        """Spelling of `pad_token_id`."""
        return self._spelling(self.pad_token_id)

    @property
    def mask_token(self) -> Token | None:
        """Spelling of `mask_token_id`."""
        return self._spelling(self.mask_token_id)

    # KerasHub's BERT-like tokenizers have these names for the same two tokens.
    cls_token_id, sep_token_id = start_token_id, end_token_id
    cls_token, sep_token = start_token, end_token

    def _spelling(self, token_id: int | None) -> Token | None:
        return None if token_id is None else self._space.token(token_id)

    @property
    def special_token_ids(self) -> list[int]:
        """Ids that are no text: never masked, and cut out of generated text."""
        return self._space.special_ids

    @property
    def special_tokens(self) -> list[Token]:
        """Spellings of `special_token_ids`."""
        return [self._space.token(token_id) for token_id in self.special_token_ids]

    def vocabulary_size(self) -> int:
        """Return the number of rows that an embedding for these ids has."""
        return self._space.size

    def get_vocabulary(self) -> list[Token | None]:
        """Return all spellings in id order, `vocabulary_size()` of them.

        Returns:
            Spellings; `None` where an id has no token, `bytes` where the vocabulary is
            made of bytes.
        """
        tokens, size = self._space.vocabulary.tokens, self._space.size
        return [*tokens[:size], *[None] * (size - len(tokens))]

    def id_to_token(self, id: int) -> Token:
        """Return the spelling of an id.

        Args:
            id: An id this tokenizer may emit.

        Returns:
            Its spelling.

        Raises:
            TokenIdError: If no token has it.
        """
        return self._space.token(int(id))

    def token_to_id(self, token: Token) -> int:
        """Return the id of a spelling.

        Args:
            token: A spelling, such as `Ġthe`.

        Returns:
            Its id.

        Raises:
            VocabularyError: If there is no such token.
        """
        return self._space.token_id(token)
