from dataclasses import replace

import numpy as np
import pytest

from bridge.embedding.usage import PRIOR_STRENGTH, prior_shares, start_shares
from bridge.ragged import Ragged


def test_the_prior_where_there_is_no_text(alignment):
    np.testing.assert_array_equal(start_shares(alignment), prior_shares(alignment))


def test_the_reading_with_fewer_pieces_counts_more(alignment):
    start = [[1], [1], [1, 2], [], [1], [1, 2, 3], [], [1]]
    inside = [[2], [1, 2, 3], [3], [], [], [1, 2, 3], [4, 5], [1]]
    read = replace(
        alignment,
        pieces=Ragged.from_lists(start),
        continuation_pieces=Ragged.from_lists(inside),
    )

    shares = prior_shares(read)

    # In proportion to one over the pieces: 1 to 1/3 is three quarters.
    wanted = [0.5, 0.75, 1 / 3, 0.5, 0.0, 0.5, 1.0, 0.5]
    np.testing.assert_allclose(shares, wanted, rtol=1e-6)
    assert shares.dtype == np.float32


def test_counts_pull_away_from_the_prior(alignment):
    vocabulary = alignment.tokenizer.vocabulary
    prior = prior_shares(alignment)

    shares = start_shares(alignment, ["Ġplay|ing", "ing", "!|ing|Ġhorn", "Ġplay|ing"])

    # `ing` stands twice behind a letter, twice not.
    ing, played = vocabulary.id("ing"), vocabulary.id("played")
    wanted = (2 + PRIOR_STRENGTH * prior[ing]) / (4 + PRIOR_STRENGTH)
    assert shares[ing] == pytest.approx(wanted)
    assert shares[played] == pytest.approx(prior[played])


def test_many_texts_are_counted_in_parts(alignment, monkeypatch):
    texts = ["Ġplay|ing", "ing", "Ġhorn|ing"] * 5
    whole = start_shares(alignment, texts)

    monkeypatch.setattr("bridge.embedding.usage._CHUNK", 2)

    np.testing.assert_array_equal(start_shares(alignment, texts), whole)
