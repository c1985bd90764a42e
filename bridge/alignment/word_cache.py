"""`WordCache`: retokenizes word by word, each word once."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from bridge.alignment.word_cuts import WordCuts
from bridge.alignment.word_hash import WordHash
from bridge.alignment.word_table import HashArray, WordTable
from bridge.errors import UnsupportedTokenizerError
from bridge.ragged import IdArray, OffsetArray, Ragged, take_slices
from bridge.tokenizers.probe import probe_texts
from bridge.vocabulary import TokenKind

if TYPE_CHECKING:
    from bridge.tokenizers.base import Tokenizer

# Ids handled in one go: what a step leaves is in the processor's cache for the next.
_CHUNK = 1 << 16
# The table is begun anew when it holds more words or pieces than this (about 80 MB).
_MOST_WORDS, _MOST_PIECES = 1 << 20, 1 << 22
# What stands in front of a word while it is encoded; its ids are cut off again.
_CARRIER = b"a"

_TWO_WORDS = re.compile(r"\S \S")
_NOTHING = Ragged.from_lists([[]])

Retokenize = Callable[[Ragged], Ragged]


@dataclass(slots=True)
class WordCache:
    """What the words of running ids become, where words are encoded alone.

    They are where the preset's algorithm, its vocabulary (no piece with a space
    inside) and a probe on hard texts say so. A row with a word that became a special
    or added token of the preset is encoded as a whole, since such a token may take
    the space behind it along.

    Attributes:
        directly: Retokenizes whole rows.
        cuts: Where words begin.
        carrier: Ids to stand in front of a word, one row.
        carried: What these become, one row.
        literal: Ids of the preset whose words are read with their neighbours, bool.
        hash: Tells words apart.
        table: What is known; replaced when it is full.
        lock: Held while words are added. Who does not get it goes without: no thread
            waits, so none waits forever in a process that was forked meanwhile.
    """

    directly: Retokenize
    cuts: WordCuts
    carrier: Ragged
    carried: Ragged
    literal: NDArray[np.bool_]
    hash: WordHash
    table: WordTable = field(default_factory=WordTable)
    lock: Any = field(default_factory=Lock)

    @classmethod
    def prepare(
        cls, tokenizer: "Tokenizer", reference: "Tokenizer", directly: Retokenize
    ) -> Self | None:
        """Make one for two tokenizers.

        Args:
            tokenizer: Whose ids come in.
            reference: Whose ids come out.
            directly: What both do to whole rows.

        Returns:
            An empty cache, or `None` where words are not known to be encoded alone.
        """
        if not tokenizer.vocabulary.convention.keeps_spaces or _spans_words(reference):
            return None
        carrier = _carrier(tokenizer)
        if carrier is None:
            return None
        cache = cls(
            directly=directly,
            cuts=WordCuts.of(tokenizer, reference),
            carrier=carrier,
            carried=directly(carrier),
            literal=_literal_ids(reference),
            hash=WordHash(tokenizer.vocabulary.size),
        )
        hard = _probe(tokenizer, reference)
        return cache if cache(hard) == directly(hard) else None

    def __call__(self, ids: Ragged) -> Ragged:
        """Retokenize.

        Args:
            ids: Rows of text ids.

        Returns:
            What `directly` gives.
        """
        if not ids.values.size:
            return ids
        begins = np.flatnonzero(self.cuts.begins(ids))
        is_first = np.isin(begins, ids.offsets)
        parts, odd = [], []
        for chunk in _chunks(begins):
            end = begins[chunk.stop] if chunk.stop < len(begins) else ids.values.size
            offset = begins[chunk.start]
            part = ids.values[offset:end]
            found = self._look_up(part, begins[chunk] - offset, is_first[chunk])
            parts.append(found[0])
            odd.append(found[1])
        words = Ragged.concatenate(parts)
        row_begins = np.searchsorted(begins, ids.offsets)
        result = Ragged(words.values, words.offsets[row_begins])
        odd_words = np.flatnonzero(np.concatenate(odd))
        if not odd_words.size:
            return result
        rows = np.unique(np.searchsorted(row_begins, odd_words, side="right") - 1)
        order = np.arange(len(ids))
        order[rows] = len(ids) + np.arange(len(rows))
        redone = self.directly(ids.take(rows))
        return Ragged.concatenate([result, redone]).take(order)

    def _look_up(
        self, ids: IdArray, begins: OffsetArray, is_first: NDArray[np.bool_]
    ) -> tuple[Ragged, NDArray[np.bool_]]:
        """Return the pieces of every word, and which words are odd."""
        hashes = self.hash.of_words(ids, begins, is_first)
        table = self.table
        entries = table.find(hashes)
        unknown = np.flatnonzero(entries < 0)
        if not unknown.size:
            return table.take(entries), table.odd(entries)
        new, first, place = np.unique(
            hashes[unknown], return_index=True, return_inverse=True
        )
        one = unknown[first]
        ends = np.append(begins, len(ids))[one + 1]
        words = take_slices(ids, begins[one], ends - begins[one])
        pieces, is_odd = self._encode(words, is_first[one])
        self._remember(new, pieces, is_odd)
        known = np.flatnonzero(entries >= 0)
        order = np.empty(len(entries), np.int64)
        order[known] = np.arange(len(known))
        order[unknown] = len(known) + place
        odd = np.concatenate([table.odd(entries[known]), is_odd])
        every = Ragged.concatenate([table.take(entries[known]), pieces])
        return every.take(order), odd[order]

    def _encode(
        self, words: Ragged, is_first: NDArray[np.bool_]
    ) -> tuple[Ragged, NDArray[np.bool_]]:
        """Encode words, all but the first of a row with something in front."""
        count, carried = len(words), self.carried.values
        order = np.full((count, 2), count)
        order[is_first, 0] = count + 1
        order[:, 1] = np.arange(count)
        both = Ragged.concatenate([words, self.carrier, _NOTHING]).take(order.ravel())
        texts = self.directly(Ragged(both.values, both.offsets[::2]))
        skipped = np.where(is_first, 0, len(carried))
        odd = texts.lengths < skipped
        skipped[odd] = 0
        for place, expected in enumerate(carried.tolist()):
            behind = np.flatnonzero(skipped > place)
            odd[behind] |= texts.values[texts.offsets[behind] + place] != expected
        pieces = take_slices(
            texts.values, texts.offsets[:-1] + skipped, texts.lengths - skipped
        )
        odd |= _any(pieces, self.literal[pieces.values])
        return pieces, odd

    def _remember(
        self, hashes: HashArray, pieces: Ragged, odd: NDArray[np.bool_]
    ) -> None:
        if not self.lock.acquire(blocking=False):
            return
        try:
            if len(self.table) > _MOST_WORDS or self.table.pieces > _MOST_PIECES:
                self.table = WordTable()
            # Another thread may have added some of them since they were looked for.
            new = np.flatnonzero(self.table.find(hashes) < 0)
            self.table.add(hashes[new], pieces.take(new), odd[new])
        finally:
            self.lock.release()


def _chunks(begins: OffsetArray) -> Iterator[slice]:
    """Cut words into runs of about as many ids as the processor's cache holds."""
    start = 0
    while start < len(begins):
        stop = int(np.searchsorted(begins, begins[start] + _CHUNK))
        yield slice(start, stop)
        start = stop


