"""`BatchEncoding`: a mapping with a way back to the texts."""

import copy
import pickle
import re

import numpy as np
import pytest

from bridge.errors import MissingDependencyError
from bridge.huggingface import BatchEncoding, Encoding
from tests.huggingface.making import both, set_sides

NAMES = ("input_ids", "token_type_ids", "attention_mask")


@pytest.fixture
def pair():
    return set_sides(
        "wordpiece", padding_side="right", truncation_side="right", names=NAMES
    )


def test_it_is_read_as_transformers_reads_it(pair):
    texts = ["the quick brown fox", "walking along"]
    expected, found = (tokenizer(texts, padding=True) for tokenizer in pair)
    assert dict(found) == dict(expected)
    assert list(found) == list(expected) == list(NAMES)
    assert len(found) == 3
    assert found.input_ids == expected.input_ids
    assert found.is_fast
    assert found.n_sequences == expected.n_sequences == 1
    assert isinstance(found[1], Encoding)
    assert found[1].ids == expected[1].ids
    assert [row.ids for row in found[0:2]] == [row.ids for row in expected[0:2]]
    assert repr(found[0]) == "Encoding(num_tokens=6, n_sequences=1)"
    with pytest.raises(AttributeError, match=r"^'BatchEncoding' has no 'labels'$"):
        _ = found.labels


def test_ways_back_by_row_and_without(pair):
    texts = ["the quick brown fox", "walking along"], ["a lazy dog", "the bank"]
    expected, found = (tokenizer(*texts, padding=True) for tokenizer in pair)
    for row in (0, 1):
        assert found.tokens(row) == expected.tokens(row)
        assert found.word_ids(row) == expected.word_ids(row)
        assert found.sequence_ids(row) == expected.sequence_ids(row)
    asked = [
        ("token_to_sequence", (1,)),
        ("token_to_sequence", (1, 5)),
        ("token_to_word", (2,)),
        ("token_to_word", (1, 2)),
        ("token_to_chars", (0,)),
        ("token_to_chars", (1, 2)),
        ("word_to_tokens", (1,)),
        ("word_to_tokens", (1, 0)),
        ("word_to_tokens", (1, 1, 1)),
        ("word_to_chars", (2,)),
        ("word_to_chars", (1, 1, 1)),
        ("char_to_token", (4,)),
        ("char_to_token", (1, 3, 1)),
        ("char_to_word", (4,)),
        ("char_to_word", (1, 5, 1)),
    ]
    for method, arguments in asked:
        answer = getattr(expected, method)(*arguments)
        assert getattr(found, method)(*arguments) == answer
    assert found.token_to_chars(1).start == 0
    assert found.word_to_tokens(1).end == 3
    assert found.word_to_chars(0, 1).end == 9
    assert found.word_to_tokens(0, 99) is None
    assert found.char_to_word(0, 3) is None  # a space


def test_the_way_back_is_found_when_it_is_asked_for(pair, monkeypatch):
    _, ours = pair
    asked = []
    real = type(ours.tokenizer).encode_offsets
    monkeypatch.setattr(
        type(ours.tokenizer),
        "encode_offsets",
        lambda self, texts: asked.append(texts) or real(self, texts),
    )
    result = ours(["the fox"], padding=True)
    assert asked == []
    assert result.word_ids() == [None, 0, 1, None]
    assert result.word_ids() == [None, 0, 1, None]
    assert asked == [["the fox"]]


def test_the_way_back_is_that_of_the_call(pair):
    """Attributes that change after the call do not change its result."""
    _, ours = pair
    result = ours(["the quick brown fox", "a"], padding=True)
    ours.padding_side = "left"
    assert result.encodings[1].ids == result["input_ids"][1]


def test_a_result_is_copied_and_pickled_without_its_way_back(pair):
    _, ours = pair
    result = ours("the fox", return_tensors="np")
    for twin in (pickle.loads(pickle.dumps(result)), copy.deepcopy(result)):
        assert list(twin) == list(result)
        assert (twin["input_ids"] == result["input_ids"]).all()
        assert twin.encodings is None
    assert result.encodings is not None


