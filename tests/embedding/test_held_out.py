"""Tokens that the preset has, made as if it lacked them."""

from dataclasses import replace

import numpy as np
import pytest

from bridge.alignment import Alignment
from bridge.alignment.align import align_vocabularies
from bridge.embedding import Anchors, Rule
from bridge.embedding.held_out import HeldOutScore, hold_out
from bridge.embedding.plan import plan_rows
from bridge.embedding.specials import extend_vocabulary
from bridge.spec import BackboneSpec
from bridge.vocabulary import Vocabulary
from tests.embedding.conftest import BERT_ROLES, FakeTokenizer

SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
HEADS = ["play", "un", "horn", "do", "re", "walk", "talk", "cat"]
TAILS = ["ing", "ed", "s", "er"]
WORDS = [head + tail for head in HEADS for tail in TAILS]
TOKENS = [*SPECIALS, *HEADS, *(f"##{tail}" for tail in TAILS), *WORDS]
PLACES = {token: i for i, token in enumerate(TOKENS)}


@pytest.fixture
def words():
    """A tokenizer that shares every token, and has two that are composed."""
    tokens = [*TOKENS, "cathorn", "undo"]
    reference = FakeTokenizer(Vocabulary.from_tokens(TOKENS, roles=BERT_ROLES))
    tokenizer = FakeTokenizer(Vocabulary.from_tokens(tokens, roles=BERT_ROLES))
    fates = align_vocabularies(tokenizer.vocabulary, reference.vocabulary)
    spec = BackboneSpec(vocabulary_size=len(TOKENS), roles=BERT_ROLES)
    return Alignment(tokenizer, reference, "by hand", spec, *fates)


@pytest.fixture
def spelt_table():
    """Every word is the mean of its parts by their letters, and some noise."""
    rng = np.random.default_rng(0)
    table = rng.standard_normal((len(TOKENS), 64)).astype(np.float32)
    for head in HEADS:
        for tail in TAILS:
            parts = (
                len(head) * table[PLACES[head]],
                len(tail) * table[PLACES[f"##{tail}"]],
            )
            row = PLACES[head + tail]
            table[row] = sum(parts) / len(head + tail) + table[row] / 10
    return table


def plan(alignment, table, **options):
    vocabulary = extend_vocabulary(alignment.tokenizer.vocabulary, alignment.spec)
    return plan_rows(alignment, vocabulary, preset_rows=len(table), **options)


def test_rows_that_are_sums_of_pieces_are_found_again(words, spelt_table):
    held = hold_out(plan(words, spelt_table), count=99)

    score = held.score(spelt_table, kind="input")

    assert score.tokens == len(WORDS)
    assert score.cosine > 0.9
    assert score.cosine > score.pieces > 0.5
    assert abs(score.chance) < 0.3


def test_rows_that_pieces_say_nothing_of_are_not(words, spelt_table):
    order = np.random.default_rng(1).permutation(len(TOKENS))
    shuffled = spelt_table[order]

    score = hold_out(plan(words, shuffled), count=99).score(shuffled, kind="input")

    assert abs(score.cosine) < 0.3


def test_no_row_is_made_of_itself(words, spelt_table):
    held = hold_out(plan(words, spelt_table), count=99)

    assert sorted(held.truth.tolist()) == [PLACES[word] for word in WORDS]
    for recipe in (held.recipe, held.head_recipe, held.pieces):
        own = held.truth[recipe.rows.row_of_value]
        assert (recipe.rows.values != own).all()
        assert (recipe.rules == Rule.COMPOSED).all()
    place = held.truth.tolist().index(PLACES["playing"])
    assert held.recipe[place].rows == (PLACES["play"], PLACES["##ing"])


def test_as_many_as_asked_for(words, spelt_table):
    made = plan(words, spelt_table)

    few = hold_out(made, count=10)

    assert len(few.truth) == 10
    np.testing.assert_array_equal(few.truth, hold_out(made, count=10).truth)
    assert few.truth.tolist() != hold_out(made, count=10, seed=1).truth.tolist()


def test_a_head_is_measured_in_its_own_way(words, spelt_table):
    held = hold_out(plan(words, spelt_table, head_weights="first"), count=99)

    looked_up, scored = (held.score(spelt_table, kind=k) for k in ("input", "head"))

    assert scored.cosine < looked_up.cosine
    assert scored.pieces == looked_up.pieces


def test_methods_are_asked_for_the_held_out_tokens_alone(words, spelt_table):
    asked = []

    class Spy(Anchors):
        def combine(self, request):
            asked.append((request.token_ids, request.anchors))
            return super().combine(request)

    vectors = {token: np.eye(40)[i % 40] + 0.1 for i, token in enumerate(TOKENS)}
    made = plan(words, spelt_table, init=[Spy(vectors), "compose"])
    held = hold_out(made, count=12)

    wanted, anchors = asked[-1]
    assert set(held.truth.tolist()) <= set(wanted.tolist())
    assert len(wanted) == 12
    assert not set(wanted.tolist()) & set(anchors.tolist())
    assert set(held.recipe.rules.tolist()) == {Rule.ANCHORS}


@pytest.mark.parametrize("init", ["random", "mean", "copy", lambda i, t: t[: len(i)]])
def test_ways_that_cannot_be_tested_so(words, spelt_table, init):
    assert hold_out(plan(words, spelt_table, init=init), count=99) is None


def test_too_few_tokens(alignment, table):
    assert hold_out(plan(alignment, table), count=99) is None


def test_byte_level_pieces_keep_their_spaces():
    letters = list("abcdefgh")
    tokens = ["<eos>", "\u0120", *letters, *(f"\u0120{c}d" for c in letters)]
    made = FakeTokenizer(
        Vocabulary.from_tokens(tokens, roles={"eos": 0}, convention="byte_level")
    )
    fates = align_vocabularies(made.vocabulary, made.vocabulary)
    spec = BackboneSpec(vocabulary_size=len(tokens), roles={"eos": 0})
    alignment = Alignment(made, made, "by hand", spec, *fates)
    table = np.random.default_rng(0).standard_normal((len(tokens), 8)).astype("f4")

    held = hold_out(plan(alignment, table), count=99)

    place = held.truth.tolist().index(tokens.index("\u0120ad"))
    assert [tokens[row] for row in held.recipe[place].rows] == ["\u0120", "a", "d"]


def test_how_it_reads():
    score = HeldOutScore(tokens=1_512, cosine=0.4567, pieces=0.4, chance=-0.001)

    assert str(score) == (
        "  held out, 1,512 copied tokens made anew: cosine 0.457 to the true rows "
        "(plain mean of pieces 0.400, another token's row -0.001)"
    )
    assert replace(score, tokens=1) != score
