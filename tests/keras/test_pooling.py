"""`MaskedPooling` against plain numpy, in every precision, with rows of padding."""

import re

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bridge
from tests.core.messages import exactly

pytestmark = pytest.mark.keras
MODES = ("mean", "cls", "max")


def slow(states, mask, mode):
    """Row by row, over the real tokens alone."""
    rows = []
    for row, real in zip(states.astype("float64"), mask.astype(bool), strict=True):
        kept = row[real]
        if not len(kept):
            rows.append(np.zeros(row.shape[-1]))
        elif mode == "mean":
            rows.append(kept.mean(0))
        else:
            rows.append(kept[0] if mode == "cls" else kept.max(0))
    return np.array(rows)


def pool(states, mask, mode, **options):
    layer = bridge.MaskedPooling(mode, **options)
    return keras.ops.convert_to_numpy(
        layer(keras.ops.convert_to_tensor(states), keras.ops.convert_to_tensor(mask))
    )


@pytest.mark.parametrize("mode", MODES)
@given(
    seed=st.integers(0, 1_000),
    mask=st.lists(st.lists(st.booleans(), min_size=4, max_size=4), min_size=1),
)
def test_against_numpy(mode, seed, mask):
    mask = np.array(mask)
    states = np.random.default_rng(seed).standard_normal((*mask.shape, 3)).astype("f4")
    np.testing.assert_allclose(
        pool(states, mask, mode), slow(states, mask, mode), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("junk", [np.nan, np.inf, -np.inf, 1e30])
def test_padding_does_not_reach_the_result(mode, junk):
    states = np.arange(24, dtype="f4").reshape(2, 4, 3) - 12
    mask = np.array([[1, 1, 0, 0], [0, 0, 0, 0]], "int32")
    expected = slow(states, mask, mode)
    states[mask == 0] = junk
    np.testing.assert_array_equal(pool(states, mask, mode), expected)


def test_the_mean_of_many_half_precision_numbers():
    """Summed in float16 this would be infinite: 4,096 times 60 is past 65,504."""
    states = np.full((1, 4096, 1), 60, "f2")
    mask = np.ones((1, 4096), bool)
    assert pool(states, mask, "mean", dtype="float16") == 60


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "mixed_bfloat16", "float32"])
def test_precision(mode, dtype):
    states = np.random.default_rng(0).standard_normal((3, 300, 5)).astype("f4")
    mask = np.arange(300) < np.array([[300], [7], [0]])
    policy = keras.DTypePolicy(dtype)
    layer = bridge.MaskedPooling(mode, dtype=policy)
    states = keras.ops.cast(states, policy.compute_dtype)
    pooled = layer(states, keras.ops.convert_to_tensor(mask))
    assert keras.backend.standardize_dtype(pooled.dtype) == policy.compute_dtype
    exact = slow(
        keras.ops.convert_to_numpy(keras.ops.cast(states, "float32")), mask, mode
    )
    got = keras.ops.convert_to_numpy(keras.ops.cast(pooled, "float32"))
    # One rounding of the result, nothing that grows with the number of tokens.
    step = {"float16": 2**-11, "bfloat16": 2**-8}.get(policy.compute_dtype, 2**-22)
    np.testing.assert_allclose(got, exact, rtol=step, atol=1e-7)


@pytest.mark.parametrize("mode", MODES)
def test_saved_and_trained_in_a_model(mode, tmp_path):
    states = keras.Input((None, 3))
    mask = keras.Input((None,), dtype="int32")
    model = keras.Model([states, mask], bridge.MaskedPooling(mode)(states, mask))
    assert model.output.shape == (None, 3)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    inputs = [np.random.default_rng(0).standard_normal((2, 4, 3)), np.ones((2, 4))]
    inputs[1][1, :] = 0
    got, expected = (m.predict(inputs, verbose=0) for m in (loaded, model))
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("mode", MODES)
def test_gradients_are_finite_beside_a_row_of_padding(mode):
    """A maximum over nothing must not poison the weights before it."""
    states = keras.Input((4, 3))
    mask = keras.Input((4,), dtype="int32")
    hidden = keras.layers.Dense(3)(states)
    pooled = bridge.MaskedPooling(mode)(hidden, mask)
    model = keras.Model([states, mask], keras.layers.Dense(1)(pooled))
    model.compile("sgd", "mse")
    before = [np.array(weight) for weight in model.get_weights()]
    x = [np.ones((2, 4, 3)), np.array([[1, 1, 0, 0], [0, 0, 0, 0]])]
    model.fit(x, np.ones((2, 1)), verbose=0)
    after = model.get_weights()
    assert all(np.isfinite(weight).all() for weight in after)
    assert (before[0] != after[0]).any()


def test_an_unknown_mode():
    message = (
        "`mode` must be one of 'mean', 'cls', 'max'. Received: 'sum'. Leave it out for "
        "'mean'."
    )
    with pytest.raises(ValueError, match=exactly(message)):
        bridge.MaskedPooling("sum")


@pytest.mark.parametrize("shape", [(2,), (2, 5), (2, 4, 1), (3, 4)])
def test_a_mask_of_another_shape(shape):
    message = (
        "The mask must have one cell for every hidden state. Received: states of "
        f"shape (2, 4, 3) and a mask of shape {shape}. Pass (batch_size, "
        "sequence_length, dim) and (batch_size, sequence_length)."
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        bridge.MaskedPooling()(np.ones((2, 4, 3), "f4"), np.ones(shape, "int32"))


def test_a_mask_that_is_added_to_scores():
    message = (
        "A padding mask is bool or int, true or 1 where a token is real. Received: "
        "float32, as masks have that are added to scores. Pass `mask > 0.5` if it "
        "holds 0 and 1, or `mask > -1` if it is 0 where a token is real."
    )
    additive = np.array([[0, -1e9, -1e9, -1e9]], "f4")
    with pytest.raises(ValueError, match=re.escape(message)):
        bridge.MaskedPooling()(np.ones((1, 4, 3), "f4"), additive)
