"""`Nanotoken`: the library of that name, which reads WordPiece."""

from importlib import import_module
from typing import Any

import numpy as np

from bridge.ragged import OffsetArray, Ragged
from bridge.threads import worker
from bridge.tokenizers.fast import PADDED_PART, FastEngine
from bridge.tokenizers.padding import Cells, Padding
from bridge.tokenizers.word_asker import Encode


class Nanotoken(FastEngine):
    """nanotoken: WordPiece."""

    name = "nanotoken"
    reads = "WordPiece"
    pads = True

    @staticmethod
    def _build(source: str | bytes) -> Any:  # noqa: ANN401  nanotoken's tokenizer
        return import_module("nanotoken").Tokenizer.from_json(source)

    def _run(self, backend: Any, texts: list[str], reference: Encode) -> Ragged:  # noqa: ANN401, ARG002
        # It knows where threads would stop a forked child.
        parallel = False if self._is_alone and worker() is not None else None
        rows = backend.encode_batch(texts, add_special_tokens=False, parallel=parallel)
        return Ragged(rows.ids.view(np.int32), rows.offsets)

    def pad(
        self, texts: list[str], padding: Padding
    ) -> tuple[Cells, OffsetArray] | None:
        """Encode texts into an array; see `FastEngine.pad`."""
        if len(texts) > PADDED_PART and not self._is_alone:
            return None
        return super().pad(texts, padding)

    def _pad(
        self,
        backend: Any,  # noqa: ANN401
        texts: list[str],
        padding: Padding,
    ) -> tuple[Cells, OffsetArray]:
        library, template = backend.backend, padding.template
        # It knows one template, its own.
        ends = [list(template.start), list(template.end)]
        is_own = ends == [library.prefix_ids, library.suffix_ids]
        found = library.encode_batch_padded(
            texts,
            add_special_tokens=is_own,
            max_length=padding.sequence_length if is_own else padding.room,
            truncation=True,
            padding="max_length",
            pad_id=padding.pad_id,
            return_token_type_ids=False,
            parallel=False,
        )
        cells, lengths = found["input_ids"], found["attention_mask"].sum(axis=1)
        if is_own:
            return cells, lengths
        return _surround(cells, lengths, padding)


def _surround(
    cells: Cells, lengths: OffsetArray, padding: Padding
) -> tuple[Cells, OffsetArray]:
    start, end = padding.template.start, padding.template.end
    rows = np.arange(len(cells))
    first, stop = len(start), len(start) + padding.room
    result: Cells = np.empty((len(cells), padding.sequence_length), padding.dtype)
    result[:, :first] = start
    result[:, first:stop] = cells
    result[:, stop:] = padding.pad_id
    for place, token_id in enumerate(end):
        result[rows, first + lengths + place] = token_id
    return result, lengths + (first + len(end))
