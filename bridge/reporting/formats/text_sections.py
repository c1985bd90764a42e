"""Sections on running text, on the remaps, and on what to do."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from bridge.reporting.formats.sections import Code, Section, share
from bridge.reporting.measure import Side
from bridge.reporting.numbers.reading import METHODS
from bridge.reporting.recommendation import fertility_ratio
from bridge.vocabulary.display import quoted

if TYPE_CHECKING:
    from bridge.reporting.report import RemapReport


_SIDE_ROWS: tuple[tuple[str, Callable[[Side], str]], ...] = (
    ("tokens per word", lambda side: f"{side.tokens_per_word:.2f}"),
    ("tokens per character", lambda side: f"{side.tokens_per_character:.3f}"),
    ("unknown words", lambda side: share(side.unknown)),
)


def recommendation(report: "RemapReport") -> Section:
    """Name the strategy that fits, with the numbers that led to it."""
    choice = report.recommendation
    return Section(f"Recommended: {choice.strategy}", notes=choice.reasons)


def unmeasured(report: "RemapReport") -> Section:
    """Say what could not be measured and why."""
    return Section("Not measured", notes=report.unmeasured)


def texts(report: "RemapReport") -> Section:
    """Compare how both tokenizers cut the texts."""
    text, ratio = report.text, fertility_ratio(report.text)
    sides = (text.tokenizer, text.preset)
    notes = [
        f"Measured on {text.texts:,} texts, {text.words:,} words ({text.sample})."
        + (
            f" {text.refused:,} more were refused: a tokenizer without unk has no "
            "token for part of them."
            if text.refused
            else ""
        )
    ]
    if ratio is not None:
        notes.append(f"The preset needs {ratio:.2f} x as many tokens.")
    if text.running is not None:
        notes.append(
            f"{text.running.round_trip:.2%} of the texts come back unchanged from the "
            "tokenizer's ids."
        )
    return Section(
        "On the texts",
        ("", "tokenizer", "preset"),
        tuple(
            (label, *("-" if side is None else write(side) for side in sides))
            for label, write in _SIDE_ROWS
        ),
        notes=tuple(notes),
        numbers=2,
    )


def remaps(report: "RemapReport") -> Section:
    """Show side by side what each remap reproduces."""
    running, preset = report.text.running, report.text.preset
    if running is None:
        return Section("What each remap reproduces")
    lost = {
        "lookup": f"{running.lookup_lost:.2%} of tokens",
        "expand": f"{running.expand_lost:.2%} of tokens",
        "retokenize": "-" if preset is None else f"{preset.unknown:.2%} of words",
    }
    shown = ", ".join(f"{quoted(t)} x{n:,}" for t, n in running.lost_tokens[:5])
    return Section(
        "What each remap reproduces",
        ("remap", "texts as the preset's", "ids as the preset's", "lost"),
        tuple(_remap_row(report, method, lost[method]) for method in METHODS),
        notes=(
            "Against the preset's own encoding of the text: texts with exactly its "
            "ids, and ids that are its own in its order.",
            "Most frequent tokens without a single counterpart: "
            + (f"{shown}." if shown else "none."),
        ),
        numbers=3,
    )


def _remap_row(report: "RemapReport", method: str, lost: str) -> tuple[str, ...]:
    found = report.text.remaps.get(method)
    if found is None:
        return (method, "-", "-", lost)
    return (method, share(found.texts), share(found.ids), lost)


def lengths(report: "RemapReport") -> Section:
    """Compare how long texts become and how many are cut off."""
    found = report.lengths
    if found is None:
        return Section("Lengths")
    return Section(
        "Lengths",
        ("ids of", "mean", "median", "longest", "truncated"),
        tuple(
            (
                row.name,
                f"{row.mean:.1f}",
                f"{row.deciles[len(row.deciles) // 2]:,}",
                f"{row.deciles[-1]:,}",
                f"{row.truncated:.2%}",
            )
            for row in found.rows
            if row.deciles
        ),
        notes=(
            f"Ids per text, {found.specials} special tokens among them. Truncated: "
            f"longer than {found.sequence_length:,}. lookup and a transplant keep "
            "the tokenizer's length, retokenize gives the preset's.",
        ),
        numbers=4,
    )


def words(report: "RemapReport") -> Section:
    """List the words that cost most."""
    return Section(
        "Worst-hit words",
        ("word", "why", "in texts", "tokenizer's tokens", "preset's"),
        tuple(
            (
                Code(row.word),
                row.reason,
                f"{row.count:,}",
                f"{row.tokens:,}",
                f"{row.preset_tokens:,}",
            )
            for row in report.words
        ),
        numbers=3,
        group=1,
    )


def transplant(report: "RemapReport") -> Section:
    """Say what a transplant would make, train and add."""
    cost = report.transplant
    if cost is None:
        return Section("A transplant")
    rows = [
        ("rows of the new embedding", f"{cost.rows:,}"),
        ("rows of the preset's", f"{cost.preset_rows:,}"),
        ("special tokens appended", f"{cost.appended:,}"),
        ("rows copied", f"{cost.copied:,}"),
        ("rows composed of pieces, to train", f"{cost.composed:,}"),
        ("rows drawn, to train", f"{cost.drawn:,}"),
    ]
    if (
        cost.trained_parameters is not None
        and cost.added_parameters is not None
        and cost.added_megabytes is not None
    ):
        rows += [
            ("parameters in rows to train", f"{cost.trained_parameters:,}"),
            ("parameters added", f"{cost.added_parameters:+,}"),
            ("megabytes added, float32", f"{cost.added_megabytes:+,.1f}"),
        ]
    return Section("A transplant", ("", "number"), tuple(rows), numbers=1)
