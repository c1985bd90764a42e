"""What a report could not measure, and what to pass so that it can."""

from collections.abc import Iterator

from bridge.reporting.numbers.cost import TransplantCost
from bridge.reporting.numbers.reading import Reading


def list_unmeasured(reading: Reading, cost: TransplantCost | None) -> tuple[str, ...]:
    """Name what is missing from a report.

    Args:
        reading: Texts and both tokenizers.
        cost: What a transplant would change, if it can be counted.

    Returns:
        One sentence for each part: what, why, and the remedy.
    """
    return tuple(_missing(reading, cost))


def _missing(reading: Reading, cost: TransplantCost | None) -> Iterator[str]:
    if not reading.has_ids:
        yield (
            "How the tokenizer cuts text, and with it coverage of running text: it is "
            "a vocabulary, which does not say how text is split. Load it with what is "
            "missing (`split=`, `merges=` or `lowercase=`)."
        )
    if not reading.has_reference_ids:
        yield (
            "How the preset cuts text, and its special tokens around it: only its "
            "vocabulary is known. Pass the tokenizer it was trained with as "
            "`reference=` to `bridge.align`."
        )
    if not reading.has_both:
        yield (
            "Fidelity of the remaps, worst-hit words and texts side by side: they "
            "need the encodings of both."
        )
    if not reading.sample.is_text:
        yield (
            "Lengths and truncation: words stand in for texts. Pass `texts`, such as "
            "will be encoded."
        )
    if cost is None:
        yield (
            "Rows of a transplant: the preset's template has a token without a role."
        )
    elif cost.hidden_dim is None:
        yield (
            "Parameters and megabytes of a transplant: the width of the embedding is "
            "not known. Pass `hidden_dim=`."
        )
