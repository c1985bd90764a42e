"""Reports as one self-contained HTML page, and as a fragment for notebooks."""

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from bridge.reporting.formats import charts, parts
from bridge.reporting.formats.outline import make_sections, summary
from bridge.reporting.formats.samples import sample_cards
from bridge.reporting.formats.sections import Section
from bridge.reporting.formats.token_data import token_columns

if TYPE_CHECKING:
    from bridge.reporting.report import RemapReport
    from bridge.reporting.source import ReportSource

_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")


def to_page(report: "RemapReport", source: "ReportSource | None") -> str:
    """Write a report as one page that loads nothing.

    Args:
        report: The report.
        source: What the table of tokens is made from; without it there is none.

    Returns:
        HTML. Its only script is this package's own, and the page's policy forbids any
        other; what comes from tokens and texts is text or JSON, never markup.
    """
    script = _asset("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    table = ""
    if source is not None:
        table = _fill(
            _asset("token_table.html"),
            {"data": token_columns(source.alignment, source.counts)},
        )
    return _fill(
        _asset("page.html"),
        {
            "style": _asset("page.css"),
            "script": script,
            "digest": digest,
            "links": _links(numbers=True, samples=report.samples, tokens=table),
            "body": _body(report),
            "samples": sample_cards(report.samples),
            "table": table,
        },
    )


def to_fragment(report: "RemapReport") -> str:
    """Write a report for a notebook: no script, no table of tokens.

    Args:
        report: The report.

    Returns:
        HTML of one `<div>` with its own style.
    """
    return _styled(_body(report))


def fragment(title: str, sections: Iterable[Section]) -> str:
    """Write sections for a notebook.

    Args:
        title: A sentence above them.
        sections: The sections.

    Returns:
        HTML of one `<div>` with its own style and no script.
    """
    tables = "".join(map(parts.table, sections))
    return _styled(
        f'<p class="summary">{parts.text(title)}</p>'
        f'<div class="sections">{tables}</div>'
    )


def _styled(body: str) -> str:
    return f'<div class="bridge"><style>{_asset("page.css")}</style>{body}</div>'


def _body(report: "RemapReport") -> str:
    recommended, *others = make_sections(report)
    return "".join(
        (
            f'<p class="summary">{parts.text(summary(report))}</p>',
            parts.tiles(report),
            parts.verdict(recommended),
            charts.charts(report),
            '<div class="sections" id="numbers">',
            *map(parts.table, others),
            "</div>",
        )
    )


def _links(**present: object) -> str:
    names = {"numbers": "Numbers", "samples": "Side by side", "tokens": "Every token"}
    return "".join(
        f'<a href="#{place}">{names[place]}</a>'
        for place, is_there in present.items()
        if is_there
    )


def _fill(template: str, values: Mapping[str, str]) -> str:
    """Fill placeholders in one pass, so that no value is searched for them."""
    return _PLACEHOLDER.sub(lambda found: values[found[1]], template)


@cache
def _asset(name: str) -> str:
    return (files("bridge.reporting.formats") / "page" / name).read_text(
        encoding="utf-8"
    )
