"""`make_recipe`: which rule and which of the preset's rows make every new row."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bridge.alignment.kinds import MatchKind
from bridge.embedding.methods import Method, Request, Step
from bridge.embedding.provenance import Combination, Provenance, Rule
from bridge.embedding.weighting import piece_lengths, weigh_pieces
from bridge.ragged import Ragged
from bridge.vocabulary import TokenKind, Vocabulary

if TYPE_CHECKING:
    from bridge.alignment import Alignment

# What a `Method` made, by its place among the steps; see `combine_rows`.
Combined = Mapping[int, tuple[NDArray[np.int64], Combination]]

_FIRST = (Rule.COPY, Rule.ROLE, Rule.OVERRIDE, Rule.NORMALIZED)
_SPELT = (Rule.COMPOSED, Rule.MIXTURE)


def make_recipe(
    alignment: "Alignment",
    start_shares: NDArray[np.float32],
    *,
    steps: Sequence[Step] = ("compose",),
    combined: Combined | None = None,
    weights: str = "char_length",
    appended: Sequence[int | None] = (),
) -> Provenance:
    """Choose rule and ingredients of every row: the first step that can make it.

    Always first: a token that the preset has, read at both places of a word, is a
    copy. `"compose"`: anything that the preset's pieces spell is their weighted mean.
    Where a token's spelling does not tell whether it starts a word and the two readings
    differ, its row is the mixture of both, by how often it starts one. `"mean"` takes
    the mean of the preset's rows for whatever is left; `"random"` draws every row but
    those of special tokens. What no step makes is drawn.

    Args:
        alignment: What every id of the tokenizer means in the preset.
        start_shares: Share of its uses in which each id starts a word, `(size,)`.
        steps: What `read_init` returned.
        combined: What `combine_rows` returned.
        weights: Of the pieces, one of `WEIGHTS`.
        appended: For every id behind the tokenizer's, the preset's row of the same
            role, or `None` where it has none.

    Returns:
        The recipe, `size + len(appended)` rows.
    """
    rules, parts = _first_rules(alignment, steps), []
    for place, step in enumerate(steps):
        left = np.flatnonzero(rules == Rule.LAST_RESORT)
        if step == "compose":
            spelt = spelt_rules(alignment)[left]
            can = spelt != Rule.LAST_RESORT
            rules[left[can]] = spelt[can]
        elif isinstance(step, Method):
            ids, combination = (combined or {})[place]
            rules[ids] = step.rule
            parts.append((ids, combination))
        elif step != "random":
            rules[left] = Rule.MEAN if step == "mean" else Rule.GIVEN
    made = np.flatnonzero(np.isin(rules, _FIRST + _SPELT))
    parts.append((made, _ingredients(alignment, rules, made, start_shares, weights)))
    known = [(i, row) for i, row in enumerate(appended) if row is not None]
    roles = np.full(len(appended), Rule.LAST_RESORT, np.uint8)
    roles[[i for i, _ in known]] = Rule.ROLE
    parts.append(
        (
            np.array([len(rules) + i for i, _ in known], np.int64),
            Combination(
                Ragged.from_lists([[row] for _, row in known]),
                np.ones(len(known), np.float32),
            ),
        )
    )
    return Provenance.join(np.concatenate([rules, roles]), parts)


def combine_rows(
    alignment: "Alignment",
    steps: Sequence[Step],
    *,
    texts: Sequence[str] | None = None,
    seed: int = 0,
    only: NDArray[np.int64] | None = None,
) -> Combined:
    """Ask the methods among the steps for what earlier steps leave.

    Args:
        alignment: What every id of the tokenizer means in the preset.
        steps: What `read_init` returned.
        texts: The user's texts, or `None`.
        seed: Of whatever is random.
        only: Ids to ask for; all that need it if `None`.

    Returns:
        For the place of each method among the steps: ids, and their ingredients.
    """
    if not any(isinstance(step, Method) for step in steps):
        return {}
    rules = _first_rules(alignment, steps)
    is_text = alignment.tokenizer.vocabulary.kinds < TokenKind.SPECIAL
    asked = is_text if only is None else is_text & np.isin(np.arange(len(rules)), only)
    anchors, rows = _anchors(alignment, rules, is_text)
    found: dict[int, tuple[NDArray[np.int64], Combination]] = {}
    for place, step in enumerate(steps):
        if step == "compose":
            left = rules == Rule.LAST_RESORT
            rules[left] = spelt_rules(alignment)[left]
        if not isinstance(step, Method):
            continue
        wanted = np.flatnonzero((rules == Rule.LAST_RESORT) & asked)
        made = step.combine(Request(alignment, wanted, anchors, rows, texts, seed))
        served = np.flatnonzero(made.rows.lengths)
        rules[wanted[served]] = step.rule
        part = Combination(made.rows.take(served), made.weights, made.centre)
        found[place] = (wanted[served], part)
    return found


def _anchors(
    alignment: "Alignment", rules: NDArray[np.uint8], is_text: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return copied tokens whose row in the preset is one that text has trained."""
    reference = alignment.reference.vocabulary
    live = (reference.kinds < TokenKind.SPECIAL) & ~reference.dead
    copies = np.flatnonzero((rules == Rule.COPY) & is_text)
    rows = alignment.pieces.values[alignment.pieces.offsets[:-1][copies]]
    return copies[live[rows]], rows[live[rows]].astype(np.int64)


