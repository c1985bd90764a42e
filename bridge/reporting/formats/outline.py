"""`make_sections`: a report as a list of sections."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from bridge.reporting.formats import text_sections, vocabulary_sections
from bridge.reporting.formats.sections import Section

if TYPE_CHECKING:
    from bridge.reporting.report import RemapReport

_MAKERS: tuple[Callable[["RemapReport"], Section], ...] = (
    text_sections.recommendation,
    text_sections.unmeasured,
    vocabulary_sections.coverage,
    text_sections.texts,
    text_sections.remaps,
    text_sections.lengths,
    vocabulary_sections.roles,
    vocabulary_sections.digits,
    vocabulary_sections.folding,
    vocabulary_sections.scripts,
    vocabulary_sections.sizes,
    text_sections.transplant,
    text_sections.words,
    vocabulary_sections.examples,
)


def make_sections(report: "RemapReport") -> list[Section]:
    """Write a report as sections.

    Args:
        report: The report.

    Returns:
        The sections that have something to say, the recommendation first.
    """
    made = (make(report) for make in _MAKERS)
    return [section for section in made if section.rows or section.notes]


def summary(report: "RemapReport") -> str:
    """Say in one sentence what was lined up with what."""
    rows = report.backbone_rows
    return (
        f"Tokenizer: {report.tokenizer_size:,} ids. Preset: "
        f"{report.reference_size:,} ids"
        + ("" if rows is None else f", {rows:,} rows")
        + f"; reference: {report.reference_note}."
    )
