"""Texts of tokens as a report keeps them."""

from collections.abc import Iterable

from bridge.vocabulary import Vocabulary


def token_text(vocabulary: Vocabulary, token_id: int) -> str:
    """Return the text of a token, half characters escaped.

    A spelling may hold a lone surrogate; no file in UTF-8 can, and reports are saved.

    Args:
        vocabulary: The vocabulary.
        token_id: One of its ids.

    Returns:
        Its readable text.
    """
    return vocabulary.text(token_id).encode("utf-8", "backslashreplace").decode()


def token_texts(vocabulary: Vocabulary, ids: Iterable[int]) -> tuple[str, ...]:
    """Return the texts of several tokens; see `token_text`."""
    return tuple(token_text(vocabulary, token_id) for token_id in ids)
