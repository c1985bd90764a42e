"""`EnginePadding`: arrays that a tokenizer's engine fills itself."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bridge.alignment.cell_table import CellTable
from bridge.layout import Layout
from bridge.packing import Packed, pack_in_parts
from bridge.places import Places, columns_of, mask_of
from bridge.ragged import IdArray, OffsetArray
from bridge.spec import Template
from bridge.stretches import gather
from bridge.tokenizers import Tokenizer
from bridge.tokenizers.texts import Texts
from bridge.truncation import Truncation

# Truncations of pairs that need not know how long a text is, once it fills a row.
_SHORT_SIGHTED = ("round_robin", "waterfall")

# Rows joined at a time: what they read and write stays in the processor's cache.
_BLOCK = 2048


class Padded(NamedTuple):
    """Rows as an engine fills them.

    Attributes:
        cells: `(rows, sequence_length)` int32 ids, padded on the right.
        lengths: Real ids of every row, `(rows,)` int64.
    """

    cells: IdArray
    lengths: OffsetArray


@dataclass(frozen=True, slots=True)
class EnginePadding:
    """What an engine writes for one backbone.

    Attributes:
        tokenizer: Whose engine it is.
        layout: Special tokens and pad id of the backbone.
        lookup: What the tokenizer's ids become; `None` where they are the backbone's.
        sequence_length: Columns.
    """

    tokenizer: Tokenizer
    layout: Layout
    lookup: CellTable | None
    sequence_length: int

    def pack(self, texts: Texts) -> Packed | None:
        """Pack texts.

        Args:
            texts: Texts.

        Returns:
            As `pack` makes it of their ids, or `None` where the engine does not pad.
        """
        padded = self._pad(texts, self._written.template)
        if padded is None:
            return None
        return Packed(padded.cells, mask_of(padded.lengths, self.sequence_length))

    def pack_pairs(
        self,
        texts: Texts,
        pairs: Texts,
        *,
        truncation: Truncation,
        step: int,
        parallel: bool,
    ) -> Packed | None:
        """Pack pairs of texts.

        Args:
            texts: First texts.
            pairs: Second texts, as many.
            truncation: Which of a pair loses ids.
            step: Pairs that are encoded at a time.
            parallel: Whether several such parts may be encoded at the same time.

        Returns:
            As `pack` makes it of their ids, or `None` where the engine does not pad,
            or where a text's length counts that does not fit.
        """
        if truncation not in _SHORT_SIGHTED:
            return None
        refused: list[slice] = []

        def write(packed: Packed, rows: slice) -> OffsetArray | None:
            start = Template(self._written.template.start)
            first = None if refused else self._pad(texts.rows(rows), start)
            second = None if first is None else self._pad(pairs.rows(rows), Template())
            if first is None or second is None:
                refused.append(rows)
                return None
            return self._join(packed, first, second, truncation=truncation)

        packed = pack_in_parts(
            len(texts), self.sequence_length, write, step=step, parallel=parallel
        )
        return None if refused else packed

    def _join(
        self, packed: Packed, first: Padded, second: Padded, *, truncation: Truncation
    ) -> OffsetArray:
        template, width = self.layout.template, self.sequence_length
        places = Places.of(
            first.lengths - len(template.start),
            second.lengths,
            template=template,
            sequence_length=width,
            padding_side="right",
            truncation=truncation,
        )
        columns = columns_of(width)
        for begin in range(0, len(first.cells), _BLOCK):
            rows = slice(begin, begin + _BLOCK)
            part, block = places.rows(rows), packed.token_ids[rows]
            part.write_mask(packed.padding_mask[rows])
            block[:] = first.cells[rows]
            # Where a pair was cut no padding is left, and behind the second texts of
            # others there is padding already.
            left = int(part.second.min())
            starts = np.arange(len(block)) * width - (part.second - left)
            cells = gather(second.cells[rows].reshape(-1), starts, width - left)
            behind = columns[left:] >= part.second.astype(columns.dtype)[:, None]
            np.copyto(block[:, left:], cells, where=behind)
            part.write_specials(block, template, paired=True)
        return places.second

    @property
    def _written(self) -> Layout | CellTable:
        return self.layout if self.lookup is None else self.lookup

    def _pad(self, texts: Texts, template: Template) -> Padded | None:
        padded = self.tokenizer.encode_padded(
            texts,
            template=template,
            sequence_length=self.sequence_length,
            pad_id=self._written.pad_id,
            write=None if self.lookup is None else self.lookup.write,
        )
        return None if padded is None else Padded(*padded)
