"""The fate of every token as a CSV file."""

import csv
import os
from collections.abc import Iterator
from itertools import pairwise

from bridge.alignment import Alignment, MatchKind
from bridge.ragged import Ragged
from bridge.tokenizers.saving import replace_file

COLUMNS = ("id", "token", "key", "kind", "pieces", "continuation_pieces")


def write_csv(alignment: Alignment, path: str | os.PathLike[str]) -> None:
    r"""Write one row for every id of the tokenizer.

    Spelling and key are Python literals, which `ast.literal_eval` reads back: no
    control character, line break or bidirectional mark stands in the file as such, and
    no cell begins with a sign that a spreadsheet takes for a formula.

    Args:
        alignment: The alignment.
        path: File to write; it appears complete, or the old one stays.
    """
    with replace_file(path) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(_rows(alignment))


def _rows(alignment: Alignment) -> Iterator[tuple[object, ...]]:
    vocabulary = alignment.tokenizer.vocabulary
    names = [kind.name for kind in MatchKind]
    return zip(
        range(vocabulary.size),
        ("" if token is None else repr(token) for token in vocabulary.tokens),
        map(repr, vocabulary.keys),
        (names[kind] for kind in alignment.kinds.tolist()),
        spelt_ids(alignment.pieces),
        spelt_ids(alignment.continuation_pieces),
        strict=True,
    )


def spelt_ids(pieces: Ragged) -> list[str]:
    """Write the ids of every row with spaces between them.

    Args:
        pieces: Rows of ids.

    Returns:
        One text a row, empty for none.
    """
    values = list(map(str, pieces.values.tolist()))
    offsets = pieces.offsets.tolist()
    return [" ".join(values[begin:end]) for begin, end in pairwise(offsets)]
