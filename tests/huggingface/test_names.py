"""Tokens, ids, special tokens and decoding, against transformers' own."""

import re

import numpy as np
import pytest

from bridge.errors import TokenIdError, VocabularyError
from bridge.huggingface import HuggingFaceCall
from bridge.tokenizers import load_tokenizer
from tests import factories
from tests.huggingface.grid import TEXTS
from tests.huggingface.making import REAL, ROLES, TINY, both

NAMES = [
    *TINY,
    *(pytest.param(name, marks=pytest.mark.real_model) for name in REAL),
]
ATTRIBUTES = [
    "special_tokens_map",
    "all_special_tokens",
    "all_special_ids",
    "vocab_size",
    "model_max_length",
    "max_len_single_sentence",
    "max_len_sentences_pair",
    "pad_token_type_id",
    "is_fast",
    "clean_up_tokenization_spaces",
    *(f"{role}_token" for role in ROLES),
    *(f"{role}_token_id" for role in ROLES),
]


@pytest.mark.parametrize("name", NAMES)
def test_attributes_are_transformers_own(name):
    reference, ours = both(name)
    expected = {attribute: getattr(reference, attribute) for attribute in ATTRIBUTES}
    assert {attribute: getattr(ours, attribute) for attribute in ATTRIBUTES} == expected
    assert ours.get_vocab() == ours.vocab == reference.get_vocab()
    assert len(ours) == len(reference)
    for pair in (False, True):
        expected = reference.num_special_tokens_to_add(pair)
        assert ours.num_special_tokens_to_add(pair) == expected


@pytest.mark.parametrize("name", NAMES)
def test_decoding_and_converting_are_transformers_own(name):
    reference, ours = both(name)
    rows = reference(TEXTS)["input_ids"]
    for skip in (False, True):
        expected = reference.batch_decode(rows, skip_special_tokens=skip)
        assert ours.batch_decode(rows, skip_special_tokens=skip) == expected
        assert ours.decode(rows, skip_special_tokens=skip) == expected
    for row in rows:
        tokens = reference.convert_ids_to_tokens(row)
        assert ours.convert_ids_to_tokens(row) == tokens
        assert ours.convert_tokens_to_ids([*tokens, "no such token!"]) == (
            reference.convert_tokens_to_ids([*tokens, "no such token!"])
        )
        assert ours.convert_ids_to_tokens(row, True) == (
            reference.convert_ids_to_tokens(row, True)
        )
        assert ours.get_special_tokens_mask(row, already_has_special_tokens=True) == (
            reference.get_special_tokens_mask(row, already_has_special_tokens=True)
        )


@pytest.mark.parametrize("name", ["wordpiece", "bpe", "roberta_like"])
def test_ids_are_decoded_in_every_form(name):
    reference, ours = both(name)
    row = reference("the quick brown fox")["input_ids"]
    for ids in (row, tuple(row), np.array(row), row[1], np.int64(row[1]), []):
        assert ours.decode(ids) == reference.decode(ids)
    for ids in ([row, row[:2]], np.array([row, row])):
        assert ours.batch_decode(ids) == reference.batch_decode(ids)
    assert ours.batch_decode(row) == reference.batch_decode(row)
    assert ours.decode({"input_ids": row}) == reference.decode(row)


def test_spaces_are_cleaned_up_as_transformers_does():
    reference, ours = both("wordpiece")
    text = "we do n't know , do we ? it ' s . he 's , i 'm ! [CLS] ' a ' b . . ?"
    ids = reference(text)["input_ids"]
    for clean in (True, False, None):
        expected = reference.decode(ids, clean_up_tokenization_spaces=clean)
        assert ours.decode(ids, clean_up_tokenization_spaces=clean) == expected
    ours.clean_up_tokenization_spaces = True
    try:
        assert ours.decode(ids) == reference.decode(
            ids, clean_up_tokenization_spaces=True
        )
    finally:
        ours.clean_up_tokenization_spaces = False


