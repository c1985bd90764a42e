"""Token text for people: readable, and harmless to look at."""

import html
import unicodedata
from collections.abc import Iterable, Sequence

from bridge.vocabulary.kinds import Token, TokenKind
from bridge.vocabulary.surface import METASPACE, Convention, byte_level_bytes

VISIBLE_SPACE = "\u2423"


def readable(token: Token | None, kind: int, convention: Convention) -> str:
    r"""Show what a token stands for, as text.

    Args:
        token: Its spelling, `None` for a hole.
        kind: Its `TokenKind`.
        convention: How its vocabulary writes tokens.

    Returns:
        The bytes behind a byte-level, sentencepiece or tiktoken token as text, with
        the space visible and what is not UTF-8 as `\xNN`; the spelling of any other
        token as it is.
    """
    if token is None:
        return "<hole>"
    if kind != TokenKind.NORMAL or not convention.keeps_spaces:
        return token if isinstance(token, str) else _decoded(token)
    if isinstance(token, bytes):
        text = _decoded(token)
    elif convention == Convention.BYTE_LEVEL:
        text = _decoded(byte_level_bytes(token))
    else:
        text = token.replace(METASPACE, " ")
    return text.replace(" ", VISIBLE_SPACE)


def _decoded(content: bytes) -> str:
    return content.decode("utf-8", "backslashreplace")


def escaped(text: str) -> str:
    """Make text harmless to look at.

    Token text comes from strangers: control characters and bidirectional marks could
    move the cursor or reverse a line.

    Args:
        text: Any text.

    Returns:
        The text with such characters escaped.
    """
    return "".join(
        character
        if character.isprintable() and unicodedata.category(character) != "Cf"
        else character.encode("unicode_escape").decode()
        for character in text
    )


def quoted(text: str) -> str:
    """Put harmless text between the quotes it does not hold, as `repr` does.

    Args:
        text: Any text.

    Returns:
        Such as `'the'`; backslashes are not doubled.
    """
    shown = escaped(text)
    return f'"{shown}"' if "'" in shown else f"'{shown}'"


def markup(text: str) -> str:
    """Make text harmless in HTML.

    Args:
        text: Any text.

    Returns:
        Markup that shows it.
    """
    return html.escape(escaped(text))


def html_table(
    caption: str, columns: Sequence[str], rows: Iterable[Sequence[str]]
) -> str:
    """Write a plain table for a notebook.

    Args:
        caption: What stands above it.
        columns: Names of the columns.
        rows: Cells, as markup.

    Returns:
        A fragment of HTML.
    """
    head = "".join(f"<th>{name}</th>" for name in columns)
    body = "".join(
        f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows
    )
    return (
        f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )
