"""`Documents`: texts with the place that each comes from, and those refused."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bridge.errors import TextInputError
from bridge.ragged import OffsetArray
from bridge.tokenizers.texts import Texts, check_texts


class Fault(NamedTuple):
    """What stands where a text should be.

    Attributes:
        reason: Why it is no text.
        content: The beginning of what was found.
    """

    reason: str
    content: str


class Reject(NamedTuple):
    """A row of an input that is not encoded.

    Attributes:
        file: Name of the input.
        line: Its line, as editors count, or its row in a table, from 1.
        reason: Why it is no text.
        content: The beginning of what was found.
    """

    file: str
    line: int
    reason: str
    content: str


@dataclass(frozen=True, slots=True, eq=False)
class Documents:
    """Some texts of a part, in order.

    Attributes:
        texts: Texts that can be encoded.
        source: Number of each text's input in its part, `(texts,)` int32.
        row: Line (of a table: row) where it begins, from 0, `(texts,)` int64.
        rejects: What stood between them and cannot be encoded.
    """

    texts: Texts
    source: NDArray[np.int32]
    row: OffsetArray
    rejects: tuple[Reject, ...] = ()


def sift(
    rows: Sequence[int], values: Sequence[object], *, file: str, source: int
) -> Documents:
    """Part the texts from all else.

    Args:
        rows: Line or row of each value, from 0.
        values: Texts, and a `Fault` or anything else where there is none.
        file: Name of the input.
        source: Its number in the part.

    Returns:
        The texts and the rejects.
    """
    rejects: list[Reject] = []
    try:
        # At the speed of C; only values that are no texts are looked at one by one.
        texts = check_texts(values)  # type: ignore[arg-type]
        kept = list(rows)
    except TextInputError:
        faults = [_fault(value) for value in values]
        rejects = [
            Reject(file, row + 1, fault.reason, fault.content)
            for row, fault in zip(rows, faults, strict=True)
            if fault is not None
        ]
        good = [i for i, fault in enumerate(faults) if fault is None]
        texts = check_texts([values[i] for i in good])  # type: ignore[misc]
        kept = [rows[i] for i in good]
    return Documents(
        texts,
        np.full(len(texts), source, np.int32),
        np.array(kept, np.int64),
        tuple(rejects),
    )


def decode_lines(lines: Iterable[bytes]) -> Iterator[str | Fault]:
    """Decode texts.

    Args:
        lines: Texts in UTF-8.

    Yields:
        Each as a `str`, or why it is none.
    """
    for line in lines:
        try:
            yield str(line, "utf-8")
        except UnicodeDecodeError as error:
            yield Fault(f"no UTF-8 at byte {error.start}", repr(line[:80]))


def _fault(value: object) -> Fault | None:
    if isinstance(value, Fault):
        return value
    if value is None:
        return Fault("null in place of a text", "null")
    if not isinstance(value, str):
        return Fault(f"{type(value).__name__} in place of a text", repr(value)[:80])
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return Fault("a lone surrogate", ascii(value)[:80])
    return None
