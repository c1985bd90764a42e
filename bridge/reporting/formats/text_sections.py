"""Sections on running text, on the remaps, and on what to do."""

from typing import TYPE_CHECKING

from bridge.reporting.formats.sections import Code, Section
from bridge.reporting.recommendation import fertility_ratio
from bridge.vocabulary.display import quoted

if TYPE_CHECKING:
    from bridge.reporting.report import RemapReport


def recommendation(report: "RemapReport") -> Section:
    """Name the strategy that fits, with the numbers that led to it."""
    choice = report.recommendation
    return Section(f"Recommended: {choice.strategy}", notes=choice.reasons)


def texts(report: "RemapReport") -> Section:
    """Compare how both tokenizers cut the texts."""
    text = report.text
    return Section(
        "On the texts",
        ("", "tokenizer", "preset"),
        (
            (
                "tokens per word",
                f"{text.tokens_per_word:.2f}",
                f"{text.reference_tokens_per_word:.2f}",
            ),
            (
                "tokens per character",
                f"{text.tokens_per_character:.3f}",
                f"{text.reference_tokens_per_character:.3f}",
            ),
            (
                "unknown words",
                f"{text.tokenizer_unk:.2%}",
                f"{text.reference_unk:.2%}",
            ),
        ),
        notes=(
            f"Measured on {text.texts:,} texts, {text.words:,} words ({text.sample})."
            + (
                f" {text.refused:,} more were refused: a tokenizer without unk has no "
                "token for part of them."
                if text.refused
                else ""
            ),
            f"The preset needs {fertility_ratio(text):.2f} x as many tokens. "
            f"{text.round_trip:.2%} of the texts come back unchanged from the "
            "tokenizer's ids.",
        ),
        numbers=2,
    )


def remaps(report: "RemapReport") -> Section:
    """Show side by side what each remap reproduces."""
    text = report.text
    lost = ", ".join(f"{quoted(token)} x{n:,}" for token, n in text.lost_tokens[:5])
    return Section(
        "What each remap reproduces",
        ("remap", "texts with the preset's own ids", "lost"),
        (
            ("lookup", f"{text.lookup_exact:.2%}", f"{text.lookup_lost:.2%} of tokens"),
            ("expand", f"{text.expand_exact:.2%}", f"{text.expand_lost:.2%} of tokens"),
            (
                "retokenize",
                f"{text.retokenize_exact:.2%}",
                f"{text.reference_unk:.2%} of words",
            ),
        ),
        notes=(
            "Most frequent tokens without a single counterpart: "
            + (f"{lost}." if lost else "none."),
        ),
        numbers=2,
    )


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
