"""`Gigatoken`: the library of that name, which fills padded arrays itself."""

import json
from importlib import import_module
from typing import Any

import numpy as np

from bridge.ragged import OffsetArray, Ragged
from bridge.threads import worker
from bridge.tokenizers.fast import FastEngine
from bridge.tokenizers.padding import Cells, Padding
from bridge.tokenizers.texts import check_texts
from bridge.tokenizers.word_asker import Encode

# Characters, were all texts as long as the longest, up to which gigatoken's padded call
# is quicker than its ragged one, and one thread than several.
_FEW, _FEW_TEXTS = 2**16, 2**10


class Gigatoken(FastEngine):
    """gigatoken: byte-level BPE, and sentencepiece's BPE with byte pieces."""

    name = "gigatoken"
    reads = "BPE"
    pads = True
    takes_turns = True

    @staticmethod
    def _build(source: str | bytes) -> Any:  # noqa: ANN401  gigatoken's tokenizer
        library = import_module("gigatoken").Tokenizer
        if isinstance(source, str):
            return library.from_json(source)
        return library.from_json(_without_control_pieces(source))

    def _run(self, backend: Any, texts: list[str], reference: Encode) -> Ragged:  # noqa: ANN401, ARG002
        if _are_few(texts):
            cells, lengths = backend.encode_batch_padded(texts, 0, parallel=False)
            real = np.arange(cells.shape[1]) < lengths[:, None]
            return Ragged.from_padded(cells.view(np.int32), real)
        # The two arrays inside awkward's; nothing is copied.
        rows = backend.encode_batch(texts, parallel=self._threads(texts))
        layout = rows.layout
        values = np.asarray(layout.content.data).view(np.int32)
        return Ragged(values, np.asarray(layout.offsets.data, np.int64))

    def _pad(
        self,
        backend: Any,  # noqa: ANN401
        texts: list[str],
        padding: Padding,
    ) -> tuple[Cells, OffsetArray]:
        cells, lengths = backend.encode_batch_padded(
            texts,
            padding.pad_id,
            max_length=padding.sequence_length,
            pad_to_max_length=True,
            truncate=True,
            prefix=list(padding.template.start),
            suffix=list(padding.template.end),
            parallel=self._threads(texts),
        )
        return cells.view(np.int32), lengths

    def _threads(self, texts: list[str]) -> bool | None:
        """Whether gigatoken uses threads of its own; `None` where it decides itself."""
        if _are_few(texts) or (self._has_twins and worker() is not None):
            return False
        # It knows where threads would stop a forked child.
        return None

    def _doubtful(self, texts: list[str]) -> list[int]:
        return check_texts(texts).find_newest()


def _are_few(texts: list[str]) -> bool:
    # Their number first: to ask every text of a large batch takes a while.
    if len(texts) > _FEW_TEXTS:
        return False
    return len(texts) * max(map(len, texts), default=0) <= _FEW


def _without_control_pieces(proto: bytes) -> str:
    """Describe a sentencepiece model, for which control pieces in a text are text.

    gigatoken would find them there; and its merges could spell them.
    """
    reader = import_module("gigatoken._load.sentencepiece")
    description = json.loads(reader.sentencepiece_to_tokenizer_json(proto))
    entries = description["added_tokens"]
    description["added_tokens"] = [e for e in entries if not e["special"]]
    model = description["model"]
    control = {e["content"] for e in entries if e["special"]} | {model["unk_token"]}
    model["merges"] = [m for m in model["merges"] if "".join(m) not in control]
    return json.dumps(description, ensure_ascii=False)
