"""`Ragged`: rows in, rows out, and nothing wraps around on the way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.ragged import Ragged, as_int32
from tests.core.messages import exactly

INT32 = st.integers(-(2**31), 2**31 - 1)
ROWS = st.lists(st.lists(INT32, max_size=6), max_size=8)


@given(ROWS)
def test_lists_round_trip(rows):
    ragged = Ragged.from_lists(rows)
    assert ragged.to_lists() == rows
    assert len(ragged) == len(rows)
    assert ragged.lengths.tolist() == [len(row) for row in rows]
    assert (ragged.values.dtype, ragged.offsets.dtype) == (np.int32, np.int64)


@given(ROWS)
def test_lengths_round_trip(rows):
    ragged = Ragged.from_lists(rows)
    assert Ragged.from_lengths(ragged.values, ragged.lengths) == ragged


@given(ROWS.filter(len), st.data())
def test_take_is_indexing(rows, data):
    order = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=12))
    taken = Ragged.from_lists(rows).take(order)
    assert taken.to_lists() == [rows[i] for i in order]


@given(ROWS)
def test_row_of_value_says_where_a_value_is(rows):
    ragged = Ragged.from_lists(rows)
    assert ragged.row_of_value.tolist() == [
        i for i, row in enumerate(rows) for _ in row
    ]


@given(ROWS, st.integers(0, 5), INT32)
def test_padding_comes_off_again(rows, extra, filler):
    width = max(map(len, rows), default=0) + extra
    cells = np.array([[*row, *[filler] * (width - len(row))] for row in rows], np.int64)
    mask = [[1] * len(row) + [0] * (width - len(row)) for row in rows]
    cells, mask = cells.reshape(len(rows), width), np.reshape(mask, (len(rows), width))
    assert Ragged.from_padded(cells, mask).to_lists() == rows


def test_rows_are_views_and_indices_may_be_negative():
    ragged = Ragged.from_lists([[1, 2], [], [3]])
    assert ragged[-1].tolist() == [3]
    assert ragged[np.int64(0)].base is not None
    with pytest.raises(IndexError, match="out of range"):
        ragged[3]


def test_equality_is_about_rows_not_only_values():
    first = Ragged.from_lists([[1, 2], [3]])
    assert first != Ragged.from_lists([[1], [2, 3]])
    assert first != [[1, 2], [3]]


def test_ragged_is_not_hashable():
    with pytest.raises(TypeError, match="unhashable type"):
        hash(Ragged.from_lists([]))


def test_repr_shows_size_and_first_rows():
    assert repr(Ragged.from_lists([[1], [], [2, 3], [4]])) == (
        "Ragged(4 rows, 4 values: [1], [], [2, 3], ...)"
    )


def test_an_int32_array_is_not_copied():
    values = np.arange(3, dtype=np.int32)
    assert Ragged.from_lengths(values, [3]).values is values


@pytest.mark.parametrize("bad", [[0, 2, 1, 3], [1, 3], [0, 2], [], [0, 4]])
def test_offsets_that_do_not_describe_the_values(bad):
    message = (
        "Offsets must rise from 0 to the number of values. Received: "
        f"offsets={bad} (of {len(bad)}) for 3 values. Use `Ragged.from_lists` or "
        "`Ragged.from_lengths`, which build them."
    )
    with pytest.raises(ValueError, match=exactly(message)):
        Ragged(np.arange(3, dtype=np.int32), np.array(bad, np.int64))


def test_lengths_that_do_not_sum_up():
    message = (
        "Offsets must rise from 0 to the number of values. Received: "
        "offsets=[0, 2] (of 2) for 3 values. Use `Ragged.from_lists` or "
        "`Ragged.from_lengths`, which build them."
    )
    with pytest.raises(ValueError, match=exactly(message)):
        Ragged.from_lengths([1, 2, 3], [2])


def test_other_dtypes_are_refused_not_converted():
    message = (
        "Values must be int32 and offsets int64. Received: float64 and int64. Use "
        "`Ragged.from_lists` or `Ragged.from_lengths`, which convert them."
    )
    with pytest.raises(TypeError, match=exactly(message)):
        Ragged(np.array([1.5]), np.array([0, 1]))


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1, 2**40])
def test_an_id_that_does_not_fit_is_not_wrapped_around(value):
    message = (
        f"Token ids must fit into int32. Received: {value} (1 such ids). Check where "
        "these ids come from."
    )
    with pytest.raises(OverflowError, match=exactly(message)):
        Ragged.from_lists([[1, value]])
    with pytest.raises(OverflowError, match=exactly(message)):
        Ragged.from_lengths(np.array([1, value]), [2])


def test_floats_are_no_ids():
    message = (
        "Token ids must be integers. Received: dtype float64. Convert them first, with "
        "`ids.astype('int32')`, if they are whole numbers."
    )
    with pytest.raises(TypeError, match=exactly(message)):
        Ragged.from_lengths([1.7], [1])
    with pytest.raises(TypeError, match=exactly(message)):
        as_int32(np.array([1.0]))


@pytest.mark.parametrize(("ids", "mask"), [([1, 2], [1, 1]), ([[1, 2]], [[1]])])
def test_padded_needs_two_axes_and_one_shape(ids, mask):
    shapes = f"{np.shape(ids)} and {np.shape(mask)}"
    message = (
        "Ids and mask must be two-dimensional and of one shape. Received: shapes "
        f"{shapes}. Wrap a single row: `[ids]`."
    )
    with pytest.raises(ValueError, match=exactly(message)):
        Ragged.from_padded(ids, mask)
