"""The three ways to turn a tokenizer's ids into a backbone's."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bridge.alignment.borders import CHUNK, continues_word
from bridge.alignment.lookup_table import LookupTable
from bridge.alignment.readings import ABSENT
from bridge.alignment.runs import Runs, is_unknown, without
from bridge.errors import MissingRoleError, UnmappedTokenError
from bridge.ragged import IdArray, Ragged, take_slices
from bridge.spec import find_role
from bridge.vocabulary.display import quoted

if TYPE_CHECKING:
    from bridge.alignment.alignment import Alignment

__all__ = ["METHODS", "POLICIES", "Remapper", "check_choice", "continues_word"]

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
        # Without an unk token it is only an error if one is needed.
        table = LookupTable.of(self.alignment, unk=self.on_unmapped == "unk")
        values = table.read(ids)
        missing = values == ABSENT if table.misses else None
        if missing is None or not missing.any():
            return Ragged(values, ids.offsets)
        self._refuse_or_go_on(ids.values[missing], "lookup")
        if self.on_unmapped == "unk":
            self._unk()
        return without(Ragged(values, ids.offsets), missing)

    def _expand(self, ids: Ragged, method: str = "expand") -> Ragged:
        rows = self.alignment.readings.rows(ids)
        pieces = self._without_gaps(ids, rows, method)
        begins, lengths = pieces.offsets, pieces.lengths
        parts = []
        for begin in range(0, rows.size, CHUNK):
            part = rows[begin : begin + CHUNK]
            parts.append(
                take_slices(pieces.values, begins.take(part), lengths.take(part))
            )
        joined = Ragged.concatenate(parts)
        return Ragged(joined.values, joined.offsets[ids.offsets])

    def _without_gaps(self, ids: Ragged, rows: IdArray, method: str) -> Ragged:
        """Return the table of pieces with unk where an id would be lost."""
        pieces = self.alignment.readings.pieces
        vanishes = self.alignment.tables.vanishes
        lengths = pieces.lengths
        gaps = (lengths == 0) & ~np.resize(vanishes, lengths.size)
        if self.on_unmapped == "drop" or not gaps.any():
            return pieces
        unk = find_role(self.alignment.spec.roles, "unk")
        if self.on_unmapped == "raise" or unk is None:
            # Only an error if one of them occurs.
            missing = gaps.take(rows)
            if missing.any():
                self._refuse_or_go_on(ids.values[missing], method)
                self._unk()
            return pieces
        lengths[gaps] = 1
        places = pieces.offsets[:-1][gaps]
        return Ragged.from_lengths(np.insert(pieces.values, places, unk), lengths)

    def _retokenize(self, ids: Ragged) -> Ragged:
        is_text = self.alignment.tables.is_text[ids.values]
        if is_text.all():
            return self._encode_again(ids)
        # Special tokens are no text: they go by their match, and cut the text.
        runs = Runs.of(ids, is_text)
        texts, specials = runs.split()
        return runs.join(
            self._encode_again(texts), self._expand(specials, "retokenize")
        )

    def _encode_again(self, ids: Ragged) -> Ragged:
        """Turn ids into text and that into ids of the reference."""
        encoded = self.alignment.tables.retokenizer(ids)
        if self.on_unmapped == "unk":
            return encoded
        unknown = is_unknown(encoded, self.alignment.reference.vocabulary)
        if not unknown.any():
            return encoded
        if self.on_unmapped == "drop":
            return without(encoded, unknown)
        row = encoded.row_of_value[unknown][:1]
        (text,) = self.alignment.tokenizer.decode_batch(ids.take(row))
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
