"""Words that are split already, and their labels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bridge
from bridge.errors import TextInputError
from tests.core.messages import exactly
from tests.factories import (
    bpe_tokenizer,
    byte_fallback_proto,
    sentencepiece_processor,
    tiktoken_encoding,
    unigram_tokenizer,
    wordlevel_tokenizer,
    wordpiece_tokenizer,
)

WORD = st.sampled_from(
    [
        "the",
        "foxes",
        "unbelievable",
        ".",
        "1250",
        "Caf\u00e9",
        "\u65e5\u672c",
        "'s",
        "-",
    ]
)
ROWS = st.lists(st.lists(WORD, max_size=8), min_size=1, max_size=4)
MAKERS = {
    "wordpiece": wordpiece_tokenizer,
    "bpe": bpe_tokenizer,
    "unigram": unigram_tokenizer,
    "wordlevel": wordlevel_tokenizer,
    "sentencepiece": sentencepiece_processor,
    "sentencepiece_bpe": lambda: sentencepiece_processor(byte_fallback_proto()),
    "tiktoken": tiktoken_encoding,
}


@pytest.fixture(scope="module", params=MAKERS)
def tokenizer(request):
    loaded = bridge.load_tokenizer(MAKERS[request.param]())
    return loaded.with_roles({"pad": 0})


def encoder_of(tokenizer, **options):
    return bridge.Encoder(tokenizer, sequence_length=64, **options)


@settings(max_examples=25)
@given(words=st.lists(WORD, max_size=8))
def test_words_have_the_ids_of_running_text(tokenizer, words):
    encoder = encoder_of(tokenizer)
    arrays, numbers = encoder.with_word_ids([words])
    running = encoder([" ".join(words)])
    assert arrays["token_ids"].tolist() == running["token_ids"].tolist()
    assert numbers.dtype == np.int32
    assert set(numbers[0].tolist()) - {-1} <= set(range(len(words)))


@settings(max_examples=40)
@given(rows=ROWS)
def test_word_ids_as_tokenizers_has_them(rows):
    library = wordpiece_tokenizer()
    library.enable_padding(length=16)
    library.enable_truncation(16)
    encodings = library.encode_batch(rows, is_pretokenized=True)
    encoder = bridge.Encoder(bridge.load_tokenizer(library), sequence_length=16)
    arrays, numbers = encoder.with_word_ids(rows)
    assert arrays["token_ids"].tolist() == [each.ids for each in encodings]
    assert numbers.tolist() == [
        [-1 if word is None else word for word in each.word_ids] for each in encodings
    ]


def slow_labels(encoder, words, labels, pieces):
    """Token by token, from the numbers of the words."""
    _, numbers = encoder.with_word_ids([words])
    row, last = [], -1
    for number in numbers[0].tolist():
        counts = number >= 0 and (pieces == "all" or number != last)
        row.append(labels[number] if counts else -100)
        last = number
    return row


@settings(max_examples=25)
@given(
    words=st.lists(WORD, max_size=8),
    pieces=st.sampled_from(["first", "all"]),
    side=st.sampled_from(["left", "right"]),
    length=st.integers(4, 16),
)
def test_labels_stand_on_the_tokens_of_their_words(
    tokenizer, words, pieces, side, length
):
    encoder = bridge.Encoder(tokenizer, sequence_length=length, padding_side=side)
    labels = list(range(10, 10 + len(words)))
    arrays, spread = encoder.with_labels([words], [labels], pieces=pieces)
    assert spread.shape == arrays["token_ids"].shape
    assert spread.dtype == np.int32
    assert spread[0].tolist() == slow_labels(encoder, words, labels, pieces)
    assert (spread[~arrays["padding_mask"]] == -100).all()


@pytest.mark.parametrize("strategy", ["lookup", "expand", "retokenize"])
@pytest.mark.parametrize("preset", [wordpiece_tokenizer, bpe_tokenizer])
def test_labels_go_through_a_remap(strategy, preset):
    table = {"<pad>": 0, "<unk>": 1, "the": 2, "fox": 3, "plays": 4, "along": 5}
    words = bridge.load_tokenizer(table, split="whitespace", roles={"pad": 0, "unk": 1})
    reference = bridge.load_tokenizer(preset(), roles={"pad": 0, "unk": 0})
    encoder = encoder_of(
        words, alignment=bridge.align(words, reference), strategy=strategy
    )
    sentence = ["the", "fox", "plays", "along", "the", "fox"]
    labels = [1, 2, 3, 4, 5, 6]
    arrays, spread = encoder.with_labels([sentence], [labels])
    assert arrays["token_ids"].tolist() == (
        encoder([" ".join(sentence)])["token_ids"].tolist()
    )
    assert [label for label in spread[0].tolist() if label != -100] == labels


def test_a_row_without_words(tokenizer):
    encoder = encoder_of(tokenizer)
    arrays, labels = encoder.with_labels([[], ["the"]], [[], [7]])
    assert arrays["padding_mask"][0].sum() == (encoder([""])["padding_mask"].sum())
    assert (labels[0] == -100).all()
    assert 7 in labels[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["the fox"],
            "Pass a list of words for every text. Received: a string in its place. "
            "Split it first, or call the encoder on whole texts.",
        ),
        (
            [],
            "A batch must hold at least one row of words. Received: an empty list. "
            "Skip the call, or pass `[[]]` for one empty text.",
        ),
        (
            [["the", 3]],
            "Every word must be a str. Received: 3 (int) at position 1 of 2. Drop it, "
            "or replace it by `''` if an empty word is meant.",
        ),
    ],
)
def test_what_is_no_row_of_words(words, message):
    encoder = encoder_of(bridge.load_tokenizer(wordpiece_tokenizer()))
    with pytest.raises(TextInputError, match=exactly(message)):
        encoder.with_word_ids(words)


@pytest.mark.parametrize(
    ("labels", "rows", "place"),
    [([[1]], 1, 0), ([[1, 2]], 1, 1), ([[1, 2], [3, 4]], 2, 1)],
)
def test_labels_that_do_not_fit(labels, rows, place):
    encoder = encoder_of(bridge.load_tokenizer(wordpiece_tokenizer()))
    message = (
        f"There must be one label for each word. Received: {rows} rows of labels for 2 "
        f"rows of words, which differ first at position {place}. Pass -100 for a word "
        "without one."
    )
    with pytest.raises(ValueError, match=exactly(message)):
        encoder.with_labels([["the", "fox"], ["fox"]], labels)


def test_unknown_pieces():
    encoder = encoder_of(bridge.load_tokenizer(wordpiece_tokenizer()))
    message = "`pieces` must be one of 'first', 'all'. Received: 'last'."
    with pytest.raises(ValueError, match=exactly(message)):
        encoder.with_labels([["the"]], [[1]], pieces="last")
