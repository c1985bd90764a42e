"""Reports as text for a terminal."""

import io
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from bridge.reporting.formats.outline import make_sections, summary
from bridge.reporting.formats.sections import Section
from bridge.vocabulary.display import escaped

if TYPE_CHECKING:
    from bridge.reporting.report import RemapReport

_WIDTH = 80
# Rows of each group that a terminal shows of the sections that only illustrate.
_OF_EACH_GROUP = 3


def render_report(report: "RemapReport") -> str:
    """Write a report as text, at most 80 columns wide.

    Args:
        report: The report.

    Returns:
        The text, without colours; the recommendation stands at its end.
    """
    recommended, *others = make_sections(report)
    return f"{render(escaped(summary(report)))}\n\n" + render_sections(
        [*others, recommended]
    )


def render_sections(sections: Iterable[Section]) -> str:
    """Write sections as text, at most 80 columns wide.

    Args:
        sections: The sections.

    Returns:
        The text, without colours.
    """
    parts: list[Any] = []
    for section in sections:
        parts.append(escaped(section.title))
        parts += [_bullet(note) for note in section.notes]
        if section.rows:
            parts.append(_table(section))
        else:
            parts.append("")
    return render(*parts).rstrip()


def _bullet(note: str) -> Any:  # noqa: ANN401  a rich renderable
    from rich.table import Table
    from rich.text import Text

    # In a grid, wrapped lines stand below the text, not below its dash.
    grid = Table.grid(padding=(0, 1))
    grid.add_row(" -", Text(escaped(note)))
    return grid


def _table(section: Section) -> Any:  # noqa: ANN401  a rich table
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    first = len(section.columns) - section.numbers
    for place, name in enumerate(section.columns):
        table.add_column(
            name, justify="right" if place >= first else "left", overflow="fold"
        )
    for row in _shown_rows(section):
        table.add_row(*(Text(escaped(cell)) for cell in row))
    return table


def _shown_rows(section: Section) -> Iterator[tuple[str, ...]]:
    seen: Counter[str] = Counter()
    for row in section.rows:
        if section.group is not None:
            seen[row[section.group]] += 1
            if seen[row[section.group]] > _OF_EACH_GROUP:
                continue
        yield row


def render(*parts: Any) -> str:  # noqa: ANN401  strings and rich tables
    """Print parts with rich into a string.

    Args:
        *parts: Lines and rich renderables.

    Returns:
        Text without colours, at most 80 columns wide.
    """
    from rich.console import Console

    stream = io.StringIO()
    console = Console(
        file=stream, width=_WIDTH, color_system=None, legacy_windows=False
    )
    for part in parts:
        console.print(part, markup=not isinstance(part, str), highlight=False)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())
