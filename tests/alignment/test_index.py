"""`PieceIndex`: which piece wins, and how bytes are spelt."""

import time

from bridge.alignment.index import PieceIndex
from bridge.vocabulary import Vocabulary


def index_of(tokens, convention, **options):
    return PieceIndex.build(
        Vocabulary.from_tokens(tokens, convention=convention, **options)
    )


def test_normal_before_byte_before_added_and_low_ids_first():
    index = index_of([b"a", b"a ", b"b"], "bytes")
    assert index.find(b"a", inside=True) == 0
    pieces = [f"<0x{byte:02X}>" for byte in range(256)]
    index = index_of([*pieces, "a"], "metaspace")
    assert index.find(b"a", inside=True) == 256
    assert index.find(b"b", inside=True) == ord("b")
    assert index_of(["a", "\u2581a"], "words", added=[0]).find(b"a", inside=False) == 0


def test_a_plain_form_before_the_dead_one():
    index = index_of(["##!", "!", "##?"], "wordpiece")
    assert index.find(b"!", inside=True) == index.find(b"!", inside=False) == 1
    assert index.find(b"?", inside=True) == 2


def test_longest_match_first_and_the_fewest_where_it_gets_stuck():
    index = index_of(["abc", "ab", "a", "##bcd", "##cd", "##d"], "wordpiece")
    assert index.segment(b"abcd", inside=False) == (0, 5)
    stuck = index_of(["abc", "ab", "a", "##b", "##cd"], "wordpiece")
    assert stuck.segment(b"abcd", inside=False) == (1, 4)
    assert stuck.segment(b"abcdx", inside=False) is None


def test_words_are_cut_as_bert_cuts_them():
    index = index_of(["don", "'", "t", "##t", "##don"], "wordpiece")
    assert index.segment(b"don't", inside=False) == (0, 1, 2)
    assert index.segment(b"don't", inside=True) == (4, 1, 2)
    assert index.segment(b" don  t ", inside=True) == (0, 2)
    assert index.segment(b"  ", inside=False) is None
    assert index.segment(b"\xe2\x80", inside=False) is None


def test_spaces_are_spelt_where_they_are_content():
    index = index_of(["\u0120a", "a", "\u0120", "b", "\u0120\u0120"], "byte_level")
    assert index.segment(b"ab", inside=False) == (0, 3)
    assert index.segment(b"ab", inside=True) == (1, 3)
    assert index.segment(b"   a", inside=True) == (4, 0)


def test_an_empty_spelling_stands_for_nothing():
    index = index_of(["", "a"], "words")
    assert index.find(b"", inside=False) is None
    assert index.segment(b"a", inside=False) == (1,)


def test_a_monstrous_token_takes_no_monstrous_time():
    index = index_of(["a", "##a", "##b"], "wordpiece")
    begin = time.perf_counter()
    assert len(index.segment(b"a" * 100_000, inside=False)) == 100_000
    assert index.segment(b"a" * 100_000 + b"c", inside=False) is None
    assert time.perf_counter() - begin < 10
