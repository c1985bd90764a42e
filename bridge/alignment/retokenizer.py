"""`Retokenizer`: ids to the ids that the preset's own tokenizer gives the same text."""

from typing import TYPE_CHECKING

from bridge.alignment.word_cache import WordCache
from bridge.ragged import Ragged

if TYPE_CHECKING:
    from bridge.tokenizers.base import Tokenizer


class Retokenizer:
    """Joins ids to text and cuts that as the preset's tokenizer does.

    Words repeat, so what became of a word is kept where that is exact; see `WordCache`.

    Args:
        tokenizer: Whose ids come in.
        reference: Whose ids come out.
    """

    def __init__(self, tokenizer: "Tokenizer", reference: "Tokenizer") -> None:
        self._tokenizer = tokenizer
        self._reference = reference
        self._cache: WordCache | None = None
        self._is_ready = False

    def __call__(self, ids: Ragged) -> Ragged:
        """Retokenize.

        Args:
            ids: Rows of the tokenizer's ids, each the ids of one text, none special.

        Returns:
            Ids of the reference, as many rows.
        """
        if not self._is_ready:
            # Two threads may both make one; the later stays, and both are right.
            self._cache = WordCache.prepare(
                self._tokenizer, self._reference, self.directly
            )
            self._is_ready = True
        return self.directly(ids) if self._cache is None else self._cache(ids)

    def directly(self, ids: Ragged) -> Ragged:
        """Retokenize without a cache; see `__call__`."""
        return self._reference.encode_batch(self._tokenizer.decode_batch(ids))

    def __reduce__(self) -> tuple[type, tuple["Tokenizer", "Tokenizer"]]:
        """Travel to another process without the cache, which belongs to this one."""
        return Retokenizer, (self._tokenizer, self._reference)
