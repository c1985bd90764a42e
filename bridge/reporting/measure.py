"""What running text shows of two tokenizers and their alignment."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bridge.alignment import MatchKind
from bridge.ragged import Ragged
from bridge.reporting.numbers.fidelity import Fidelity, measure_fidelity
from bridge.reporting.numbers.probing import encode_where_possible
from bridge.reporting.numbers.reading import Reading, count_words, ratio
from bridge.reporting.numbers.token_text import token_text
from bridge.reporting.sample import PROBE_TEXTS
from bridge.spec import find_role
from bridge.tokenizers import Tokenizer
from bridge.vocabulary import TokenKind

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Side:
    """How one of the two tokenizers cuts the texts.

    Attributes:
        tokens_per_word: Tokens for each word, cut at white space.
        tokens_per_character: Tokens for each character.
        unknown: Share of words in which it emits unk, or that it refuses.
    """

    tokens_per_word: float
    tokens_per_character: float
    unknown: float


@dataclass(frozen=True, slots=True)
class Running:
    """What becomes of the tokenizer's running tokens.

    Attributes:
        kinds: Share of running tokens of each `MatchKind`, by name.
        lookup_lost: Share that a one-to-one look-up cannot express.
        expand_lost: Share that no pieces express. White space that the preset drops
            is not lost.
        lost_tokens: The most frequent that `lookup` loses and how often they occur.
        round_trip: Share of texts that the tokenizer gives back unchanged.
    """

    kinds: dict[str, float]
    lookup_lost: float
    expand_lost: float
    lost_tokens: tuple[tuple[str, int], ...]
    round_trip: float


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
        tokenizer: How the tokenizer cuts them, `None` where it is only a vocabulary.
        preset: How the preset's reference does, `None` where it is only a vocabulary.
        running: What becomes of the tokenizer's tokens, `None` where it is only a
            vocabulary.
        remaps: Each remap against the reference's own encoding, by name; empty where
            either is only a vocabulary.
        same_ids: Whether both give the same ids on all texts and on hard probes;
            `None` where either is only a vocabulary.
    """

    texts: int
    refused: int
    words: int
    characters: int
    sample: str
    tokenizer: Side | None
    preset: Side | None
    running: Running | None
    remaps: dict[str, Fidelity]
    same_ids: bool | None


def measure(reading: Reading) -> TextMeasures:
    """Compare how both tokenizers read the texts.

    Args:
        reading: Texts and both tokenizers.

    Returns:
        The measures.
    """
    alignment, sample = reading.alignment, reading.sample
    tokenizer, reference = alignment.tokenizer, alignment.reference
    mine, theirs = reading.has_ids, reading.has_reference_ids
    return TextMeasures(
        texts=len(sample.texts),
        refused=len(reading.given.texts) - len(sample.texts),
        words=sum(count_words(sample).values()),
        characters=int(sample.weights @ np.array([len(text) for text in sample.texts])),
        sample=sample.note,
        tokenizer=_side(reading, tokenizer, reading.ids) if mine else None,
        preset=_side(reading, reference, reading.reference_ids) if theirs else None,
        running=_running(reading) if mine else None,
        remaps={
            method: measure_fidelity(reading, ids)
            for method, ids in reading.remapped.items()
            if theirs
        },
        same_ids=(
            reading.ids == reading.reference_ids
            and _agree(tokenizer, reference, PROBE_TEXTS)
            if mine and theirs
            else None
        ),
    )


def _side(reading: Reading, tokenizer: Tokenizer, ids: Ragged) -> Side:
    sample = reading.sample
    tokens = int(sample.weights @ ids.lengths)
    characters = int(sample.weights @ np.array([len(text) for text in sample.texts]))
    return Side(
        tokens_per_word=ratio(tokens, sum(count_words(sample).values())),
        tokens_per_character=ratio(tokens, characters),
        unknown=_unk_share(reading, tokenizer),
    )


def _running(reading: Reading) -> Running:
    alignment, counts = reading.alignment, reading.counts
    tokens = int(counts.sum())
    by_kind = np.bincount(alignment.kinds, weights=counts, minlength=len(MatchKind))
    lost = np.where(alignment.readings.single[: len(alignment.kinds)] < 0, counts, 0)
    return Running(
        kinds={kind.name: ratio(by_kind[kind], tokens) for kind in MatchKind},
        lookup_lost=ratio(int(lost.sum()), tokens),
        expand_lost=ratio(int(counts[reading.nowhere].sum()), tokens),
        lost_tokens=tuple(
            (
                token_text(alignment.tokenizer.vocabulary, token_id),
                int(counts[token_id]),
            )
            for token_id in np.argsort(-lost, kind="stable")[:_SHOWN].tolist()
            if lost[token_id]
        ),
        round_trip=_round_trip(reading),
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
