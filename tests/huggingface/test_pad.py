"""`pad`, against transformers' own, and inside its collators."""

import copy
import re

import numpy as np
import pytest

from bridge.errors import MissingRoleError
from bridge.huggingface import HuggingFaceCall
from bridge.tokenizers import load_tokenizer
from tests import factories
from tests.huggingface.comparing import same
from tests.huggingface.making import set_sides

NAMES = ("input_ids", "token_type_ids", "attention_mask")
ROWS = [[2, 5, 6, 3], [2, 3], [], [2, 7, 8, 9, 10, 11, 3]]


def inputs():
    """Everything that `pad` takes, made afresh: transformers changes it in place."""
    yield {"input_ids": [2, 5, 3]}
    yield {"input_ids": list(map(list, ROWS))}
    yield {"input_ids": ROWS, "labels": [0, 1, 0, 1]}
    yield {
        "input_ids": ROWS[:2],
        "attention_mask": [[1, 1, 1, 0], [1, 1]],
        "token_type_ids": [[0, 0, 1, 1], [0, 1]],
        "special_tokens_mask": [[1, 0, 0, 1], [1, 1]],
    }
    yield [{"input_ids": row, "label": i} for i, row in enumerate(ROWS)]
    yield [{"input_ids": np.array(row), "label": 1} for row in ROWS[:2]]
    yield {"input_ids": np.array([[2, 5, 3], [2, 6, 3]]), "label": np.array([0, 1])}
    yield {"input_ids": []}


OPTIONS = [
    {},
    {"padding": "max_length", "max_length": 9},
    {"padding": "max_length", "max_length": 3},
    {"padding": "longest", "pad_to_multiple_of": 8},
    {"padding": True, "padding_side": "left"},
    {"padding": False},
    {"return_attention_mask": False},
    {"return_attention_mask": True, "padding": "max_length", "max_length": 10},
]


@pytest.mark.parametrize("names", [NAMES, ("input_ids",)])
@pytest.mark.parametrize("place", range(len(list(inputs()))))
def test_results_are_transformers_own(place, names):
    reference, ours = set_sides(
        "wordpiece", padding_side="right", truncation_side="right", names=names
    )
    for options in OPTIONS:
        for tensors in (None, "np"):
            options = {**options, "return_tensors": tensors}
            expected, found = (
                result_of(tokenizer, list(inputs())[place], options)
                for tokenizer in (reference, ours)
            )
            if isinstance(expected, Exception):
                assert isinstance(found, type(expected)), (options, found, expected)
                continue
            assert list(found) == list(expected), options
            assert all(same(expected[k], found[k]) for k in found), (
                options,
                expected,
                found,
            )


def result_of(tokenizer, encoded, options):
    try:
        return tokenizer.pad(encoded, **options)
    except Exception as error:  # noqa: BLE001  compared with the other's
        return error


def test_what_is_padded_stays_as_it_was():
    ours = HuggingFaceCall(load_tokenizer(factories.wordpiece_tokenizer()))
    for encoded in inputs():
        before = copy.deepcopy(encoded)
        ours.pad(encoded, padding="max_length", max_length=12)
        assert repr(encoded) == repr(before)


def test_results_of_calls_are_padded():
    reference, ours = set_sides(
        "wordpiece", padding_side="left", truncation_side="right", names=NAMES
    )
    texts = ["the quick brown fox", "a", "walking"]
    for call in (
        lambda t: t.pad(t(texts)),
        lambda t: t.pad([t(text) for text in texts]),
        lambda t: t.pad(t(texts, texts), pad_to_multiple_of=5),
    ):
        assert dict(call(ours)) == dict(call(reference))


@pytest.mark.parametrize(
    ("encoded", "message"),
    [
        (
            {"ids": [1]},
            "Encoded inputs must have 'input_ids'. Received: ['ids']. Pass what the "
            "tokenizer returned, or a list of such results.",
        ),
        (
            [1, 2],
            "Encoded inputs must have 'input_ids'. Received: 'list'. Pass what the "
            "tokenizer returned, or a list of such results.",
        ),
        (
            {"input_ids": [[1], [2]], "label": [1]},
            "Every key must have as many rows as the ids. Received: 1 for 'label' and "
            "2 ids. Pass one value a row.",
        ),
    ],
)
def test_what_cannot_be_padded_is_refused(encoded, message):
    ours = HuggingFaceCall(load_tokenizer(factories.wordpiece_tokenizer()))
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        ours.pad(encoded)


def test_padding_needs_a_pad_token():
    ours = HuggingFaceCall(load_tokenizer(factories.bpe_tokenizer()))
    message = (
        "Padding needs a pad token. Received: a tokenizer without one. Name one of its "
        "tokens, `tokenizer.pad_token = tokenizer.eos_token`, or load it with "
        "`bridge.load_tokenizer(..., roles={'pad': token})`."
    )
    for call in (
        lambda: ours.pad({"input_ids": [[1]]}),
        lambda: ours("a", padding=True),
        lambda: ours("a", padding="max_length", max_length=4),
    ):
        with pytest.raises(MissingRoleError, match=f"^{re.escape(message)}$"):
            call()
    assert ours("a", padding="max_length")["input_ids"] == ours("a")["input_ids"]


def test_it_works_in_the_collator_of_transformers():
    from transformers import DataCollatorWithPadding

    both = set_sides(
        "wordpiece", padding_side="right", truncation_side="right", names=NAMES
    )
    texts = ["the quick brown fox", "a"]
    expected, found = (
        DataCollatorWithPadding(t, pad_to_multiple_of=8, return_tensors="np")(
            [{**t(text), "label": i} for i, text in enumerate(texts)]
        )
        for t in both
    )
    assert list(found) == list(expected) == [*NAMES, "labels"]
    for key in found:
        assert same(expected[key], found[key])


@pytest.mark.parametrize("name", ["wordpiece", "roberta_like"])
def test_it_works_in_the_collator_for_token_classes(name):
    from transformers import DataCollatorForTokenClassification

    both = set_sides(name, padding_side="right", truncation_side="right", names=NAMES)
    expected, found = (
        DataCollatorForTokenClassification(t, return_tensors="np")(
            [
                {**t(text), "labels": [1] * len(t(text)["input_ids"])}
                for text in ("the fox", "a quick dog")
            ]
        )
        for t in both
    )
    for key in expected:
        assert same(expected[key], found[key])


def test_it_works_in_a_map_over_a_data_set():
    datasets = pytest.importorskip("datasets")
    ours = HuggingFaceCall(load_tokenizer(factories.wordpiece_tokenizer()))
    table = datasets.Dataset.from_dict({"text": ["the fox", "a", "walking dogs"]})
    mapped = table.map(
        lambda rows: ours(rows["text"], padding="max_length", max_length=6),
        batched=True,
        batch_size=2,
    )
    assert (
        mapped["input_ids"][1]
        == ours("a", padding="max_length", max_length=6)["input_ids"]
    )
