"""Reports as Markdown."""

from typing import TYPE_CHECKING

from bridge.reporting.formats.outline import make_sections, summary
from bridge.reporting.formats.sections import Code, Section
from bridge.vocabulary.display import escaped

if TYPE_CHECKING:
    from bridge.reporting.report import RemapReport

# Everything that Markdown, or HTML inside it, gives a meaning to.
_MARKUP = {
    ord(character): f"&#{ord(character)};" for character in "\\`*_{}[]()<>#+-.!|~&$@:"
}
# Inside a sentence these mean nothing.
_HARMLESS = frozenset(map(ord, "-.:()+$"))
_SENTENCE = {
    place: entity for place, entity in _MARKUP.items() if place not in _HARMLESS
}


def to_markdown(report: "RemapReport") -> str:
    """Write a report as Markdown with tables.

    Args:
        report: The report.

    Returns:
        The text; what comes from tokens and texts stands in it as numeric entities
        inside `<code>`, so that nothing in it is markup.
    """
    parts = ["# Report", plain(summary(report))]
    parts += map(_section, make_sections(report))
    return "\n\n".join(parts) + "\n"


def _section(section: Section) -> str:
    parts = [f"## {plain(section.title)}"]
    parts += [f"- {plain(note)}" for note in section.notes]
    text = "\n".join([parts[0], "", *parts[1:]]).rstrip()
    if not section.rows:
        return text
    first = len(section.columns) - section.numbers
    rule = ["---" if place < first else "---:" for place in range(len(section.columns))]
    lines = [
        _line([plain(name) for name in section.columns]),
        _line(rule),
        *(_line([_cell(cell) for cell in row]) for row in section.rows),
    ]
    return text + "\n\n" + "\n".join(lines)


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(cell: str) -> str:
    if isinstance(cell, Code):
        return f"<code>{escaped(cell).translate(_MARKUP)}</code>" if cell else ""
    return plain(cell)


def plain(text: str) -> str:
    """Write a sentence so that nothing in it is markup.

    Args:
        text: A sentence, perhaps with token text in it.

    Returns:
        Markdown that shows exactly the sentence.
    """
    return escaped(text).translate(_SENTENCE)
