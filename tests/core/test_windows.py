"""Sliding windows, offsets and what keeps both aligned."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bridge
from bridge.errors import BackboneError, SequenceLengthError
from bridge.spec import BackboneSpec
from tests.core.messages import exactly
from tests.factories import HARD_TEXTS, bpe_tokenizer, wordpiece_tokenizer

WORDS = ["the", "quick", "fox", "plays", "walking", "xyz", "."]
TEXT = st.lists(st.sampled_from(WORDS), max_size=20).map(" ".join)


@pytest.fixture(scope="module")
def bert():
    return bridge.load_tokenizer(wordpiece_tokenizer())


@pytest.fixture(scope="module")
def words_of_three():
    table = {"<pad>": 0, "<unk>": 1, "fox": 2}
    return bridge.load_tokenizer(table, split="whitespace", roles={"pad": 0, "unk": 1})


@pytest.fixture(scope="module")
def library():
    """The same tokenizer as transformers users have it."""
    tokenizer = wordpiece_tokenizer()
    tokenizer.no_padding()
    return tokenizer


@settings(max_examples=60)
@given(
    texts=st.lists(TEXT, min_size=1, max_size=4),
    length=st.integers(5, 12),
    stride=st.integers(0, 2),
)
def test_windows_are_those_of_tokenizers(bert, library, texts, length, stride):
    windows = bridge.Encoder(bert, sequence_length=length).windows(
        texts, stride=stride, offsets=True
    )
    library.enable_truncation(length, stride=stride)
    expected = []
    for place, text in enumerate(texts):
        encoding = library.encode(text)
        expected += [(place, row) for row in (encoding, *encoding.overflowing)]
    assert windows.text_index.tolist() == [place for place, _ in expected]
    mask = windows.arrays["padding_mask"]
    rows = zip(windows.arrays["token_ids"], windows.offsets, mask, strict=True)
    for (ids, offsets, real), (_, encoding) in zip(rows, expected, strict=True):
        assert ids[real].tolist() == encoding.ids
        assert [tuple(pair) for pair in offsets[real].tolist()] == encoding.offsets
        assert not offsets[~real].any()


@given(
    texts=st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=3),
    stride=st.integers(0, 3),
)
def test_windows_over_the_second_text(bert, texts, stride):
    encoder = bridge.Encoder(bert, sequence_length=128)
    first, second = ([pair[side] for pair in texts] for side in (0, 1))
    windows = encoder.windows(first, second, stride=stride)
    heads, tails = encoder.ids(first), encoder.ids(second)
    for row, text in enumerate(windows.text_index.tolist()):
        begin, size = windows.starts[row], windows.lengths[row]
        expected = encoder.from_ids([heads[text]], [tails[text][begin : begin + size]])
        for key, array in expected.items():
            assert windows.arrays[key][row].tolist() == array[0].tolist()
    assert np.bincount(windows.text_index).tolist() == [1] * len(texts)


def test_a_question_stays_whole_in_every_window(bert):
    encoder = bridge.Encoder(bert, sequence_length=12)
    question, context = "quick fox ?", "the fox plays walking the fox plays the fox"
    windows = encoder.windows([question], [context], stride=2)
    ids = encoder.ids([question])[0].tolist()
    assert len(windows) == 2
    assert windows.starts.tolist() == [0, 4]
    for row in windows.arrays["token_ids"].tolist():
        assert row[1:4] == ids
    covered = set()
    for begin, size in zip(windows.starts, windows.lengths, strict=True):
        covered |= set(range(begin, begin + size))
    assert covered == set(range(len(encoder.ids([context])[0])))


@pytest.mark.parametrize("make", [wordpiece_tokenizer, bpe_tokenizer])
def test_offsets_name_the_characters_of_every_token(make):
    tokenizer = bridge.load_tokenizer(make(), roles={"pad": 0})
    encoder = bridge.Encoder(tokenizer, sequence_length=400)
    arrays, offsets = encoder.with_offsets(HARD_TEXTS)
    assert offsets.shape == (*arrays["token_ids"].shape, 2)
    assert offsets.dtype == np.int32
    spans = tokenizer.encode_offsets(HARD_TEXTS)
    start = len(encoder.template.start)
    for row, size in enumerate(spans.ids.lengths.tolist()):
        begin = spans.ids.offsets[row]
        assert (
            offsets[row, start : start + size].tolist()
            == spans.offsets[begin : begin + size].tolist()
        )
        assert not offsets[row, :start].any()
        assert not offsets[row, start + size :].any()


def test_offsets_of_pairs_count_in_their_own_text(bert):
    encoder = bridge.Encoder(bert, sequence_length=8, padding_side="left")
    _, offsets = encoder.with_offsets(["the fox"], ["fox"])
    assert offsets[0].tolist() == [
        [0, 0],
        [0, 0],
        [0, 0],
        [0, 3],
        [4, 7],
        [0, 0],
        [0, 3],
        [0, 0],
    ]


@pytest.mark.parametrize("strategy", ["lookup", "expand"])
def test_offsets_follow_a_remap(bert, strategy):
    words = {"<pad>": 0, "<unk>": 1, "playing": 2, "fox": 3, "walkers": 4}
    tokenizer = bridge.load_tokenizer(
        words, split="whitespace", roles={"pad": 0, "unk": 1}
    )
    encoder = bridge.Encoder(
        tokenizer,
        alignment=bridge.align(tokenizer, bert),
        strategy=strategy,
        sequence_length=12,
    )
    text = "fox playing walkers what fox"
    arrays, offsets = encoder.with_offsets([text])
    mask = arrays["padding_mask"][0]
    spelled = [
        (encoder.vocabulary.tokens[token_id], text[begin:end])
        for token_id, (begin, end) in zip(
            arrays["token_ids"][0][mask].tolist(), offsets[0][mask], strict=True
        )
    ]
    if strategy == "lookup":
        assert spelled[1:-1] == [
            ("fox", "fox"),
            ("playing", "playing"),
            ("[UNK]", "walkers"),
            ("[UNK]", "what"),
            ("fox", "fox"),
        ]
    else:
        assert spelled[1] == ("fox", "fox")
        assert spelled[2][1] == "playing"
        assert [word for _, word in spelled].count("walkers") > 1
        assert spelled[-2] == ("fox", "fox")


def test_a_stride_that_does_not_move(bert):
    encoder = bridge.Encoder(bert, sequence_length=6)
    message = (
        "`stride` must be at least 0 and leave room for one more id. Received: "
        "stride=4, with room for 4 ids of the text at position 1. Pass a smaller "
        "stride or a longer sequence."
    )
    with pytest.raises(SequenceLengthError, match=exactly(message)):
        encoder.windows(["fox", "the fox plays the quick fox"], stride=4)
    with pytest.raises(SequenceLengthError, match="stride=-1, with room for 4 ids"):
        encoder.windows(["fox"], stride=-1)


def test_windows_of_unequal_pairs(bert):
    message = (
        "Windows need as many second texts as first ones. Received: 2 and 1. Pass one "
        "for each."
    )
    with pytest.raises(ValueError, match=exactly(message)):
        bridge.Encoder(bert).windows(["a", "b"], ["c"])


def test_offsets_follow_a_text_that_is_written_anew(bert):
    library = wordpiece_tokenizer()
    library.no_padding()
    library.no_truncation()
    tokenizer = bridge.load_tokenizer(bpe_tokenizer())
    encoder = bridge.Encoder(
        tokenizer,
        alignment=bridge.align(tokenizer, bert),
        strategy="retokenize",
        sequence_length=64,
    )
    texts = ["the unbelievable fox", "don't  x.", "Caf\u00e9 \u65e5\u672c"]
    arrays, offsets = encoder.with_offsets(texts)
    for place, encoding in enumerate(library.encode_batch(texts)):
        size = len(encoding.ids)
        assert arrays["token_ids"][place, :size].tolist() == encoding.ids
        assert offsets[place, :size].tolist() == list(map(list, encoding.offsets))
        assert not offsets[place, size:].any()
    windows = encoder.windows(texts, offsets=True)
    assert np.array_equal(windows.offsets, offsets)


def test_offsets_of_a_text_that_is_lost_in_its_ids(words_of_three, bert):
    encoder = bridge.Encoder(
        words_of_three,
        alignment=bridge.align(words_of_three, bert),
        strategy="retokenize",
    )
    assert encoder.with_offsets(["fox fox"])[1][0, 1:3].tolist() == [[0, 3], [4, 7]]
    message = (
        "Offsets follow ids through `retokenize` where the tokenizer keeps all of a "
        "text. Received: 'fox runs', which comes back from its ids as another text. "
        "Use 'expand', or split the text and call `with_word_ids`."
    )
    with pytest.raises(ValueError, match=exactly(message)):
        encoder.with_offsets(["fox fox", "fox runs"])


def test_left_padding_only_where_positions_allow_it(bert):
    spec = BackboneSpec(padding_sides=("right",))
    message = (
        "Padding must stand where the backbone's positions allow it. Received: "
        "padding_side='left' for a backbone that counts positions from column 0, so "
        "that padding there would shift those of the text. Use 'right'."
    )
    with pytest.raises(BackboneError, match=exactly(message)):
        bridge.Encoder(bert, backbone=spec, padding_side="left")
    arrays = bridge.Encoder(bert, sequence_length=5, padding_side="left")(["fox"])
    assert arrays["padding_mask"].tolist() == [[False, False, True, True, True]]
