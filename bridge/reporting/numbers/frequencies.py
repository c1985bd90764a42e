"""Words and how often they occur, as stand-ins for texts."""

import os
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bridge.errors import MissingDependencyError, TextInputError

# What a user passes as `frequencies=`.
Frequencies = Mapping[str, int] | str | os.PathLike[str]

# Rarer words change no measure by much, and take as long as frequent ones.
MOST_WORDS = 20_000
_INSTALLED = "wordfreq:"
_PER_WORD = 10**9


def read_frequencies(given: Frequencies) -> tuple[dict[str, int], str]:
    """Read a frequency list.

    Args:
        given: Word to count; a text file with a word and its count on every line,
            white space between them, UTF-8; or `"wordfreq:en"` for the list of a
            language in the package `wordfreq`, where it is installed.

    Returns:
        The 20,000 most frequent words with their counts, most frequent first, and
        where they came from, for the report.

    Raises:
        TextInputError: If a file cannot be read, a count is no positive integer, or
            there is no word.
        MissingDependencyError: If `wordfreq` is asked for and not installed.
    """
    if isinstance(given, Mapping):
        counts, source = dict(given), "a word list given as a mapping"
    elif isinstance(given, str) and given.startswith(_INSTALLED):
        language = given.removeprefix(_INSTALLED)
        counts = _installed(language)
        source = f"wordfreq's list for {language!r}"
    else:
        path = Path(given)
        counts, source = _from_file(path), f"the word list in {path.name}"
    _check(counts)
    kept = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_WORDS]
    return dict(kept), f"the {len(kept):,} most frequent words of {source}"


def _check(counts: Mapping[Any, Any]) -> None:
    if not counts:
        raise TextInputError(
            "A frequency list needs at least one word. Received: none. Leave "
            "`frequencies` out to measure on the tokenizer's own words."
        )
    for word, count in counts.items():
        is_count = isinstance(count, int) and not isinstance(count, bool) and count > 0
        if not isinstance(word, str) or not is_count:
            raise TextInputError(
                "A frequency list maps words to positive whole counts. Received: "
                f"{word!r:.40} -> {count!r:.40}. Leave out words that do not occur."
            )


def _from_file(path: Path) -> dict[str, int]:
    counts: dict[str, int] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        for line in filter(str.strip, lines):
            word, count = line.rsplit(maxsplit=1)
            counts[word.strip()] = counts.get(word.strip(), 0) + int(count)
    except (OSError, ValueError) as error:
        raise TextInputError(
            "A frequency list holds a word and its count on every line. Received: "
            f"{path.name}, where reading failed ({error}). Correct the file, or pass a "
            "mapping of word to count."
        ) from error
    return counts


def _installed(language: str) -> dict[str, int]:
    if find_spec("wordfreq") is None:
        raise MissingDependencyError(
            f"`frequencies={_INSTALLED + language!r}` needs the package wordfreq. "
            "Received: an environment without it. Install it with `pip install "
            "wordfreq`, or pass a mapping of word to count."
        )
    wordfreq = import_module("wordfreq")
    words = wordfreq.top_n_list(language, MOST_WORDS)
    return {
        word: max(1, round(wordfreq.word_frequency(word, language) * _PER_WORD))
        for word in words
    }
