"""`Fact`: the headline numbers of a report, for tiles and comparisons."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bridge.reporting.recommendation import fertility_ratio

if TYPE_CHECKING:
    from bridge.reporting.report import RemapReport

# One id for one id with the same meaning.
_MATCHED = ("OVERRIDE", "ROLE", "EXACT", "NORMALIZED")


@dataclass(frozen=True, slots=True)
class Fact:
    """One number.

    Attributes:
        name: What it is.
        value: The number; `None` where it was not measured.
        pattern: How to write it, for `str.format`.
    """

    name: str
    value: float | None
    pattern: str = "{:.2%}"

    @property
    def shown(self) -> str:
        """The number as text."""
        return "-" if self.value is None else self.pattern.format(self.value)


def make_facts(report: "RemapReport") -> tuple[Fact, ...]:
    """Pick the headline numbers.

    Args:
        report: The report.

    Returns:
        The numbers, always in the same order.
    """
    text = report.text
    matched = sum(report.kinds.get(kind, 0) for kind in _MATCHED)
    ratio = fertility_ratio(text)
    return (
        Fact("types matched", matched / max(1, report.tokenizer_size), "{:.1%}"),
        Fact(
            "running text matched",
            sum(text.kinds.get(kind, 0.0) for kind in _MATCHED),
            "{:.1%}",
        ),
        Fact("retokenize exact", text.retokenize_exact),
        Fact("expand exact", text.expand_exact),
        Fact("lookup exact", text.lookup_exact),
        Fact("lost to lookup", text.lookup_lost),
        Fact("lost to expand", text.expand_lost),
        Fact("tokens per word", text.tokens_per_word, "{:.2f}"),
        Fact("preset's tokens per word", text.reference_tokens_per_word, "{:.2f}"),
        Fact("preset's length", ratio, "{:.2f} x"),
        Fact("unknown words", text.tokenizer_unk),
        Fact("preset's unknown words", text.reference_unk),
        Fact("round trip", text.round_trip),
        Fact("truncated", _truncated(report, "tokenizer")),
        Fact("preset's truncated", _truncated(report, "preset")),
    )


def _truncated(report: "RemapReport", name: str) -> float | None:
    rows = () if report.lengths is None else report.lengths.rows
    return next((row.truncated for row in rows if row.name == name), None)
