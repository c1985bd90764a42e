"""`make_recipe`: which rule and which of the preset's rows make every new row."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bridge.alignment.kinds import MatchKind
from bridge.alignment.remap import stack
from bridge.embedding.provenance import Provenance, Rule
from bridge.ragged import Ragged
from bridge.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.alignment import Alignment

INITS = ("compose", "random", "mean")


def make_recipe(
    alignment: "Alignment",
    start_shares: NDArray[np.float32],
    *,
    appended: "Sequence[int | None]" = (),
    init: str = "compose",
) -> Provenance:
    """Choose rule and ingredients of every row.

    `"compose"`: a token that the preset has, read at both places of a word, is a copy.
    Anything else that its pieces spell is their mean, each weighted by its characters
    (Gee et al. 2022, arXiv:2402.09977, call it WVT). Where a token's spelling does not
    tell whether it starts a word and the two readings differ, its row is the mixture
    of both, by how often it starts one. The rest is drawn.

    `"mean"` takes the mean of the preset's rows for whatever is no copy, and
    `"random"` draws every row but those of special tokens. Both are for comparison.

    Args:
        alignment: What every id of the tokenizer means in the preset.
        start_shares: Share of its uses in which each id starts a word, `(size,)`.
        appended: For every id behind the tokenizer's, the preset's row of the same
            role, or `None` where it has none.
        init: One of `INITS`.

    Returns:
        The recipe, `size + len(appended)` rows.

    Raises:
        ValueError: If `init` is unknown.
    """
    check_init(init)
    rules = _rules(alignment)
    if init == "random":
        rules[rules != Rule.ROLE] = Rule.LAST_RESORT
    if init == "mean":
        rules[np.isin(rules, (Rule.COMPOSED, Rule.MIXTURE, Rule.LAST_RESORT))] = (
            Rule.MEAN
        )
    rows, weights = _ingredients(alignment, rules, start_shares)
    role_rules = [Rule.LAST_RESORT if row is None else Rule.ROLE for row in appended]
    role_rows = Ragged.from_lists([[] if row is None else [row] for row in appended])
    return Provenance(
        np.concatenate([rules, np.array(role_rules, np.uint8)]),
        stack(rows, role_rows),
        np.concatenate([weights, np.ones(len(role_rows.values), np.float32)]),
    )


def check_init(init: str) -> None:
    """Refuse an unknown way to start rows.

    Args:
        init: What the user passed.

    Raises:
        ValueError: If it is none of `INITS`.
    """
    if init not in INITS:
        raise ValueError(
            f"`init` must be one of {', '.join(map(repr, INITS))}. Received: {init!r}."
        )


def _rules(alignment: "Alignment") -> NDArray[np.uint8]:
    kinds = alignment.kinds
    start, inside = alignment.pieces, alignment.continuation_pieces
    same = _same_rows(start, inside)
    single = same & (start.lengths == 1)
    known = (start.lengths > 0) | (inside.lengths > 0)
    rules = np.where(same, Rule.COMPOSED, Rule.MIXTURE).astype(np.uint8)
    copies = np.isin(kinds, (MatchKind.EXACT, MatchKind.UNUSED))
    rules[copies & single] = Rule.COPY
    rules[(kinds == MatchKind.NORMALIZED) & single] = Rule.NORMALIZED
    rules[kinds == MatchKind.ROLE] = Rule.ROLE
    rules[kinds == MatchKind.OVERRIDE] = Rule.OVERRIDE
    rules[~known] = Rule.LAST_RESORT
    return rules


def _same_rows(first: Ragged, second: Ragged) -> NDArray[np.bool_]:
    same: NDArray[np.bool_] = first.lengths == second.lengths
    rows = np.flatnonzero(same)
    mine, theirs = first.take(rows), second.take(rows)
    differs = np.bincount(
        mine.row_of_value, weights=mine.values != theirs.values, minlength=len(rows)
    )
    same[rows] = differs == 0
    return same


def _ingredients(
    alignment: "Alignment",
    rules: NDArray[np.uint8],
    start_shares: NDArray[np.float32],
) -> tuple[Ragged, NDArray[np.float32]]:
    """Join both readings of every row, each weighted by its share."""
    size = len(rules)
    made = ~np.isin(rules, (Rule.MEAN, Rule.LAST_RESORT))
    mixed = rules == Rule.MIXTURE
    lengths = np.stack(
        [alignment.pieces.lengths, alignment.continuation_pieces.lengths]
    )
    use_start = made & (lengths[0] > 0)
    # One reading is enough where both are the same or where there is no other.
    use_inside = made & (lengths[1] > 0) & (mixed | ~use_start)
    share = np.stack([start_shares, 1 - start_shares])
    share[0, ~(use_start & use_inside)] = 1.0
    share[1, ~(use_start & use_inside)] = 1.0
    both = stack(alignment.pieces, alignment.continuation_pieces)
    empty = 2 * size
    readings = np.where(
        np.stack([use_start, use_inside], axis=1),
        np.stack([np.arange(size), np.arange(size, empty)], axis=1),
        empty,
    ).ravel()
    pieces = stack(both, Ragged.from_lists([[]])).take(readings)
    uniform = np.repeat(rules == Rule.OVERRIDE, 2)
    amounts = np.where(
        uniform[pieces.row_of_value],
        1.0,
        piece_lengths(alignment.reference.vocabulary)[pieces.values],
    )
    weights = _normalized(amounts, pieces) * share.T.ravel()[pieces.row_of_value]
    rows = Ragged(pieces.values, pieces.offsets[::2])
    return rows, weights.astype(np.float32)


def _normalized(amounts: NDArray[np.float64], rows: Ragged) -> NDArray[np.float64]:
    totals = np.bincount(rows.row_of_value, weights=amounts, minlength=len(rows))
    return amounts / totals[rows.row_of_value]


def piece_lengths(vocabulary: Vocabulary) -> NDArray[np.float64]:
    """Return how much text each of the preset's pieces spells.

    Args:
        vocabulary: The preset's.

    Returns:
        Characters of each key, or bytes where it is no whole character; at least 1.
    """
    lengths = [
        len(key.decode("utf-8", "ignore")) or len(key) or 1 for key in vocabulary.keys
    ]
    return np.array(lengths, np.float64)