@pytest.mark.parametrize("name", ["wordpiece", "bpe", "llama_like", "roberta_like"])
def test_encode_and_tokenize_are_transformers_own(name):
    reference, ours = both(name)
    for text in ("the quick brown fox", "", "don't", "e\u0301 \u65e5"):
        assert ours.encode(text) == reference.encode(text)
        assert ours.encode(text, "a b", False) == reference.encode(text, "a b", False)
        assert ours.encode(text, max_length=4) == reference.encode(text, max_length=4)
        assert ours.tokenize(text) == reference.tokenize(text)
        assert ours.tokenize(text, add_special_tokens=True) == (
            reference.tokenize(text, add_special_tokens=True)
        )


def test_single_ids_and_tokens_are_converted():
    reference, ours = both("wordpiece")
    assert ours.convert_ids_to_tokens(2) == "[CLS]"
    assert ours.convert_ids_to_tokens(10_000) is None
    assert reference.convert_ids_to_tokens(10_000) is None
    assert ours.convert_tokens_to_ids("[CLS]") == 2
    assert ours.convert_tokens_to_ids("nope") == 1
    bare = HuggingFaceCall(load_tokenizer({"a": 0}, split="whitespace"))
    assert bare.convert_tokens_to_ids("nope") is None


def test_special_tokens_can_be_set():
    ours = HuggingFaceCall(load_tokenizer(factories.bpe_tokenizer()))
    assert ours.pad_token is None
    assert ours.pad_token_id is None
    ours.pad_token = ours.eos_token
    assert ours.pad_token_id == ours.eos_token_id == 0
    ours.pad_token_id = 5
    assert ours.pad_token == ours.convert_ids_to_tokens(5)
    ours.pad_token_id = None
    assert ours.pad_token is None
    ours.sep_token = None
    message = (
        "A special token must be in the vocabulary. Received: pad_token='[PAD]'. Name "
        "one of its tokens: the model has no row for any other."
    )
    with pytest.raises(VocabularyError, match=f"^{re.escape(message)}$"):
        ours.pad_token = "[PAD]"


def test_the_tokenizer_itself_keeps_its_roles():
    tokenizer = load_tokenizer(factories.bpe_tokenizer())
    HuggingFaceCall(tokenizer).pad_token_id = 3
    assert "pad" not in tokenizer.vocabulary.roles


def test_tokens_that_are_bytes_are_spelled_in_the_alphabet_of_gpt2():
    ours = HuggingFaceCall(load_tokenizer(factories.tiktoken_encoding()))
    vocabulary = ours.get_vocab()
    assert vocabulary["\u0120the"] == 258
    assert vocabulary["<|endoftext|>"] == 270
    assert len(vocabulary) == len(ours.vocabulary)
    assert ours.convert_ids_to_tokens([258, 263, 270]) == [
        "\u0120the",
        "\u00c3\u00a9",
        "<|endoftext|>",
    ]
    assert ours.tokenize("the \u00e9") == ["the", "\u0120", "\u00c3\u00a9"]


def test_special_tokens_are_marked_only_where_they_stand():
    ours = HuggingFaceCall(load_tokenizer(factories.wordpiece_tokenizer()))
    message = (
        "Special tokens are marked in rows that hold them. Received: "
        "already_has_special_tokens=False. Call the tokenizer with "
        "`return_special_tokens_mask=True`."
    )
    with pytest.raises(NotImplementedError, match=f"^{re.escape(message)}$"):
        ours.get_special_tokens_mask([1, 2])
    message = (
        "Rows that hold their special tokens come one by one. Received: two. Leave "
        "`token_ids_1` out."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        ours.get_special_tokens_mask([1], [2], already_has_special_tokens=True)


def test_ids_outside_the_vocabulary_are_not_decoded():
    _, ours = both("wordpiece")
    message = "Every token id must be in [0, 221). Received: 1 ids outside it"
    with pytest.raises(TokenIdError, match=re.escape(message)):
        ours.decode([221])
