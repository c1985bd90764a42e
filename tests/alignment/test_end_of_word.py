"""Vocabularies that mark where words end (CLIP, GPT-1), on both sides."""

import numpy as np
import pytest

import bridge
from bridge.alignment import MatchKind
from bridge.vocabulary import Vocabulary
from tests.alignment.test_own_model import end_of_word_tokenizer
from tests.factories import CORPUS, bpe_tokenizer, wordpiece_tokenizer


@pytest.fixture(scope="module", params=[False, True], ids=["gpt1", "clip"])
def marked(request):
    return bridge.load_tokenizer(end_of_word_tokenizer(byte_level=request.param))


def pieces_of(alignment, token, *, inside=False):
    row = alignment.tokenizer.vocabulary.id(token)
    table = alignment.continuation_pieces if inside else alignment.pieces
    tokens = alignment.reference.vocabulary.tokens
    return [tokens[i] for i in table[row]]


def test_a_marked_token_reads_at_both_places_of_a_word():
    """`ing</w>` continues a word or is one: the token before tells."""
    tokens = ["play", "ing</w>", "the</w>", "play</w>", "th"]
    mine = Vocabulary.from_tokens(tokens, convention="end_of_word")
    alignment = bridge.align(mine, wordpiece_tokenizer())
    assert pieces_of(alignment, "ing</w>", inside=True) == ["##ing"]
    assert pieces_of(alignment, "ing</w>") == ["in", "##g"]
    assert pieces_of(alignment, "play") == ["play"]
    assert pieces_of(alignment, "play", inside=True) == ["##p", "##l", "##a", "##y"]
    assert pieces_of(alignment, "the</w>") == ["the"]
    # Such a token is mostly a word, or begins one, and is counted as that.
    kinds = dict(zip(tokens, alignment.kinds, strict=True))
    exact = {token for token, kind in kinds.items() if kind == MatchKind.EXACT}
    assert exact == {"play", "the</w>", "play</w>"}


def test_running_ids_are_read_by_their_neighbours():
    """`play` + `ing</w>` is one word, `play</w>` + `ing</w>` two."""
    tokens = ["play", "ing</w>", "play</w>", "walk</w>"]
    mine = Vocabulary.from_tokens(tokens, convention="end_of_word")
    alignment = bridge.align(mine, wordpiece_tokenizer())
    ids = bridge.Ragged.from_lists([[0, 1, 3], [2, 1]])
    rows = alignment.remap(ids, method="expand")
    named = [[alignment.reference.vocabulary.tokens[i] for i in row] for row in rows]
    assert named == [["play", "##ing", "walk"], ["play", "in", "##g"]]


def test_real_text_into_wordpiece(marked):
    alignment = bridge.align(marked, wordpiece_tokenizer())
    ids = marked.encode_batch(CORPUS)
    expected = alignment.reference.encode_batch(CORPUS)
    found = alignment.remap(ids, method="expand")
    # BERT may cut a word elsewhere; where words begin and end must be the same.
    decode = alignment.reference.decode_batch
    assert decode(found) == decode(expected)


def test_a_marked_preset_ends_every_word(marked):
    tokens = ["the", "##the", "unbelievably", "##unbelievably", "!"]
    mine = Vocabulary.from_tokens(tokens, convention="wordpiece")
    alignment = bridge.align(mine, marked)
    (the,) = marked.encode_batch(["the"]).to_lists()
    (long,) = marked.encode_batch(["unbelievably"]).to_lists()
    assert len(the) == 1
    rows = alignment.pieces.to_lists()
    assert rows[:4] == [the, the, long, long]
    assert rows == alignment.continuation_pieces.to_lists()
    assert rows[4] == marked.encode_batch(["!"]).to_lists()[0]


def test_expand_into_a_marked_preset_is_exact_word_by_word(marked):
    """A word of one piece becomes what the preset's tokenizer gives for it."""
    alignment = bridge.align(wordpiece_tokenizer(), marked)
    words = sorted({w for line in CORPUS for w in line.split() if w.isalpha()})
    ids = alignment.tokenizer.encode_batch(words)
    # `play` without an end is there, `play</w>` is not: the one token stands for it.
    boundary = alignment.kinds[ids.values[ids.offsets[:-1]]] == MatchKind.BOUNDARY
    whole = np.flatnonzero((ids.lengths == 1) & ~boundary)
    assert whole.size > 100
    expected = marked.encode_batch([words[i] for i in whole])
    assert alignment.remap(ids.take(whole), method="expand") == expected


def test_a_token_that_goes_on_takes_no_mark():
    theirs = Vocabulary.from_tokens(
        ["un", "do</w>", "u", "n", "d", "o</w>", "o"], convention="end_of_word"
    )
    mine = Vocabulary.from_tokens(
        ["un", "un</w>", "undo</w>", "undo", "do", "nn</w>"], convention="end_of_word"
    )
    alignment = bridge.align(mine, theirs)
    spelt = [[theirs.tokens[i] for i in row] for row in alignment.pieces]
    assert spelt == [["un"], ["un"], ["un", "do</w>"], ["un", "d", "o"], ["do</w>"], []]
    kinds = [MatchKind(k).name for k in alignment.kinds]
    assert kinds == [
        "EXACT",
        "BOUNDARY",
        "COMPOSED",
        "COMPOSED",
        "BOUNDARY",
        "UNMAPPED",
    ]


def test_characters_of_clip_are_bytes():
    tokens = ["\u00c3\u00a9</w>", "a</w>"]
    clip = Vocabulary.from_tokens(tokens, convention="byte_level_end_of_word")
    gpt1 = Vocabulary.from_tokens(["\u00e9</w>", "a</w>"], convention="end_of_word")
    alignment = bridge.align(clip, gpt1)
    assert alignment.pieces.to_lists() == [[0], [1]]
    assert (alignment.kinds == MatchKind.EXACT).all()


def test_bytes_into_a_marked_preset(marked):
    alignment = bridge.align(bpe_tokenizer(), marked)
    kinds = alignment.counts()
    assert kinds["EXACT"] > 80
    vocabulary = alignment.tokenizer.vocabulary
    for token in ("\u0120the", "\u0120dog"):
        (row,) = marked.encode_batch([token[1:]]).to_lists()
        assert alignment.pieces[vocabulary.id(token)].tolist() == row
