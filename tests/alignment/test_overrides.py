"""What the user says a token means goes before everything else."""

import numpy as np
import pytest

import bridge
from bridge.alignment import MatchKind
from bridge.errors import TokenIdError, VocabularyError
from bridge.vocabulary import Vocabulary
from tests.core.messages import exactly
from tests.factories import bpe_tokenizer, wordpiece_tokenizer

TOKENS = ["<|im_start|>", "[unused0]", None, "\u2581fox", "zz"]


@pytest.fixture(scope="module")
def mine():
    return Vocabulary.from_tokens(TOKENS, special=[0], convention="metaspace")


def aligned(mine, token, wanted, preset=wordpiece_tokenizer):
    alignment = bridge.align(mine, preset(), overrides={token: wanted})
    token_id = token if isinstance(token, int) else mine.id(token)
    assert alignment.kinds[token_id] == MatchKind.OVERRIDE
    assert alignment.counts()["OVERRIDE"] == 1
    row = alignment.pieces[token_id].tolist()
    assert alignment.continuation_pieces[token_id].tolist() == row
    return [alignment.reference.vocabulary.tokens[i] for i in row]


@pytest.mark.parametrize(
    ("wanted", "pieces"),
    [
        ("fox", ["fox"]),
        ("##ing", ["##ing"]),
        ("[CLS]", ["[CLS]"]),
        (2, ["[CLS]"]),
        (np.int64(2), ["[CLS]"]),
        ("The fox's", ["the", "fox", "'", "s"]),
        (b"fox", ["fox"]),
        (["[CLS]", "the fox", 4], ["[CLS]", "the", "fox", "[MASK]"]),
        (("fox", "##ing"), ["fox", "##ing"]),
        ([], []),
    ],
)
@pytest.mark.parametrize("token", ["<|im_start|>", 0, "[unused0]", 2, "\u2581fox"])
def test_tokens_texts_and_ids_on_the_right(mine, token, wanted, pieces):
    """Also of a reserved token and of a hole: the user knows better."""
    assert aligned(mine, token, wanted) == pieces


def test_a_text_is_cut_by_the_presets_own_merges(mine):
    reference = bridge.load_tokenizer(bpe_tokenizer())
    (ids,) = reference.encode_batch([" unbelievable stories"]).to_lists()
    named = [reference.vocabulary.tokens[i] for i in ids]
    assert aligned(mine, "zz", "unbelievable stories", bpe_tokenizer) == named


def test_an_override_by_nothing_is_left_out_without_a_loss(mine):
    alignment = bridge.align(mine, wordpiece_tokenizer(), overrides={"zz": []})
    ids = bridge.Ragged.from_lists([[3, 4, 3]])
    rows = alignment.remap(ids, method="expand", on_unmapped="raise")
    fox = alignment.reference.vocabulary.id("fox")
    assert rows.to_lists() == [[fox, fox]]


def test_the_order_of_overrides_does_not_matter(mine):
    given = {"zz": "the", "\u2581fox": "dog", 0: "[SEP]"}
    forward = bridge.align(mine, wordpiece_tokenizer(), overrides=given)
    backward = dict(reversed(given.items()))
    again = bridge.align(mine, wordpiece_tokenizer(), overrides=backward)
    assert forward.diff(again) == {}


@pytest.mark.parametrize("token", ["fox", 5, -1, "the"])
def test_a_token_that_is_not_there(mine, token):
    message = (
        "An override must name a token or id of the tokenizer. Received: "
        f"{token!r}, which it does not have (size 5). Check the spelling: marks such "
        "as '\u0120' or '\u2581' belong to it."
    )
    with pytest.raises(VocabularyError, match=exactly(message)):
        bridge.align(mine, wordpiece_tokenizer(), overrides={token: "fox"})


def test_what_the_preset_cannot_spell(mine):
    message = (
        "An override must be spelt with the preset's pieces. Received: '\u2603', which "
        "has none. Name tokens of the preset instead."
    )
    with pytest.raises(VocabularyError, match=exactly(message)):
        bridge.align(mine, wordpiece_tokenizer(), overrides={"zz": ["the", "\u2603"]})


def test_an_id_that_is_no_row(mine):
    with pytest.raises(TokenIdError, match="Received: 1 ids outside it, such as 99999"):
        bridge.align(mine, wordpiece_tokenizer(), overrides={"zz": 99_999})
