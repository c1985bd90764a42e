"""How a byte-level BPE cuts text into words, told from its vocabulary."""

import re
from collections.abc import Iterable

from bridge.vocabulary.surface import byte_level_bytes

# The published expressions. Sources: GPT-2's encoder.py (its expression is built into
# the ByteLevel pre-tokenizer), tiktoken's cl100k_base (Llama 3 uses it too), Qwen 2's
# tokenizer.json (the same with single digits), tiktoken's o200k_base.
_CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_REST = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_LETTERS = r"[^\r\n\p{L}\p{N}]?\p{L}+"
_UPPER = r"\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}"
_LOWER = r"\p{Ll}\p{Lm}\p{Lo}\p{M}"
CL100K = rf"{_CONTRACTION}|{_LETTERS}|\p{{N}}{{1,3}}|{_REST}"
QWEN = rf"{_CONTRACTION}|{_LETTERS}|\p{{N}}|{_REST}"
O200K = (
    rf"[^\r\n\p{{L}}\p{{N}}]?[{_UPPER}]*[{_LOWER}]+{_CONTRACTION}?"
    rf"|[^\r\n\p{{L}}\p{{N}}]?[{_UPPER}]+[{_LOWER}]*{_CONTRACTION}?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

_MARK_BEFORE_LETTERS = re.compile(r"[(\"_.$/\-]\w\w", re.ASCII)
_WORD_WITH_CONTRACTION = re.compile(r" ?[A-Za-z]{2,}'(?:t|s|re|ve|m|ll|d)")

# A vocabulary has thousands of such tokens or, but for oddities, none.
_ENOUGH = 20


def word_pattern(tokens: Iterable[str]) -> str | None:
    """Tell which expression cut the text that a vocabulary was learnt on.

    A merge never crosses a word border, so tokens show what a word may hold: with
    GPT-2's expression no token joins a mark and letters (`(x`), with cl100k's many do;
    with o200k's contractions stay at their word (`don't`).

    Args:
        tokens: Tokens in GPT-2's alphabet, special ones left out.

    Returns:
        The expression, or `None` for GPT-2's, which the engine has built in.
    """
    joined = contracted = 0
    digits = 1
    for token in tokens:
        text = byte_level_bytes(token).decode("utf-8", "replace")
        joined += bool(_MARK_BEFORE_LETTERS.fullmatch(text[:3]))
        contracted += bool(_WORD_WITH_CONTRACTION.fullmatch(text))
        if text.isascii() and text.isdigit():
            digits = max(digits, len(text))
    if joined < _ENOUGH:
        return None
    if contracted >= 2:
        return O200K
    return QWEN if digits == 1 else CL100K
