"""Ids as other libraries have them, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.conversion import to_ragged
from bridge.errors import TextInputError
from bridge.ragged import Ragged
from tests.core.messages import exactly

ROWS = st.lists(st.lists(st.integers(0, 99), max_size=5), min_size=1, max_size=5)


@given(ROWS)
def test_rows_with_empty_ones_among_them(rows):
    assert to_ragged(rows).to_lists() == rows
    assert to_ragged([np.array(row, np.int64) for row in rows]).to_lists() == rows
    assert to_ragged(tuple(map(tuple, rows))).to_lists() == rows
    assert to_ragged(iter(rows)).to_lists() == rows


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "uint64"])
def test_every_width_of_integer(dtype):
    assert to_ragged(np.array([[1, 2]], dtype)).to_lists() == [[1, 2]]


def test_widths_may_differ_between_rows():
    rows = [[np.uint64(3)], [-1]]
    assert to_ragged(rows).to_lists() == [[3], [-1]]


def test_a_mask_takes_padding_away_on_any_side():
    ids = [[0, 5, 7], [9, 0, 0]]
    assert to_ragged(ids, [[0, 1, 1], [1, 0, 0]]).to_lists() == [[5, 7], [9]]
    assert to_ragged(ids, np.array([[0, 1, 1], [1, 0, 0]], bool)).to_lists() == [
        [5, 7],
        [9],
    ]


def test_ragged_is_handed_on():
    ragged = Ragged.from_lists([[1]])
    assert to_ragged(ragged) is ragged


class Tensor:
    """Behaves as a torch tensor that carries gradients."""

    def __init__(self, cells):
        self.cells = np.array(cells)

    def detach(self):
        return self

    def cpu(self):
        return self.cells

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.")


def test_a_tensor_with_gradients():
    assert to_ragged(Tensor([[1, 2]]), Tensor([[1, 0]])).to_lists() == [[1]]
    assert to_ragged([Tensor([1, 2]), Tensor([3])]).to_lists() == [[1, 2], [3]]


@pytest.mark.keras
def test_tensors_of_tensorflow():
    import tensorflow as tf

    ragged = tf.ragged.constant([[1, 2], [], [3]])
    assert to_ragged(ragged).to_lists() == [[1, 2], [], [3]]
    assert to_ragged(tf.constant([[1, 2]]), tf.constant([[1, 0]])).to_lists() == [[1]]


@pytest.mark.parametrize(
    ("ids", "shown"),
    [
        ([1, 2], "list, [1, 2]"),
        ("abc", "str, 'abc'"),
        (["abc"], "list, ['abc']"),
        ([[1.0, 2]], "list, [[1.0, 2]]"),
        ([[True]], "list, [[True]]"),
        ([None], "list, [None]"),
        (None, "NoneType, None"),
        (7, "int, 7"),
    ],
)
def test_what_is_no_rows_of_ids(ids, shown):
    message = (
        f"Ids must be rows of integers, one row a text. Received: {shown}. Wrap a "
        "single row: `[ids]`; encode texts by calling the encoder itself."
    )
    with pytest.raises(TextInputError, match=exactly(message)):
        to_ragged(ids)


@pytest.mark.parametrize("ids", [[], (), np.zeros((0, 4), int), Ragged.from_lists([])])
def test_no_rows(ids):
    message = (
        "A batch must hold at least one row. Received: none. Skip the call, or pass "
        "`[[]]` for one empty row."
    )
    with pytest.raises(TextInputError, match=exactly(message)):
        to_ragged(ids)


def test_one_axis():
    message = (
        "Ids and mask must be two-dimensional, one row a text, and of one shape. "
        "Received: shapes (2,) and (2,). Wrap a single row: `[ids]`."
    )
    with pytest.raises(TextInputError, match=exactly(message)):
        to_ragged(np.array([1, 2]))


def test_a_mask_of_another_shape():
    message = (
        "Ids and mask must be two-dimensional, one row a text, and of one shape. "
        "Received: shapes (1, 2) and (1, 3). Wrap a single row: `[ids]`."
    )
    with pytest.raises(TextInputError, match=exactly(message)):
        to_ragged([[1, 2]], [[1, 1, 0]])


def test_an_additive_mask():
    message = (
        "A mask holds 1 (or true) for real tokens and 0 for padding. Received: "
        "-10000.0. Pass the tokenizer's attention mask, not an additive one."
    )
    with pytest.raises(TextInputError, match=exactly(message)):
        to_ragged([[1, 2]], [[0.0, -10000.0]])


def test_a_mask_for_rows_of_different_lengths():
    message = (
        "Ids and mask must be two-dimensional, one row a text, and of one shape. "
        "Received: list with rows of different lengths. Pass such rows without "
        "`mask`: all their ids are real."
    )
    with pytest.raises(TextInputError, match=exactly(message)):
        to_ragged([[1], [2, 3]], [[1], [1, 1]])


def test_a_mask_for_ragged_ids_is_not_ignored():
    message = (
        "A mask belongs to padded ids. Received: a mask and ragged ids, which hold no "
        "padding. Leave the mask out."
    )
    with pytest.raises(TextInputError, match=exactly(message)):
        to_ragged(Ragged.from_lists([[1, 2]]), [[1, 0]])


def test_float_cells():
    message = (
        "Token ids must be integers. Received: dtype float64. Convert them first, with "
        "`ids.astype('int32')`, if they are whole numbers."
    )
    with pytest.raises(TypeError, match=exactly(message)):
        to_ragged(np.array([[1.0]]))


def test_ids_above_int32():
    message = (
        "Token ids must fit into int32. Received: 1099511627776 (1 such ids). Check "
        "where these ids come from."
    )
    with pytest.raises(OverflowError, match=exactly(message)):
        to_ragged([[1, 2**40]])