def _any(rows: Ragged, marked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which rows hold a marked value, `(rows,)` bool."""
    count = np.concatenate([[0], np.cumsum(marked)])
    return np.diff(count[rows.offsets]) > 0


def _carrier(tokenizer: "Tokenizer") -> Ragged | None:
    """Return the id of the carrier as a row; `None` where there is no such id."""
    vocabulary = tokenizer.vocabulary
    for token_id, key in enumerate(vocabulary.keys):
        if key == _CARRIER and vocabulary.kinds[token_id] < TokenKind.SPECIAL:
            return Ragged.from_lists([[token_id]])
    return None


def _probe(tokenizer: "Tokenizer", reference: "Tokenizer") -> Ragged:
    """Return ids of hard texts, and rows of any ids, which no text gives."""
    is_text = tokenizer.vocabulary.kinds < TokenKind.SPECIAL
    drawn = np.random.default_rng(0).choice(np.flatnonzero(is_text), (256, 8))
    rows = Ragged.from_lengths(drawn.ravel(), np.full(len(drawn), drawn.shape[1]))
    try:
        texts = tokenizer.encode_batch(probe_texts(reference.vocabulary))
    except UnsupportedTokenizerError:  # a vocabulary: ids come from elsewhere
        return rows
    text_only = np.flatnonzero(~_any(texts, ~is_text[texts.values]))
    return Ragged.concatenate([rows, texts.take(text_only)])


def _spans_words(reference: "Tokenizer") -> bool:
    """Tell whether a tokenizer may look across the space between two words."""
    return not reference.encodes_words_alone or any(
        b" " in key and _TWO_WORDS.search(key.decode("utf-8", "replace"))
        for key in reference.vocabulary.keys
    )


def _literal_ids(reference: "Tokenizer") -> NDArray[np.bool_]:
    """Find ids that depend on what stands around their word, `(size,)` bool."""
    vocabulary = reference.vocabulary
    literal = np.isin(vocabulary.kinds, (TokenKind.SPECIAL, TokenKind.ADDED))
    unk = vocabulary.roles.get("unk")
    if unk is not None and not vocabulary.convention.keeps_spaces:
        # WordPiece gives one for every word that it cannot spell. Elsewhere unknown
        # characters may become one unk across the space between them.
        literal[unk] = list(vocabulary.roles.values()).count(unk) > 1
    return literal
