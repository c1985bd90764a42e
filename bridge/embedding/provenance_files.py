"""The origin of every row as CSV, as JSON that reads back, and as HTML."""

import csv
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bridge.errors import SavedFormatError
from bridge.tokenizers.saving import replace_file
from bridge.vocabulary.display import html_table, markup

if TYPE_CHECKING:
    from bridge.embedding.provenance import Provenance
    from bridge.vocabulary import Vocabulary

FORMAT_VERSION = 1
COLUMNS = ("id", "token", "rule", "rows", "pieces", "weights")

# Rows of each rule that a notebook shows.
_EXAMPLES = 3


def write_csv(provenance: "Provenance", path: str | os.PathLike[str]) -> None:
    """Write a line for every row; see `Provenance.to_csv`."""
    with replace_file(path) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        # Lists stand in brackets, so that no cell begins with a minus.
        writer.writerows(
            [token_id, token, rule, rows, f"[{', '.join(pieces)}]", weights]
            for token_id, token, rule, rows, pieces, weights in _lines(provenance)
        )


def write_json(provenance: "Provenance", path: str | os.PathLike[str]) -> None:
    """Write what `read_json` reads; see `Provenance.to_json`."""
    centre = provenance.centre
    head = {
        "format_version": FORMAT_VERSION,
        "counts": provenance.counts(),
        "centre": None if centre is None else centre.tolist(),
    }
    with replace_file(path) as stream:
        # A line a row: a file of 100,000 is never one text in memory.
        stream.write(json.dumps(head)[:-1] + ', "table": [')
        for number, line in enumerate(_lines(provenance)):
            entry = json.dumps(dict(zip(COLUMNS, line, strict=True)))
            stream.write((",\n" if number else "\n") + entry)
        stream.write("\n]}\n")


def read_json(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read what `write_json` wrote.

    Args:
        path: The file.

    Returns:
        `rules`, `rows`, `weights` and `centre`, plain.

    Raises:
        SavedFormatError: If the file is no such record, damaged, or of another format
            version.
    """
    try:
        data = json.loads(Path(path).read_text("utf-8"))
        version = data["format_version"]
        table = data["table"]
        found = {
            "rules": [line["rule"] for line in table],
            "rows": [line["rows"] for line in table],
            "weights": [line["weights"] for line in table],
            "centre": data["centre"],
        }
        whole = [line["id"] for line in table] == list(range(len(table)))
        whole &= all(len(line["rows"]) == len(line["weights"]) for line in table)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from error
    if version != FORMAT_VERSION or not whole:
        what = f"format version {version!r}" if whole else "lines that do not add up"
        raise _damaged(path, what)
    return found


def _damaged(path: str | os.PathLike[str], what: str) -> SavedFormatError:
    return SavedFormatError(
        "The origin of rows is read from a file that `Provenance.to_json` of this "
        f"version wrote ({FORMAT_VERSION}). Received: {os.fspath(path)} ({what:.120}). "
        "Write it again from the transplant's result."
    )


def _lines(provenance: "Provenance") -> Iterator[tuple[Any, ...]]:
    """Yield id, token, rule, rows, their tokens, and weights of every row."""
    for token_id, (rule, rows, weights) in enumerate(provenance):
        yield (
            token_id,
            _spelt(provenance.vocabulary, token_id),
            rule.name,
            list(rows),
            [_spelt(provenance.reference, row) for row in rows],
            # The shortest text that float32 reads back.
            [float(str(np.float32(weight))) for weight in weights],
        )


def _spelt(vocabulary: "Vocabulary | None", token_id: int) -> str:
    """Spell a token as a Python literal: harmless to look at, and no formula."""
    if vocabulary is None or token_id >= vocabulary.size:
        return ""
    token = vocabulary.tokens[token_id]
    return "" if token is None else repr(token)


def to_html(provenance: "Provenance") -> str:
    """Return a table of the rules, with how many rows each made and some of them.

    Args:
        provenance: The record.

    Returns:
        A fragment of HTML, token text escaped.
    """
    return html_table(
        f"{len(provenance):,} rows",
        ("rule", "rows", "such as"),
        (
            (name, f"{count:,}", _examples(provenance, number))
            for number, (name, count) in enumerate(provenance.counts().items())
            if count
        ),
    )


def _examples(provenance: "Provenance", rule: int) -> str:
    ids = np.flatnonzero(provenance.rules == rule)[:_EXAMPLES].tolist()
    shown = [
        f"{_named(provenance.vocabulary, i)} &larr; "
        f"{_sum(provenance.reference, provenance[i].rows, provenance[i].weights)}"
        if provenance[i].rows
        else _named(provenance.vocabulary, i)
        for i in ids
    ]
    return "<br>".join(shown)


def _sum(
    reference: "Vocabulary | None", rows: Sequence[int], weights: Sequence[float]
) -> str:
    parts = [
        f"{weight:.2f} {_named(reference, row)}"
        for row, weight in zip(rows[:_EXAMPLES], weights, strict=False)
    ]
    return " + ".join(parts) + (" + ..." if len(rows) > _EXAMPLES else "")


def _named(vocabulary: "Vocabulary | None", token_id: int) -> str:
    if vocabulary is None or token_id >= vocabulary.size:
        return str(token_id)
    return markup(vocabulary.text(token_id))
