"""Cut a failing text down to the smallest that still fails."""

import re
from collections.abc import Callable

_WORDS = re.compile(r"\s|\S+")


def shrink(text: str, fails: Callable[[str], bool]) -> tuple[str, str]:
    """Shrink a text by words, then by characters, as long as it still fails.

    Args:
        text: A text that fails.
        fails: Tells whether a text fails.

    Returns:
        What is left by words: no word and no space can be removed. And what is left
        of that by characters: no character can be removed. Both fail.
    """
    words = _shrink(_WORDS.findall(text), fails)
    return words, _shrink(list(words), fails)


def _shrink(units: list[str], fails: Callable[[str], bool]) -> str:
    """Remove ever smaller runs of units, at last single ones until none can go."""
    size = max(1, len(units) // 2)
    while units:
        kept = _without_runs(units, size, fails)
        if size == 1 and len(kept) == len(units):
            break
        units, size = kept, max(1, size // 2)
    return "".join(units)


def _without_runs(
    units: list[str], size: int, fails: Callable[[str], bool]
) -> list[str]:
    start = 0
    while start < len(units):
        rest = units[:start] + units[start + size :]
        if fails("".join(rest)):
            units = rest
        else:
            start += size
    return units
