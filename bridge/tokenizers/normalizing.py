"""Normalised text without a library's marks."""

from collections.abc import Callable


def without_dummy_space(normalize: Callable[[str], str], text: str) -> str:
    """Normalise a text without the space that sentencepiece puts in front of it.

    That space is a mark, not content. Whether a normaliser adds one is told by what it
    makes of a letter, so that a space of the text itself stays.

    Args:
        normalize: The library's normaliser, marks shown as spaces.
        text: Any text.

    Returns:
        The normalised text.
    """
    result = normalize(text)
    is_marked = result.startswith(" ") and normalize("a").startswith(" ")
    return result[1:] if is_marked else result
