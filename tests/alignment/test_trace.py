"""Which id every remapped id came from; ids in other forms; the way back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bridge
from bridge.errors import TextInputError
from bridge.ragged import Ragged
from tests.alignment import oracle
from tests.alignment.making import as_alignment, vocabularies
from tests.core.messages import exactly
from tests.factories import CORPUS, bpe_tokenizer, wordpiece_tokenizer

METHODS = ("lookup", "expand", "retokenize")


@pytest.fixture(scope="module")
def trained():
    return bridge.align(bpe_tokenizer(), wordpiece_tokenizer())


@given(vocabularies(), vocabularies(), st.sampled_from(["unk", "drop"]), st.data())
def test_every_id_alone_gives_what_is_traced_to_it(mine, theirs, policy, data):
    alignment = as_alignment(mine, theirs)
    drawn = st.lists(st.integers(0, mine.size - 1), max_size=6)
    ids = Ragged.from_lists(data.draw(st.lists(drawn, max_size=4)))
    for method in ("lookup", "expand"):
        try:
            traced = alignment.trace(ids, method=method, on_unmapped=policy)
        except bridge.BridgeError:  # a preset without unk
            continue
        assert traced.ids == alignment.remap(ids, method=method, on_unmapped=policy)
        assert traced.sources.shape == traced.ids.values.shape
        assert (traced.carry(ids.row_of_value) == traced.ids.row_of_value).all()
        inside = alignment.tables.borders.continues(ids)
        tables = (alignment.pieces, alignment.continuation_pieces)
        if method == "lookup":
            continue
        for place in range(ids.values.size):
            pieces = tables[int(inside[place])][int(ids.values[place])]
            got = traced.ids.values[traced.sources == place].tolist()
            assert got == pieces.tolist() or (not pieces.size and policy == "unk")


def characters(tokenizer, texts):
    """First and last character of every token, and the row it stands in."""
    spans = tokenizer.encode_offsets(texts)
    return spans.ids, spans.offsets


@pytest.mark.real_model
@pytest.mark.parametrize("names", [("gpt2", "bert"), ("deepseek", "mistral")])
def test_retokenized_ids_lie_in_their_sources(real_alignment, names):
    alignment = real_alignment(*names)
    texts = [*oracle.tweets()[::400], *oracle.turkish_sentences()[::400], "", "\u00e9"]
    ids, mine = characters(alignment.tokenizer, texts)
    traced = alignment.trace(ids)
    expected, theirs = characters(alignment.reference, texts)
    assert traced.ids == expected == alignment.remap(ids)
    assert (traced.carry(ids.row_of_value) == expected.row_of_value).all()
    source = traced.carry(mine)
    first = theirs[:, 0]
    # A token begins in its source, or where the source is a space that it dropped.
    inside = (source[:, 0] <= first) & (first < np.maximum(source[:, 1], first + 1))
    assert inside.all()
    # And in no later one.
    later = np.minimum(traced.sources + 1, len(mine) - 1)
    begins_later = (mine[later, 0] <= first) & (mine[later, 0] > source[:, 0])
    same_row = ids.row_of_value[later] == ids.row_of_value[traced.sources]
    assert not (begins_later & same_row).any()


def test_labels_follow_the_ids(trained):
    end = trained.tokenizer.vocabulary.roles["eos"]
    row = [*trained.tokenizer.encode_batch(["the quick brown"])[0].tolist(), end]
    labels = np.arange(100, 100 + len(row))
    for method in METHODS:
        traced = trained.trace([row], method=method)
        carried = traced.carry(labels)
        assert carried.tolist() == (100 + traced.sources).tolist()
        assert carried[-1] == labels[-1]  # of the special token
        once = traced.carry(labels, repeated=-100)
        kept = once[once != -100]
        assert len(set(kept.tolist())) == len(kept)
        assert set(kept.tolist()) == set(carried.tolist())


def test_what_is_dropped_has_no_source(trained):
    text = "the quick \u2603 fox"
    ids = trained.tokenizer.encode_batch(["fox", text])
    for method in METHODS:
        traced = trained.trace(ids, method=method, on_unmapped="drop")
        assert traced.ids == trained.remap(ids, method=method, on_unmapped="drop")
        assert len(traced.sources) == traced.ids.values.size
        rows = traced.carry(ids.row_of_value).tolist()
        assert rows == traced.ids.row_of_value.tolist()


def test_too_few_labels(trained):
    ids = trained.tokenizer.encode_batch(["the quick fox"])
    message = (
        "There must be one value for each of the tokenizer's ids. Received: 1 values "
        f"for {ids.values.size} ids or more. Leave padding out: `labels[padding_mask]`."
    )
    with pytest.raises(ValueError, match=exactly(message)):
        trained.trace(ids, method="lookup").carry([7])


def test_ids_that_are_not_those_of_their_text(trained):
    (whole,) = trained.tokenizer.encode_batch(["the"]).to_lists()
    letters = [trained.tokenizer.vocabulary.id(letter) for letter in "the"]
    assert whole != letters
    message = (
        "`retokenize` follows ids through the text that they stand for. Received: 1 "
        "runs of ids that are not the tokenizer's for their text, the first for 'the'. "
        "Use `method='expand'`."
    )
    with pytest.raises(TextInputError, match=exactly(message)):
        trained.trace([whole, letters])


@pytest.mark.parametrize("method", METHODS)
def test_ids_in_other_forms(trained, method):
    ids = trained.tokenizer.encode_batch(["the quick fox", "dog"])
    expected = trained.remap(ids, method=method)
    width = int(ids.lengths.max()) + 2
    mask = np.arange(width) < ids.lengths[:, None]
    padded = np.full((2, width), 10**6)  # padding is no id, and is never looked at
    padded[mask] = ids.values
    assert trained.remap(padded, mask=mask, method=method) == expected
    assert trained.remap(ids.to_lists(), method=method) == expected
    assert trained.trace(padded, mask=mask, method=method).ids == expected


def test_a_ragged_tensor(trained):
    tf = pytest.importorskip("tensorflow")
    ids = trained.tokenizer.encode_batch(["the quick fox", "dog"])
    assert trained.remap(tf.ragged.constant(ids.to_lists())) == trained.remap(ids)


def test_the_inverse_gives_the_ids_back(trained):
    back = trained.inverse()
    assert back.tokenizer is trained.reference
    assert back.reference is trained.tokenizer
    texts = [text.lower() for text in CORPUS]
    ids = trained.reference.encode_batch(texts)
    written = trained.reference.decode_batch(ids)
    assert back.remap(ids) == trained.tokenizer.encode_batch(written)
    assert sum(back.counts().values()) == trained.reference.vocabulary.size


@pytest.mark.real_model
def test_text_that_went_there_and_back(real_alignment):
    alignment = real_alignment("gpt2", "deepseek")
    texts = oracle.tweets()[::200]
    ids = alignment.tokenizer.encode_batch(texts)
    assert alignment.inverse().remap(alignment.remap(ids)) == ids
