"""Real pairs, judged by an oracle that reads the files itself.

The counts are those of the measured tables in the project's notes on vocabularies: a
token without a space counts as a continuation, byte pieces equal normal ones.
"""

import numpy as np
import pytest

from bridge.alignment import MatchKind
from bridge.alignment.tables import find_vanishing
from bridge.vocabulary import Position, TokenKind
from tests.alignment import oracle

pytestmark = pytest.mark.real_model

PAIRS = [
    ("gpt2", "bert", 18_161),
    ("gpt2", "mistral", 21_240),
    ("deepseek", "mistral", 29_220),
    ("tekken", "deepseek", 73_192),
]


@pytest.mark.parametrize(("mine", "theirs", "right"), PAIRS)
def test_exact_is_right_and_complete(real_alignment, mine, theirs, right):
    alignment = real_alignment(mine, theirs)
    spelt, meant = getattr(oracle, mine)(), getattr(oracle, theirs)()
    exact = [
        int(i) for i in np.flatnonzero(alignment.kinds == MatchKind.EXACT) if i in spelt
    ]
    pieces = alignment.continuation_pieces
    wrong = [i for i in exact if not spelt[i] & meant[int(pieces[i][0])]]
    assert wrong == []
    assert len(exact) == right
    assert set(exact) == oracle.possible(spelt, meant)
    assert set(pieces.lengths[exact]) == {1}


def test_exact_by_the_other_reading_is_a_word_start(real_alignment):
    alignment = real_alignment("gpt2", "bert")
    spelt, meant = oracle.gpt2(), oracle.bert()
    vocabulary = alignment.tokenizer.vocabulary
    either = vocabulary.positions == Position.EITHER
    for i in np.flatnonzero(either & (alignment.kinds == MatchKind.EXACT)).tolist():
        pieces = alignment.pieces[i].tolist()
        if i in spelt and len(pieces) == 1:
            (content,) = spelt[i]
            assert {content, b" " + content} & meant[pieces[0]]


def test_isolated_characters_go_to_their_plain_form(real_alignment):
    alignment = real_alignment("gpt2", "bert")
    tokens = oracle.bert_tokens()
    checked = 0
    for i, meaning in oracle.gpt2().items():
        (content,) = meaning
        text = content.decode("utf-8", "replace")
        if oracle.isolated(text) and text in tokens:
            plain = [tokens.index(text)]
            assert alignment.kinds[i] == MatchKind.EXACT
            assert alignment.pieces[i].tolist() == plain
            assert alignment.continuation_pieces[i].tolist() == plain
            checked += 1
    assert checked == 79


def test_bert_to_gpt2_counts_what_isolated_characters_add(real_alignment):
    """18,161 pairs by position, and 35 characters that GPT-2 has without a space only.

    BERT cuts `\u2020` off whatever stands beside it, so its plain form serves without a
    space too. Read as a word start it would match nothing, since GPT-2 has no
    ` \u2020`; that reading gave 18,161. The 79 `##` forms of such characters are exact
    by their bytes, though no text produces them.
    """
    alignment = real_alignment("bert", "gpt2")
    tokens, spelt, meant = oracle.bert_tokens(), oracle.bert(), oracle.gpt2()
    exact = np.flatnonzero(alignment.kinds == MatchKind.EXACT).tolist()
    pieces = alignment.pieces
    dead = [i for i in exact if not spelt[i]]
    live = [i for i in exact if spelt[i]]
    assert [i for i in live if not spelt[i] & meant[int(pieces[i][0])]] == []
    assert set(live) == oracle.possible(spelt, meant)
    assert (len(exact), len(dead)) == (18_196, 79)
    for i in dead:
        assert tokens[i][:2] == "##"
        assert {tokens[i][2:].encode()} == meant[int(pieces[i][0])]
    spaced = {next(iter(meaning)) for meaning in meant.values()}
    only_spaceless = [
        i
        for i in live
        if len(spelt[i]) == 2 and b" " + tokens[i].encode() not in spaced
    ]
    assert len(exact) - len(only_spaceless) == 18_161


