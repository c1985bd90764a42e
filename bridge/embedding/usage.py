"""How often a token starts a word: from text, or from a stated prior."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bridge.alignment.remap import continues_word
from bridge.tokenizers.base import Tokenizer

if TYPE_CHECKING:
    from bridge.alignment import Alignment

# Share of its uses in which a token without a space mark starts a word, where no text
# tells. In 106 articles of English Wikipedia under GPT-2's tokenizer it is 0.37 in the
# mean over such tokens (0.95 capitalised, 0.15 lower case). Any number near it makes
# good rows. STS-B Spearman of MiniLM above that of FVT, on 1,000 pairs of the training
# split that nothing was chosen on: GPT-2 0.0016 at 0.4, 0.0053 at 0.5, 0.0067 at 0.6,
# -0.0038 at 0.3; Mistral-v3 0.0097, 0.0088, 0.0075, 0.0104; T5 0.0097, 0.0100, 0.0087,
# 0.0094.
PRIOR = 0.4

# Uses that the prior counts for. It hardly matters: on the same pairs, with counts from
# Wikipedia, 4, 16 and 64 differ by 0.003 at most.
PRIOR_STRENGTH = 16.0

# Texts encoded at a time, so that memory does not grow with their number.
_CHUNK = 4_096


def start_shares(
    alignment: "Alignment",
    texts: Sequence[str] | None = None,
    *,
    prior: float = PRIOR,
) -> NDArray[np.float32]:
    """Return for every id the share of its uses in which it starts a word.

    Args:
        alignment: Gives the tokenizer.
        texts: Texts like those the model will read; `prior` for every id if `None`.
        prior: Share of a token that no text tells of.

    Returns:
        `(tokenizer.vocabulary.size,)` float32 in [0, 1]. A count is mixed with the
        prior as if the prior had been seen `PRIOR_STRENGTH` times, so a token that is
        rare in the texts keeps near it.

    Raises:
        TextInputError: If a text is not a usable `str`.
    """
    vocabulary = alignment.tokenizer.vocabulary
    if texts is None:
        return np.full(vocabulary.size, prior, np.float32)
    starts, uses = np.zeros((2, vocabulary.size), np.int64)
    for begin in range(0, len(texts), _CHUNK):
        ids = alignment.tokenizer.encode_batch(texts[begin : begin + _CHUNK])
        begins_word = ~continues_word(vocabulary, ids)
        uses += np.bincount(ids.values, minlength=vocabulary.size)
        starts += np.bincount(ids.values[begins_word], minlength=vocabulary.size)
    shares = (starts + PRIOR_STRENGTH * prior) / (uses + PRIOR_STRENGTH)
    return np.asarray(shares, np.float32)


def count_uses(tokenizer: Tokenizer, texts: Sequence[str]) -> NDArray[np.int64]:
    """Count how often texts use every token.

    Args:
        tokenizer: The tokenizer.
        texts: Texts.

    Returns:
        `(tokenizer.vocabulary.size,)` int64.

    Raises:
        TextInputError: If a text is not a usable `str`.
    """
    uses = np.zeros(tokenizer.vocabulary.size, np.int64)
    for begin in range(0, len(texts), _CHUNK):
        ids = tokenizer.encode_batch(texts[begin : begin + _CHUNK])
        uses += np.bincount(ids.values, minlength=len(uses))
    return uses
