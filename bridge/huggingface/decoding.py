"""`Decoder`: ids to texts, by transformers' options."""

import re
from typing import Any

from bridge.huggingface.names import TokenNames
from bridge.huggingface.padding import as_python
from bridge.ragged import Ragged

# English spacing that splitting words takes apart, in transformers' order.
_BEFORE_MARKS = re.compile(r" (?=[.?!,])")
_BEFORE_ENDINGS = re.compile(r" (?=n't|'m|'s|'ve|'re)")


class Decoder(TokenNames):
    """Tokens and texts of a tokenizer.

    Attributes:
        clean_up_tokenization_spaces: Whether decoding takes spaces in front of
            punctuation out, where the call does not say.
    """

    clean_up_tokenization_spaces = False

    def decode(
        self,
        token_ids: Any,  # noqa: ANN401  an id, ids, rows of them, an array or a tensor
        skip_special_tokens: bool = False,  # noqa: FBT001, FBT002  transformers'
        clean_up_tokenization_spaces: bool | None = None,  # noqa: FBT001
    ) -> str | list[str]:
        """Decode one row or several.

        Args:
            token_ids: An id, a row of ids, rows, an array or a tensor, or a mapping
                with `input_ids`.
            skip_special_tokens: Whether special tokens are left out.
            clean_up_tokenization_spaces: Whether spaces in front of punctuation are
                taken out; as the attribute says if `None`. Where spaces are part of
                tokens none was put in, and none is taken out.

        Returns:
            One text for one row, a list for several.

        Raises:
            TokenIdError: If an id is outside the vocabulary.
        """
        if hasattr(token_ids, "keys"):
            token_ids = token_ids["input_ids"]
        rows = as_python(token_ids)
        rows = [rows] if isinstance(rows, int) else rows
        several = len(rows) > 0 and isinstance(rows[0], (list, tuple))
        ids = Ragged.from_lists(rows if several else [rows])
        if skip_special_tokens:
            ids = self._without_specials(ids)
        texts = self.tokenizer.decode_batch(ids)
        clean_up = clean_up_tokenization_spaces
        if clean_up is None:
            clean_up = self.clean_up_tokenization_spaces
        if clean_up and not self.vocabulary.convention.keeps_spaces:
            texts = [_clean(text) for text in texts]
        return texts if several else texts[0]

    def batch_decode(
        self,
        sequences: Any,  # noqa: ANN401  as decode
        skip_special_tokens: bool = False,  # noqa: FBT001, FBT002  transformers'
        clean_up_tokenization_spaces: bool | None = None,  # noqa: FBT001
    ) -> list[str]:
        """Decode rows.

        Args:
            sequences: As `decode` takes them.
            skip_special_tokens: As for `decode`.
            clean_up_tokenization_spaces: As for `decode`.

        Returns:
            A list, also for one row.

        Raises:
            TokenIdError: If an id is outside the vocabulary.
        """
        texts = self.decode(
            sequences, skip_special_tokens, clean_up_tokenization_spaces
        )
        return [texts] if isinstance(texts, str) else texts

    def _without_specials(self, ids: Ragged) -> Ragged:
        special = self.tokenizer.special_ids
        rows = [[i for i in row if i not in special] for row in ids.to_lists()]
        return Ragged.from_lists(rows)


def _clean(text: str) -> str:
    text = _BEFORE_MARKS.sub("", text).replace(" ' ", "'")
    return _BEFORE_ENDINGS.sub("", text)
