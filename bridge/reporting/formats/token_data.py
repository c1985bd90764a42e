"""The fate of every token as compact columns of JSON, for the HTML page."""

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.alignment import Alignment, MatchKind
from bridge.ragged import Ragged
from bridge.reporting.numbers.equality import equal_rows
from bridge.vocabulary import Vocabulary
from bridge.vocabulary.display import escaped

# An HTML parser ends a script at `</script` and changes its mind at `<!--`, whatever
# the script's type; U+2028 and U+2029 end lines in older JavaScript.
_ESCAPES = {
    ord("<"): "\\u003c",
    ord(">"): "\\u003e",
    ord("&"): "\\u0026",
    0x2028: "\\u2028",
    0x2029: "\\u2029",
}


def token_columns(alignment: Alignment, counts: NDArray[np.int64] | None) -> str:
    """Write the fate of every token.

    Args:
        alignment: The alignment.
        counts: How often each id occurs in the texts, or `None`.

    Returns:
        JSON that can stand inside a `<script>` element: texts of both vocabularies,
        one a line, kinds, and pieces as flat ids with lengths. Continuation pieces
        are listed only for the ids where they differ.
    """
    used = np.zeros(0, np.int64) if counts is None else np.flatnonzero(counts)
    pieces, inside = alignment.pieces, alignment.continuation_pieces
    differing = np.flatnonzero(~equal_rows(pieces, inside))
    columns = {
        "texts": _lines(alignment.tokenizer.vocabulary),
        "preset": _lines(alignment.reference.vocabulary),
        "names": [kind.name for kind in MatchKind],
        "kinds": "".join(map(str, alignment.kinds.tolist())),
        "pieces": _flat(pieces),
        "inside": {"ids": differing.tolist(), **_flat(inside.take(differing))},
        "used": used.tolist(),
        "counts": [] if counts is None else counts[used].tolist(),
    }
    return script_json(columns)


def script_json(data: Any) -> str:  # noqa: ANN401  plain data
    """Write JSON that nothing in it can end or open an element.

    Args:
        data: Plain data.

    Returns:
        JSON text.
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.translate(_ESCAPES)


def _flat(rows: Ragged) -> dict[str, list[int]]:
    return {"values": rows.values.tolist(), "lengths": rows.lengths.tolist()}


def _lines(vocabulary: Vocabulary) -> str:
    return "\n".join(map(harmless, map(vocabulary.text, range(vocabulary.size))))


def harmless(text: str) -> str:
    """Escape what could act; printable text, nearly all of it, is left at once."""
    return text if text.isprintable() else escaped(text)
