"""What a tokenizer puts around texts: `Template` by probing, and `Frame` in full."""

from collections.abc import Callable
from typing import Any, NamedTuple

from bridge.spec import Template


class Piece(NamedTuple):
    """One part of a row.

    Attributes:
        segment: 0 for the first text, 1 for the second, `None` for a special token.
        token_id: Id of the special token; -1 for a text.
        type_id: Segment id (`token_type_ids`) of all its tokens.
    """

    segment: int | None
    token_id: int
    type_id: int


# All parts of a row, in order: special tokens one by one, and the texts.
Frame = tuple[Piece, ...]


def frame_of(template: Template | None, *, pair: bool) -> Frame:
    """Return the frame that a template stands for.

    Args:
        template: Special tokens, by id; none if `None`.
        pair: Whether there is a second text. It and what follows it have type 1.

    Returns:
        The frame.
    """
    template = Template() if template is None else template

    def specials(part: tuple[str | int, ...], type_id: int) -> list[Piece]:
        return [Piece(None, int(entry), type_id) for entry in part]

    first = [*specials(template.start, 0), Piece(0, -1, 0)]
    if not pair:
        return (*first, *specials(template.end, 0))
    return (
        *first,
        *specials(template.separator, 0),
        Piece(1, -1, 1),
        *specials(template.end, 1),
    )


def probe_frame(post_processor: Any, *, pair: bool, add_special_tokens: bool) -> Frame:  # noqa: ANN401
    """Read a frame off a post-processor of `tokenizers`.

    It works on ids alone, so a vocabulary of two words shows all it does.

    Args:
        post_processor: The post-processor, or `None`.
        pair: Whether there is a second text.
        add_special_tokens: Whether special tokens are added.

    Returns:
        The frame.
    """
    from tokenizers import Tokenizer, models

    words = {"0": 0, "1": 1}
    engine = Tokenizer(models.WordLevel(words, unk_token="0"))
    if post_processor is not None:
        engine.post_processor = post_processor
    encoding = engine.encode(
        "0", "1" if pair else None, add_special_tokens=add_special_tokens
    )
    columns = (encoding.ids, encoding.special_tokens_mask, encoding.type_ids)
    return tuple(
        Piece(None, token_id, type_id) if special else Piece(token_id, -1, type_id)
        for token_id, special, type_id in zip(*columns, strict=True)
    )


def probe_template(
    encode: Callable[..., list[int]],
    encode_bare: Callable[[str], list[int]],
) -> Template | None:
    """Find the special tokens a tokenizer puts around one text and around a pair.

    Args:
        encode: One or two texts to ids, special tokens added.
        encode_bare: One text to ids, nothing added.

    Returns:
        The template, by id. `None` where the result is not `start A end` or
        `start A separator B end`, or where no probe gives any id.
    """
    # Plain letters first; a vocabulary of another script may drop those.
    for text, other in (("a", "b"), ("A", "B"), ("1", "2"), (".", ",")):
        try:
            first, second = encode_bare(text), encode_bare(other)
            single, pair = encode(text), encode(text, other)
        except Exception:  # noqa: BLE001  a letter that its model cannot encode
            continue
        if first and second:
            return _read_template(single, pair, first=first, second=second)
    return None


def _read_template(
    single: list[int], pair: list[int], *, first: list[int], second: list[int]
) -> Template | None:
    start = _find(single, first, 0)
    if start is None:
        return None
    end = single[start + len(first) :]
    between = start + len(first)
    place = _find(pair, second, between)
    if pair[:between] != single[:between] or place is None:
        return None
    if pair[place + len(second) :] != end:
        return None
    return Template(tuple(single[:start]), tuple(pair[between:place]), tuple(end))


def _find(row: list[int], part: list[int], begin: int) -> int | None:
    for place in range(begin, len(row) - len(part) + 1):
        if row[place : place + len(part)] == part:
            return place
    return None
