"""Every backend gives the numbers that TensorFlow gave."""

import json

import numpy as np
import pytest

from tests.keras.golden.generate import CASES, FILE, make_numbers

pytestmark = pytest.mark.keras


@pytest.mark.parametrize("case", CASES)
@pytest.mark.filterwarnings("ignore:Gradients do not exist:UserWarning")  # a pooler's
def test_numbers_are_those_of_tensorflow(case):
    golden = json.loads(FILE.read_text("utf-8"))
    assert golden["backend"] == "tensorflow"
    expected, made = golden["cases"][case], make_numbers(case)
    assert made.keys() == expected.keys()
    assert made.pop("texts", None) == expected.pop("texts", None)
    for name, values in made.items():
        np.testing.assert_allclose(values, expected[name], rtol=0, atol=1e-4)


def test_numbers_tell_steps_and_strategies_apart():
    """Were they all alike, they would show nothing."""
    cases = json.loads(FILE.read_text("utf-8"))["cases"]
    losses = [case["losses"] for case in cases.values() if "losses" in case]
    assert all(before - after > 1e-3 for before, after in losses)
    first, second = (
        np.array(cases[f"classify, {strategy}"]["predictions"])
        for strategy in ("retokenize", "transplant")
    )
    assert np.abs(first - second).max() > 1e-2
