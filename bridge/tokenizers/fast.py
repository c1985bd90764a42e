"""`FastEngine`: gigatoken and nanotoken, which fill arrays, and words kept here."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar

import numpy as np

from bridge.ragged import IdArray, OffsetArray, Ragged
from bridge.spec import Template
from bridge.tokenizers.bounded import CHECK_EVERY, Bounded
from bridge.tokenizers.texts import check_texts
from bridge.tokenizers.word_asker import Encode
from bridge.tokenizers.word_memo import WordMemo
from bridge.tokenizers.word_rule import WordRule


class FastEngine(ABC):
    """What encodes as a tokenizer's own library does, only faster.

    Threads may share it, and a forked child builds its own. Its caches are bounded.

    Args:
        source: The tokenizer, in a form that the library reads.

    Attributes:
        name: Name of the engine; that of its library, where it has one.
        reads: What it reads, for messages.
        pads: Whether it can fill padded arrays itself.
        grows: Whether its caches have no bound of their own.
        parallel: Whether two threads of few texts each are quicker than one of all.
        at_once: Characters in one call.
    """

    name: ClassVar[str]
    reads: ClassVar[str]
    pads: ClassVar[bool] = False
    grows: ClassVar[bool] = True
    parallel: ClassVar[bool] = True
    at_once: ClassVar[int] = CHECK_EVERY

    def __init__(self, source: str | bytes) -> None:
        self._bounded = Bounded(partial(self._build, source), grows=self.grows)

    @staticmethod
    @abstractmethod
    def _build(source: str | bytes) -> Any:  # noqa: ANN401  an object of the library
        """Build the library's object."""

    @abstractmethod
    def _run(self, backend: Any, texts: list[str], reference: Encode) -> Ragged:  # noqa: ANN401
        """Encode with the library's object."""

    @classmethod
    def is_installed(cls) -> bool:
        """Whether its library is there."""
        return find_spec(cls.name) is not None

    def encode(self, texts: list[str], *, reference: Encode) -> Ragged:
        """Encode texts without special tokens.

        Args:
            texts: Checked texts.
            reference: Encodes those texts for which the library may be wrong.

        Returns:
            Token ids, one row a text.
        """
        parts = [
            self._run(self._bounded.get(size), part, reference)
            for part, size in _split(texts, self.at_once)
        ]
        return replace_rows(
            Ragged.concatenate(parts), self._doubtful(texts), texts, reference
        )

    def check(self) -> str | None:
        """Return why the library cannot read this tokenizer, or `None` if it can."""
        try:
            self._bounded.get(0)
        except Exception as error:  # noqa: BLE001  whatever the library raises
            reason = str(error).partition("\n")[0]
            return f"it cannot read this tokenizer ({reason})"
        return None

    def pad(
        self,
        texts: list[str],  # noqa: ARG002  for engines that can
        *,
        template: Template,  # noqa: ARG002
        sequence_length: int,  # noqa: ARG002
        pad_id: int,  # noqa: ARG002
    ) -> tuple[IdArray, OffsetArray] | None:
        """Encode texts into an array, where the library does so itself.

        Args:
            texts: Checked texts.
            template: Special tokens around each text, by id.
            sequence_length: Columns of the array.
            pad_id: Id written into unused cells, on the right.

        Returns:
            `(len(texts), sequence_length)` int32 ids and the number of real ones in
            each row, or `None` where it cannot.
        """
        return None

    def _doubtful(self, texts: list[str]) -> list[int]:  # noqa: ARG002  most: none
        return []


