"""`check_texts`: what an encoder may be given."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import filterfalse

from bridge.errors import TextInputError
from bridge.tokenizers.newest import holds_newest

# Texts joined for one check: one call a text costs more, one for all of them memory.
_GROUP = 1024


class Texts(list[str]):
    """Texts that were checked and can be encoded.

    Attributes:
        may_be_new: Whether a text may hold a character that libraries disagree on.
    """

    may_be_new: bool = False

    def find_newest(self) -> list[int]:
        """Return the places of texts that hold such a character, in order."""
        if not self.may_be_new:
            return []
        foreign = (i for i, text in enumerate(self) if not text.isascii())
        return [i for i in foreign if holds_newest(self[i].encode("utf-8"))]


def check_texts(texts: Iterable[str], *, noun: str = "text") -> Texts:
    """Refuse what cannot be encoded, with its place in the batch.

    Args:
        texts: What the user passed.
        noun: What one item is called in messages.

    Returns:
        The texts as a list of its own; what was checked before comes back as it is.

    Raises:
        TextInputError: If it is one string, or an item is not a `str`, or holds a
            lone surrogate.
    """
    if isinstance(texts, Texts):
        return texts
    items = Texts(as_batch(texts, noun=noun))
    try:
        # At the speed of C: types are checked, and ASCII needs no further look.
        foreign = list(filterfalse(str.isascii, items))
    except TypeError:
        _refuse_type(items, noun)
        raise
    try:
        for begin in range(0, len(foreign), _GROUP):
            data = "".join(foreign[begin : begin + _GROUP]).encode("utf-8")
            items.may_be_new |= holds_newest(data)
    except UnicodeEncodeError:
        _refuse_surrogate(items, noun)
    return items


def as_batch(texts: Iterable[str], *, noun: str = "text") -> list[str]:
    """Take texts over without a look at each of them; `part_of` does that.

    Args:
        texts: What the user passed.
        noun: What one item is called in messages.

    Returns:
        The texts as a list.

    Raises:
        TextInputError: If it is one string, or nothing that holds texts.
    """
    if isinstance(texts, list):
        return texts
    if isinstance(texts, (str, bytes)):
        raise TextInputError(
            f"Pass a list of {noun}s. Received: one {type(texts).__name__}, "
            f"{texts[:40]!r}. Wrap it: `[{noun}]`."
        )
    try:
        return list(texts)
    except TypeError as error:
        raise TextInputError(
            f"Pass a list of {noun}s. Received: {type(texts).__name__}. "
            f"Pass `[]` where there is no {noun}."
        ) from error


def part_of(texts: list[str], rows: slice) -> Texts:
    """Return some texts of a batch, checked.

    Args:
        texts: The batch, checked or not.
        rows: Which of them.

    Returns:
        Those texts.

    Raises:
        TextInputError: As `check_texts`, with the place in the part: see `by_place`.
    """
    if not isinstance(texts, Texts):
        return check_texts(texts[rows])
    part = Texts(texts[rows])
    part.may_be_new = texts.may_be_new
    return part


@contextmanager
def by_place(*batches: list[str]) -> Iterator[None]:
    """Say of a text that was refused in a part where in its batch it stands.

    While one thread looks at its part, an engine works in another: that is quicker than
    a look at all texts before.

    Args:
        *batches: Batches whose parts are checked inside.

    Yields:
        Nothing.

    Raises:
        TextInputError: Of the first text of the first batch that is refused.
    """
    try:
        yield
    except TextInputError as error:
        refused = error
    else:
        return
    for batch in batches:
        check_texts(batch)
    raise refused


def _refuse_type(items: list[str], noun: str) -> None:
    for place, text in enumerate(items):
        if not isinstance(text, str):
            raise TextInputError(
                f"Every {noun} must be a str. Received: {text!r:.60} "
                f"({type(text).__name__}) at position {place} of {len(items)}. "
                f"{_remedy(text, noun)}"
            )


def _remedy(item: object, noun: str) -> str:
    if isinstance(item, bytes):
        return "Decode it first: `text.decode('utf-8')`."
    if isinstance(item, (list, tuple)) and noun == "text":
        return (
            "Texts of pairs are two lists, one an argument; lists of words are for "
            "`Encoder.with_word_ids`."
        )
    return f"Drop it, or replace it by `''` if an empty {noun} is meant."


def _refuse_surrogate(items: list[str], noun: str) -> None:
    for place, text in enumerate(items):
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise TextInputError(
                f"Every {noun} must be valid Unicode. Received: a lone surrogate "
                f"{text[error.start]!a} at character {error.start} of the {noun} at "
                f"position {place}. Clean it first: "
                "`text.encode('utf-8', 'replace').decode('utf-8')`."
            ) from error
