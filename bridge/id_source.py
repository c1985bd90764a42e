"""`IdSource`: texts, words and ids to the ids that a backbone gets."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from bridge.alignment import Alignment
from bridge.alignment.lookup_table import LookupTable
from bridge.alignment.remap import METHODS
from bridge.alignment.tracing import piece_counts
from bridge.errors import TextInputError
from bridge.layout import Layout
from bridge.lazy import lazy
from bridge.ragged import OffsetArray, Ragged
from bridge.tokenizers import Tokenizer
from bridge.tokenizers.texts import Texts, as_batch, check_texts
from bridge.windows import Located
from bridge.words import encode_words


@dataclass(frozen=True)
class IdSource:
    """What happens to a text before packing.

    Attributes:
        tokenizer: The external tokenizer.
        alignment: What its ids mean to a preset, or `None`.
        strategy: How ids reach the backbone.
        layout: The vocabulary of the ids that come out, and the backbone's rows.
    """

    tokenizer: Tokenizer
    alignment: Alignment | None
    strategy: str
    layout: Layout

    @property
    def is_parallel(self) -> bool:
        """Whether two threads encode sooner than one.

        `retokenize` asks the preset's tokenizer too, which may be anyone's.
        """
        fast = self.tokenizer.fast
        return fast is not None and fast.parallel and self.strategy != "retokenize"

    def checked_texts(self, texts: Sequence[str]) -> Texts:
        """Refuse what cannot be encoded.

        Args:
            texts: Texts, at least one.

        Returns:
            The texts.

        Raises:
            TextInputError: If there is no text, or one is not a `str`.
        """
        return check_texts(_not_empty(texts))

    def batch(self, texts: Sequence[str]) -> list[str]:
        """Refuse what cannot be encoded, now or when `part_of` reads it.

        Args:
            texts: Texts, at least one.

        Returns:
            The texts; checked where they are encoded one part after the other, so that
            no work is lost.

        Raises:
            TextInputError: If there is no text.
        """
        batch = _not_empty(texts)
        return batch if self.is_parallel else check_texts(batch)

    def ids(self, texts: Texts) -> Ragged:
        """Encode texts to the ids that the backbone gets.

        Args:
            texts: Checked texts.

        Returns:
            Ids without special tokens.

        Raises:
            TokenIdError: If an id is no row of the backbone's embedding.
        """
        return self.for_backbone(self.tokenizer.encode_batch(texts))

    def for_backbone(self, ids: Ragged) -> Ragged:
        """Remap ids where the strategy says so, and refuse what is no row.

        Args:
            ids: The tokenizer's ids.

        Returns:
            The backbone's.

        Raises:
            TokenIdError: If an id is no row of the backbone's embedding.
        """
        alignment = self._remapping()
        if alignment is None:
            return self._checked(ids)
        if self._table is not None:
            self.tokenizer.vocabulary.check_ids(ids.values)
            return Ragged(self._table.read(ids), ids.offsets)
        return self._checked(alignment.remap(ids, method=self.strategy))  # type: ignore[arg-type]

    def of_words(self, words: list[str], counts: OffsetArray) -> Ragged:
        """Encode words; see `encode_words`.

        Args:
            words: Checked words of all texts.
            counts: Number of words in each text.

        Returns:
            The backbone's ids, one row a word.
        """
        return self._checked(
            encode_words(
                words,
                counts,
                tokenizer=self.tokenizer,
                alignment=self._remapping(),
                method=self.strategy,
            )
        )

    def unlocated(self, texts: Sequence[str]) -> Located:
        """Encode texts without their offsets; see `located`."""
        return Located(self.ids(self.checked_texts(texts)))

    def located(self, texts: Sequence[str]) -> Located:
        """Encode texts and keep the characters behind every id.

        Args:
            texts: Texts, at least one.

        Returns:
            The backbone's ids and their characters.

        Raises:
            NotImplementedError: If the tokenizer cannot tell.
            ValueError: If `retokenize` writes a text other than it was.
        """
        if self.alignment is not None and self.strategy == "retokenize":
            return self._located_by_reference(self.alignment, texts)
        spans = self.tokenizer.encode_offsets(self.checked_texts(texts))
        ids = self.for_backbone(spans.ids)
        offsets = spans.offsets.astype(np.int32)
        alignment = self._remapping()
        if alignment is not None:
            counts = piece_counts(alignment, spans.ids, method=self.strategy)
            offsets = np.repeat(offsets, counts, axis=0)
        return Located(ids, offsets)

    def _located_by_reference(
        self, alignment: Alignment, texts: Sequence[str]
    ) -> Located:
        """Place ids by the preset's tokenizer, whose own encoding they must be."""
        checked = self.checked_texts(texts)
        ids = self.ids(checked)
        spans = alignment.reference.encode_offsets(checked)
        for text, found, right in zip(checked, ids, spans.ids, strict=True):
            if not np.array_equal(found, right):
                raise ValueError(
                    "Offsets follow ids through `retokenize` where the tokenizer "
                    f"keeps all of a text. Received: {text!r:.60}, which comes back "
                    "from its ids as another text. Use 'expand', or split the text "
                    "and call `with_word_ids`."
                )
        return Located(ids, spans.offsets.astype(np.int32))

    def _remapping(self) -> Alignment | None:
        return self.alignment if self.strategy in METHODS else None

    @lazy
    def _table(self) -> LookupTable | None:
        """All that `lookup` can give, checked once instead of batch by batch."""
        alignment = self._remapping()
        if alignment is None or self.strategy != "lookup":
            return None
        table = LookupTable.of(alignment, unk=True)
        if table.misses or not (table.ids < self._rows).all():
            # `remap` and the check behind it say what is wrong, where it happens.
            return None
        return table

    def __getstate__(self) -> dict[str, Any]:
        """Leave tables out: an encoder that was used is equal to a new one."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def _rows(self) -> int:
        rows = self.layout.spec.vocabulary_size
        return self.layout.vocabulary.size if rows is None else rows

    def _checked(self, ids: Ragged) -> Ragged:
        self.layout.vocabulary.check_ids(ids.values, rows=self._rows)
        return ids


def _not_empty(texts: Sequence[str]) -> list[str]:
    batch = as_batch(texts)
    if not batch:
        raise TextInputError(
            "A batch must hold at least one text. Received: an empty list. Skip the "
            "call, or pass `['']` for one empty text."
        )
    return batch
