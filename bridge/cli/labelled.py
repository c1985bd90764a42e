"""Labelled texts from CSV: cleaned, counted and split."""

import csv
import io
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bridge.errors import TextInputError


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts that are fit for use, and what was dropped.

    Attributes:
        texts: One of each text.
        names: The labels, sorted.
        labels: Index into `names` for each text, `(len(texts),)`.
        read: Rows in the file.
        unusable: Rows dropped because text or label is empty, or the text is damaged.
        conflicting: Texts dropped because they have more than one label.
        doubled: Rows dropped as repetitions.
    """

    texts: tuple[str, ...]
    names: tuple[str, ...]
    labels: np.ndarray
    read: int
    unusable: int
    conflicting: int
    doubled: int


def read_labelled(
    content: str,
    *,
    name: str,
    text_column: str,
    label_column: str,
    is_usable: Callable[[str], bool] = bool,
) -> Labelled:
    """Read texts and labels, and drop what would mislead.

    A text that stands in the file twice could be trained and tested on; one with two
    labels teaches nothing.

    Args:
        content: Text of a CSV file whose first line names its columns.
        name: What the file is called, for errors.
        text_column: Column of the texts.
        label_column: Column of the labels.
        is_usable: Tells texts to keep.

    Returns:
        Clean texts in file order.

    Raises:
        TextInputError: If the file is no CSV or a column is missing, or if fewer than
            two labels are left.
    """
    rows = _read_columns(content, (text_column, label_column), name=name)
    found: dict[str, set[str]] = defaultdict(set)
    usable = [row for row in rows if all(row) and is_usable(row[0])]
    for text, label in usable:
        found[text].add(label)
    clean = {text: min(labels) for text, labels in found.items() if len(labels) == 1}
    names = sorted(set(clean.values()))
    if len(names) < 2:
        raise TextInputError(
            "A classifier needs texts of two labels or more. Received: "
            f"{len(clean)} usable texts with the labels "
            f"{', '.join(map(repr, names)) or 'none'} in {name}. Check the columns."
        )
    places = {label: place for place, label in enumerate(names)}
    return Labelled(
        texts=tuple(clean),
        names=tuple(names),
        labels=np.array([places[label] for label in clean.values()]),
        read=len(rows),
        unusable=len(rows) - len(usable),
        conflicting=len(found) - len(clean),
        doubled=len(usable) - len(found),
    )


def _read_columns(
    content: str, wanted: tuple[str, ...], *, name: str
) -> list[tuple[str, ...]]:
    # Python's own limit is 128 kB a field.
    csv.field_size_limit(2**31 - 1)
    reader = csv.DictReader(io.StringIO(content, newline=""), strict=True)
    try:
        columns = reader.fieldnames or ()
        rows = list(reader)
    except csv.Error as error:
        raise TextInputError(
            f"A CSV file must be well formed. Received: {name}, line "
            f"{reader.reader.line_num}: {error}. Look for a quote that is not closed, "
            "there or above."
        ) from error
    for column in wanted:
        if column not in columns:
            raise TextInputError(
                "A CSV file must have the columns that are asked for. Received: "
                f"{name} without {column!r}; its columns are "
                f"{', '.join(map(repr, columns)) or 'none'}. Name others by "
                "--text-column and --label-column."
            )
    return [tuple((row[column] or "").strip() for column in wanted) for row in rows]


@dataclass(frozen=True, slots=True)
class Split:
    """Texts and labels to train and to test on; no text is in both."""

    train_texts: list[str]
    train_labels: np.ndarray
    test_texts: list[str]
    test_labels: np.ndarray


def split(data: Labelled, *, train: int, test: int, seed: int) -> Split:
    """Draw a training and a test set.

    Args:
        data: Clean texts.
        train: Texts to train on.
        test: Texts to test on.
        seed: Of the draw.

    Returns:
        The split, shuffled: KerasHub's tasks do not shuffle.
    """
    order = np.random.default_rng(seed).permutation(len(data.texts))
    chosen, held_out = order[:train], order[train : train + test]
    return Split(
        [data.texts[i] for i in chosen],
        data.labels[chosen],
        [data.texts[i] for i in held_out],
        data.labels[held_out],
    )
