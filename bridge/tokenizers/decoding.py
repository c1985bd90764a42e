"""Text from tokens, where no library decodes them."""

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby

from bridge.vocabulary import Convention, Position, TokenKind, Vocabulary
from bridge.vocabulary.surface import ends_word

_LITERAL = (TokenKind.SPECIAL, TokenKind.ADDED, TokenKind.UNUSED)


def decode_tokens(vocabulary: Vocabulary, token_ids: Sequence[int]) -> str:
    """Join the texts of tokens as their convention says.

    Args:
        vocabulary: What the ids mean.
        token_ids: Ids in `[0, vocabulary.size)`.

    Returns:
        The text. Bytes that are no UTF-8 become U+FFFD; holes become nothing.

    Example:
        >>> words = Vocabulary.from_tokens(["play", "##ing", "now"])
        >>> decode_tokens(words, [0, 1, 2])
        'playing now'
    """
    convention = vocabulary.convention
    parts: list[bytes] = []
    for token_id in token_ids:
        if vocabulary.tokens[token_id] is None:
            continue
        key = vocabulary.keys[token_id]
        position = vocabulary.positions[token_id]
        if convention.keeps_spaces:
            parts.append(b" " + key if position == Position.START else key)
        elif convention.marks_ends:
            # Literal tokens stand by themselves.
            is_literal = vocabulary.kinds[token_id] in _LITERAL
            ends = is_literal or ends_word(vocabulary.tokens[token_id])
            parts.append(key + b" " if ends else key)
        elif convention == Convention.PIECES or position == Position.CONTINUATION:
            parts.append(key)
        else:
            parts.append(b" " + key if parts else key)
    text = b"".join(parts)
    if convention == Convention.METASPACE:
        # Sentencepiece puts one space in front of every text.
        text = text.removeprefix(b" ")
    elif convention.marks_ends:
        text = text.removesuffix(b" ")
    return text.decode("utf-8", "replace")


def decode_runs(
    row: Sequence[int],
    specials: Mapping[int, str],
    decode: Callable[[list[int]], str],
) -> str:
    """Decode a row with a library that drops special tokens.

    Args:
        row: Token ids.
        specials: Id to text of the ids that the library would drop or refuse.
        decode: Decodes ids that are not among them.

    Returns:
        The text with the special tokens in their places.
    """
    parts: list[str] = []
    for is_special, run in groupby(row, key=specials.__contains__):
        if is_special:
            parts.extend(specials[token_id] for token_id in run)
        else:
            parts.append(decode(list(run)))
    return "".join(parts)
