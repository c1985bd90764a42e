"""`Inputs`: the many forms in which transformers takes texts, as two columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bridge.errors import TextInputError

_FORMS = (
    "a str, a list of str, pairs of str, or with `is_split_into_words=True` lists of "
    "words"
)


@dataclass(frozen=True, slots=True)
class Inputs:
    """Texts in one form.

    Attributes:
        first: First texts, `str` or, where `split`, lists of words.
        second: Second texts of the rows that have one, in order.
        paired: Whether each row has a second text; all rows alike if a `bool`.
        batched: Whether the caller passed a batch, not one text.
        split: Whether texts are lists of words.
    """

    first: list[Any]
    second: list[Any]
    paired: bool | list[bool]
    batched: bool
    split: bool


def read_inputs(text: Any, text_pair: Any, *, split: bool) -> Inputs:  # noqa: ANN401  any form
    """Read texts and second texts.

    Args:
        text: One text or a batch, in any form that transformers takes.
        text_pair: Its second text or texts, or `None`.
        split: Whether texts are lists of words.

    Returns:
        The texts in columns.

    Raises:
        ValueError: If the form is unknown or the numbers of texts differ.
        TypeError: If one side is a batch and the other is not.
        TextInputError: If an item is no text.
        IndexError: If there is no text.
    """
    for name, value in (("text", text), ("text_pair", text_pair)):
        if not _is_known(value) and (name == "text" or value is not None):
            raise ValueError(
                f"`{name}` must be {_FORMS}. Received: {value!r:.60} "
                f"({type(value).__name__}). Pass texts, not ids: `pad` takes ids."
            )
    batched = isinstance(text, (list, tuple))
    if split:
        batched = batched and bool(text) and isinstance(text[0], (list, tuple))
    if not batched:
        # As transformers: a lone text with an empty second one is no pair.
        rows: list[Any] = [(text, text_pair)] if text_pair else [text]
    elif text_pair is None:
        rows = list(text)
    else:
        rows = _joined(text, text_pair)
    if not rows:
        raise IndexError(
            "A batch must hold at least one text. Received: an empty list. Skip the "
            "call, or pass `['']` for one empty text."
        )
    return _columns(rows, batched=batched, split=split)


def _is_known(value: Any) -> bool:  # noqa: ANN401
    """Tell whether the first item, however deep, is a text."""
    for _ in range(4):
        if isinstance(value, str):
            return True
        if not isinstance(value, (list, tuple)):
            return False
        if not value:
            return True
        value = value[0]
    return False


def _joined(text: Sequence[Any], text_pair: Any) -> list[Any]:  # noqa: ANN401
    if isinstance(text_pair, str):
        raise TypeError(
            "A batch of texts needs a batch of second texts. Received: "
            f"{len(text)} texts and one str. Pass a list as long as `text`."
        )
    if len(text) != len(text_pair):
        raise ValueError(
            "`text_pair` must be as long as `text`. Received: "
            f"{len(text)} texts and {len(text_pair)} second texts. Pass one for each."
        )
    return list(zip(text, text_pair, strict=True))


def _columns(rows: list[Any], *, batched: bool, split: bool) -> Inputs:
    is_text = _is_words if split else _is_str
    # The set is a hundred times faster than asking each, and nearly always enough.
    plain = not split and set(map(type, rows)) == {str}
    if plain or all(map(is_text, rows)):
        return Inputs(rows, [], paired=False, batched=batched, split=split)
    paired = [not is_text(row) for row in rows]
    for place, row in enumerate(rows):
        if paired[place] and not _is_pair(row, is_text):
            raise TextInputError(
                f"Every text must be {'a list of words' if split else 'a str'}, or a "
                f"pair of them. Received: {row!r:.60} ({type(row).__name__}) at "
                f"position {place} of {len(rows)}. Drop it, or turn it into text."
            )
    pairs = [row for row, is_pair in zip(rows, paired, strict=True) if is_pair]
    return Inputs(
        [row[0] if is_pair else row for row, is_pair in zip(rows, paired, strict=True)],
        [row[1] for row in pairs],
        paired=True if len(pairs) == len(rows) else paired,
        batched=batched,
        split=split,
    )


def _is_str(row: Any) -> bool:  # noqa: ANN401
    return isinstance(row, str)


def _is_words(row: Any) -> bool:  # noqa: ANN401
    return isinstance(row, (list, tuple)) and all(isinstance(w, str) for w in row)


def _is_pair(row: Any, is_text: Any) -> bool:  # noqa: ANN401
    return isinstance(row, (list, tuple)) and len(row) == 2 and all(map(is_text, row))
