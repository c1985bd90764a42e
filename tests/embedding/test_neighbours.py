"""Nearest anchors, against sorting everything."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.embedding.neighbours import (
    softmax,
    sparsemax,
    top_k,
    unit_rows,
    weigh_neighbours,
)


@given(st.integers(1, 700), st.integers(1, 12), st.integers(0, 2**16))
def test_top_k_is_the_head_of_a_sort(columns, count, seed):
    count = min(count, columns)
    scores = np.random.default_rng(seed).standard_normal((3, columns))
    scores = scores.astype(np.float32)

    places, values = top_k(scores, count)

    order = np.argsort(-scores, axis=1, kind="stable")[:, :count]
    np.testing.assert_array_equal(places, order)
    np.testing.assert_array_equal(values, np.take_along_axis(scores, order, axis=1))


def test_many_columns_are_searched_by_groups():
    scores = np.random.default_rng(0).standard_normal((4, 2_000)).astype(np.float32)
    scores[0, 1_999] = 9  # behind the last full group

    places, _ = top_k(scores, 3)

    np.testing.assert_array_equal(places, np.argsort(-scores, axis=1)[:, :3])


def test_sparsemax_is_the_nearest_point_of_the_simplex():
    # Worked by hand: the threshold of (0.9, 0.5, -0.6) is (0.9 + 0.5 - 1) / 2 = 0.2.
    found = sparsemax(np.array([[0.9, 0.5, -0.6], [3.0, 0.0, 0.0]], np.float32))

    np.testing.assert_allclose(found, [[0.7, 0.3, 0.0], [1.0, 0.0, 0.0]], atol=1e-6)


def test_softmax():
    found = softmax(np.log(np.array([[1.0, 3.0]], np.float32)))

    np.testing.assert_allclose(found, [[0.25, 0.75]], atol=1e-6)


@pytest.mark.parametrize("temperature", [0.1, None])
def test_blocks_do_not_show(monkeypatch, temperature):
    rng = np.random.default_rng(0)
    queries = unit_rows(rng.standard_normal((20, 6)).astype(np.float32))
    anchors = unit_rows(rng.standard_normal((30, 6)).astype(np.float32))
    options = {"count": 4, "temperature": temperature}
    whole = weigh_neighbours(queries, anchors, **options)

    monkeypatch.setattr("bridge.embedding.neighbours._CELLS", 100)
    parts = weigh_neighbours(queries, anchors, **options)

    for first, second in zip(whole, parts, strict=True):
        np.testing.assert_allclose(first, second, atol=1e-6)
    np.testing.assert_allclose(whole[1].sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(whole[0][:, 0], (queries @ anchors.T).argmax(axis=1))


def test_a_row_of_zeros_has_no_direction():
    assert unit_rows(np.zeros((1, 3), np.float32)).tolist() == [[0, 0, 0]]
