"""Words that are split already: ids, word numbers and labels, side by side."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np

from bridge.alignment import Alignment
from bridge.errors import TextInputError
from bridge.ragged import IdArray, OffsetArray, Ragged
from bridge.tokenizers import Tokenizer
from bridge.tokenizers.texts import check_texts

# What Keras and transformers both leave out of a loss (`ignore_class=-100`).
IGNORED = -100

PIECES = ("first", "all")


def check_words(rows: Sequence[Sequence[str]]) -> tuple[list[str], OffsetArray]:
    """Flatten rows of words.

    Args:
        rows: One list of words for each text.

    Returns:
        All words, and how many each row has, `(rows,)` int64.

    Raises:
        TextInputError: If there is no row, a row is one string, or a word is no `str`.
    """
    if isinstance(rows, (str, bytes)) or any(isinstance(row, str) for row in rows):
        raise TextInputError(
            "Pass a list of words for every text. Received: a string in its place. "
            "Split it first, or call the encoder on whole texts."
        )
    lists = [list(row) for row in rows]
    if not lists:
        raise TextInputError(
            "A batch must hold at least one row of words. Received: an empty list. "
            "Skip the call, or pass `[[]]` for one empty text."
        )
    counts = np.fromiter(map(len, lists), np.int64, len(lists))
    return check_texts(list(chain.from_iterable(lists)), noun="word"), counts


def encode_words(
    words: list[str],
    counts: OffsetArray,
    *,
    tokenizer: Tokenizer,
    alignment: Alignment | None,
    method: str,
) -> Ragged:
    """Encode words one by one, each as it stands in running text.

    Args:
        words: Checked words of all texts.
        counts: Number of words in each text.
        tokenizer: The external tokenizer.
        alignment: For a remap, else `None`.
        method: How to remap.

    Returns:
        Ids that the backbone gets, one row a word.
    """
    ids = tokenizer.encode_batch(_with_spaces(words, counts, tokenizer))
    if alignment is None:
        return ids
    if method != "retokenize":
        return alignment.remap(ids, method=method)  # type: ignore[arg-type]
    texts = [text.strip() for text in tokenizer.decode_batch(ids)]
    reference = alignment.reference
    return reference.encode_batch(_with_spaces(texts, counts, reference))


def _with_spaces(
    words: list[str], counts: OffsetArray, tokenizer: Tokenizer
) -> list[str]:
    """Put a space before all words of a text but the first, if spaces are in tokens."""
    if not _needs_space(tokenizer):
        return words
    first = np.zeros(len(words) + 1, bool)
    first[np.cumsum(counts) - counts] = True
    return [
        word if begins or not word else f" {word}"
        for word, begins in zip(words, first.tolist(), strict=False)
    ]


def _needs_space(tokenizer: Tokenizer) -> bool:
    """Tell whether a word after a space has ids of its own, as GPT-2's words have."""
    for first, second in (("a", "b"), ("A", "B"), ("1", "2"), (".", ",")):
        joined, left, plain, spaced = tokenizer.encode_batch(
            [f"{first} {second}", first, second, f" {second}"]
        ).to_lists()
        if left and plain:
            return joined != left + plain and joined == left + spaced
    return False


def join_words(ids: Ragged, counts: OffsetArray) -> Ragged:
    """Join the rows of words to rows of texts; nothing is copied.

    Args:
        ids: One row a word.
        counts: Number of words in each text.

    Returns:
        One row a text.
    """
    bounds = np.concatenate([[0], np.cumsum(counts)])
    return Ragged(ids.values, ids.offsets[bounds])


def word_numbers(ids: Ragged, counts: OffsetArray) -> IdArray:
    """Return for every id the number of its word in its text, `(total,)` int32."""
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    numbers = np.arange(len(ids)) - starts
    return np.repeat(numbers, ids.lengths).astype(np.int32)


def spread_labels(
    labels: Sequence[Sequence[int]], ids: Ragged, counts: OffsetArray, *, pieces: str
) -> IdArray:
    """Give every id the label of its word.

    Args:
        labels: One label for each word of each text.
        ids: One row a word.
        counts: Number of words in each text.
        pieces: `"first"` or `"all"`: which ids of a word get its label.

    Returns:
        `(total,)` int32, `IGNORED` where there is no label.

    Raises:
        ValueError: If there is not one label for each word, or `pieces` is unknown.
    """
    if pieces not in PIECES:
        raise ValueError(
            f"`pieces` must be one of {', '.join(map(repr, PIECES))}. "
            f"Received: {pieces!r}."
        )
    flat = _flat_labels(labels, counts)
    if pieces == "all":
        return np.repeat(flat, ids.lengths)
    spread = np.full(ids.values.size, IGNORED, np.int32)
    written = ids.lengths > 0
    spread[ids.offsets[:-1][written]] = flat[written]
    return spread


def _flat_labels(labels: Any, counts: OffsetArray) -> IdArray:  # noqa: ANN401  unchecked
    rows = Ragged.from_lists(labels)
    if not np.array_equal(rows.lengths, counts):
        given = rows.lengths.tolist()
        wrong = [i for i, n in enumerate(counts.tolist()) if given[i : i + 1] != [n]]
        place = wrong[0] if wrong else len(counts)
        raise ValueError(
            "There must be one label for each word. Received: "
            f"{len(given)} rows of labels for {len(counts)} rows of words, which "
            f"differ first at position {place}. Pass {IGNORED} for a word without one."
        )
    return rows.values
