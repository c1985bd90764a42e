"""Examples as streams and loaders hand them over: texts with what belongs to them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from bridge.errors import TextInputError


class Columns(NamedTuple):
    """Examples, column by column.

    Attributes:
        texts: First texts.
        pairs: Second texts, or `None` where examples are single texts.
        labels: Labels, or `None`.
        sample_weight: Weights, or `None`.
    """

    texts: list[Any]
    pairs: list[Any] | None
    labels: list[Any] | None
    sample_weight: list[Any] | None


def read_examples(examples: Sequence[Any]) -> Columns:
    """Take examples apart.

    Args:
        examples: Each a text, or a tuple of Keras's order: `(x,)`, `(x, label)` or
            `(x, label, weight)`, where `x` is a text or a pair `(first, second)`.

    Returns:
        The columns, texts unchecked.

    Raises:
        TextInputError: If examples are of different forms, or a second text stands
            where a label is expected.
    """
    rows = [tuple(x) if isinstance(x, (tuple, list)) else (x,) for x in examples]
    if {len(row) for row in rows} - {1, 2, 3} or len({len(row) for row in rows}) > 1:
        raise TextInputError(
            "Every example is a text, `(x,)`, `(x, label)` or `(x, label, weight)`, "
            f"all of one form. Received: tuples of {sorted({len(r) for r in rows})} "
            "entries. Bring them into one form."
        )
    inputs, *targets = (list(column) for column in zip(*rows, strict=True))
    for place, label in enumerate(targets[0] if targets else ()):
        if isinstance(label, (str, bytes)):
            raise TextInputError(
                "The second entry of an example is its label. Received: the text "
                f"{label!r:.60} at position {place} of {len(rows)}. Pass two texts as "
                "`((first, second), label)`, or `((first, second),)` without a label."
            )
    paired = {isinstance(x, (tuple, list)) and len(x) == 2 for x in inputs}
    if len(paired) > 1:
        raise TextInputError(
            "Every example is one text, or every example is two. Received: both. Give "
            "single texts an empty second one, or stream them apart."
        )
    labels, sample_weight = [*targets, None, None][:2]
    if True not in paired:
        return Columns(inputs, None, labels, sample_weight)
    first, second = (list(side) for side in zip(*inputs, strict=True))
    return Columns(first, second, labels, sample_weight)
