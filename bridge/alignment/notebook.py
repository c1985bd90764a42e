"""What a notebook shows of an alignment."""

from typing import TYPE_CHECKING

import numpy as np

from bridge.alignment.kinds import MatchKind
from bridge.vocabulary.display import html_table, markup

if TYPE_CHECKING:
    from bridge.alignment.alignment import Alignment

# Tokens of each kind that are shown.
_EXAMPLES = 3


def to_html(alignment: "Alignment") -> str:
    """Return a table of the kinds, with how many ids each has and some of them.

    Args:
        alignment: The alignment.

    Returns:
        A fragment of HTML, token text escaped.
    """
    size = len(alignment.kinds)
    return html_table(
        f"{size:,} ids; reference: {markup(alignment.reference_note)}",
        ("kind", "ids", "share", "such as"),
        (
            (kind, f"{n:,}", f"{n / size:.1%}", _examples(alignment, MatchKind[kind]))
            for kind, n in alignment.counts().items()
            if n
        ),
    )


def _examples(alignment: "Alignment", kind: MatchKind) -> str:
    vocabulary, preset = alignment.tokenizer.vocabulary, alignment.reference.vocabulary
    shown = []
    for token_id in np.flatnonzero(alignment.kinds == kind)[:_EXAMPLES].tolist():
        pieces = " | ".join(map(preset.text, alignment.pieces[token_id].tolist()))
        arrow = f" &rarr; {markup(pieces)}" if pieces else ""
        shown.append(markup(vocabulary.text(token_id)) + arrow)
    return "<br>".join(shown)
