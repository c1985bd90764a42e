"""Charts of the HTML report, drawn with CSS and inline SVG."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from bridge.reporting.formats.parts import kind_mark, text

if TYPE_CHECKING:
    from bridge.reporting.numbers.lengths import Lengths
    from bridge.reporting.report import RemapReport

# Drawing area of the chart of lengths, in SVG units.
_WIDTH, _HEIGHT = 340, 150
_LEFT, _TOP, _BOTTOM = 34, 8, 30


def charts(report: "RemapReport") -> str:
    """Draw coverage, remaps and lengths.

    Args:
        report: The report.

    Returns:
        Markup.
    """
    size = max(1, report.tokenizer_size)
    types = {kind: count / size for kind, count in report.kinds.items()}
    running = {} if report.text.running is None else report.text.running.kinds
    figures = [
        _figure(
            "Coverage",
            _stack("of the types", types)
            + (_stack("of running text", running) if running else "")
            + _legend(types, running),
        )
    ]
    if report.text.remaps:
        figures.append(_figure("What each remap reproduces", _remaps(report)))
    if report.lengths:
        figures.append(_figure("Ids per text", _curves(report.lengths)))
    return f'<div class="charts">{"".join(figures)}</div>'


def _figure(title: str, body: str) -> str:
    return f"<figure><figcaption>{text(title)}</figcaption>{body}</figure>"


def _stack(label: str, shares: Mapping[str, float]) -> str:
    parts = "".join(
        f'<span class="k-{text(kind)}" style="width:{100 * share:.3f}%" '
        f'title="{text(kind)} {share:.1%}"></span>'
        for kind, share in shares.items()
        if share > 0
    )
    return (
        f'<div class="bar"><b>{text(label)}</b><div class="stack">{parts}</div></div>'
    )


def _legend(*shares: Mapping[str, float]) -> str:
    used = [kind for kind in shares[0] if any(share.get(kind) for share in shares)]
    return f'<p class="legend">{" ".join(map(kind_mark, used))}</p>'


def _remaps(report: "RemapReport") -> str:
    bars = "".join(
        _bar(method, found.texts, "texts") + _bar("", found.ids, "ids")
        for method, found in report.text.remaps.items()
    )
    return f'{bars}<p class="legend">Texts and ids as the preset\'s own.</p>'


def _bar(label: str, share: float, what: str) -> str:
    return (
        f'<div class="bar {what}"><b>{text(label)}</b><div class="stack">'
        f'<span class="share" style="width:{100 * share:.3f}%"></span></div>'
        f"<i>{share:.1%} {what}</i></div>"
    )


def _curves(lengths: "Lengths") -> str:
    """Draw the deciles of the lengths of the texts, one line for each kind of ids."""
    rows = [row for row in lengths.rows if len(row.deciles) > 1]
    # The longest text would flatten all others: the scale ends at the ninth decile's
    # double, or where texts are cut off if that is near.
    usual = max((row.deciles[-2] for row in rows), default=1)
    longest = max((row.deciles[-1] for row in rows), default=1)
    limit = lengths.sequence_length
    top = max(1, min(longest, 2 * usual))
    if limit <= 2 * top:
        top = max(top, limit)

    def height(value: float) -> float:
        return (_HEIGHT - _TOP - _BOTTOM) * (1 - min(value, top) / top) + _TOP

    lines = "".join(
        f'<polyline class="line-{text(row.name)}" points="'
        + " ".join(
            f"{_LEFT + (_WIDTH - _LEFT - 8) * place / (len(row.deciles) - 1):.1f},"
            f"{height(value):.1f}"
            for place, value in enumerate(row.deciles)
        )
        + '"/>'
        for row in rows
    )
    marks = _mark(height(0), "0") + _mark(height(top), f"{top:,}")
    if limit <= top:
        y = height(limit)
        marks += (
            _line("limit", y)
            + f'<text x="{_LEFT + 4}" y="{y - 4 if y > 16 else y + 12:.1f}">'
            f"sequence_length {limit:,}</text>"
        )
    names = "".join(
        f'<span class="key line-{text(row.name)}">{text(row.name)}</span> '
        for row in rows
    )
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="Ids per text, from the shortest text to the longest">'
        f'{marks}{lines}<text x="{_LEFT}" y="{_HEIGHT - 8}">shortest text</text>'
        f'<text class="end" x="{_WIDTH - 2}" y="{_HEIGHT - 8}">longest text</text>'
        "</svg>"
        f'<p class="legend">{names}</p>'
    )


def _mark(y: float, label: str) -> str:
    return (
        _line("axis", y)
        + f'<text class="end" x="{_LEFT - 4}" y="{y + 4:.1f}">{label}</text>'
    )


def _line(name: str, y: float) -> str:
    return (
        f'<line class="{name}" x1="{_LEFT}" x2="{_WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>'
    )
