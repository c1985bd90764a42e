"""`pad_encoded`: rows of ids that were encoded earlier, to one length."""

from collections.abc import Callable, Mapping
from typing import Any

from bridge.huggingface.options import Options

# What fills the unused cells of the keys that grow with the ids.
_FILL: Mapping[str, Callable[[Options], int]] = {
    "attention_mask": lambda _: 0,
    "token_type_ids": lambda options: options.pad_type_id,
    "special_tokens_mask": lambda _: 1,
}


def read_encoded(encoded: Any, main: str) -> dict[str, Any]:  # noqa: ANN401  several forms
    """Turn encoded inputs into one mapping of Python lists.

    Args:
        encoded: A mapping, or a list of mappings with the same keys.
        main: Name of the ids.

    Returns:
        Key to a row of numbers or to rows.

    Raises:
        ValueError: If the ids are missing, or a key has another number of rows.
    """
    if isinstance(encoded, (list, tuple)) and encoded and _is_mapping(encoded[0]):
        encoded = {key: [row[key] for row in encoded] for key in encoded[0]}
    if not _is_mapping(encoded) or main not in encoded:
        held = list(encoded) if _is_mapping(encoded) else type(encoded).__name__
        raise ValueError(
            f"Encoded inputs must have {main!r}. Received: {held!r:.60}. Pass what "
            "the tokenizer returned, or a list of such results."
        )
    return {key: as_python(value) for key, value in encoded.items()}


def tensors_of(encoded: Any, main: str) -> str | None:  # noqa: ANN401
    """Return `"np"` or `"pt"` where the ids are arrays or tensors, else `None`."""
    if isinstance(encoded, (list, tuple)):
        value = encoded[0].get(main) if encoded and _is_mapping(encoded[0]) else None
    else:
        value = encoded.get(main) if _is_mapping(encoded) else None
    if isinstance(value, (list, tuple)) and value:
        value = value[0]
    names = {kind.__module__.partition(".")[0] for kind in type(value).__mro__}
    return next((short for lib, short in _KINDS.items() if lib in names), None)


_KINDS = {"numpy": "np", "torch": "pt"}


def pad_encoded(
    columns: dict[str, Any], options: Options, *, main: str, mask: bool
) -> dict[str, Any]:
    """Pad rows to one length.

    Args:
        columns: Key to one row of numbers, or to rows; there is at least one.
        options: How to pad; rows are never cut.
        main: Name of the ids.
        mask: Whether an attention mask is returned.

    Returns:
        The same keys, and `attention_mask` where asked for. Ids, masks and segment
        ids are padded; all else is as it was.

    Raises:
        ValueError: If a key has another number of rows than the ids.
    """
    ids = columns[main]
    if not isinstance(ids[0], (list, tuple)):
        return _pad_row(columns, options, _width([ids], options), main=main, mask=mask)
    for key, value in columns.items():
        if len(value) != len(ids):
            raise ValueError(
                "Every key must have as many rows as the ids. Received: "
                f"{len(value)} for {key!r} and {len(ids)} ids. Pass one value a row."
            )
    width = _width(ids, options)
    rows = [
        _pad_row(
            {key: value[place] for key, value in columns.items()},
            options,
            width,
            main=main,
            mask=mask,
        )
        for place in range(len(ids))
    ]
    return {key: [row[key] for row in rows] for key in rows[0]}


def _width(rows: list[Any], options: Options) -> int:
    if not options.pads:
        return 0
    if options.padding == "max_length" and options.max_length is not None:
        width = options.max_length
    else:
        width = max(map(len, rows))
    return options.padded_width(width)


def _pad_row(
    row: dict[str, Any], options: Options, width: int, *, main: str, mask: bool
) -> dict[str, Any]:
    padded = dict(row)
    ids = row[main]
    if mask:
        padded.setdefault("attention_mask", [1] * len(ids))
    missing = width - len(ids)
    if missing <= 0:
        return padded
    fill = {key: value(options) for key, value in _FILL.items() if key in padded}
    if not mask:
        fill.pop("attention_mask", None)
    for key, number in {**fill, main: options.pad_id}.items():
        filler = [number] * missing
        cells = list(padded[key])
        left = options.padding_side == "left"
        padded[key] = filler + cells if left else cells + filler
    return padded


def as_python(value: Any) -> Any:  # noqa: ANN401  lists, arrays and tensors
    """Turn arrays and tensors into lists, also inside of lists.

    Args:
        value: Anything.

    Returns:
        The same numbers; what is neither list, array nor tensor stays as it is.
    """
    if hasattr(value, "numpy") and not hasattr(value, "tolist"):
        value = value.numpy()
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, (list, tuple)) and value:
        # The first shows what they are: thousands of plain numbers stay unread.
        first = value[0]
        if isinstance(first, (list, tuple)) or hasattr(first, "__array__"):
            return [as_python(item) for item in value]
    return value


def _is_mapping(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, Mapping) or hasattr(value, "keys")
