"""`in_sentences`: words that stand in for texts, as they stand in one."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bridge.reporting.numbers.probing import encode_where_possible
from bridge.reporting.sample import Sample
from bridge.tokenizers import Tokenizer

# Words that show whether a tokenizer takes a space before them.
_PROBED_WORDS = 200


def in_sentences(sample: Sample, tokenizers: Sequence[Tokenizer]) -> Sample:
    """Put a space before words that stand in for texts, as they have it in a sentence.

    GPT-2 has other tokens for a word at the beginning of a text, where few words stand.

    Args:
        sample: Words, or texts, which stay as they are.
        tokenizers: Those that will read them.

    Returns:
        The words behind a space, if all take it without a token of its own.
    """
    if sample.is_text:
        return sample
    probes = sample.texts[:_PROBED_WORDS]
    if not all(takes_space(tokenizer, probes) for tokenizer in tokenizers):
        return sample
    texts = [f" {word}" for word in sample.texts]
    return replace(sample, texts=texts, note=f"{sample.note}, each behind a space")


def takes_space(tokenizer: Tokenizer, words: Sequence[str]) -> bool:
    """Tell whether a space before words costs no token of its own, as for most here.

    Args:
        tokenizer: The tokenizer.
        words: Words without white space.

    Returns:
        True for GPT-2, which marks with it where a word starts, and for BERT, which
        drops it; false where a sentencepiece model puts its own mark too.
    """
    bare, refused = encode_where_possible(tokenizer, words)
    spaced, too = encode_where_possible(tokenizer, [f" {word}" for word in words])
    if not np.array_equal(refused, too):
        return False
    return 2 * int((spaced.lengths > bare.lengths).sum()) <= len(words)
