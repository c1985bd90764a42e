"""Texts to measure on, where the user gives none."""

from bridge.vocabulary import Position, TokenKind, Vocabulary

# Hard cases that tell tokenizers apart: accents composed and decomposed, digits, white
# space, case, CJK, emoji with joiners, control and zero-width characters, ligatures.
PROBE_TEXTS = (
    "The quick brown fox jumps over the lazy dog.",
    "Café naïve ÀÉ Ångström",
    "cafe\u0301 nai\u0308ve",
    "In 2023 it cost 1000000 or 5,551,234.567 units.",
    "two  spaces,\ttabs\nand\r\n\nnewlines \n x",
    "I don't think they'll say it's what we'd've done.",
    "ALL CAPS and CamelCaseWords mixed_with_snake_case",
    "中文字符和English混在一起。",
    "日本語のテキスト、한국어 텍스트",
    "emoji \U0001f600 and family \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "soft\u00adhyphen zero\u200bwidth",
    "ﬁne ligatures, ½ and Ⅷ, μg ² “quotes” … dashes —",
    "ΟΔΥΣΣΕΥΣ İstanbul straße ǅ",
    "https://example.org/a?b=c&d=%20#frag user@example.org",
    "for (i = 0; i < n; ++i) { x[i] += y[i] * 2; }",
    "",
    " ",
    " leading and trailing ",
)

# Words that stand in for texts, taken evenly over the vocabulary.
_WORDS = 5_000


def own_words(vocabulary: Vocabulary) -> list[str]:
    """Return words that a vocabulary holds whole, as stand-ins for texts.

    Args:
        vocabulary: The tokenizer's.

    Returns:
        At most 5,000 words, in id order; hard probes where it has none.
    """
    words = [
        key.decode("utf-8")
        for key, position, kind in zip(
            vocabulary.keys,
            vocabulary.positions.tolist(),
            vocabulary.kinds.tolist(),
            strict=True,
        )
        if kind == TokenKind.NORMAL
        and position != Position.CONTINUATION
        and _is_word(key)
    ]
    step = max(1, -(-len(words) // _WORDS))
    return words[::step] or list(PROBE_TEXTS)


def _is_word(key: bytes) -> bool:
    try:
        text = key.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return len(text) > 1 and text.isalpha()
