"""The short way to padded arrays: what the long one gives, and the same refusals."""

import random

import numpy as np
import pytest

from bridge import packing
from bridge.huggingface import HuggingFaceCall, padded
from bridge.huggingface import call as calls
from bridge.tokenizers import fast
from tests.factories import CORPUS, HARD_TEXTS
from tests.huggingface.comparing import outcome
from tests.huggingface.making import REAL, TINY, both

CHOICES = {
    "padding": [True, "max_length", "max_length", False],
    "truncation": [True, True, False, "only_first", "only_second"],
    "max_length": [None, 0, 1, 2, 3, 4, 7, 12, 40],
    "pad_to_multiple_of": [None, None, 1, 4],
    "add_special_tokens": [True, True, False],
    "return_token_type_ids": [True, False],
    "return_attention_mask": [True, True, False],
    "stride": [0, 0, 0, 1],
    "padding_side": [None, "left"],
}


def settled(name):
    """A call of its own, with a pad token."""
    call = HuggingFaceCall(both(name)[1].tokenizer)
    if call.pad_token is None:
        call.pad_token_id = 0
    return call


def draws(count):
    """Calls with one text or several, drawn with a fixed seed."""
    draw = random.Random(5)
    texts = ["", "a", "the quick brown fox", *HARD_TEXTS, *CORPUS[:5]]
    for _ in range(count):
        batch = draw.choices(texts, k=draw.choice([1, 1, 2, 5]))
        options = {key: draw.choice(values) for key, values in CHOICES.items()}
        yield batch, {**options, "return_tensors": "np"}


def described(call, texts, options):
    """What a call gives, so that two of them can be compared."""
    result, error = outcome(call, (texts,), options)
    if error is not None:
        return type(error), str(error)
    return [
        (key, value.dtype, [row.tolist() for row in value])
        for key, value in result.items()
    ]


@pytest.mark.parametrize("name", [*TINY, *REAL])
def test_both_ways_agree(name, monkeypatch):
    call, taken = settled(name), []

    def padded_arrays(*args, **options):
        taken.append(padded.padded_arrays(*args, **options) is not None)
        return padded.padded_arrays(*args, **options)

    cases = list(draws(400))
    monkeypatch.setattr(calls, "padded_arrays", padded_arrays)
    short = [described(call, *case) for case in cases]
    monkeypatch.setattr(calls, "padded_arrays", lambda *_, **__: None)
    long = [described(call, *case) for case in cases]
    for case, found, expected in zip(cases, short, long, strict=True):
        assert found == expected, case
    # A tokenizer that gives its tokens several segment ids never takes it.
    assert (sum(taken) > 50) == (name != "odd_order")


@pytest.mark.parametrize("name", ["wordpiece", "bpe", "unigram"])
def test_parts_of_a_batch_are_put_in_their_place(name, monkeypatch):
    call = settled(name)
    texts = [f"{text} {number}" for number in range(5) for text in CORPUS]
    options = {"truncation": True, "max_length": 9, "return_tensors": "np"}
    whole = [call(texts, padding=side, **options) for side in (True, "max_length")]
    for module, constant in (
        (fast, "_PART"),
        (fast, "PADDED_PART"),
        (packing, "_BLOCK"),
        (padded, "_BLOCK"),
    ):
        monkeypatch.setattr(module, constant, 7)
    monkeypatch.setattr("bridge.threads.cores", lambda: 2)
    parts = [call(texts, padding=side, **options) for side in (True, "max_length")]
    for found, expected in zip(parts, whole, strict=True):
        for key in ("input_ids", "attention_mask"):
            assert found[key].dtype == np.int64
            assert np.array_equal(found[key], expected[key])