def _first_rules(alignment: "Alignment", steps: Sequence[Step]) -> NDArray[np.uint8]:
    """Return the rules of rows that are copied; `LAST_RESORT` for all others."""
    kinds = alignment.kinds
    start, inside = alignment.pieces, alignment.continuation_pieces
    known = (start.lengths > 0) | (inside.lengths > 0)
    single = _same_rows(start, inside) & (start.lengths == 1)
    copies = np.isin(kinds, (MatchKind.EXACT, MatchKind.UNUSED)) & single
    rules = np.full(len(kinds), Rule.LAST_RESORT, np.uint8)
    if tuple(steps) != ("random",):
        rules[copies] = Rule.COPY
        rules[(kinds == MatchKind.NORMALIZED) & single] = Rule.NORMALIZED
        rules[(kinds == MatchKind.OVERRIDE) & known] = Rule.OVERRIDE
    rules[(kinds == MatchKind.ROLE) & known] = Rule.ROLE
    return rules


def spelt_rules(alignment: "Alignment") -> NDArray[np.uint8]:
    """Return how rows are composed, `LAST_RESORT` for those that no pieces spell.

    Args:
        alignment: What every id of the tokenizer means in the preset.

    Returns:
        `COMPOSED`, or `MIXTURE` where the two readings differ, for every id.
    """
    start, inside = alignment.pieces, alignment.continuation_pieces
    rules = np.where(_same_rows(start, inside), Rule.COMPOSED, Rule.MIXTURE)
    known = (start.lengths > 0) | (inside.lengths > 0)
    return np.where(known, rules, Rule.LAST_RESORT).astype(np.uint8)


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
    ids: NDArray[np.int64],
    start_shares: NDArray[np.float32],
    weights: str,
) -> Combination:
    """Join both readings of every row, each weighted by its share."""
    start, inside = alignment.pieces.take(ids), alignment.continuation_pieces.take(ids)
    use_start = start.lengths > 0
    # One reading is enough where both are the same or where there is no other.
    use_inside = (inside.lengths > 0) & ((rules[ids] == Rule.MIXTURE) | ~use_start)
    share = np.stack([start_shares[ids], 1 - start_shares[ids]], axis=1)
    share[~(use_start & use_inside)] = 1.0
    both = Ragged.concatenate([start, inside, Ragged.from_lists([[]])])
    count = len(ids)
    readings = np.where(
        np.stack([use_start, use_inside], axis=1),
        np.stack([np.arange(count), np.arange(count, 2 * count)], axis=1),
        2 * count,
    )
    pieces = both.take(readings.ravel())
    amounts = _amounts(alignment.reference.vocabulary, rules[ids], pieces, weights)
    amounts *= share.ravel()[pieces.row_of_value]
    kept = amounts > 0
    ends = np.concatenate([[0], np.cumsum(kept)])[pieces.offsets[::2]]
    return Combination(
        Ragged(pieces.values[kept], ends), amounts[kept].astype(np.float32)
    )


def _amounts(
    vocabulary: Vocabulary, rules: NDArray[np.uint8], pieces: Ragged, weights: str
) -> NDArray[np.float64]:
    """Weigh the pieces of both readings; what the user named counts alike."""
    lengths = piece_lengths(vocabulary)
    # A table may be longer than its vocabulary; rows behind it spell nothing.
    behind = int(pieces.values.max(initial=-1)) + 1 - len(lengths)
    lengths = np.concatenate([lengths, np.ones(max(0, behind))])
    amounts = weigh_pieces(pieces, lengths, weights=weights)
    alike = np.repeat(rules == Rule.OVERRIDE, 2)[pieces.row_of_value]
    if alike.any():
        uniform = weigh_pieces(pieces, lengths, weights="uniform")
        amounts[alike] = uniform[alike]
    return amounts
