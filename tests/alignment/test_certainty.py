"""Ties and byte-by-byte spellings are marked, and the marks are saved."""

import numpy as np
import pytest

import bridge
from bridge.alignment import MatchKind
from bridge.vocabulary import TokenKind, Vocabulary
from tests.alignment import oracle
from tests.factories import bpe_tokenizer, byte_fallback_proto, sentencepiece_processor


def names(alignment, flags):
    tokens = alignment.tokenizer.vocabulary.tokens
    return [tokens[i] for i in np.flatnonzero(flags)]


def test_a_byte_piece_beside_a_normal_one_is_a_tie():
    reference = bridge.load_tokenizer(sentencepiece_processor(byte_fallback_proto()))
    tokens = reference.vocabulary.tokens
    mine = Vocabulary.from_tokens([b"a", b"\n", b" the", b"\xe2"], convention="bytes")
    alignment = bridge.align(mine, reference)
    assert (alignment.kinds == MatchKind.EXACT).all()
    # Both `a` and `<0x61>` are there; a newline is a byte piece only.
    assert [tokens[row[0]] for row in alignment.pieces] == [
        "a",
        "<0x0A>",
        "\u2581the",
        "<0xE2>",
    ]
    assert names(alignment, alignment.tied) == [b"a"]
    assert not alignment.weak.any()


def test_a_token_of_the_same_spelling_is_no_choice():
    reference = bridge.load_tokenizer(sentencepiece_processor(byte_fallback_proto()))
    alignment = bridge.align(reference, reference)
    assert not alignment.tied.any()
    assert np.array_equal(alignment.pieces.values, np.arange(len(alignment.kinds)))


def test_ties_are_broken_the_same_whatever_the_order():
    table = {"\u2581the": 3, "the": 5, "a": 0, "b": 4}
    for entries in (list(table.items()), list(table.items())[::-1]):
        reference = Vocabulary.from_tokens(
            dict(entries), convention="words", added=[3, 5], roles={}
        )
        alignment = bridge.align({"the": 0, "b": 1}, reference)
        assert alignment.pieces.to_lists() == [[5], [4]]
        assert not alignment.tied.any()
    doubled = Vocabulary.from_tokens([b"a", "a", b" b"], convention="bytes")
    alignment = bridge.align(Vocabulary.from_tokens([b"a"]), doubled)
    assert alignment.pieces.to_lists() == [[0]]
    # The same spelling is there, so nothing was chosen.
    assert not alignment.tied.any()


def test_nothing_but_bytes_is_weak():
    reference = bridge.load_tokenizer(bpe_tokenizer())
    words = ["\u4e2d", "\u4e2da", "the", "qz", "\u2581\u4e2d"]
    mine = Vocabulary.from_tokens(words, convention="metaspace")
    alignment = bridge.align(mine, reference)
    assert alignment.kinds[2] != MatchKind.COMPOSED
    # The last begins with the space, which is a character.
    assert names(alignment, alignment.weak) == ["\u4e2d"]
    assert set(names(alignment, alignment.kinds == MatchKind.COMPOSED)) == {
        "\u4e2d",
        "\u4e2da",
        "qz",
        "\u2581\u4e2d",
    }


def test_byte_pieces_are_weak_and_loaded_alignments_know_it(tmp_path):
    reference = sentencepiece_processor(byte_fallback_proto())
    mine = Vocabulary.from_tokens(["##\u4e2d", "##the\u4e2d"], convention="wordpiece")
    alignment = bridge.align(mine, reference)
    assert alignment.weak.tolist() == [True, False]
    alignment.save(tmp_path / "saved")
    loaded = bridge.Alignment.load(tmp_path / "saved")
    assert loaded.weak.tolist() == [True, False]
    assert loaded.tied.tolist() == alignment.tied.tolist()


@pytest.mark.real_model
def test_mistrals_doubled_keys(real_alignment):
    alignment = real_alignment("gpt2", "mistral")
    vocabulary = alignment.reference.vocabulary
    pieces = alignment.pieces
    tied = np.flatnonzero(alignment.tied & (alignment.kinds == MatchKind.EXACT))
    chosen = pieces.values[pieces.offsets[:-1][tied]]
    assert (vocabulary.kinds[chosen] == TokenKind.NORMAL).all()
    spelt = oracle.gpt2()
    contents = [next(iter(spelt[i])) for i in tied.tolist()]
    # Every one is a character that a byte piece spells too.
    meanings = [next(iter(m)) for m in oracle.mistral().values()]
    assert all(meanings.count(content) == 2 for content in contents)
    doubled = {m for m in meanings if meanings.count(m) == 2}
    assert doubled & set().union(*spelt.values()) == set(contents)


@pytest.mark.real_model
def test_weak_compositions_of_a_real_pair(real_alignment):
    alignment = real_alignment("deepseek", "mistral")
    kinds = alignment.reference.vocabulary.kinds
    weak = np.flatnonzero(alignment.weak)
    assert weak.size > 1_000
    assert (kinds[alignment.pieces.take(weak).values] == TokenKind.BYTE).all()
    others = np.flatnonzero((alignment.kinds == MatchKind.COMPOSED) & ~alignment.weak)
    rows = alignment.pieces.take(others)
    normal = np.concatenate([[0], np.cumsum(kinds[rows.values] != TokenKind.BYTE)])
    assert (np.diff(normal[rows.offsets]) > 0).all()
