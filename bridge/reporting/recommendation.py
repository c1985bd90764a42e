"""Which strategy fits, and the numbers that say so."""

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
        strategy: `"identity"`, `"retokenize"` or `"transplant"`.
        reasons: One sentence a reason, each with its number and threshold.
    """

    strategy: Literal["identity", "retokenize", "transplant"]
    reasons: tuple[str, ...]


def recommend(measures: TextMeasures) -> Recommendation:
    """Choose the cheapest strategy that loses nothing.

    Args:
        measures: Numbers from texts.

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
    ratio = fertility_ratio(measures)
    checks = (
        (
            measures.round_trip >= MIN_ROUND_TRIP,
            f"the tokenizer gives back {measures.round_trip:.2%} of the texts "
            f"unchanged (at least {MIN_ROUND_TRIP:.1%} needed)",
        ),
        (
            measures.reference_unk <= MAX_REFERENCE_UNK,
            f"the preset's tokenizer has no token for {measures.reference_unk:.2%} of "
            f"the words (at most {MAX_REFERENCE_UNK:.0%} allowed)",
        ),
        (
            ratio <= MAX_FERTILITY_RATIO,
            f"the preset's tokenizer needs {ratio:.2f} x as many tokens (at most "
            f"{MAX_FERTILITY_RATIO} x allowed)",
        ),
    )
    failed = tuple(reason for passed, reason in checks if not passed)
    if failed:
        return Recommendation("transplant", failed)
    return Recommendation("retokenize", tuple(reason for _, reason in checks))


def fertility_ratio(measures: TextMeasures) -> float:
    """Return how many tokens the reference needs for one of the tokenizer's."""
    if not measures.tokens_per_word:
        return 1.0
    return measures.reference_tokens_per_word / measures.tokens_per_word
