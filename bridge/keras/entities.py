"""`WordScores`: how good labels of words are, entities included."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bridge.errors import MissingDependencyError
from bridge.keras.word_labels import Label

# The form of labels that mark entities: begin, inside, outside.
_BIO = re.compile(r"O|[BI]-.+")


@dataclass(frozen=True, slots=True)
class EntityScores:
    """How many entities were found, and found rightly.

    Attributes:
        precision: Share of the predicted entities that are right, kind and borders.
        recall: Share of the true entities that were found.
        f1: Their harmonic mean.
        count: True entities.
    """

    precision: float
    recall: float
    f1: float
    count: int


@dataclass(frozen=True, slots=True)
class WordScores:
    """How good predicted labels are.

    Attributes:
        accuracy: Share of the words that have the right label.
        words: Words that have a true label.
        unread: Those among them without a prediction, which count as wrong.
        entities: Scores of all entities, or `None` where labels are not BIO.
        by_kind: The same for each kind of entity.
    """

    accuracy: float
    words: int
    unread: int
    entities: EntityScores | None = None
    by_kind: Mapping[str, EntityScores] = field(default_factory=dict)

    def __str__(self) -> str:
        """Show the numbers."""
        lines = [f"{'word accuracy':16}{self.accuracy:.3f}  ({self.words:,} words)"]
        if self.unread:
            lines.append(f"{'without tokens':16}{self.unread:,} words, counted wrong")
        if self.entities is not None:
            lines.append(f"{'':16}precision  recall     f1  entities")
            kinds = {"all entities": self.entities, **self.by_kind}
            lines += [
                f"{kind:16}{s.precision:9.3f}{s.recall:8.3f}{s.f1:7.3f}{s.count:10,}"
                for kind, s in kinds.items()
            ]
        return "\n".join(lines)


def score_words(
    true: Sequence[Sequence[Label]], predicted: Sequence[Sequence[Label]]
) -> WordScores:
    """Compare labels of words.

    Args:
        true: One row for each text; `None` for a word that does not count.
        predicted: As many labels; `None` for a word without a prediction.

    Returns:
        The scores. Entities are counted by seqeval where all labels are BIO
        labels and one begins an entity; a word without a prediction is outside.

    Raises:
        MissingDependencyError: If entities are to be counted and seqeval is not
            installed.
        ValueError: If a text has more labels than predictions, or fewer.
    """
    pairs: list[list[tuple[str | int, Label]]] = [
        [(t, p) for t, p in zip(*rows, strict=True) if t is not None]
        for rows in zip(true, predicted, strict=True)
    ]
    flat = [pair for row in pairs for pair in row]
    labels = {label for pair in flat for label in pair if label is not None}
    entities, by_kind = _entities(pairs, labels)
    return WordScores(
        accuracy=sum(t == p for t, p in flat) / max(len(flat), 1),
        words=len(flat),
        unread=sum(p is None for _, p in flat),
        entities=entities,
        by_kind=by_kind,
    )


def _entities(
    pairs: list[list[tuple[str | int, Label]]], labels: set[str | int]
) -> tuple[EntityScores | None, dict[str, EntityScores]]:
    if not _are_bio(labels):
        return None, {}
    try:
        from seqeval.metrics import classification_report
    except ImportError as error:
        raise MissingDependencyError(
            "Entities are counted by seqeval. Received: no such library is installed. "
            "Run `pip install 'tokenizer-bridge[entities]'`."
        ) from error
    report = classification_report(
        [[t for t, _ in row] for row in pairs],
        [["O" if p is None else p for _, p in row] for row in pairs],
        output_dict=True,
        zero_division=0,
    )
    scores = {
        kind: EntityScores(
            float(row["precision"]),
            float(row["recall"]),
            float(row["f1-score"]),
            int(row["support"]),
        )
        for kind, row in report.items()
    }
    kinds = {kind: s for kind, s in scores.items() if not kind.endswith(" avg")}
    return scores["micro avg"], kinds


def _are_bio(labels: set[str | int]) -> bool:
    texts = [label for label in labels if isinstance(label, str)]
    return (
        len(texts) == len(labels)
        and all(map(_BIO.fullmatch, texts))
        and any(text.startswith("B-") for text in texts)
    )
