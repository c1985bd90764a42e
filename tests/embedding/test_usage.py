import numpy as np
import pytest

from bridge.embedding.usage import PRIOR, PRIOR_STRENGTH, start_shares


def test_the_prior_where_there_is_no_text(alignment):
    np.testing.assert_array_equal(start_shares(alignment), np.float32([PRIOR] * 8))


def test_counts_pull_away_from_the_prior(alignment):
    vocabulary = alignment.tokenizer.vocabulary

    shares = start_shares(alignment, ["Ġplay|ing", "ing", "!|ing|Ġhorn", "Ġplay|ing"])

    # `ing` stands twice behind a letter, twice not.
    wanted = (2 + PRIOR_STRENGTH * PRIOR) / (4 + PRIOR_STRENGTH)
    assert shares[vocabulary.id("ing")] == pytest.approx(wanted)
    assert shares[vocabulary.id("played")] == pytest.approx(PRIOR)
    assert ((shares > 0) & (shares < 1)).all()


def test_many_texts_are_counted_in_parts(alignment, monkeypatch):
    texts = ["Ġplay|ing", "ing", "Ġhorn|ing"] * 5
    whole = start_shares(alignment, texts)

    monkeypatch.setattr("bridge.embedding.usage._CHUNK", 2)

    np.testing.assert_array_equal(start_shares(alignment, texts), whole)
