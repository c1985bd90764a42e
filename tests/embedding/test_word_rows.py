"""`WordRows`: words that one tokenizer cuts, found by their tokens."""

from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bridge
from bridge.embedding import word_list, word_rows
from bridge.embedding.word_list import find_word_rows, whole_words
from bridge.embedding.word_rows import LENGTH, WordRows, find_rows
from bridge.ragged import Ragged
from tests.factories import (
    CORPUS,
    HARD_TEXTS,
    albert_proto,
    bpe_tokenizer,
    sentencepiece_processor,
    wordpiece_tokenizer,
)

SILENT = 3

TOKENIZERS = {
    "byte-level BPE": bpe_tokenizer,
    "sentencepiece": lambda: sentencepiece_processor(albert_proto()),
}


@pytest.fixture(scope="module", params=TOKENIZERS)
def found(request):
    """A tokenizer, the reference, and the words between them."""
    tokenizer = bridge.load_tokenizer(TOKENIZERS[request.param]())
    reference = bridge.load_tokenizer(wordpiece_tokenizer())
    words = find_word_rows(
        reference, tokenizer, tokenizer.vocabulary, silent=SILENT, texts=CORPUS[:20]
    )
    return tokenizer, reference, words


def slow_rows(words, ids):
    """Rows of one text's ids, by a dictionary and a loop."""
    known = {
        tuple(token for token in tokens if token >= 0): rows
        for tokens, rows in zip(words.tokens.tolist(), words.rows.tolist(), strict=True)
    }
    flags = words.flags[ids]
    result = [-1] * len(ids)
    begin = 0
    while begin < len(ids):
        end = begin + 1
        while end < len(ids) and (
            (flags[end] & 1 and flags[end - 1] & 2)
            or (flags[end] & 4 and flags[end - 1] & 8)
        ):
            end += 1
        rows = known.get(tuple(ids[begin:end]), [])
        result[begin:end] = rows[: end - begin] or [-1] * (end - begin)
        begin = end
    return result


def written(words, rows):
    """Ids with rows of words behind them, as `write` gives them."""
    expected = []
    for row in rows:
        places = slow_rows(words, row)
        size = len(words.flags)
        expected.append([i if p < 0 else size + p for i, p in zip(row, places)])  # noqa: B905
    return expected


def test_running_text_is_read_as_by_a_dictionary(found):
    tokenizer, _, words = found
    ids = tokenizer.encode_batch([*HARD_TEXTS, *CORPUS])

    assert words.write(ids).to_lists() == written(words, ids.to_lists())
    changed = words.write(ids).values != ids.values
    assert 0.1 < changed.mean() < 0.9


@given(data=st.data())
def test_any_ids_are_read_as_by_a_dictionary(found, data):
    # Parts of known words beside each other, so that many nearly match.
    _, _, words = found
    part = st.sampled_from(words.tokens.tolist()).flatmap(
        lambda tokens: st.integers(1, LENGTH).map(
            lambda end: [token for token in tokens[:end] if token >= 0]
        )
    )
    other = st.lists(st.integers(0, len(words.flags) - 1), max_size=3)
    row = st.lists(part | other, max_size=6).map(lambda parts: list(chain(*parts)))
    rows = data.draw(st.lists(row, max_size=4))
    ids = Ragged.from_lists(rows)

    assert words.write(ids).to_lists() == written(words, rows)


def test_a_word_has_the_rows_of_its_pieces(found):
    tokenizer, reference, words = found
    size = len(words.flags)
    seen = 0
    for word in whole_words(reference.vocabulary):
        ids = tokenizer.encode_batch([f"a {word} a"])[0]
        pieces = reference.encode_batch([word])[0].tolist()
        tokens = words.write(Ragged.from_lists([ids]))[0]
        rows = [token - size for token in tokens.tolist() if token >= size]
        if rows and len(ids) == len(rows) + 2:
            seen += 1
            assert words.sources[rows[: len(pieces)]].tolist() == pieces
            assert words.sources[rows[len(pieces) :]].tolist() == (
                [SILENT] * (len(rows) - len(pieces))
            )
    assert seen > 20


def test_a_text_is_read_as_if_alone(found):
    tokenizer, _, words = found
    ids = tokenizer.encode_batch(CORPUS)
    alone = [words.write(Ragged.from_lists([row]))[0].tolist() for row in ids]
    assert words.write(ids).to_lists() == alone


def test_padded_rows_are_read_as_ragged_ones(found):
    tokenizer, _, words = found
    ids = tokenizer.encode_batch(CORPUS)
    size = len(words.flags)
    # What pads is no part of a word: here an id whose flags are 0.
    pad = int(np.flatnonzero(words.flags == 0)[0])
    padded = np.full((len(ids), ids.lengths.max() + 3), pad, np.int32)
    for place, row in enumerate(ids):
        padded[place, : len(row)] = row
    rows = find_rows(np, words, padded)
    result = np.where(rows >= 0, rows + size, padded)
    for mine, row in zip(result, words.write(ids), strict=True):
        assert mine[: len(row)].tolist() == row.tolist()
        assert (mine[len(row) :] == pad).all()


