"""Our call against transformers' own: the same arrays, dtypes, keys and errors."""

import warnings

import pytest

from tests.huggingface import comparing
from tests.huggingface.grid import calls
from tests.huggingface.making import REAL, TINY, set_sides

NAMES = [
    *TINY,
    *(pytest.param(name, marks=pytest.mark.real_model) for name in REAL),
]
SAMPLE = 150  # calls for each tokenizer in `make test`
WHOLE = 700
ALIGNED = 4  # of that many calls one is compared in its ways back to the text too


@pytest.fixture(autouse=True)
def quiet():
    """Transformers warns where ours does not: difference 12."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def differences(name, count, *, skip=0):
    found = []
    for place, (args, options, settings) in enumerate(calls(name, count)):
        if place < skip:
            continue
        difference = comparing.compare(name, args, options, settings)
        if difference is None and place % ALIGNED == 0:
            difference = align(name, args, options, settings)
        if difference is not None:
            found.append(f"{args!r:.200} {options} {settings}: {difference:.300}")
    return found


def align(name, args, options, settings):
    reference, ours = set_sides(name, **settings)
    expected, error = comparing.outcome(reference, args, options)
    if error is not None:
        return None
    found, error = comparing.outcome(ours, args, options)
    if error is not None:
        return None
    return comparing.compare_alignment(expected, found, name=name)


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_of_the_grid_is_the_same(name):
    assert differences(name, SAMPLE) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_rest_of_the_grid_is_the_same(name):
    assert differences(name, WHOLE, skip=SAMPLE) == []


def test_the_grid_has_at_least_3000_calls():
    assert sum(1 for _ in calls("any", WHOLE)) == WHOLE
    assert WHOLE * len(NAMES) >= 3_000


def test_the_grid_sees_every_kind_of_outcome():
    """A comparison of errors alone, or of none, would prove little."""
    errors, results, cut, ragged = 0, 0, 0, 0
    for args, options, settings in calls("wordpiece", 300):
        reference, _ = set_sides("wordpiece", **settings)
        result, error = comparing.outcome(reference, args, options)
        errors += error is not None
        results += error is None
        if error is None:
            cut += "overflow_to_sample_mapping" in result
            ragged += str(getattr(result["input_ids"], "dtype", "")) == "object"
    assert results > 200
    assert errors > 10
    assert cut > 30
    assert ragged > 10


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda result: result["input_ids"].__setitem__((0, 0), 9), "input_ids"),
        (lambda result: result.pop("attention_mask"), "keys"),
        (
            lambda result: result.update(input_ids=result["input_ids"].astype("int32")),
            "input_ids",
        ),
    ],
)
def test_the_comparison_sees_a_difference(change, part):
    settings = {"padding_side": "right", "truncation_side": "right"}
    reference, ours = set_sides(
        "wordpiece", **settings, names=("input_ids", "attention_mask")
    )
    expected = reference(["the fox"], return_tensors="np")
    found = ours(["the fox"], return_tensors="np")
    assert comparing.compare_results(expected, found) is None
    change(found)
    assert comparing.compare_results(expected, found).startswith(part)
