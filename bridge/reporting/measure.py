"""What running text shows of two tokenizers and their alignment."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np

from bridge.alignment import Alignment, MatchKind
from bridge.ragged import Ragged
from bridge.reporting.sample import PROBE_TEXTS
from bridge.spec import find_role
from bridge.tokenizers import Tokenizer
from bridge.vocabulary import TokenKind

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class TextMeasures:
    """Numbers measured on texts.

    Attributes:
        texts: How many texts.
        words: How many words, cut at white space.
        characters: How many characters.
        sample: Where the texts came from.
        kinds: Share of running tokens of each `MatchKind`, by name.
        lookup_lost: Share of running tokens that a one-to-one look-up cannot express.
        lost_tokens: The most frequent of those and how often they occur.
        expand_lost: Share of running tokens that no pieces express. White space that
            the preset drops is not lost.
        expand_exact: Share of texts whose ids remapped by `expand` are the
            reference's own.
        tokens_per_word: Of the tokenizer.
        reference_tokens_per_word: Of the preset's reference tokenizer.
        round_trip: Share of texts that the tokenizer gives back unchanged.
        reference_unk: Share of words in which the reference emits unk.
        same_ids: Whether both give the same ids on all texts and on hard probes.
        retokenize_exact: Share of texts whose ids remapped by `retokenize` are the
            reference's own.
    """

    texts: int
    words: int
    characters: int
    sample: str
    kinds: dict[str, float]
    lookup_lost: float
    lost_tokens: tuple[tuple[str, int], ...]
    expand_lost: float
    expand_exact: float
    tokens_per_word: float
    reference_tokens_per_word: float
    round_trip: float
    reference_unk: float
    same_ids: bool
    retokenize_exact: float

    def to_dict(self) -> dict[str, object]:
        """Return plain data for JSON."""
        return {
            **asdict(self),
            "lost_tokens": [list(item) for item in self.lost_tokens],
        }


def measure(alignment: Alignment, texts: Sequence[str], *, sample: str) -> TextMeasures:
    """Encode texts with both tokenizers and compare.

    Args:
        alignment: The alignment.
        texts: Texts, at least one.
        sample: Where they came from, for the report.

    Returns:
        The measures.
    """
    tokenizer, reference = alignment.tokenizer, alignment.reference
    ids = tokenizer.encode_batch(texts)
    reference_ids = reference.encode_batch(texts)
    words = [word for text in texts for word in text.split()]
    share = np.bincount(alignment.kinds[ids.values], minlength=len(MatchKind))
    tables = alignment.tables
    lost = ids.values[(tables.start < 0)[ids.values]]
    nowhere = (alignment.pieces.lengths == 0) & ~tables.vanishes
    policy = _policy(alignment)
    probes = list(PROBE_TEXTS)
    return TextMeasures(
        texts=len(texts),
        words=len(words),
        characters=sum(map(len, texts)),
        sample=sample,
        kinds={kind.name: _ratio(share[kind], ids.values.size) for kind in MatchKind},
        lookup_lost=_ratio(lost.size, ids.values.size),
        lost_tokens=tuple(
            (tokenizer.vocabulary.text(token_id), count)
            for token_id, count in Counter(lost.tolist()).most_common(_SHOWN)
        ),
        expand_lost=_ratio(nowhere[ids.values].sum(), ids.values.size),
        expand_exact=_ratio(
            equal_rows(
                alignment.remap(ids, method="expand", on_unmapped=policy),
                reference_ids,
            ),
            len(texts),
        ),
        tokens_per_word=_ratio(ids.values.size, len(words)),
        reference_tokens_per_word=_ratio(reference_ids.values.size, len(words)),
        round_trip=_ratio(_unchanged(tokenizer, texts, ids), len(texts)),
        reference_unk=_unk_share(alignment, words),
        same_ids=ids == reference_ids and _agree(tokenizer, reference, probes),
        retokenize_exact=_ratio(
            equal_rows(alignment.remap(ids, on_unmapped=policy), reference_ids),
            len(texts),
        ),
    )


def equal_rows(first: Ragged, second: Ragged) -> int:
    """Count rows that are the same in both.

    Args:
        first: Rows.
        second: As many rows.

    Returns:
        How many are equal.
    """
    return sum(
        np.array_equal(mine, theirs) for mine, theirs in zip(first, second, strict=True)
    )


def _policy(alignment: Alignment) -> Literal["unk", "drop"]:
    # A preset without unk cannot show what is missing.
    return "drop" if find_role(alignment.spec.roles, "unk") is None else "unk"


def _agree(first: Tokenizer, second: Tokenizer, texts: Sequence[str]) -> bool:
    return first.encode_batch(texts) == second.encode_batch(texts)


def _unchanged(tokenizer: Tokenizer, texts: Sequence[str], ids: Ragged) -> int:
    # Sentencepiece-like decoders drop one leading space; it is a mark, not content.
    return sum(
        text == back or text.strip(" ") == back.strip(" ")
        for text, back in zip(texts, tokenizer.decode_batch(ids), strict=True)
    )


def _unk_share(alignment: Alignment, words: Sequence[str]) -> float:
    vocabulary = alignment.reference.vocabulary
    unk = find_role(vocabulary.roles, "unk")
    if unk is None or vocabulary.kinds[unk] != TokenKind.SPECIAL or not words:
        return 0.0
    distinct = Counter(words)
    ids = alignment.reference.encode_batch(list(distinct))
    hit = np.zeros(len(ids), bool)
    hit[ids.row_of_value[ids.values == unk]] = True
    counts = np.fromiter(distinct.values(), np.int64, len(distinct))
    return _ratio(counts[hit].sum(), len(words))


def _ratio(part: float, whole: int) -> float:
    return float(part) / whole if whole else 0.0
