"""`ReportComparison`: two reports side by side."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bridge.reporting.formats.facts import make_facts
from bridge.reporting.formats.sections import Section
from bridge.reporting.plain import to_plain
from bridge.reporting.terminal import render_sections

if TYPE_CHECKING:
    from bridge.reporting.report import RemapReport


@dataclass(frozen=True, slots=True)
class ComparedFact:
    """One number of two reports.

    Attributes:
        name: What it is.
        first: Its value in the first report, `None` where not measured.
        second: Its value in the second.
        first_shown: The first as text.
        second_shown: The second as text.
    """

    name: str
    first: float | None
    second: float | None
    first_shown: str
    second_shown: str


@dataclass(frozen=True, slots=True)
class ReportComparison:
    """Two reports side by side.

    Attributes:
        strategies: The strategies that the two recommend.
        facts: Headline numbers of both.
        kinds: Ids by `MatchKind` name in both.
    """

    strategies: tuple[str, str]
    facts: tuple[ComparedFact, ...]
    kinds: dict[str, tuple[int, int]]

    @property
    def differing(self) -> tuple[ComparedFact, ...]:
        """The facts in which the two differ."""
        return tuple(fact for fact in self.facts if fact.first != fact.second)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        plain: dict[str, Any] = to_plain(self)
        return plain

    def _sections(self) -> tuple[Section, Section]:
        facts = tuple(
            (
                fact.name,
                fact.first_shown,
                fact.second_shown,
                "" if fact.first == fact.second else "differs",
            )
            for fact in self.facts
        )
        kinds = tuple(
            (kind, f"{mine:,}", f"{theirs:,}", f"{theirs - mine:+,}")
            for kind, (mine, theirs) in self.kinds.items()
            if mine or theirs
        )
        recommended = ("recommended", *self.strategies, "")
        return (
            Section(
                "Two reports",
                ("", "first", "second", ""),
                (recommended, *facts),
                numbers=3,
            ),
            Section(
                "Ids of the tokenizer",
                ("kind", "first", "second", "difference"),
                kinds,
                numbers=3,
            ),
        )

    def _repr_html_(self) -> str:
        """Return the comparison as a fragment for notebooks."""
        from bridge.reporting.formats.html import fragment

        count = len(self.differing)
        return fragment(
            f"{count} of {len(self.facts)} numbers differ.", self._sections()
        )

    def __str__(self) -> str:
        """Return the comparison as text for a terminal."""
        return render_sections(self._sections())


def compare_reports(first: "RemapReport", second: "RemapReport") -> ReportComparison:
    """Put two reports side by side.

    Args:
        first: A report.
        second: Another, of any two tokenizers.

    Returns:
        Their headline numbers in pairs.
    """
    return ReportComparison(
        strategies=(first.recommendation.strategy, second.recommendation.strategy),
        facts=tuple(
            ComparedFact(mine.name, mine.value, theirs.value, mine.shown, theirs.shown)
            for mine, theirs in zip(make_facts(first), make_facts(second), strict=True)
        ),
        kinds={
            kind: (first.kinds.get(kind, 0), second.kinds.get(kind, 0))
            for kind in dict.fromkeys((*first.kinds, *second.kinds))
        },
    )
