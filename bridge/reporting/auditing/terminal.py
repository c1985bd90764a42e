"""An audit as text for a terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bridge.reporting.auditing.causes import Cause
from bridge.reporting.auditing.sentences import details, headline, remedies
from bridge.reporting.terminal import render
from bridge.vocabulary.display import escaped, quoted

if TYPE_CHECKING:
    from bridge.reporting.auditing.report import AuditReport, Difference, Example

# Longer words are shown by their smallest failing part only.
_LONGEST_WORDS = 40


def render_audit(report: "AuditReport") -> str:
    """Write an audit as text, at most 80 columns wide.

    Args:
        report: The audit.

    Returns:
        The text, without colours. Control and format characters are escaped.
    """
    parts: list[Any] = [headline(report)]
    if report.causes:
        parts += [_causes(report), *map(_example, report.examples)]
    return render(*parts, *details(report), *remedies(report))


def _causes(report: "AuditReport") -> Any:  # noqa: ANN401  a rich table
    from rich import box
    from rich.table import Table

    table = Table("cause", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("texts", justify="right")
    table.add_column("what the preset's own tokenizer does")
    for cause, texts in report.causes.items():
        table.add_row(cause, f"{texts:,}", Cause(cause).meaning)
    return table


def _example(example: "Example") -> str:
    shown, place = example.smallest, ""
    if example.words != shown and len(example.words.text) <= _LONGEST_WORDS:
        shown, place = example.words, f", as in {quoted(example.words.text)}"
    cosine = "" if example.cosine is None else f" (cosine {example.cosine:.3f})"
    return f"{example.cause}: {quoted(example.text)}{place}{cosine}\n" + _tokens(shown)


def _tokens(difference: "Difference") -> str:
    return "\n".join(
        f"  {name:<10} {' | '.join(map(escaped, tokens)) or '(nothing)'}"
        for name, tokens in shown_tokens(difference).items()
    )


def shown_tokens(difference: "Difference") -> dict[str, tuple[str, ...]]:
    """Choose what tells the encodings of a text apart.

    Args:
        difference: The text.

    Returns:
        Tokens of `"preset"`, of `"tf.data"` where that is what differs, and of
        `"reference"`; with their ids where the tokens are the same.
    """
    own, other = difference.preset_tokens, difference.reference_tokens
    if difference.graph_tokens is not None:
        return {"preset": own, "tf.data": difference.graph_tokens, "reference": other}
    if own == other:
        # The vocabularies differ: only ids show it.
        own = _with_ids(own, difference.preset_ids)
        other = _with_ids(other, difference.reference_ids)
    return {"preset": own, "reference": other}


def _with_ids(tokens: Sequence[str], ids: Sequence[int]) -> tuple[str, ...]:
    return tuple(f"{token} ({i})" for token, i in zip(tokens, ids, strict=True))
