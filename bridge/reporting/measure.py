"""What running text shows of two tokenizers and their alignment."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bridge.alignment import MatchKind
from bridge.reporting.numbers.probing import encode_where_possible
from bridge.reporting.numbers.reading import Reading, count_words, ratio
from bridge.reporting.numbers.token_text import token_text
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
        refused: How many more were left out, since a tokenizer without unk refuses
            them. Their words count as unknown.
        words: How many words, cut at white space.
        characters: How many characters.
        sample: Where the texts came from. Where words with counts stand in for texts,
            each word is a text, and counts as often as it occurs in everything else.
        kinds: Share of running tokens of each `MatchKind`, by name.
        lookup_exact: Share of texts whose ids remapped by `lookup` are the reference's
            own.
        lookup_lost: Share of running tokens that a one-to-one look-up cannot express.
        lost_tokens: The most frequent of those and how often they occur.
        expand_lost: Share of running tokens that no pieces express. White space that
            the preset drops is not lost.
        expand_exact: Share of texts whose ids remapped by `expand` are the
            reference's own.
        tokens_per_word: Of the tokenizer.
        reference_tokens_per_word: Of the preset's reference tokenizer.
        tokens_per_character: Of the tokenizer.
        reference_tokens_per_character: Of the preset's reference tokenizer.
        round_trip: Share of texts that the tokenizer gives back unchanged.
        tokenizer_unk: Share of words in which the tokenizer emits unk.
        reference_unk: Share of words in which the reference emits unk.
        same_ids: Whether both give the same ids on all texts and on hard probes.
        retokenize_exact: Share of texts whose ids remapped by `retokenize` are the
            reference's own.
    """

    texts: int
    refused: int
    words: int
    characters: int
    sample: str
    kinds: dict[str, float]
    lookup_exact: float
    lookup_lost: float
    lost_tokens: tuple[tuple[str, int], ...]
    expand_lost: float
    expand_exact: float
    tokens_per_word: float
    reference_tokens_per_word: float
    tokens_per_character: float
    reference_tokens_per_character: float
    round_trip: float
    tokenizer_unk: float
    reference_unk: float
    same_ids: bool
    retokenize_exact: float


def measure(reading: Reading) -> TextMeasures:
    """Compare how both tokenizers read the texts.

    Args:
        reading: Texts and both tokenizers.

    Returns:
        The measures.
    """
    alignment, sample = reading.alignment, reading.sample
    tokenizer, reference = alignment.tokenizer, alignment.reference
    counts, words = reading.counts, sum(count_words(sample).values())
    tokens = int(counts.sum())
    preset_tokens = int(sample.weights @ reading.reference_ids.lengths)
    characters = int(sample.weights @ np.array([len(text) for text in sample.texts]))
    by_kind = np.bincount(alignment.kinds, weights=counts, minlength=len(MatchKind))
    lost = np.where(alignment.tables.start < 0, counts, 0)
    exact = {
        method: reading.share_of_texts(reading.exact_rows(ids))
        for method, ids in reading.remapped.items()
    }
    probes = list(PROBE_TEXTS)
    return TextMeasures(
        texts=len(sample.texts),
        refused=len(reading.given.texts) - len(sample.texts),
        words=words,
        characters=characters,
        sample=sample.note,
        kinds={kind.name: ratio(by_kind[kind], tokens) for kind in MatchKind},
        lookup_exact=exact["lookup"],
        lookup_lost=ratio(int(lost.sum()), tokens),
        lost_tokens=tuple(
            (token_text(tokenizer.vocabulary, token_id), int(counts[token_id]))
            for token_id in np.argsort(-lost, kind="stable")[:_SHOWN].tolist()
            if lost[token_id]
        ),
        expand_lost=ratio(int(counts[reading.nowhere].sum()), tokens),
        expand_exact=exact["expand"],
        tokens_per_word=ratio(tokens, words),
        reference_tokens_per_word=ratio(preset_tokens, words),
        tokens_per_character=ratio(tokens, characters),
        reference_tokens_per_character=ratio(preset_tokens, characters),
        round_trip=_round_trip(reading),
        tokenizer_unk=_unk_share(reading, tokenizer),
        reference_unk=_unk_share(reading, reference),
        same_ids=reading.ids == reading.reference_ids
        and _agree(tokenizer, reference, probes),
        retokenize_exact=exact["retokenize"],
    )


def _agree(first: Tokenizer, second: Tokenizer, texts: Sequence[str]) -> bool:
    (mine, refused), (theirs, too) = (
        encode_where_possible(tokenizer, texts) for tokenizer in (first, second)
    )
    return mine == theirs and np.array_equal(refused, too)


def _round_trip(reading: Reading) -> float:
    # Sentencepiece-like decoders drop one leading space; it is a mark, not content.
    back = reading.alignment.tokenizer.decode_batch(reading.ids)
    pairs = zip(reading.sample.texts, back, strict=True)
    same = [old == new or old.strip(" ") == new.strip(" ") for old, new in pairs]
    return reading.share_of_texts(np.array(same, bool))


def _unk_share(reading: Reading, tokenizer: Tokenizer) -> float:
    vocabulary, words = tokenizer.vocabulary, reading.words
    ids, unknown = encode_where_possible(tokenizer, list(words))
    unk = find_role(vocabulary.roles, "unk")
    if unk is not None and vocabulary.kinds[unk] == TokenKind.SPECIAL:
        unknown[ids.row_of_value[ids.values == unk]] = True
    counts = np.fromiter(words.values(), np.int64, len(words))
    return ratio(int(counts[unknown].sum()), int(counts.sum()))
