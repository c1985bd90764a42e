"""Dicts and functions of one's own."""

import re

import numpy as np
import pytest

from bridge.errors import TokenIdError, UnsupportedTokenizerError, VocabularyError
from bridge.ragged import Ragged
from bridge.tokenizers import load_tokenizer
from bridge.tokenizers.decoding import decode_tokens
from bridge.tokenizers.plain import CallableTokenizer, WordTokenizer
from bridge.vocabulary import Convention, Vocabulary
from tests.factories import LETTERS


def whole(message):
    return f"^{re.escape(message)}$"


def test_an_unknown_word_is_the_unk_token_and_never_the_pad_token():
    table = {"<pad>": 0, "hello": 3, "<unk>": 9}
    words = load_tokenizer(table, split="whitespace")
    assert words.encode_batch(["hello you", "you"]).to_lists() == [[3, 9], [9]]
    assert words.vocabulary.size == 10


def test_unk_may_be_id_zero():
    words = load_tokenizer({"a": 1}, split="whitespace", roles={})
    with pytest.raises(VocabularyError, match="1 unknown words"):
        words.encode_batch(["b"])
    zero = load_tokenizer({"<unk>": 0, "a": 1}, split="whitespace")
    assert zero.encode_batch(["b a"]).to_lists() == [[0, 1]]


def test_an_unknown_word_without_unk_token_is_an_error():
    words = load_tokenizer({"<pad>": 0, "hello": 1}, split="whitespace")
    message = (
        "Every word must be in the vocabulary where no unk token stands for the "
        "others. Received: 2 unknown words, such as 'you', 'there'. Name the token "
        'for them with `roles={"unk": token}`, or give each an id.'
    )
    with pytest.raises(VocabularyError, match=whole(message)):
        words.encode_batch(["hello you", "you there hello"])


@pytest.mark.parametrize(
    ("split", "text", "ids"),
    [
        ("whitespace", " a\u3000b\n", [1, 2]),
        ("characters", "ab", [1, 2]),
        (r"[a-z]", "a1b", [1, 2]),
        (r"x*", "ab", []),
        (lambda text: text.split("-"), "a-b", [1, 2]),
    ],
)
def test_ways_of_splitting(split, text, ids):
    words = load_tokenizer({"a": 1, "b": 2}, split=split)
    assert words.encode_batch([text]).to_lists() == [ids]


def test_a_split_function_is_not_saved(tmp_path):
    words = load_tokenizer({"a": 1}, split=str.split)
    message = (
        "A saved tokenizer holds no Python code. Received: split=str.split. Use "
        '`split` "whitespace", "characters" or a regular expression, or keep the '
        "function in your own code."
    )
    with pytest.raises(UnsupportedTokenizerError, match=whole(message)):
        words.save(tmp_path / "saved")


def test_holes_decode_to_nothing():
    words = load_tokenizer({"a": 1, "b": 3}, split="whitespace")
    assert words.decode_batch(Ragged.from_lists([[1, 2, 3]])) == ["a b"]


@pytest.mark.parametrize(
    "result",
    [[1, 2], (1, 2), np.array([1, 2]), np.array([1, 2], np.uint8), iter([1, 2])],
    ids=["list", "tuple", "array", "uint8", "iterator"],
)
def test_a_function_may_return_any_row_of_integers(result):
    tokenizer = load_tokenizer(lambda _: result, vocabulary=LETTERS)
    assert tokenizer.encode_batch(["x"]).to_lists() == [[1, 2]]


