"""Vectors of the user's: a mapping, or a file in word2vec's text format."""

import os
from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bridge.errors import VocabularyError
from bridge.vocabulary import TokenKind, Vocabulary

Vectors = Mapping[str, ArrayLike]


def read_vectors(
    path: str | os.PathLike[str], vocabulary: Vocabulary
) -> dict[str, NDArray[np.float32]]:
    """Read the vectors that a vocabulary can use.

    Args:
        path: A file in the text format of word2vec and fastText: a line a word, the
            word and its numbers apart by spaces; a first line with two counts may be
            there.
        vocabulary: The tokenizer's; vectors that none of its tokens asks for are
            passed over, since such files often hold millions.

    Returns:
        Word to vector.

    Raises:
        VocabularyError: If a line does not hold as many numbers as the others.
    """
    wanted: Collection[str] = {
        name for token_id in _texts(vocabulary) for name in _names(vocabulary, token_id)
    }
    vectors: dict[str, NDArray[np.float32]] = {}
    width = None
    with open(path, encoding="utf-8", newline="\n") as file:
        for number, line in enumerate(file, start=1):
            # fastText's words may hold other kinds of white space: split at spaces.
            word, *numbers = line.rstrip(" \r\n").split(" ")
            if number == 1 and len(numbers) == 1:
                width = int(numbers[0]) if numbers[0].isdigit() else None
                continue
            width = len(numbers) if width is None else width
            if len(numbers) != width or not width:
                raise VocabularyError(
                    "Every line of a vector file holds a word and as many numbers as "
                    f"the others. Received: {len(numbers)} numbers instead of {width} "
                    f"in line {number} of {os.fspath(path)}. Save it in word2vec's "
                    "text format."
                )
            if word in wanted:
                vectors.setdefault(word, _numbers(numbers, number, path))
    return vectors


def _numbers(
    numbers: list[str], line: int, path: str | os.PathLike[str]
) -> NDArray[np.float32]:
    try:
        return np.array(numbers, np.float32)
    except ValueError as error:
        raise VocabularyError(
            "Behind its word, a line of a vector file holds numbers only. Received: "
            f"line {line} of {os.fspath(path)} ({error}). Save it in word2vec's text "
            "format."
        ) from error


def find_vectors(
    vectors: Vectors, vocabulary: Vocabulary
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Look up the vector of every token: by spelling, by text, by lower-case text.

    Args:
        vectors: Word or token to vector.
        vocabulary: The tokenizer's.

    Returns:
        Ids that have a vector, ascending, and their vectors, `(n, width)`.

    Raises:
        VocabularyError: If vectors have different widths, or hold NaN or infinity.
    """
    ids, rows = [], []
    for token_id in _texts(vocabulary):
        for name in _names(vocabulary, token_id):
            found = vectors.get(name)
            if found is not None:
                ids.append(token_id)
                rows.append(np.asarray(found, np.float32).ravel())
                break
    widths = {len(row) for row in rows}
    if len(widths) > 1 or not all(np.isfinite(row).all() for row in rows):
        raise VocabularyError(
            "Vectors must be finite and of one width. Received: widths "
            f"{sorted(widths)}{'' if len(widths) > 1 else ', some not finite'}. Train "
            "them together."
        )
    width = widths.pop() if widths else 1
    return np.array(ids, np.int64), np.array(rows, np.float32).reshape(-1, width)


def _texts(vocabulary: Vocabulary) -> list[int]:
    live = (vocabulary.kinds < TokenKind.SPECIAL) & ~vocabulary.dead
    return [int(token_id) for token_id in np.flatnonzero(live)]


def _names(vocabulary: Vocabulary, token_id: int) -> list[str]:
    token = vocabulary.tokens[token_id]
    names = [token] if isinstance(token, str) else []
    try:
        text = vocabulary.keys[token_id].decode("utf-8")
    except UnicodeDecodeError:
        return names
    return [name for name in (*names, text, text.lower()) if name]
