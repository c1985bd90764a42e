"""Texts to measure on, where the user gives none."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.errors import TextInputError
from bridge.reporting.numbers.frequencies import Frequencies, read_frequencies
from bridge.tokenizers.texts import check_texts
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

# Fertility and round trips are stable long before this many texts.
_MEASURED_TEXTS = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Texts to measure on.

    Attributes:
        texts: The texts, at least one.
        weights: How often each occurs, `(len(texts),)` int64.
        note: Where they came from, for the report.
        is_text: Whether they are whole texts, whose length means something.
    """

    texts: list[str]
    weights: NDArray[np.int64]
    note: str
    is_text: bool


def choose_sample(
    vocabulary: Vocabulary,
    texts: Sequence[str] | None,
    frequencies: Frequencies | None = None,
) -> Sample:
    """Take what the user gives, or words of the tokenizer's own vocabulary.

    Args:
        vocabulary: The tokenizer's.
        texts: The user's texts, or `None`; at most 20,000 are taken, evenly.
        frequencies: Words and counts to stand in for texts, or `None`.

    Returns:
        The sample.

    Raises:
        TextInputError: If there is no text, or one is not a `str`, or the frequency
            list cannot be read.
        ValueError: If both texts and frequencies are given.
    """
    if frequencies is not None:
        if texts is not None:
            raise ValueError(
                "A report measures on `texts` or on `frequencies`. Received: both. "
                "Leave out the frequencies where there are texts."
            )
        counts, note = read_frequencies(frequencies)
        weights = np.fromiter(counts.values(), np.int64, len(counts))
        return Sample(list(counts), weights, note, is_text=False)
    if texts is None:
        words = own_words(vocabulary)
        note = "words of the tokenizer's own vocabulary, for want of texts"
        return Sample(words, np.ones(len(words), np.int64), note, is_text=False)
    given = check_texts(texts)
    if not given:
        raise TextInputError(
            "A report on texts needs at least one. Received: an empty list. Leave "
            "`texts` out to measure on the tokenizer's own words."
        )
    step = max(1, -(-len(given) // _MEASURED_TEXTS))
    note = "the texts given" + (f", 1 in {step}" if step > 1 else "")
    chosen = given[::step]
    return Sample(chosen, np.ones(len(chosen), np.int64), note, is_text=True)


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