@pytest.mark.parametrize(
    ("result", "shown"),
    [
        ("ab", "'ab' (str)"),
        (b"ab", "b'ab' (bytes)"),
        (["a"], "['a'] (list)"),
        ([1.5], "[1.5] (list)"),
        ([True], "[True] (list)"),
        ([[1, 2]], "[[1, 2]] (list)"),
        (None, "None (NoneType)"),
        (3, "3 (int)"),
        (np.array(["a"]), "array(['a'], dtype='<U1') (ndarray)"),
    ],
)
def test_a_function_that_returns_no_ids_is_refused(result, shown):
    tokenizer = load_tokenizer(
        lambda text: result if text == "bad" else [], vocabulary=LETTERS
    )
    message = (
        f"A tokenizer function must return one list of integer ids. Received: {shown} "
        "for the text at position 1. Return ids, not tokens, and no batch."
    )
    with pytest.raises(VocabularyError, match=whole(message)):
        tokenizer.encode_batch(["ok", "bad"])


@pytest.mark.parametrize("wrong", [-1, 27, 2**31, 2**70])
def test_a_function_that_leaves_its_vocabulary_is_refused(wrong):
    tokenizer = load_tokenizer(lambda _: [1, wrong], vocabulary=LETTERS)
    message = "Every token id must be in [0, 27). Received: 1 ids outside it, such as "
    with pytest.raises(TokenIdError, match=re.escape(message)):
        tokenizer.encode_batch(["x"])


def test_a_function_that_returns_a_hole_is_refused():
    tokenizer = load_tokenizer(lambda _: [0, 2, 2], vocabulary={"a": 0, "b": 5})
    message = (
        "Every token id must have a token. Received: 1 ids without one, such as [2]. "
        "Add their tokens to `vocabulary=`."
    )
    with pytest.raises(TokenIdError, match=whole(message)):
        tokenizer.encode_batch(["x"])


def test_a_function_is_not_saved(tmp_path):
    tokenizer = load_tokenizer(str.split, vocabulary={"a": 0})
    message = (
        "A saved tokenizer holds no Python code. Received: the function str.split. "
        "Keep it in your own code and call `bridge.load_tokenizer(function, "
        "vocabulary=...)` again."
    )
    with pytest.raises(UnsupportedTokenizerError, match=whole(message)):
        tokenizer.save(tmp_path / "saved")
    with pytest.raises(UnsupportedTokenizerError, match="A function cannot be loaded"):
        CallableTokenizer._load(tmp_path, {})


def test_bytes_are_tokens_too(tmp_path):
    table = {b"\xff\x00": 0, b" a": 1, "<unk>": 2, "\ud800": 3}
    tokenizer = load_tokenizer(table)
    tokenizer.save(tmp_path / "saved")
    loaded = load_tokenizer(tmp_path / "saved")
    assert loaded.vocabulary == tokenizer.vocabulary
    assert loaded.vocabulary.tokens == (b"\xff\x00", b" a", "<unk>", "\ud800")


@pytest.mark.parametrize(
    ("tokens", "convention", "text"),
    [
        (["[CLS]", "play", "##ing", "!"], Convention.WORDPIECE, "[CLS] playing !"),
        (["\u0120a", "b", "\u0120", "c"], Convention.BYTE_LEVEL, " ab c"),
        (["\u2581a", "b", "\u2581c"], Convention.METASPACE, "ab c"),
        ([b"a", b" b", b"\xc3"], Convention.BYTES, "a b\ufffd"),
        (["lo", "w</w>", "er</w>"], Convention.END_OF_WORD, "low er"),
        (["one", "two", None], Convention.WORDS, "one two"),
        (["o", "ne", "x"], Convention.PIECES, "onex"),
    ],
)
def test_tokens_are_joined_as_their_convention_says(tokens, convention, text):
    special = [0] if tokens[0] == "[CLS]" else []
    vocabulary = Vocabulary.from_tokens(tokens, convention=convention, special=special)
    assert decode_tokens(vocabulary, range(len(tokens))) == text


def test_words_can_be_built_by_hand():
    vocabulary = Vocabulary.from_tokens(["a", "b"])
    words = WordTokenizer(vocabulary, split="characters")
    assert words.encode_batch(["abba"]).to_lists() == [[0, 1, 1, 0]]
    assert words.decode_batch(words.encode_batch(["abba"])) == ["abba"]
