"""`Section`: one table of a report, before anything decides how it looks."""

from dataclasses import dataclass


class Code(str):
    """Text of tokens or words: it comes from strangers, and is set as code."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Section:
    """One table with a title.

    Attributes:
        title: Its title.
        columns: Names of the columns.
        rows: Cells, as many a row as there are columns. None are escaped.
        notes: Sentences above the table. Not escaped either.
        numbers: How many columns, counted from the right, hold numbers.
        group: Column by which rows are grouped, where a terminal shows only the first
            of each group; `None` where it shows all.
    """

    title: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()
    numbers: int = 0
    group: int | None = None


def joined(tokens: tuple[str, ...]) -> Code:
    """Write tokens in one line.

    Args:
        tokens: Texts of tokens.

    Returns:
        Such as `play | ##ing`; `-` for none.
    """
    return Code(" | ".join(tokens) or "-")


def number(value: int | None) -> str:
    """Write a count with thousands apart, `-` for `None`."""
    return "-" if value is None else f"{value:,}"


def share(value: float | None, *, digits: int = 2) -> str:
    """Write a share as a percentage, `-` for `None`.

    Args:
        value: The share.
        digits: Digits behind the point.

    Returns:
        Such as `12.34%`.
    """
    return "-" if value is None else f"{value:.{digits}%}"
