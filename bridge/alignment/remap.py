"""The three ways to turn a tokenizer's ids into a backbone's."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bridge.alignment.borders import CHUNK, continues_word
from bridge.alignment.tables import ABSENT, stack
from bridge.errors import MissingRoleError, UnmappedTokenError
from bridge.ragged import IdArray, OffsetArray, Ragged
from bridge.spec import find_role
from bridge.vocabulary.display import quoted

if TYPE_CHECKING:
    from bridge.alignment.alignment import Alignment

__all__ = ["METHODS", "POLICIES", "Remapper", "check_choice", "continues_word", "stack"]

METHODS = ("lookup", "expand", "retokenize")
POLICIES = ("unk", "raise", "drop")


@dataclass(frozen=True, slots=True)
class Remapper:
    """Applies an alignment to running ids.

    Attributes:
        alignment: What every id means.
        on_unmapped: `"unk"`, `"raise"` or `"drop"`.
    """

    alignment: "Alignment"
    on_unmapped: str = "unk"

    def __post_init__(self) -> None:
        """Refuse an unknown policy before any work is done."""
        check_choice("on_unmapped", self.on_unmapped, POLICIES)

    def remap(self, ids: Ragged, *, method: str) -> Ragged:
        """Remap a batch; see `Alignment.remap`."""
        check_choice("method", method, METHODS)
        self.alignment.tokenizer.vocabulary.check_ids(ids.values)
        if method == "lookup":
            return self._lookup(ids)
        if method == "expand":
            return self._expand(ids)
        return self._retokenize(ids)

    def _lookup(self, ids: Ragged) -> Ragged:
        tables = self.alignment.tables
        table = np.concatenate([tables.start, tables.inside])
        absent = table == ABSENT
        if absent.any() and self.on_unmapped == "unk":
            unk = find_role(self.alignment.spec.roles, "unk")
            # Without an unk token it is only an error if one is needed.
            table[absent] = ABSENT if unk is None else unk
        values = self._look_up(ids, table)
        missing = values == ABSENT if (table == ABSENT).any() else None
        if missing is None or not missing.any():
            return Ragged(values, ids.offsets)
        self._refuse_or_go_on(ids.values[missing], "lookup")
        if self.on_unmapped == "unk":
            self._unk()
        return _without(Ragged(values, ids.offsets), missing)

    def _look_up(self, ids: Ragged, table: IdArray) -> IdArray:
        """Read a table of both places in a word, by neighbours where they differ."""
        size = len(table) // 2
        values = np.empty(ids.values.size, np.int32)
        differ = not np.array_equal(table[:size], table[size:])
        inside = self.alignment.tables.borders.continues(ids) if differ else None
        for begin in range(0, values.size, CHUNK):
            part = ids.values[begin : begin + CHUNK]
            if inside is not None:
                part = part + inside[begin : begin + CHUNK] * np.int32(size)
            # The ids are checked, so that "clip" only spares a buffer.
            np.take(table, part, out=values[begin : begin + CHUNK], mode="clip")
        return values

    def _expand(self, ids: Ragged) -> Ragged:
        tables = self.alignment.tables
        size = len(tables.start)
        rows = ids.values + size * tables.borders.continues(ids).astype(np.int64)
        return self._join(ids, tables.pieces.take(rows), "expand")

    def _join(self, ids: Ragged, pieces: Ragged, method: str) -> Ragged:
        """Put the pieces of a row's ids behind one another."""
        missing = (pieces.lengths == 0) & ~self.alignment.tables.vanishes[ids.values]
        if missing.any():
            self._refuse_or_go_on(ids.values[missing], method)
            if self.on_unmapped == "unk":
                unk = Ragged.from_lists([[self._unk()]])
                order = np.where(missing, len(pieces), np.arange(len(pieces)))
                pieces = stack(pieces, unk).take(order)
        return Ragged(pieces.values, pieces.offsets[ids.offsets])

    def _retokenize(self, ids: Ragged) -> Ragged:
        is_text = self.alignment.tables.is_text[ids.values]
        if is_text.all():
            return self._encode_again(ids)
        # Special tokens are no text: they go by their match, and cut the text.
        runs, run_is_text, runs_of_row = _cut(ids, is_text)
        texts = self._encode_again(runs.take(np.flatnonzero(run_is_text)))
        special_runs = runs.take(np.flatnonzero(~run_is_text))
        specials = self._join(
            special_runs, self.alignment.pieces.take(special_runs.values), "retokenize"
        )
        order = np.empty(len(runs), np.int64)
        order[run_is_text] = np.arange(len(texts))
        order[~run_is_text] = len(texts) + np.arange(len(specials))
        joined = stack(texts, specials).take(order)
        return Ragged(joined.values, joined.offsets[runs_of_row])

    def _encode_again(self, ids: Ragged) -> Ragged:
        """Turn ids into text and that into ids of the reference."""
        texts = self.alignment.tokenizer.decode_batch(ids)
        encoded = self.alignment.reference.encode_batch(texts)
        roles = dict(self.alignment.reference.vocabulary.roles)
        unk = roles.pop("unk", None)
        # GPT-2 has one token for all roles, and no text is unknown to it.
        if self.on_unmapped == "unk" or unk is None or unk in roles.values():
            return encoded
        unknown = encoded.values == unk
        if not unknown.any():
            return encoded
        if self.on_unmapped == "drop":
            return _without(encoded, unknown)
        text = texts[int(encoded.row_of_value[unknown][0])]
        raise UnmappedTokenError(
            "Every word must have pieces in the preset for `retokenize`. Received: "
            f"{int(unknown.sum())} words without, the first in {quoted(text):.60}. "
            "Choose `on_unmapped='unk'` or 'drop', or another preset."
        )

    def _unk(self) -> int:
        unk = find_role(self.alignment.spec.roles, "unk")
        if unk is None:
            raise MissingRoleError(
                "A token without a counterpart becomes the preset's unk token. "
                "Received: a preset without one. Pass `on_unmapped='raise'` or "
                "`'drop'`, or use `method='retokenize'`."
            )
        return unk

    def _refuse_or_go_on(self, missing: NDArray[Any], method: str) -> None:
        if self.on_unmapped != "raise":
            return
        vocabulary = self.alignment.tokenizer.vocabulary
        raise UnmappedTokenError(
            f"Every id must have a counterpart for `{method}`. Received: "
            f"{missing.size} ids without one, such as "
            f"{vocabulary.show(missing.tolist())}. Use `method='retokenize'`, pass "
            "`overrides=` to `bridge.align`, or choose `on_unmapped='unk'` or 'drop'."
        )


def _without(ids: Ragged, dropped: NDArray[np.bool_]) -> Ragged:
    kept = np.concatenate([[0], np.cumsum(~dropped)])
    return Ragged(ids.values[~dropped], kept[ids.offsets])


def check_choice(name: str, value: str | None, choices: tuple[Any, ...]) -> None:
    """Refuse an option that is none of its choices.

    Args:
        name: The option.
        value: What the user passed.
        choices: What it takes.

    Raises:
        ValueError: If it is none of them.
    """
    if value not in choices:
        raise ValueError(
            f"`{name}` must be one of {', '.join(map(repr, choices))}. "
            f"Received: {value!r}."
        )


def _cut(
    ids: Ragged, is_text: NDArray[np.bool_]
) -> tuple[Ragged, NDArray[np.bool_], OffsetArray]:
    """Cut rows into runs of text and runs of special tokens."""
    row = ids.row_of_value
    border = np.ones(len(is_text), bool)
    border[1:] = (is_text[1:] != is_text[:-1]) | (row[1:] != row[:-1])
    begins = np.flatnonzero(border)
    runs = Ragged(ids.values, np.append(begins, len(is_text)))
    return runs, is_text[begins], np.searchsorted(begins, ids.offsets)
