"""`FastEngine`: a library that is quicker than a tokenizer's own; words kept here."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from typing import Any, ClassVar

import numpy as np

from bridge.ragged import OffsetArray, Ragged
from bridge.threads import MOST, cores, in_threads, worker
from bridge.tokenizers.bounded import CHECK_EVERY, Bounded
from bridge.tokenizers.padding import Cells, Padding
from bridge.tokenizers.texts import part_of
from bridge.tokenizers.word_asker import Encode
from bridge.tokenizers.word_memo import WordMemo
from bridge.tokenizers.word_rule import WordRule

# Texts that a thread encodes at a time, where none waits for another.
_PART = 8192

# Texts padded at a time by such a thread: the cells are still in the processor's cache
# when they are copied.
PADDED_PART = 2048


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
        takes_turns: Whether threads that share one object wait for each other.
        at_once: Characters in one call.
    """

    name: ClassVar[str]
    reads: ClassVar[str]
    pads: ClassVar[bool] = False
    grows: ClassVar[bool] = True
    parallel: ClassVar[bool] = True
    takes_turns: ClassVar[bool] = False
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
        ids: dict[int, Ragged] = {}

        def encode(begin: int, part: list[str], backend: Any) -> None:  # noqa: ANN401
            ids[begin] = self._run(backend, part, reference)

        self._in_parts(texts, encode, step=_PART)
        found = Ragged.concatenate([ids[begin] for begin in sorted(ids)])
        return replace_rows(found, self._doubtful(texts), texts, reference)

    def check(self) -> str | None:
        """Return why the library cannot read this tokenizer, or `None` if it can."""
        try:
            self._bounded.get(0)
        except Exception as error:  # noqa: BLE001  whatever the library raises
            reason = str(error).partition("\n")[0]
            return f"it cannot read this tokenizer ({reason})"
        return None

    def pad(
        self, texts: list[str], padding: Padding
    ) -> tuple[Cells, OffsetArray] | None:
        """Encode texts into an array, where the library does so itself.

        Args:
            texts: Texts, each part of which is checked before it is encoded.
            padding: How rows look.

        Returns:
            `(len(texts), padding.sequence_length)` ids and the number of real ones in
            each row, or `None` where it cannot.

        Raises:
            TextInputError: If a text cannot be encoded; the place is that in its part.
        """
        if not self.pads:
            return None
        token_ids: Cells = np.empty(
            (len(texts), padding.sequence_length), padding.dtype
        )
        lengths: OffsetArray = np.empty(len(texts), np.int64)
        is_sure = True

        def fill(begin: int, part: list[str], backend: Any) -> None:  # noqa: ANN401
            nonlocal token_ids, lengths, is_sure
            if self._doubtful(part):
                # Never set back: another thread may have found one too.
                is_sure = False
            if not is_sure:
                return
            cells, used = self._pad(backend, part, padding)
            rows = slice(begin, begin + len(part))
            if len(part) == len(texts) and cells.dtype == padding.dtype:
                token_ids, lengths = cells, used
                return
            lengths[rows], mine = used, token_ids[rows]

            def copy(block: slice) -> None:
                mine[block] = cells[block]

            in_threads(copy, len(part), step=PADDED_PART)

        self._in_parts(texts, fill, step=PADDED_PART)
        return (token_ids, lengths) if is_sure else None

    def _pad(
        self,
        backend: Any,  # noqa: ANN401
        texts: list[str],
        padding: Padding,
    ) -> tuple[Cells, OffsetArray]:
        """Encode with the library's object, into integers of its own size."""
        raise NotImplementedError

    def _doubtful(self, texts: list[str]) -> list[int]:  # noqa: ARG002  most: none
        return []

    def _in_parts(
        self,
        texts: list[str],
        function: Callable[[int, list[str], Any], None],
        *,
        step: int,
    ) -> None:
        """Call a function on parts of a batch: their place, the texts, an object."""
        has_twins = self._has_twins

        def run(rows: slice) -> None:
            begin = rows.start
            for part, characters in _split(part_of(texts, rows), self.at_once):
                twin = worker() if has_twins else None
                backend = self._bounded.get(characters, twin=twin or 0)
                function(begin, part, backend)
                begin += len(part)

        whole = max(1, len(texts))
        in_threads(run, len(texts), step=step if self._is_alone else whole)

    @property
    def _is_alone(self) -> bool:
        """Whether our threads do the work, and none waits for another.

        On more cores than we have threads for, a library's own are quicker.
        """
        if self.takes_turns:
            return self._has_twins
        return self.parallel and cores() <= MOST

    @property
    def _has_twins(self) -> bool:
        """Whether every thread has an object of its own."""
        return self.takes_turns and cores() <= MOST and self._bounded.allows_twins


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
