"""`Lengths`: how long texts become, and how many are cut off."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.reporting.numbers.reading import Reading
from bridge.spec import BackboneSpec

_QUANTILES = np.linspace(0, 1, 11)


@dataclass(frozen=True, slots=True)
class LengthRow:
    """Lengths of the texts in one kind of ids, special tokens included.

    Attributes:
        name: `"tokenizer"`, `"preset"` or `"expand"`.
        mean: Mean number of ids.
        deciles: Shortest, every tenth of the way, longest.
        truncated: Share of texts that are longer than `sequence_length`.
    """

    name: str
    mean: float
    deciles: tuple[int, ...]
    truncated: float


@dataclass(frozen=True, slots=True)
class Lengths:
    """Lengths of the texts in the tokenizer's and in the preset's ids.

    Attributes:
        sequence_length: Columns that a batch would have.
        specials: Special tokens that the preset's template puts around a text.
        rows: The tokenizer's own ids, which a transplant and `lookup` keep; the
            preset's, which `retokenize` gives; and those of `expand`. Without what a
            side that is only a vocabulary would give.
    """

    sequence_length: int
    specials: int
    rows: tuple[LengthRow, ...]


def measure_lengths(reading: Reading, *, sequence_length: int) -> Lengths:
    """Count ids per text.

    Args:
        reading: Texts and both tokenizers.
        sequence_length: Columns that a batch would have.

    Returns:
        The lengths.
    """
    specials = count_specials(reading.alignment.spec)
    by_name = {
        "tokenizer": reading.ids if reading.has_ids else None,
        "preset": reading.reference_ids if reading.has_reference_ids else None,
        "expand": reading.remapped.get("expand"),
    }
    return Lengths(
        sequence_length=sequence_length,
        specials=specials,
        rows=tuple(
            _row(name, ids.lengths + specials, sequence_length)
            for name, ids in by_name.items()
            if ids is not None
        ),
    )


def count_specials(spec: BackboneSpec) -> int:
    """Return how many special tokens stand around one text."""
    if spec.template is None:
        return 0
    return len(spec.template.start) + len(spec.template.end)


def _row(name: str, lengths: NDArray[np.int64], sequence_length: int) -> LengthRow:
    deciles = np.quantile(lengths, _QUANTILES, method="nearest")
    return LengthRow(
        name=name,
        mean=float(lengths.mean()),
        deciles=tuple(int(length) for length in deciles),
        truncated=float((lengths > sequence_length).mean()),
    )
