"""An audit as text for a terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bridge.reporting.audit_causes import Cause
from bridge.reporting.terminal import render
from bridge.vocabulary.display import escaped, quoted

if TYPE_CHECKING:
    from bridge.reporting.audit_report import (
        AuditReport,
        Cosine,
        Difference,
        Example,
        Paths,
    )

# Longer words are shown by their smallest failing part only.
_LONGEST_WORDS = 40


def render_audit(report: "AuditReport") -> str:
    """Write an audit as text, at most 80 columns wide.

    Args:
        report: The audit.

    Returns:
        The text, without colours. Control and format characters are escaped.
    """
    count = len(report.differing)
    parts: list[Any] = [
        f"{count:,} of {_texts(report.texts)} "
        f"{'gets' if report.texts == 1 else 'get'} other ids from the preset's own "
        "tokenizer than from its reference."
    ]
    if report.causes:
        parts += [_causes(report), *map(_example, report.examples)]
    if report.classified < count:
        parts.append(
            f"Causes were searched for in {report.classified:,} of the {count:,}."
        )
    if report.paths is not None:
        parts.append(_paths(report.paths))
    if report.cosine is not None:
        parts.append(_cosine(report.cosine))
    if report.remedies:
        parts.append(_remedies(report))
    return render(*parts)


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
    own, other = difference.preset_tokens, difference.reference_tokens
    if own == other and difference.graph_tokens is None:
        # The vocabularies differ: only ids show it.
        own = _with_ids(own, difference.preset_ids)
        other = _with_ids(other, difference.reference_ids)
    rows = {"preset": own, "tf.data": difference.graph_tokens, "reference": other}
    return "\n".join(
        f"  {name:<10} {' | '.join(map(escaped, tokens)) or '(nothing)'}"
        for name, tokens in rows.items()
        if tokens is not None
    )


def _with_ids(tokens: Sequence[str], ids: Sequence[int]) -> tuple[str, ...]:
    return tuple(f"{token} ({i})" for token, i in zip(tokens, ids, strict=True))


def _paths(paths: "Paths") -> str:
    if not paths.differing:
        return f"tf.data gives the same ids as eager calls on {_texts(paths.texts)}."
    return (
        f"Of {_texts(paths.texts)} tried, differing ones first, {paths.differing:,} "
        f"{'gets' if paths.differing == 1 else 'get'} other ids in tf.data than in "
        f"eager calls; {paths.eager:,} differ from the reference eagerly and "
        f"{paths.graph:,} in tf.data."
    )


def _cosine(cosine: "Cosine") -> str:
    measured = f"{cosine.mean:.3f}"
    if cosine.texts > 1:
        measured += f" on average, {cosine.lowest:.3f} at worst"
    return (
        f"Pooled outputs of the backbone for both id sequences: cosine {measured}, "
        f"over {cosine.texts:,} differing {_noun(cosine.texts)}."
    )


def _remedies(report: "AuditReport") -> str:
    first, *rest = report.remedies
    effects = [
        f"{first.change} reduces {len(report.differing):,} to {first.differing:,}",
        *(f"{remedy.change} to {remedy.differing:,}" for remedy in rest),
    ]
    return f"Remedies: {'; '.join(effects)}."


def _texts(count: int) -> str:
    return f"{count:,} {_noun(count)}"


def _noun(count: int) -> str:
    return "text" if count == 1 else "texts"
