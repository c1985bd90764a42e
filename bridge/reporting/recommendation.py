"""Which strategy fits, and the numbers that say so."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bridge.reporting.measure import TextMeasures

# A text that the tokenizer does not give back cannot be cut again as the preset would.
MIN_ROUND_TRIP = 0.999
# Above this share of unknown words the preset's vocabulary is the wrong one.
MAX_REFERENCE_UNK = 0.01
# Above this ratio the preset spells the language out, and learns it worse and slower.
MAX_FERTILITY_RATIO = 1.5


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A strategy and why.

    Attributes:
        strategy: `"identity"`, `"retokenize"` or `"transplant"`; `"undecided"` where
            a side is only a vocabulary and nothing speaks against `"retokenize"`.
        reasons: One sentence a reason, each with its number and threshold.
    """

    strategy: Literal["identity", "retokenize", "transplant", "undecided"]
    reasons: tuple[str, ...]


def recommend(
    measures: TextMeasures, *, same_tokens: int | None = None
) -> Recommendation:
    """Choose the cheapest strategy that loses nothing.

    Args:
        measures: Numbers from texts.
        same_tokens: How many ids mean the same token in both vocabularies, where all
            do that mean any; it decides where no text can be encoded.

    Returns:
        Identity if both tokenizers give the same ids; else retokenize if the
        tokenizer is lossless and the preset's vocabulary fits the language; else
        transplant.
    """
    if measures.same_ids:
        return Recommendation(
            "identity",
            (
                f"both tokenizers give the same ids on all {measures.texts:,} texts "
                "and on the hard probes",
            ),
        )
    if measures.same_ids is None and same_tokens is not None:
        return Recommendation(
            "identity",
            (
                f"all {same_tokens:,} ids mean the same token in both vocabularies; "
                "whether both cut text alike was not measured",
            ),
        )
    checks = tuple(_checks(measures))
    failed = tuple(reason for passed, reason in checks if not passed)
    if failed:
        return Recommendation("transplant", failed)
    passed = tuple(reason for _, reason in checks)
    if measures.same_ids is None:
        return Recommendation("undecided", (*passed, *_missing(measures)))
    return Recommendation("retokenize", passed)


def _checks(measures: TextMeasures) -> Iterator[tuple[bool, str]]:
    """Yield what can be checked: whether it passed, and a sentence that says so."""
    running, preset = measures.running, measures.preset
    if running is not None:
        yield (
            running.round_trip >= MIN_ROUND_TRIP,
            f"the tokenizer gives back {running.round_trip:.2%} of the texts "
            f"unchanged (at least {MIN_ROUND_TRIP:.1%} needed)",
        )
    if preset is not None:
        yield (
            preset.unknown <= MAX_REFERENCE_UNK,
            f"the preset's tokenizer has no token for {preset.unknown:.2%} of "
            f"the words (at most {MAX_REFERENCE_UNK:.0%} allowed)",
        )
    ratio = fertility_ratio(measures)
    if ratio is not None:
        yield (
            ratio <= MAX_FERTILITY_RATIO,
            f"the preset's tokenizer needs {ratio:.2f} x as many tokens (at most "
            f"{MAX_FERTILITY_RATIO} x allowed)",
        )


def _missing(measures: TextMeasures) -> Iterator[str]:
    """Yield what stands in the way of a decision, and what remains possible."""
    if measures.preset is None:
        yield (
            "`retokenize` needs the preset's own tokenizer, of which only the "
            "vocabulary is known: pass it as `reference=`"
        )
        if measures.running is not None:
            yield (
                "without it `expand` remains, which loses "
                f"{measures.running.expand_lost:.2%} of the running tokens, or a "
                "transplant"
            )
    if measures.tokenizer is None:
        yield (
            "whether the tokenizer gives texts back unchanged, and how many tokens it "
            "needs, was not measured: it is only a vocabulary"
        )


def fertility_ratio(measures: TextMeasures) -> float | None:
    """Return how many tokens the reference needs for one of the tokenizer's.

    Args:
        measures: Numbers from texts.

    Returns:
        The ratio, 1 where there are no tokens; `None` where a side was not measured.
    """
    if measures.tokenizer is None or measures.preset is None:
        return None
    if not measures.tokenizer.tokens_per_word:
        return 1.0
    return measures.preset.tokens_per_word / measures.tokenizer.tokens_per_word
