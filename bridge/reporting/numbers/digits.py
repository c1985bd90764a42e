"""`DigitScheme`: how a tokenizer cuts numbers."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from bridge.reporting.numbers.probing import can_encode, encode_where_possible
from bridge.tokenizers import Tokenizer
from bridge.vocabulary import Vocabulary

Scheme = Literal["single", "groups", "irregular", "unknown", "untold"]

# What a person looks at; the scheme is told from more numbers.
SHOWN_NUMBERS = ("7", "42", "365", "2023", "31415", "1000000")

_LONGEST = 8
_OF_EACH_LENGTH = 8


@dataclass(frozen=True, slots=True)
class DigitScheme:
    """How numbers become tokens.

    Attributes:
        scheme: `"single"`: one token a digit; `"groups"`: the number of digits alone
            says where it is cut; `"irregular"`: the digits do too, as merges fall;
            `"unknown"`: some numbers have no tokens; `"untold"`: a vocabulary alone
            does not say.
        longest: Most digits seen in one token; of those that the vocabulary has, where
            it is all that is known.
        examples: Numbers and their tokens, `1000000` as `("1", "000", "000")`.
        tokens: Tokens of the vocabulary that are two or more digits and nothing else.
    """

    scheme: Scheme
    longest: int
    examples: tuple[tuple[str, tuple[str, ...]], ...]
    tokens: int


def read_digits(tokenizer: Tokenizer) -> DigitScheme:
    """Cut numbers of one to eight digits and see what they have in common.

    Args:
        tokenizer: The tokenizer.

    Returns:
        The scheme.
    """
    tokens = _number_tokens(tokenizer.vocabulary)
    if not can_encode(tokenizer):
        return DigitScheme("untold", max(tokens, default=0), (), _several(tokens))
    numbers = _numbers()
    cuts = dict(zip(numbers, _cut(tokenizer, numbers), strict=True))
    examples = zip(SHOWN_NUMBERS, _cut(tokenizer, list(SHOWN_NUMBERS)), strict=True)
    longest = max(len(part) for cut in cuts.values() for part in cut or ("",))
    return DigitScheme(
        scheme=_scheme(cuts, longest),
        longest=longest,
        examples=tuple(examples),
        tokens=_several(tokens),
    )


def _numbers() -> list[str]:
    """Draw numbers of every length, always the same, round ones among them."""
    draw = np.random.default_rng(0)
    numbers = []
    for length in range(1, _LONGEST + 1):
        first = 10 ** (length - 1)
        drawn = draw.integers(first, 10 * first, _OF_EACH_LENGTH)
        numbers += [str(number) for number in (first, *drawn.tolist())]
    return list(dict.fromkeys(numbers))


def _scheme(cuts: dict[str, tuple[str, ...]], longest: int) -> Scheme:
    if any("".join(cut) != number for number, cut in cuts.items()):
        return "unknown"
    if longest == 1:
        return "single"
    ways: dict[int, set[tuple[int, ...]]] = {}
    for number, cut in cuts.items():
        ways.setdefault(len(number), set()).add(tuple(map(len, cut)))
    return "groups" if all(len(found) == 1 for found in ways.values()) else "irregular"


def _cut(tokenizer: Tokenizer, numbers: list[str]) -> list[tuple[str, ...]]:
    """Return the digits in each token of each number, as they stand in a sentence."""
    vocabulary = tokenizer.vocabulary
    rows, _ = encode_where_possible(tokenizer, [f"x {number}" for number in numbers])
    keys = [[vocabulary.keys[i] for i in row.tolist()] for row in rows]
    return [tuple(filter(None, map(_digits, row))) for row in keys]


def _digits(key: bytes) -> str:
    return "".join(chr(byte) for byte in key if 0x30 <= byte <= 0x39)


def _number_tokens(vocabulary: Vocabulary) -> list[int]:
    """Return how long each token is that is digits and nothing else."""
    return [len(key) for key in vocabulary.keys if key.isdigit()]


def _several(lengths: list[int]) -> int:
    return sum(length > 1 for length in lengths)