class Gigatoken(FastEngine):
    """gigatoken: byte-level BPE, and sentencepiece's BPE with byte pieces."""

    name = "gigatoken"
    reads = "BPE"
    pads = True

    @staticmethod
    def _build(source: str | bytes) -> Any:  # noqa: ANN401  gigatoken's tokenizer
        library = import_module("gigatoken").Tokenizer
        if isinstance(source, str):
            return library.from_json(source)
        return library.from_json(_without_control_pieces(source))

    def _run(self, backend: Any, texts: list[str], reference: Encode) -> Ragged:  # noqa: ANN401, ARG002
        # The two arrays inside awkward's; nothing is copied.
        layout = backend.encode_batch(texts).layout
        values = np.asarray(layout.content.data).view(np.int32)
        return Ragged(values, np.asarray(layout.offsets.data, np.int64))

    def pad(
        self, texts: list[str], *, template: Template, sequence_length: int, pad_id: int
    ) -> tuple[IdArray, OffsetArray] | None:
        """Encode texts into an array; see `FastEngine.pad`."""
        if self._doubtful(texts):
            return None
        token_ids = np.empty((0, sequence_length), np.int32)
        lengths = np.empty(len(texts), np.int64)
        done = 0
        for part, size in _split(texts, self.at_once):
            cells, used = self._bounded.get(size).encode_batch_padded(
                part,
                pad_id,
                max_length=sequence_length,
                pad_to_max_length=True,
                truncate=True,
                prefix=list(template.start),
                suffix=list(template.end),
            )
            if len(part) == len(texts):
                return cells.view(np.int32), used
            if not done:
                token_ids = np.empty((len(texts), sequence_length), np.int32)
            rows = slice(done, done + len(part))
            token_ids[rows], lengths[rows] = cells, used
            done += len(part)
        return token_ids, lengths

    def _doubtful(self, texts: list[str]) -> list[int]:
        return check_texts(texts).find_newest()


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


class Nanotoken(FastEngine):
    """nanotoken: WordPiece."""

    name = "nanotoken"
    reads = "WordPiece"

    @staticmethod
    def _build(source: str | bytes) -> Any:  # noqa: ANN401  nanotoken's tokenizer
        return import_module("nanotoken").Tokenizer.from_json(source)

    def _run(self, backend: Any, texts: list[str], reference: Encode) -> Ragged:  # noqa: ANN401, ARG002
        rows = backend.encode_batch(texts, add_special_tokens=False)
        return Ragged(rows.ids.view(np.int32), rows.offsets)


class Words(FastEngine):
    """The tokenizer's own library, asked once for every word; nothing to install."""

    name = "words"
    reads = "tokenizers that see words one by one"
    grows = False
    parallel = False
    # Their words are Python objects meanwhile.
    at_once = 2**20

    @staticmethod
    def _build(source: str | bytes) -> WordMemo:
        return WordMemo(WordRule.from_json(source))

    @classmethod
    def is_installed(cls) -> bool:
        """Whether its library is there: it needs none."""
        return True

    def _run(self, backend: WordMemo, texts: list[str], reference: Encode) -> Ragged:
        ids, doubtful = backend.encode(texts, reference)
        return replace_rows(ids, doubtful.tolist(), texts, reference)


def replace_rows(
    ids: Ragged, places: Sequence[int], texts: Sequence[str], reference: Encode
) -> Ragged:
    """Encode some texts anew.

    Args:
        ids: Token ids, one row a text.
        places: Texts whose ids may be wrong.
        texts: All texts.
        reference: Encodes those.

    Returns:
        The ids with those rows replaced.
    """
    if not places:
        return ids
    right = reference([texts[place] for place in places])
    order = np.arange(len(texts))
    order[places] = len(texts) + np.arange(len(places))
    return Ragged.concatenate([ids, right]).take(order)


def _split(texts: list[str], most: int) -> Iterator[tuple[list[str], int]]:
    """Cut a batch into parts of so many characters, or one text; give their sizes."""
    total = sum(map(len, texts))
    if total <= most:
        yield texts, total
        return
    ends = np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)))
    begin, done = 0, 0
    while begin < len(texts):
        # At least one, however long it is.
        stop = int(np.searchsorted(ends, done + most, "right"))
        stop = max(stop, begin + 1)
        yield texts[begin:stop], int(ends[stop - 1]) - done
        begin, done = stop, int(ends[stop - 1])


FAST: Sequence[type[FastEngine]] = (Gigatoken, Nanotoken, Words)
