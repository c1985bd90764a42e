"""`Folding`: what only matches once case, accents or Unicode forms are folded."""

import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bridge.alignment import MatchKind
from bridge.reporting.numbers.probing import can_encode, encode_where_possible
from bridge.reporting.numbers.reading import Reading, ratio
from bridge.reporting.numbers.token_text import token_text, token_texts
from bridge.tokenizers import Tokenizer

PARTS = ("case", "accents", "case and accents", "Unicode forms", "other")

# Two spellings that a tokenizer cannot tell apart once it folds this.
_PROBES = (
    ("case", "The House", "the house"),
    ("accents", "caf\u00e9 na\u00efve", "cafe naive"),
    ("Unicode forms", "\ufb01ne \uff11\uff12", "fine 12"),
)


@dataclass(frozen=True, slots=True)
class FoldingRow:
    """Tokens that match after one kind of folding.

    Attributes:
        part: One of `PARTS`.
        tokens: Ids of the tokenizer.
        running: Share of running tokens.
        examples: Tokens and what they become.
    """

    part: str
    tokens: int
    running: float
    examples: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Folding:
    """The gap between two normalisers.

    Attributes:
        folds: What the tokenizer itself folds, told by probing it; `None` where it is
            only a vocabulary.
        preset_folds: What the preset's tokenizer folds, likewise.
        rows: What matches only after the preset's folding, by part; the counts add up
            to the ids that are `NORMALIZED`.
    """

    folds: tuple[str, ...] | None
    preset_folds: tuple[str, ...] | None
    rows: tuple[FoldingRow, ...]


def measure_folding(reading: Reading) -> Folding:
    """Sort what matches only after the preset's normaliser by what it folds.

    Args:
        reading: Texts and both tokenizers.

    Returns:
        The gap.
    """
    alignment = reading.alignment
    tokens: Counter[str] = Counter()
    running: Counter[str] = Counter()
    examples: dict[str, list[tuple[int, int, str, str]]] = {}
    for token_id, text, normal in _folded(reading):
        part = part_of(text, normal)
        count = int(reading.counts[token_id])
        tokens[part] += 1
        running[part] += count
        examples.setdefault(part, []).append((-count, token_id, text, normal))
    return Folding(
        folds=_probe(alignment.tokenizer),
        preset_folds=_probe(alignment.reference),
        rows=tuple(
            FoldingRow(
                part,
                tokens[part],
                ratio(running[part], int(reading.counts.sum())),
                tuple((old, new) for _, _, old, new in sorted(examples[part])[:3]),
            )
            for part in PARTS
            if part in tokens
        ),
    )


def _folded(reading: Reading) -> Iterator[tuple[int, str, str]]:
    alignment = reading.alignment
    vocabulary = alignment.tokenizer.vocabulary
    chosen = np.flatnonzero(alignment.kinds == MatchKind.NORMALIZED)
    for token_id in chosen.tolist():
        try:
            text = vocabulary.keys[token_id].decode("utf-8")
        except UnicodeDecodeError:
            # No normaliser takes half a character: show what it was matched with.
            preset = alignment.reference.vocabulary
            pieces = token_texts(preset, alignment.pieces[token_id].tolist())
            yield token_id, token_text(vocabulary, token_id), "".join(pieces)
        else:
            yield token_id, text, alignment.reference.normalize(text)


def part_of(text: str, normal: str) -> str:
    """Say which folding leads from a text to its normal form.

    Args:
        text: Text of a token.
        normal: The same after a normaliser.

    Returns:
        One of `PARTS`; the simplest that explains it.
    """
    if text.lower() == normal:
        return "case"
    if _bare(text) == normal:
        return "accents"
    if _bare(text.lower()) == normal:
        return "case and accents"
    folded = unicodedata.normalize("NFKC", text)
    same = unicodedata.normalize("NFKC", normal)
    if same in {folded, folded.lower(), _bare(folded), _bare(folded.lower())}:
        return "Unicode forms"
    return "other"


def _bare(text: str) -> str:
    parts = unicodedata.normalize("NFD", text)
    return "".join(c for c in parts if unicodedata.category(c) != "Mn")


def _probe(tokenizer: Tokenizer) -> tuple[str, ...] | None:
    if not can_encode(tokenizer):
        return None
    unk = tokenizer.vocabulary.role_id("unk")
    texts = [text for _, *pair in _PROBES for text in pair]
    rows, refused = encode_where_possible(tokenizer, texts)

    def same(place: int) -> bool:
        # Of a vocabulary that has no such letters, the normaliser still tells.
        first, second = map(tokenizer.normalize, texts[place : place + 2])
        if first == second:
            return True
        known = not (refused[place] or (rows[place] == unk).any())
        return known and np.array_equal(rows[place], rows[place + 1])

    return tuple(part for i, (part, *_) in enumerate(_PROBES) if same(2 * i))
