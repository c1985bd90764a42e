"""Pieces of the HTML report: text, tiles, tables."""

import html
from typing import TYPE_CHECKING

from bridge.reporting.formats.facts import make_facts
from bridge.reporting.formats.sections import Code, Section
from bridge.reporting.formats.token_data import harmless
from bridge.reporting.formats.vocabulary_sections import KIND_MEANING

if TYPE_CHECKING:
    from bridge.reporting.report import RemapReport

# What a person looks at first; `make_facts` has the rest.
_TILES = (
    "types matched",
    "running text matched",
    "retokenize exact",
    "expand exact",
    "preset's length",
    "preset's unknown words",
)


def text(content: str) -> str:
    """Escape text for HTML, and show what could act on the line around it.

    Args:
        content: Any text.

    Returns:
        Markup that shows it.
    """
    return html.escape(harmless(content))


def code(content: str) -> str:
    """Set text of tokens or words as code, its direction kept to itself."""
    return f"<bdi><code>{text(content)}</code></bdi>" if content else ""


def kind_mark(kind: str) -> str:
    """Write the name of a `MatchKind` with its colour."""
    return f'<span class="kind k-{text(kind)}">{text(kind)}</span>'


def tiles(report: "RemapReport") -> str:
    """Show the headline numbers.

    Args:
        report: The report.

    Returns:
        Markup.
    """
    facts = {fact.name: fact for fact in make_facts(report)}
    shown = [
        ("recommended", report.recommendation.strategy),
        *(
            (name, facts[name].shown)
            for name in _TILES
            if facts[name].value is not None
        ),
    ]
    if report.lengths is not None and facts["truncated"].value is not None:
        limit = report.lengths.sequence_length
        shown.append((f"truncated at {limit:,}", facts["truncated"].shown))
    return (
        '<dl class="tiles">'
        + "".join(
            f"<div><dt>{text(name)}</dt><dd>{text(value)}</dd></div>"
            for name, value in shown
        )
        + "</dl>"
    )


def verdict(section: Section) -> str:
    """Show the recommendation with its reasons.

    Args:
        section: The section that holds them.

    Returns:
        Markup.
    """
    reasons = "".join(f"<li>{text(note)}</li>" for note in section.notes)
    return (
        f'<section class="verdict"><h2>{text(section.title)}</h2>'
        f"<ul>{reasons}</ul></section>"
    )


def table(section: Section) -> str:
    """Show a section.

    Args:
        section: The section.

    Returns:
        Markup.
    """
    first = len(section.columns) - section.numbers
    wide = "" if section.group is None else ' class="wide"'
    head = "".join(
        f"<th{_align(place, first)}>{text(name)}</th>"
        for place, name in enumerate(section.columns)
    )
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td{_align(place, first)}>{_cell(cell)}</td>"
            for place, cell in enumerate(row)
        )
        + "</tr>"
        for row in section.rows
    )
    notes = "".join(f"<p>{text(note)}</p>" for note in section.notes)
    body = (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )
    return (
        f"<section{wide}><h2>{text(section.title)}</h2>{notes}"
        f"{body if section.rows else ''}</section>"
    )


def _align(place: int, first_number: int) -> str:
    return ' class="number"' if place >= first_number else ""


def _cell(cell: str) -> str:
    if isinstance(cell, Code):
        return code(cell)
    return kind_mark(cell) if cell in KIND_MEANING else text(cell)
