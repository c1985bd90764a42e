"""`truncated_lengths` against the libraries that it follows, and its refusals."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bridge.errors import SequenceLengthError
from bridge.truncation import TRUNCATIONS, truncated_lengths
from tests.core.messages import exactly

LENGTH = st.integers(0, 12)


def kept(first, second, budget, truncation):
    a, b = truncated_lengths(
        np.array([first]),
        None if second is None else np.array([second]),
        budget=budget,
        truncation=truncation,
    )
    return int(a[0]), int(b[0])


def library_lengths(first, second, budget, strategy):
    """What `tokenizers` keeps, by its segment ids."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"a": 0, "b": 1}, unk_token="a"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.enable_truncation(budget, strategy=strategy)
    encoding = tokenizer.encode(" ".join("a" * first), " ".join("b" * second))
    return encoding.ids.count(0), encoding.ids.count(1)


@given(LENGTH, LENGTH, st.integers(1, 14))
def test_longest_first_as_tokenizers_has_it(first, second, budget):
    # With nothing to cut in a segment the library treats it as one text.
    expected = library_lengths(first, second, budget, "longest_first")
    assert kept(first, second, budget, "longest_first") == expected


@given(
    LENGTH, LENGTH, st.integers(1, 14), st.sampled_from(["only_first", "only_second"])
)
def test_one_side_as_tokenizers_has_it(first, second, budget, truncation):
    surplus = first + second - budget
    assume(surplus < (first if truncation == "only_first" else second) or surplus <= 0)
    expected = library_lengths(first, second, budget, truncation)
    assert kept(first, second, budget, truncation) == expected


@given(LENGTH, LENGTH, st.integers(1, 14), st.sampled_from(TRUNCATIONS[:3]))
def test_no_cell_is_wasted(first, second, budget, truncation):
    a, b = kept(first, second, budget, truncation)
    assert 0 <= a <= first
    assert 0 <= b <= second
    assert a + b == min(first + second, budget)


@given(LENGTH, st.integers(1, 14), st.sampled_from(TRUNCATIONS[:4]))
def test_one_text_is_cut_to_the_budget(first, budget, truncation):
    assert kept(first, None, budget, truncation) == (min(first, budget), 0)


@pytest.mark.parametrize(
    ("truncation", "lengths", "message"),
    [
        (
            "only_first",
            (2, 9),
            "`truncation='only_first'` must leave at least one id of the segment that "
            "it cuts. Received: 2 ids in it and 9 in the other at position 0, with "
            "room for 5. Use 'longest_first' or 'round_robin', or a longer sequence.",
        ),
        (
            "only_second",
            (9, None),
            "`truncation='only_second'` must leave at least one id of the segment that "
            "it cuts. Received: 0 ids in it and 9 in the other at position 0, with "
            "room for 5. Use 'longest_first' or 'round_robin', or a longer sequence.",
        ),
    ],
)
def test_a_segment_that_would_be_lost(truncation, lengths, message):
    with pytest.raises(SequenceLengthError, match=exactly(message)):
        kept(*lengths, 5, truncation)