def test_byte_pieces_equal_normal_ones(real_alignment, real):
    alignment = real_alignment("gpt2", "mistral")
    exact = alignment.kinds == MatchKind.EXACT
    ids = alignment.pieces.values[alignment.pieces.offsets[:-1][exact]]
    kinds = real("mistral").vocabulary.kinds[ids]
    assert (kinds == TokenKind.BYTE).sum() == 131


def test_space_less_tokens_with_only_a_start_form_are_boundary(real_alignment):
    alignment = real_alignment("gpt2", "bert")
    meant = set().union(*oracle.bert().values())
    only_start = [
        i
        for i, meaning in oracle.gpt2().items()
        for content in meaning
        if content[:1] != b" " and content not in meant and b" " + content in meant
    ]
    assert len(only_start) == 2_790
    assert set(alignment.kinds[only_start]) == {MatchKind.BOUNDARY}


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ("gpt2", "mistral"),
        ("deepseek", "mistral"),
        ("tekken", "deepseek"),
        ("mistral", "gpt2"),
    ],
)
def test_composed_pieces_spell_the_very_bytes(real_alignment, mine, theirs):
    alignment = real_alignment(mine, theirs)
    spelt, meant = getattr(oracle, mine)(), getattr(oracle, theirs)()
    # Added tokens (DeepSeek's chat markers) are not in the oracle's vocabulary.
    composed = np.flatnonzero(alignment.kinds == MatchKind.COMPOSED).tolist()
    assert set(composed) & set(spelt)
    for i in sorted(set(composed) & set(spelt)):
        pieces = alignment.pieces[i].tolist()
        content = b"".join(next(iter(meant[piece])) for piece in pieces)
        assert {content} == spelt[i]
        assert len(pieces) > 1


def test_composed_pieces_respect_words(real_alignment):
    alignment = real_alignment("gpt2", "bert")
    tokens = oracle.bert_tokens()
    vocabulary = alignment.tokenizer.vocabulary
    for i in np.flatnonzero(alignment.kinds == MatchKind.COMPOSED).tolist():
        if vocabulary.positions[i] == Position.START:
            assert not tokens[alignment.pieces[i][0]].startswith("##")
        assert "[UNK]" not in [tokens[piece] for piece in alignment.pieces[i]]
        assert not any(
            token[:2] == "##" and oracle.isolated(token[2:])
            for token in map(tokens.__getitem__, alignment.pieces[i].tolist())
        )


def test_what_bert_drops_is_what_it_emits_nothing_for(real_alignment):
    alignment = real_alignment("gpt2", "bert")
    reference, keys = alignment.reference, alignment.tokenizer.vocabulary.keys
    unmapped = np.flatnonzero(alignment.kinds == MatchKind.UNMAPPED).tolist()
    texts = {}
    for i in unmapped:
        try:
            texts[i] = keys[i].decode()
        except UnicodeDecodeError:
            assert not alignment.tables.vanishes[i]
    rows = reference.encode_batch(list(texts.values()))
    emits = dict(zip(texts, rows.lengths.tolist(), strict=True))
    assert {i for i in texts if alignment.tables.vanishes[i]} == {
        i for i, count in emits.items() if not count
    }
    assert alignment.tables.vanishes.sum() == 67


def test_nothing_vanishes_where_spaces_are_content(real_alignment):
    alignment = real_alignment("gpt2", "mistral")
    found = find_vanishing(
        alignment.tokenizer.vocabulary,
        np.full(len(alignment.kinds), MatchKind.UNMAPPED, np.uint8),
        alignment.pieces,
        alignment.reference,
    )
    assert not found.any()


def test_every_kind_is_counted_once(real_alignment):
    counts = real_alignment("gpt2", "bert").counts()
    assert counts == {
        "UNUSED": 0,
        "OVERRIDE": 0,
        "ROLE": 1,
        "EXACT": 18_161,
        "NORMALIZED": 11_213,
        "BOUNDARY": 5_588,
        "COMPOSED": 14_823,
        "UNMAPPED": 471,
    }
    assert sum(counts.values()) == 50_257
