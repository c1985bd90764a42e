"""`ScriptRow`: which scripts two vocabularies cover, and which the texts use."""

import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from bridge.reporting.numbers.reading import Reading, ratio
from bridge.vocabulary import TokenKind, Vocabulary

# Scripts are shown while they have at least this many tokens, or this share of words.
_FEW_TOKENS = 10
_FEW_WORDS = 0.0005
_SHOWN = 12

# First words of Unicode names that say how wide a letter is set; its script follows.
_WIDTHS = frozenset(("FULLWIDTH", "HALFWIDTH"))
# Beginnings of scripts whose name is longer than a word, as in Old Italic.
_BEGINNINGS = frozenset(("LINEAR", "MEETEI", "NEW", "OL", "OLD", "TAI"))
# First words of names of letters that belong to no script.
_SYMBOLS = frozenset(
    (
        *("MODIFIER", "MATHEMATICAL", "DOUBLE-STRUCK", "SCRIPT", "BLACK-LETTER"),
        *("FEMININE", "MASCULINE", "SUPERSCRIPT", "SUBSCRIPT", "MICRO"),
    )
)


@dataclass(frozen=True, slots=True)
class ScriptRow:
    """One script.

    Attributes:
        script: Its name, such as `"Latin"`.
        tokens: Tokens of the tokenizer whose first letter is of the script.
        preset_tokens: The same of the preset.
        words: Share of the words measured on whose first letter is of the script.
    """

    script: str
    tokens: int
    preset_tokens: int
    words: float


def count_scripts(reading: Reading) -> tuple[ScriptRow, ...]:
    """Count tokens and words by script.

    Args:
        reading: Texts and both tokenizers.

    Returns:
        Scripts that matter: the most used in the texts first, then those with the
        most tokens; at most 12.
    """
    mine = _of_vocabulary(reading.alignment.tokenizer.vocabulary)
    theirs = _of_vocabulary(reading.alignment.reference.vocabulary)
    words: Counter[str] = Counter()
    for word, count in reading.words.items():
        words[script_of(word) or ""] += count
    total = sum(words.values())
    rows = [
        ScriptRow(name, mine[name], theirs[name], ratio(words[name], total))
        for name in sorted({*mine, *theirs, *words} - {""})
        if words[name] > _FEW_WORDS * total
        or max(mine[name], theirs[name]) >= _FEW_TOKENS
    ]
    rows.sort(key=lambda row: (-row.words, -row.tokens - row.preset_tokens))
    return tuple(rows[:_SHOWN])


def script_of(text: str) -> str | None:
    """Name the script of the first letter.

    Args:
        text: Any text.

    Returns:
        Such as `"Latin"` or `"CJK"`; `None` where there is no letter.
    """
    for character in text:
        name = _script(character)
        if name is not None:
            return name
    return None


@lru_cache(maxsize=1 << 16)
def _script(character: str) -> str | None:
    if not character.isalpha():
        return None
    # A letter's Unicode name begins with its script; Python has no other table of it.
    words = unicodedata.name(character, "").split()
    if words and words[0] in _WIDTHS:
        words = words[1:]
    if not words or words[0] in _SYMBOLS:
        return None
    if words[0] in _BEGINNINGS:
        return " ".join(words[:2]).title()
    return "CJK" if words[0] == "CJK" else words[0].title()


def _of_vocabulary(vocabulary: Vocabulary) -> Counter[str]:
    counts: Counter[str] = Counter()
    is_text = (vocabulary.kinds < TokenKind.SPECIAL).tolist()
    for key, counted in zip(vocabulary.keys, is_text, strict=True):
        if counted:
            script = script_of(key.decode("utf-8", "ignore"))
            if script is not None:
                counts[script] += 1
    return counts
