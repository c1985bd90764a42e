"""Texts on which two encoders of one tokenizer would differ, if anywhere."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from bridge.ragged import Ragged
from bridge.vocabulary import Vocabulary

Encode = Callable[[list[str]], Ragged]

# What encoders are known to disagree on: spaces of all kinds, contractions, digits,
# normal forms, case that changes length, marks, joined emoji, characters that are
# nothing, bytes of other scripts, words that are too long.
HARD_TEXTS = (
    "",
    " ",
    "  ",
    "   leading and   inner   spaces, and trailing   ",
    "\n",
    "\n\n a \n\n\n b\r\n\r\nc\rd\te\t\tf \t g",
    "a\u00a0b\u1680c\u2003d\u2028e\u2029f\u202fg\u205fh\u3000i\u0085j\u200bk\ufeffl",
    "\x00 \x01 \x07 \x1b[0m \x7f \x80 \x9f \ufffd \ufffe \U0010ffff",
    "a\x00b\u00adc\u200dd\u200ee\u2060f\u034fg",
    "don't I'll we've they'RE it'S 'tis o'clock ''' 'd'm DON'T I'LL can\u2019t",
    "1 12 123 1234 12345 1,234.56 3.14e-10 0x1F \u00bd \u2153 \u0663\u0664 \u096a",
    "\u2167",
    "!@#$%^&*()_+-=[]{}|;:,.<>/?`~ ... --- !!! ?! ([{<>}])",
    "\u00ab\u00bb\u201c\u201d\u2026",
    "snake_case camelCase PascalCase SCREAMING kebab-case a.b.c x@y.org",
    "http://a.b/c?d=e",
    "Caf\u00e9 na\u00efve \u00c0\u00c9\u00d1 e\u0301 a\u030a\u0328 o\u0302\u0301",
    "\u1e9b\u0323",
    "\ufb01ne \ufb03 \uff21\uff22\uff11 \u2460 \u210c \u00b2 \u33a5 \u2126 \u212b",
    "\u1d2c",
    "\u039f\u0394\u039f\u03a3 \u03c3\u03c2 \u0130stanbul \u0131 I\u0307 stra\u00dfe",
    "\u1e9e \u01c4\u01c5\u01c6",
    "\u0421\u044a\u0435\u0448\u044c \u0435\u0449\u0451 \u0439\u0439 \u0454\u0457\u0491",
    "\u05e9\u05b8\u05dc\u05d5\u05b9\u05dd",
    "\u0645\u064e\u0631\u0652\u062d\u064e\u0628\u064b\u0627 \u0640\u0640 \ufefb",
    "\u0928\u092e\u0938\u094d\u0924\u0947 \u0995\u09cd\u09b7",
    "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 \u0f56\u0f7c\u0f51",
    "\u1019\u103c\u1014\u103a",
    "\u65e5\u672c\u8a9e\u3068\u4e2d\u6587\u3001\u3002 \u30ab\u309a\u304b\u3099",
    "\uff76\uff9e \ud55c\uad6d\uc5b4 \u1112\u1161\u11ab \uac01",
    "a\u4e2db \U00020000\U0002a6d6 \uf900 \u3400 \u9fff\ua000",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f3f3\ufe0f\u200d\U0001f308",
    "\U0001f1e9\U0001f1ea \u2764\ufe0f \u00a9\ufe0e \U0001f44d\U0001f3fd",
    "\U0001d400\U0001d4d0 \U00010400\U00010428 \U000e0041 \ue000 \U000f0000",
    "\u2581 \u2581a \u2581\u2581b c\u2581d \u0120the \u010a ##ing # # a## @@ </w>",
    "<0x41> <0x0A>",
    "[CLS] [SEP] [UNK] [PAD] [MASK] <s> </s> <unk> <pad> <mask> <|endoftext|> <bos>",
    "x" * 99 + " " + "y" * 100 + " " + "z" * 101 + " " + "word" * 60,
    "\u00e9" * 120 + " " + "\u4e2d" * 120 + " " + " " * 130 + "." * 130 + "7" * 130,
    "The quick brown fox jumps over the lazy dog; it's the 3rd time today.",
)

# Tokens of the vocabulary that are tried, evenly spread, and how many stand in a text.
_TOKENS = 1024
_PER_TEXT = 8


def probe_texts(vocabulary: Vocabulary, added: Iterable[str] = ()) -> list[str]:
    """Make the texts for one tokenizer.

    Args:
        vocabulary: Its vocabulary, of whose tokens some are put together anew.
        added: Spellings of its added tokens: each alone, inside a word, doubled, in
            other case, and with and without spaces around it.

    Returns:
        The texts, always the same.
    """
    texts = list(HARD_TEXTS)
    for token in added:
        texts += [
            token,
            f"a{token}b",
            f"A {token} b",
            f"a {token}b",
            f"a{token} b",
            f"{token}{token}",
            f"{token} {token}",
            f"  {token}  \n{token}\n",
            f"1{token}.{token}!",
            f"\u00e9{token}\u4e2d",
            token.upper(),
            token.lower(),
            token[:-1],
            token[1:],
        ]
    return texts + _of_tokens(vocabulary)


def _of_tokens(vocabulary: Vocabulary) -> list[str]:
    live = [i for i, token in enumerate(vocabulary.tokens) if token is not None]
    spread = np.linspace(0, len(live) - 1, min(len(live), _TOKENS)).astype(int)
    words = [
        vocabulary.keys[live[place]].decode("utf-8", "ignore")
        for place in spread.tolist()
    ]
    # In an order of their own, so that neighbours of the table do not stay neighbours.
    words = words[::2] + words[1::2][::-1]
    groups = [words[i : i + _PER_TEXT] for i in range(0, len(words), _PER_TEXT)]
    return [text for group in groups for text in (" ".join(group), "".join(group))]


def first_difference(
    texts: Sequence[str], reference: Encode, engine: Encode
) -> str | None:
    """Compare two encoders.

    Args:
        texts: What both shall encode.
        reference: The encoder that is right.
        engine: The other.

    Returns:
        Why they are not the same, or `None` where they are.
    """
    try:
        expected = reference(list(texts))
    except BaseException as error:  # noqa: BLE001  some models refuse some texts
        _pass_on(error)
        return f"the tokenizer refuses a text of the probe ({error!s:.120})"
    try:
        found = engine(list(texts))
    except BaseException as error:  # noqa: BLE001  as above
        _pass_on(error)
        return f"it refuses a text of the probe ({error!s:.120})"
    if found == expected:
        return None
    if len(found) != len(expected):
        return "it returns another number of rows"
    for text, right, wrong in zip(texts, expected, found, strict=True):
        if not np.array_equal(right, wrong):
            return f"it differs on {text!r:.60}"
    return None


def _pass_on(error: BaseException) -> None:
    """Raise what is no answer of a library, such as an interrupt.

    A library in Rust that panics (tokenizers does over some added tokens) raises no
    `Exception`; the class of it belongs to no importable module.
    """
    if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
        raise error
