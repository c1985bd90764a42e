"""Whole messages of the call."""

import re

import pytest

from bridge.errors import SequenceLengthError, TextInputError
from bridge.huggingface import HuggingFaceCall
from bridge.tokenizers import load_tokenizer
from tests import factories

FORMS = (
    "a str, a list of str, pairs of str, or with `is_split_into_words=True` lists of "
    "words"
)
STRATEGIES = "'only_first', 'only_second', 'longest_first', 'do_not_truncate'"


@pytest.fixture(scope="module")
def call():
    return HuggingFaceCall(load_tokenizer(factories.wordpiece_tokenizer()))


@pytest.mark.parametrize(
    ("args", "options", "error", "message"),
    [
        (
            (None,),
            {},
            ValueError,
            f"`text` must be {FORMS}. Received: None (NoneType). Pass texts, not ids: "
            "`pad` takes ids.",
        ),
        (
            ([1, 2],),
            {},
            ValueError,
            f"`text` must be {FORMS}. Received: [1, 2] (list). Pass texts, not ids: "
            "`pad` takes ids.",
        ),
        (
            ("a", 3),
            {},
            ValueError,
            f"`text_pair` must be {FORMS}. Received: 3 (int). Pass texts, not ids: "
            "`pad` takes ids.",
        ),
        (
            ([],),
            {},
            IndexError,
            "A batch must hold at least one text. Received: an empty list. Skip the "
            "call, or pass `['']` for one empty text.",
        ),
        (
            (["a", "b"], "c"),
            {},
            TypeError,
            "A batch of texts needs a batch of second texts. Received: 2 texts and "
            "one str. Pass a list as long as `text`.",
        ),
        (
            (["a", "b"], ["c"]),
            {},
            ValueError,
            "`text_pair` must be as long as `text`. Received: 2 texts and 1 second "
            "texts. Pass one for each.",
        ),
        (
            (["a", None],),
            {},
            TextInputError,
            "Every text must be a str, or a pair of them. Received: None (NoneType) "
            "at position 1 of 2. Drop it, or turn it into text.",
        ),
        (
            (["a", 1],),
            {"is_split_into_words": True},
            TextInputError,
            "Every text must be a list of words, or a pair of them. Received: ['a', 1] "
            "(list) at position 0 of 1. Drop it, or turn it into text.",
        ),
        (
            (["a", "b\ud800"],),
            {},
            TextInputError,
            "Every text must be valid Unicode. Received: a lone surrogate '\\ud800' at "
            "character 1 of the text at position 1. Clean it first: "
            "`text.encode('utf-8', 'replace').decode('utf-8')`.",
        ),
        (
            ("a",),
            {"padding": "bad"},
            ValueError,
            "`padding` must be True, False or one of 'longest', 'max_length', "
            "'do_not_pad'. Received: 'bad'.",
        ),
        (
            ("a",),
            {"truncation": 1},
            ValueError,
            f"`truncation` must be True, False or one of {STRATEGIES}. Received: 1.",
        ),
        (
            ("a",),
            {"padding": True, "padding_side": "up"},
            ValueError,
            "`padding_side` must be 'right' or 'left'. Received: 'up'.",
        ),
        (
            ("a",),
            {"max_length": -1},
            OverflowError,
            "`max_length` counts tokens. Received: -1. Pass 0 or more.",
        ),
        (
            ("a",),
            {"max_length": 5, "stride": -1},
            OverflowError,
            "`stride` counts tokens. Received: -1. Pass 0 or more.",
        ),
        (
            ("a",),
            {"padding": True, "pad_to_multiple_of": -1},
            OverflowError,
            "`pad_to_multiple_of` counts tokens. Received: -1. Pass 0 or more.",
        ),
        (
            ("a",),
            {"max_length": 4.5, "truncation": True},
            TypeError,
            "'float' object cannot be interpreted as an integer",
        ),
        (
            ("a",),
            {
                "padding": True,
                "truncation": True,
                "max_length": 10,
                "pad_to_multiple_of": 4,
            },
            ValueError,
            "A length to cut to must be a multiple of `pad_to_multiple_of` where rows "
            "are padded too. Received: max_length=10 and pad_to_multiple_of=4. Pass "
            "max_length=8.",
        ),
        (
            ("the fox", "a"),
            {"max_length": 2},
            SequenceLengthError,
            "A row must hold its special tokens. Received: max_length=2 for 3 special "
            "tokens. Pass at least 3, or `add_special_tokens=False`.",
        ),
        (
            (["a", "the quick fox"],),
            {"max_length": 4, "truncation": "only_second"},
            SequenceLengthError,
            "`truncation='only_second'` needs a second text to cut. Received: a text "
            "without one that is too long, at position 1. Use 'only_first' or "
            "'longest_first'.",
        ),
        (
            (["a", "the"], ["b", "the quick brown fox"]),
            {"max_length": 5, "truncation": "only_first"},
            SequenceLengthError,
            "`truncation='only_first'` must leave at least one token of the text it "
            "cuts. Received: 1 tokens to lose 3 at position 1. Use 'longest_first' or "
            "a larger `max_length`.",
        ),
        (
            ("a",),
            {"max_length": 4, "stride": 3},
            SequenceLengthError,
            "`stride` must be below the tokens that a row holds beside its special "
            "ones. Received: stride=3 for 2 (max_length=4 with 2 special tokens). Pass "
            "a smaller stride or a larger `max_length`.",
        ),
        (
            ("the quick brown fox",),
            {"max_length": 4, "stride": 2},
            SequenceLengthError,
            "`stride` must be below the number of tokens that a row keeps of a text "
            "that is cut. Received: stride=2 and 2 tokens. Pass a smaller stride or a "
            "larger `max_length`.",
        ),
    ],
)
def test_messages(call, args, options, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        call(*args, **options)


def test_a_call_needs_texts(call):
    with pytest.raises(ValueError, match=r"^`text` must be a str, .*Received: None"):
        call()


@pytest.mark.parametrize("name", ["max_lenght", "split_special_tokens"])
def test_unknown_arguments_are_refused(call, name):
    with pytest.raises(TypeError, match=name):
        call("a", **{name: True})
    with pytest.raises(TypeError, match=name):
        call("a", tokenizer_kwargs={name: True})
