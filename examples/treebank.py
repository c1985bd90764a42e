"""The Turkish Web Treebank (`pip install --no-deps turkish-treebanks`)."""

from importlib.metadata import PackageNotFoundError, files
from itertools import groupby

import numpy as np

Texts = tuple[list[list[str]], list[list[str]]]


def load_treebank(longest: int = 20) -> tuple[Texts, Texts]:
    """Return words and their parts of speech: one half to train on, one to test on."""
    try:
        parts = [
            part for part in files("turkish-treebanks") or () if "data" in part.parts
        ]
    except PackageNotFoundError:
        raise SystemExit(
            "Install the treebank: pip install --no-deps turkish-treebanks"
        ) from None
    lines = [line for part in parts for line in part.read_text("utf-8").splitlines()]
    blocks = [list(block) for full, block in groupby(lines, key=bool) if full]
    texts = [text for text in map(_read, blocks) if 0 < len(text) <= longest]
    order = np.random.default_rng(0).permutation(len(texts))
    half = len(texts) // 2
    train, test = ([texts[i] for i in part] for part in (order[:half], order[half:]))
    return _columns(train), _columns(test)


def _read(lines: list[str]) -> list[tuple[str, str]]:
    """Join the parts of a word ("ig" leads to the next), whose last has its tag."""
    words, begun = [], ""
    for line in lines:
        if line.startswith("#"):
            continue
        columns = line.split("\t")
        begun += columns[1]
        if columns[7] != "ig":
            words.append((begun, columns[3]))
            begun = ""
    return words


def _columns(texts: list[list[tuple[str, str]]]) -> Texts:
    return (
        [[word for word, _ in text] for text in texts],
        [[tag for _, tag in text] for text in texts],
    )
