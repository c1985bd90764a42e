"""`KindExample`: tokens of every `MatchKind`, to look at."""

from dataclasses import dataclass

import numpy as np

from bridge.alignment import MatchKind
from bridge.reporting.numbers.reading import Reading
from bridge.reporting.numbers.token_text import token_text, token_texts

_OF_EACH_KIND = 6


@dataclass(frozen=True, slots=True)
class KindExample:
    """One token and what became of it.

    Attributes:
        kind: Name of its `MatchKind`.
        token_id: Its id in the tokenizer.
        token: Its text, readable.
        pieces: Texts of the preset's pieces, read at the start of a word.
        continuation_pieces: The same read inside a word.
        count: How often it occurs in the texts.
    """

    kind: str
    token_id: int
    token: str
    pieces: tuple[str, ...]
    continuation_pieces: tuple[str, ...]
    count: int


def find_examples(reading: Reading) -> tuple[KindExample, ...]:
    """Take examples of every kind.

    Args:
        reading: Texts and both tokenizers.

    Returns:
        At most six of each kind: the most frequent in the texts, then the others
        evenly over the ids.
    """
    return tuple(
        _example(reading, token_id)
        for kind in MatchKind
        for token_id in _chosen(reading, kind)
    )


def _example(reading: Reading, token_id: int) -> KindExample:
    alignment = reading.alignment
    preset = alignment.reference.vocabulary
    return KindExample(
        kind=MatchKind(int(alignment.kinds[token_id])).name,
        token_id=token_id,
        token=token_text(alignment.tokenizer.vocabulary, token_id),
        pieces=token_texts(preset, alignment.pieces[token_id].tolist()),
        continuation_pieces=token_texts(
            preset, alignment.continuation_pieces[token_id].tolist()
        ),
        count=int(reading.counts[token_id]),
    )


def _chosen(reading: Reading, kind: MatchKind) -> list[int]:
    ids = np.flatnonzero(reading.alignment.kinds == kind)
    counts = reading.counts[ids]
    # A stable sort keeps the lower id first among equals.
    frequent = ids[np.argsort(-counts, kind="stable")][: int((counts > 0).sum())]
    chosen: list[int] = frequent[:_OF_EACH_KIND].tolist()
    others = ids[counts == 0]
    missing = min(_OF_EACH_KIND - len(chosen), len(others))
    if missing:
        chosen += others[:: -(-len(others) // missing)][:missing].tolist()
    return chosen
