"""An audit as a fragment for notebooks."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bridge.reporting.auditing.causes import Cause
from bridge.reporting.auditing.sentences import details, headline
from bridge.reporting.auditing.terminal import shown_tokens
from bridge.reporting.formats.html import fragment
from bridge.reporting.formats.sections import Code, Section, joined, share

if TYPE_CHECKING:
    from bridge.reporting.auditing.report import AuditReport, Example


def audit_fragment(report: "AuditReport") -> str:
    """Write an audit for a notebook.

    Args:
        report: The audit.

    Returns:
        HTML of one `<div>` with its own style and no script; what comes from tokens
        and texts is text, never markup.
    """
    return fragment(headline(report), [*_sections(report)])


def _sections(report: "AuditReport") -> Iterator[Section]:
    if report.causes:
        yield Section(
            "Causes",
            ("cause", "what the preset's own tokenizer does", "texts"),
            tuple(
                (cause, Cause(cause).meaning, f"{texts:,}")
                for cause, texts in report.causes.items()
            ),
            numbers=1,
        )
    notes = tuple(details(report))
    if report.remedies or notes:
        yield Section(
            "Effects and remedies",
            ("remedy", "texts that still differ", "of all"),
            tuple(
                (
                    Code(remedy.change.replace("`", "")),
                    f"{remedy.differing:,}",
                    share(remedy.differing / max(1, report.texts)),
                )
                for remedy in report.remedies
            ),
            notes=notes,
            numbers=2,
        )
    if report.examples:
        yield Section(
            "Smallest examples",
            ("cause", "text", "as in", "preset's own", "reference", "cosine"),
            tuple(map(_row, report.examples)),
            numbers=1,
            group=0,
        )


def _row(example: "Example") -> tuple[str, ...]:
    tokens = shown_tokens(example.words)
    return (
        example.cause,
        Code(example.text),
        Code(example.words.text),
        joined(tokens["tf.data" if "tf.data" in tokens else "preset"]),
        joined(tokens["reference"]),
        "-" if example.cosine is None else f"{example.cosine:.3f}",
    )
