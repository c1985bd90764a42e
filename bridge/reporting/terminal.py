"""Reports as text for a terminal."""

import io
from collections.abc import Mapping
from typing import Any

from bridge.vocabulary.display import escaped, quoted

_WIDTH = 80

KIND_MEANING: Mapping[str, str] = {
    "UNUSED": "reserved, or a hole in the ids",
    "OVERRIDE": "as the user said",
    "ROLE": "special token of the same role",
    "EXACT": "same bytes, same place in a word",
    "NORMALIZED": "same after the preset's normaliser",
    "BOUNDARY": "same bytes, other place in a word",
    "COMPOSED": "spelt by two or more pieces",
    "UNMAPPED": "no pieces spell it",
}


def render_report(report: Mapping[str, Any]) -> str:
    """Write a report as text, at most 80 columns wide.

    Args:
        report: `RemapReport.to_dict()`.

    Returns:
        The text, without colours.
    """
    from rich.table import Table

    text = report["text"]
    kinds = Table("kind", "what it means", title="Ids of the tokenizer", **_style())
    for name in ("types", "% types", "% text"):
        kinds.add_column(name, justify="right")
    for kind, count in report["kinds"].items():
        if count:
            kinds.add_row(
                kind,
                KIND_MEANING[kind],
                f"{count:,}",
                f"{count / max(1, report['tokenizer_size']):.1%}",
                f"{text['kinds'][kind]:.1%}",
            )
    roles = Table(
        "role", "tokenizer", "preset", title="Special tokens by role", **_style()
    )
    for row in report["roles"]:
        roles.add_row(
            row["role"],
            _or_none(row["token"]),
            _or_none(row["preset_token"])
            + ("" if row["exact"] or row["preset_token"] is None else " (counterpart)"),
        )
    choice = report["recommendation"]
    rows = report["backbone_rows"]
    parts = (
        f"Tokenizer: {report['tokenizer_size']:,} ids. Preset: "
        f"{report['reference_size']:,} ids"
        + ("" if rows is None else f", {rows:,} rows")
        + f"; reference: {report['reference_note']}.",
        kinds,
        roles,
        f"Measured on {text['texts']:,} texts, {text['words']:,} words "
        f"({text['sample']}):",
        f"  tokens per word     {text['tokens_per_word']:.2f} tokenizer, "
        f"{text['reference_tokens_per_word']:.2f} preset",
        f"  round trip          {text['round_trip']:.2%} of texts come back unchanged",
        f"  unknown words       {text['reference_unk']:.2%} for the preset's tokenizer",
        f"  retokenize          {text['retokenize_exact']:.2%} of texts get the "
        "preset's own ids",
        f"  expand              {text['expand_exact']:.2%} of texts do; "
        f"{text['expand_lost']:.2%} of tokens are lost",
        f"  lookup              {text['lookup_lost']:.2%} of tokens have no single "
        "counterpart",
        "  most frequent lost  "
        + (
            ", ".join(f"{quoted(t)} x{n:,}" for t, n in text["lost_tokens"][:5])
            or "none"
        ),
        f"Recommended: {choice['strategy']}",
        *(f"  - {reason}" for reason in choice["reasons"]),
    )
    return render(*parts)


def _style() -> dict[str, Any]:
    from rich import box

    return {"box": box.SIMPLE_HEAD, "title_justify": "left", "pad_edge": False}


def _or_none(token: str | None) -> str:
    from rich.markup import escape

    return "none" if token is None else escape(escaped(token))


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