@pytest.mark.parametrize("shape", [(0, 4), (2, 0), (3,), (2, 3, 5)])
def test_any_shape_is_read_along_its_last_axis(found, shape):
    _, _, words = found
    ids = np.random.default_rng(0).integers(0, len(words.flags), shape, np.int32)
    rows = find_rows(np, words, ids)
    assert rows.shape == shape
    lines = int(np.prod(shape[:-1])), shape[-1]
    alone = [find_rows(np, words, row).tolist() for row in ids.reshape(lines)]
    assert rows.reshape(lines).tolist() == alone


def test_a_tokenizer_that_cuts_nothing_has_no_words():
    reference = bridge.load_tokenizer(wordpiece_tokenizer())
    vocabulary = reference.vocabulary
    assert find_word_rows(reference, reference, vocabulary, silent=SILENT) is None


def test_words_of_texts_are_known_too():
    tokenizer = bridge.load_tokenizer(bpe_tokenizer())
    reference = bridge.load_tokenizer(wordpiece_tokenizer())

    def find(texts):
        return find_word_rows(
            reference, tokenizer, tokenizer.vocabulary, silent=SILENT, texts=texts
        )

    ids = tokenizer.encode_batch(["a gardens a"])
    assert reference.encode_batch(["gardens"]).lengths.tolist() == [2]
    assert find([]).write(ids).to_lists() == ids.to_lists()
    assert find(["gardens"]).write(ids).to_lists() != ids.to_lists()


def test_of_many_words_the_frequent_ones_are_known(monkeypatch):
    monkeypatch.setattr(word_list, "_MOST", 1)
    tokenizer = bridge.load_tokenizer(bpe_tokenizer())
    words = find_word_rows(
        bridge.load_tokenizer(wordpiece_tokenizer()),
        tokenizer,
        tokenizer.vocabulary,
        silent=SILENT,
        texts=["rivers", "gardens gardens"],
    )
    ids = tokenizer.encode_batch(["a rivers a", "a gardens a"])
    found = words.write(ids)
    assert found[0].tolist() == ids[0].tolist()
    assert found[1].tolist() != ids[1].tolist()


def test_what_no_row_stands_for_is_not_known():
    tokenizer = bridge.load_tokenizer(bpe_tokenizer())
    reference = bridge.load_tokenizer(wordpiece_tokenizer())
    longer = "".join(CORPUS[0].split())
    unknown = "\u0436\u0436"
    words = find_word_rows(
        reference,
        tokenizer,
        tokenizer.vocabulary,
        silent=SILENT,
        texts=[longer, unknown],
    )
    ids = tokenizer.encode_batch([f"a {longer} a", f"a {unknown} a"])
    assert ids.lengths.min() > 3
    assert words.write(ids).to_lists() == ids.to_lists()


def test_of_two_words_with_one_hash_one_is_known(monkeypatch):
    vocabulary = bridge.load_tokenizer(bpe_tokenizer()).vocabulary
    tokens = np.full((3, LENGTH), -1, np.int32)
    tokens[:, :2] = [[7, 9], [8, 9], [7, 8]]
    pieces = np.full((3, LENGTH), -1, np.int32)
    pieces[:, 0] = [20, 21, 22]
    monkeypatch.setattr(word_rows, "FACTOR", 0)
    words = WordRows.of(vocabulary, tokens, pieces, silent=SILENT)
    assert words.tokens[:, :2].tolist() == [[7, 8], [7, 9]]
    assert words.sources[words.rows[:, 0]].tolist() == [22, 20]


def test_saved_hashes_stay_what_they_are():
    vocabulary = bridge.load_tokenizer(bpe_tokenizer()).vocabulary
    tokens = np.full((2, LENGTH), -1, np.int32)
    tokens[0, :2], tokens[1] = [7, 9], range(300, 308)
    words = WordRows.of(vocabulary, tokens, np.minimum(tokens, 20), silent=SILENT)
    expected = []
    for word in ([7, 9], range(300, 308)):
        value = 0
        for token in word:
            value = value * 2_654_435_761 + token + 1
        expected.append((value + 2**31) % 2**32 - 2**31)
    assert words.hashes.tolist() == sorted(expected)


def test_of_two_words_with_the_same_tokens_the_first_counts():
    vocabulary = bridge.load_tokenizer(bpe_tokenizer()).vocabulary
    tokens = np.full((2, LENGTH), -1, np.int32)
    tokens[:, :2] = [7, 9]
    pieces = np.full((2, LENGTH), -1, np.int32)
    pieces[:, 0] = [20, 21]
    words = WordRows.of(vocabulary, tokens, pieces, silent=SILENT)
    assert words.sources.tolist() == [SILENT, 20]
    assert words.rows[:, :3].tolist() == [[1, 0, -1]]