def test_a_slice_of_a_result_without_a_way_back():
    result = BatchEncoding({"input_ids": [[1], [2], [3]]})
    assert result[1:] == {"input_ids": [[2], [3]]}
    message = (
        "A result is read by name, or by number where its tokenizer tells offsets. "
        "Received: 0. Use one of input_ids."
    )
    with pytest.raises(KeyError, match=re.escape(message)):
        _ = result[0]


def test_lists_become_arrays_later(pair):
    expected, found = (t(["the fox", "a"], padding=True) for t in pair)
    expected.convert_to_tensors("np")
    assert found.convert_to_tensors("np") is found
    assert found.convert_to_tensors() is found
    for key in NAMES:
        assert found[key].dtype == expected[key].dtype == np.int64
        assert (found[key] == expected[key]).all()


@pytest.mark.parametrize("kind", ["pt", "tf", "jax", "mlx"])
def test_a_missing_library_is_named(kind, pair, monkeypatch):
    import sys

    module = {"pt": "torch", "tf": "tensorflow", "jax": "jax", "mlx": "mlx"}[kind]
    # The part that is imported, and what it lies in.
    for name in (module, "jax.numpy", "mlx.core"):
        monkeypatch.setitem(sys.modules, name, None)
    message = (
        f"`return_tensors='{kind}'` needs {module}. Received: it is not installed. "
        f"Run `pip install {module}`, or use 'np'."
    )
    with pytest.raises(MissingDependencyError, match=f"^{re.escape(message)}$"):
        pair[1]("a", return_tensors=kind)


def test_an_unknown_library_is_refused(pair):
    message = (
        "`return_tensors` must be None or one of 'np', 'pt', 'tf', 'jax', 'mlx'. "
        "Received: 'xx'."
    )
    for tokenizer in pair:
        with pytest.raises(ValueError, match="xx"):
            tokenizer("a", return_tensors="xx")
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        pair[1]("a", return_tensors="xx")


@pytest.mark.keras
def test_tensorflow_tensors(pair):
    import tensorflow as tf

    result = pair[1](["the fox", "a"], padding=True, return_tensors="tf")
    assert result["input_ids"].dtype == tf.int64
    assert result["input_ids"].shape == (2, 4)
    message = (
        "A tensor needs rows of one length. Received: `input_ids` with rows of "
        "different lengths, or nested too deeply. Pass `padding=True`, and "
        "`truncation=True` where a length is set."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        pair[1](["the fox", "a"], return_tensors="tf")


def test_torch_tensors(pair):
    torch = pytest.importorskip("torch")
    result = pair[1](["the fox", "a"], padding=True, return_tensors="pt")
    assert result["input_ids"].dtype == torch.int64
    assert result.to("cpu")["input_ids"].shape == (2, 4)


def test_jax_arrays(pair):
    pytest.importorskip("jax")
    result = pair[1](["the fox", "a"], padding=True, return_tensors="jax")
    assert result["input_ids"].shape == (2, 4)


def test_only_tensors_are_moved():
    class Tensor:
        def to(self, device, *, non_blocking):
            return (device, non_blocking)

    result = BatchEncoding({"input_ids": Tensor(), "text": "a"})
    assert dict(result.to("cuda", non_blocking=True)) == {
        "input_ids": ("cuda", True),
        "text": "a",
    }


def test_targets_become_labels():
    reference, ours = both("wordpiece")
    reference.model_input_names = ours.model_input_names = list(NAMES)
    for options in (
        {"text": "the fox", "text_target": "a dog"},
        {"text_target": ["a dog", "the"], "padding": True},
        {
            "text": ["the", "fox"],
            "text_pair": ["a", "b"],
            "text_target": ["a dog runs", "the"],
            "text_pair_target": ["a", "b"],
            "max_length": 8,
            "max_target_length": 6,
            "truncation": True,
        },
    ):
        assert dict(ours(**options)) == dict(reference(**options))


def test_arguments_may_come_in_a_mapping():
    reference, ours = both("wordpiece")
    options = {"padding": "max_length", "max_length": 9, "return_length": True}
    found = ours("the fox", tokenizer_kwargs=options)
    assert dict(found) == dict(reference("the fox", tokenizer_kwargs=options))
