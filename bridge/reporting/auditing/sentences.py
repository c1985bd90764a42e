"""Sentences of an audit: the same in a terminal and in a notebook."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.reporting.auditing.report import AuditReport, Cosine, Paths


def headline(report: "AuditReport") -> str:
    """Say how many texts differ.

    Args:
        report: The audit.

    Returns:
        One sentence.
    """
    return (
        f"{len(report.differing):,} of {_texts(report.texts)} "
        f"{'gets' if report.texts == 1 else 'get'} other ids from the preset's own "
        "tokenizer than from its reference."
    )


def details(report: "AuditReport") -> Iterator[str]:
    """Say how far causes were searched for, and what else was compared.

    Args:
        report: The audit.

    Yields:
        One sentence for each thing that was measured.
    """
    count = len(report.differing)
    if report.classified < count:
        yield f"Causes were searched for in {report.classified:,} of the {count:,}."
    if report.paths is not None:
        yield _paths(report.paths)
    if report.cosine is not None:
        yield _cosine(report.cosine)


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


def remedies(report: "AuditReport") -> Iterator[str]:
    """Say what each remedy leaves.

    Args:
        report: The audit.

    Yields:
        One sentence, where there is a remedy.
    """
    if not report.remedies:
        return
    first, *rest = report.remedies
    effects = [
        f"{first.change} reduces {len(report.differing):,} to {first.differing:,}",
        *(f"{remedy.change} to {remedy.differing:,}" for remedy in rest),
    ]
    yield f"Remedies: {'; '.join(effects)}."


def _texts(count: int) -> str:
    return f"{count:,} {_noun(count)}"


def _noun(count: int) -> str:
    return "text" if count == 1 else "texts"
