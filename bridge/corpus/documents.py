"""`Documents`: texts with the place that each comes from, and those refused."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
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


class Stretch(NamedTuple):
    """Neighbouring rows of an input as they were found.

    Attributes:
        source: Number of the input in its part.
        rows: Line or row of each value, from 0.
        values: Texts, and a `Fault` or anything else where there is none.
    """

    source: int
    rows: Sequence[int]
    values: Sequence[object]


def sift(stretches: Sequence[Stretch], names: Sequence[str]) -> Documents:
    """Part the texts from all else.

    Args:
        stretches: What was found, in order.
        names: Names of the inputs, by number.

    Returns:
        The texts and the rejects.
    """
    counts = [len(each.rows) for each in stretches]
    source = np.repeat(np.array([x.source for x in stretches], np.int32), counts)
    rows = chain.from_iterable(each.rows for each in stretches)
    row = np.fromiter(rows, np.int64, sum(counts))
    values = list(chain.from_iterable(each.values for each in stretches))
    try:
        # At the speed of C; only values that are no texts are looked at one by one.
        return Documents(check_texts(values), source, row)  # type: ignore[arg-type]
    except TextInputError:
        faults = list(map(_fault, values))
    good = [i for i, fault in enumerate(faults) if fault is None]
    rejects = tuple(
        Reject(names[source[i]], int(row[i]) + 1, *fault)
        for i, fault in enumerate(faults)
        if fault is not None
    )
    texts = check_texts([values[i] for i in good])  # type: ignore[misc]
    return Documents(texts, source[good], row[good], rejects)


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


def text_of(record: object, field: str) -> object:
    """Return the text of a record.

    Args:
        record: What should be a mapping.
        field: Its member that should be a text.

    Returns:
        The member, or a `Fault`.
    """
    if not isinstance(record, Mapping):
        return Fault("no object", repr(record)[:80])
    if field not in record:
        return Fault(f"no field {field!r}", repr(list(record))[:80])
    return record[field]


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
