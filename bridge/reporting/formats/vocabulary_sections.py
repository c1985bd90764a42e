"""Sections on the two vocabularies: what matches, and how they differ."""

from collections.abc import Iterator
from types import MappingProxyType
from typing import TYPE_CHECKING

from bridge.reporting.formats.sections import Code, Section, joined, number, share
from bridge.reporting.numbers.digits import DigitScheme

if TYPE_CHECKING:
    from bridge.reporting.report import RemapReport

KIND_MEANING = MappingProxyType(
    {
        "UNUSED": "reserved, or a hole in the ids",
        "OVERRIDE": "as the user said",
        "ROLE": "special token of the same role",
        "EXACT": "same bytes, same place in a word",
        "NORMALIZED": "same after the preset's normaliser",
        "BOUNDARY": "same bytes, other place in a word",
        "COMPOSED": "spelt by two or more pieces",
        "UNMAPPED": "no pieces spell it",
    }
)

# Every vocabulary size that something calls by that name, and ids of no use.
_SIZES = (
    ("tokens of the model", "pieces"),
    ("added texts", "added"),
    ("special tokens", "special"),
    ("reserved", "reserved"),
    ("holes in the ids", "holes"),
    ("largest id + 1", "size"),
    ("rows of the embedding", "rows"),
    ("same bytes and place as another", "duplicates"),
    ("dead, such as ##!", "dead"),
    ("others that were never trained", "untrained"),
)


def coverage(report: "RemapReport") -> Section:
    """Count ids and running tokens by kind."""
    running = report.text.running
    return Section(
        "Ids of the tokenizer",
        ("kind", "what it means", "types", "% types", "% text"),
        tuple(
            (
                kind,
                KIND_MEANING[kind],
                f"{count:,}",
                f"{count / max(1, report.tokenizer_size):.1%}",
                share(None if running is None else running.kinds[kind], digits=1),
            )
            for kind, count in report.kinds.items()
            if count
        ),
        numbers=3,
    )


def examples(report: "RemapReport") -> Section:
    """Show some tokens of every kind."""
    is_counted = report.text.running is not None
    return Section(
        "Examples of each kind",
        ("kind", "token", "at a word start", "inside a word", "in texts"),
        tuple(
            (
                row.kind,
                Code(row.token),
                joined(row.pieces),
                "same"
                if row.continuation_pieces == row.pieces
                else joined(row.continuation_pieces),
                number(row.count if is_counted else None),
            )
            for row in report.examples
        ),
        numbers=1,
        group=0,
    )


def roles(report: "RemapReport") -> Section:
    """Put special tokens beside each other."""
    return Section(
        "Special tokens by role",
        ("role", "tokenizer", "preset", ""),
        tuple(
            (
                row.role,
                _or_none(row.token),
                _or_none(row.preset_token),
                "" if row.exact or row.preset_token is None else "(counterpart)",
            )
            for row in report.roles
        ),
    )


def _or_none(token: str | None) -> str:
    return "none" if token is None else Code(token)


def sizes(report: "RemapReport") -> Section:
    """Tell the numbers apart that are all called vocabulary size."""
    ties = report.ties
    return Section(
        "Vocabulary sizes",
        ("", "tokenizer", "preset"),
        tuple(
            (
                label,
                number(getattr(report.sizes, name)),
                number(getattr(report.preset_sizes, name)),
            )
            for label, name in _SIZES
        ),
        notes=(
            f"{ties.broken:,} matches were chosen among several ids with the same "
            f"bytes. {ties.shared_rows:,} ids of the preset serve "
            f"{ties.sharing_ids:,} of the tokenizer. {ties.weak:,} of its ids are "
            "spelt by nothing but bytes, which mean little by themselves.",
            *_mismatch(report.preset_sizes.rows, report.preset_sizes.size),
        ),
        numbers=2,
    )


def _mismatch(rows: int | None, size: int) -> Iterator[str]:
    if rows is not None and rows > size:
        yield f"{rows - size:,} rows of the embedding have no token."
    if rows is not None and rows < size:
        yield f"{size - rows:,} ids of the preset's tokenizer have no row."


def digits(report: "RemapReport") -> Section:
    """Put both ways to cut numbers beside each other."""
    mine, theirs = report.digits, report.preset_digits
    cuts, others = dict(mine.examples), dict(theirs.examples)
    note = f"Tokenizer: {describe_digits(mine)}. Preset: {describe_digits(theirs)}."
    if not {mine.scheme, theirs.scheme} & {"unknown", "untold"}:
        same = (mine.scheme, mine.examples) == (theirs.scheme, theirs.examples)
        note += " Both cut alike." if same else " Numbers are cut differently."
    return Section(
        "Digits",
        ("number", "tokenizer", "preset"),
        tuple(
            (shown, joined(cuts.get(shown, ())), joined(others.get(shown, ())))
            for shown in dict.fromkeys((*cuts, *others))
        ),
        notes=(note,),
    )


def describe_digits(scheme: DigitScheme) -> str:
    """Say how numbers are cut.

    Args:
        scheme: The scheme.

    Returns:
        A phrase.
    """
    return {
        "single": "one token a digit",
        "groups": f"groups of up to {scheme.longest} digits",
        "irregular": f"1 to {scheme.longest} digits a token, as merges fall",
        "unknown": "some numbers have no tokens",
        "untold": (
            "not measured; its vocabulary has "
            f"{scheme.tokens:,} tokens of several digits"
            + (f", {scheme.longest} at most" if scheme.tokens else "")
        ),
    }[scheme.scheme]


def folding(report: "RemapReport") -> Section:
    """Show what matches only after the preset's normaliser."""
    gap, is_counted = report.folding, report.text.running is not None
    return Section(
        "Case, accents and Unicode forms",
        ("matches only after", "examples", "types", "% text"),
        tuple(
            (
                row.part,
                Code(", ".join(f"{old} → {new}" for old, new in row.examples)),
                f"{row.tokens:,}",
                share(row.running if is_counted else None, digits=1),
            )
            for row in gap.rows
        ),
        notes=(
            f"Folded by the tokenizer: {_listed(gap.folds)}. By the preset's: "
            f"{_listed(gap.preset_folds)}.",
        ),
        numbers=2,
    )


def _listed(names: tuple[str, ...] | None) -> str:
    if names is None:
        return "not measured"
    return ", ".join(names) if names else "nothing"


def scripts(report: "RemapReport") -> Section:
    """Show how many tokens each side has for a script."""
    return Section(
        "Scripts",
        ("script", "tokenizer's tokens", "preset's", "% words"),
        tuple(
            (
                row.script,
                f"{row.tokens:,}",
                f"{row.preset_tokens:,}",
                f"{row.words:.1%}",
            )
            for row in report.scripts
        ),
        numbers=3,
    )
