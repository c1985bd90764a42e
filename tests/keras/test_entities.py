"""Scores of words and entities, against numbers worked out by hand."""

import sys

import pytest

from bridge.errors import MissingDependencyError
from bridge.keras.entities import EntityScores, WordScores, score_words
from tests.core.messages import exactly

pytestmark = pytest.mark.keras

TRUE = [["B-PER", "I-PER", "O", "B-LOC"], ["O", "B-LOC", "I-LOC"]]


def test_entities_by_hand():
    """Three true entities, three predicted: the person, and a place cut short."""
    predicted = [["B-PER", "I-PER", "O", "O"], ["B-LOC", "B-LOC", "O"]]
    scores = score_words(TRUE, predicted)
    assert (scores.accuracy, scores.words, scores.unread) == (4 / 7, 7, 0)
    assert scores.entities == EntityScores(1 / 3, 1 / 3, pytest.approx(1 / 3), 3)
    assert scores.by_kind["PER"] == EntityScores(1, 1, 1, 1)
    assert scores.by_kind["LOC"] == EntityScores(0, 0, 0, 2)
    assert str(scores) == (
        "word accuracy   0.571  (7 words)\n"
        "                precision  recall     f1  entities\n"
        "all entities        0.333   0.333  0.333         3\n"
        "LOC                 0.000   0.000  0.000         2\n"
        "PER                 1.000   1.000  1.000         1"
    )


def test_a_word_without_a_prediction_is_wrong_and_outside():
    predicted = [["B-PER", None, "O", "B-LOC"], ["O", "B-LOC", "I-LOC"]]
    scores = score_words(TRUE, predicted)
    assert (scores.accuracy, scores.unread) == (6 / 7, 1)
    assert scores.by_kind["PER"].f1 == 0
    assert scores.by_kind["LOC"].f1 == 1
    assert "without tokens  1 words, counted wrong" in str(scores)


def test_a_word_without_a_true_label_does_not_count():
    true = [[None, "B-LOC", None], [None]]
    scores = score_words(true, [["B-PER", "B-LOC", "I-LOC"], ["O"]])
    assert (scores.accuracy, scores.words) == (1, 1)
    assert scores.entities == EntityScores(1, 1, 1, 1)


@pytest.mark.parametrize(
    "true",
    [[[0, 1, 2]], [["NOUN", "VERB", "O"]], [["O", "O", "O"]], [["O", "I-X", "O"]]],
)
def test_other_labels_have_no_entities(true):
    assert score_words(true, true) == WordScores(1.0, 3, 0)


def test_no_words():
    assert score_words([[], []], [[], []]) == WordScores(0.0, 0, 0)


def test_rows_of_different_lengths():
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        score_words([["O", "O"]], [["O"]])


def test_without_seqeval(monkeypatch):
    monkeypatch.setitem(sys.modules, "seqeval.metrics", None)
    message = (
        "Entities are counted by seqeval. Received: no such library is installed. Run "
        "`pip install 'tokenizer-bridge[entities]'`."
    )
    with pytest.raises(MissingDependencyError, match=exactly(message)):
        score_words(TRUE, TRUE)
