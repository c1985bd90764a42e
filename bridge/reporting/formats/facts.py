"""`Fact`: the headline numbers of a report, for tiles and comparisons."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bridge.reporting.numbers.fidelity import Fidelity
from bridge.reporting.numbers.reading import METHODS
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
    text, running = report.text, report.text.running
    mine, theirs = text.tokenizer, text.preset
    matched = sum(report.kinds.get(kind, 0) for kind in _MATCHED)
    return (
        Fact("types matched", matched / max(1, report.tokenizer_size), "{:.1%}"),
        Fact(
            "running text matched",
            None if running is None else sum(map(running.kinds.__getitem__, _MATCHED)),
            "{:.1%}",
        ),
        *_fidelity(text.remaps),
        Fact("lost to lookup", None if running is None else running.lookup_lost),
        Fact("lost to expand", None if running is None else running.expand_lost),
        Fact(
            "tokens per word", None if mine is None else mine.tokens_per_word, "{:.2f}"
        ),
        Fact(
            "preset's tokens per word",
            None if theirs is None else theirs.tokens_per_word,
            "{:.2f}",
        ),
        Fact("preset's length", fertility_ratio(text), "{:.2f} x"),
        Fact("unknown words", None if mine is None else mine.unknown),
        Fact("preset's unknown words", None if theirs is None else theirs.unknown),
        Fact("round trip", None if running is None else running.round_trip),
        Fact("truncated", _truncated(report, "tokenizer")),
        Fact("preset's truncated", _truncated(report, "preset")),
    )


def _fidelity(remaps: Mapping[str, Fidelity]) -> Iterator[Fact]:
    for method in reversed(METHODS):
        found = remaps.get(method)
        yield Fact(f"{method} exact", None if found is None else found.texts)
        yield Fact(f"{method} ids", None if found is None else found.ids)


def _truncated(report: "RemapReport", name: str) -> float | None:
    rows = () if report.lengths is None else report.lengths.rows
    return next((row.truncated for row in rows if row.name == name), None)
