"""`EncodeBatch`: the encoder's own rows, in every layout and by every remap."""

import pickle
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bridge
from bridge.corpus.rows import Packer, Rows
from bridge.errors import MissingRoleError, TextInputError
from bridge.ragged import Ragged
from tests.core.messages import exactly
from tests.corpus.making import TEXTS, encoder, gpt2_like
from tests.factories import unigram_tokenizer, wordpiece_tokenizer

REMAPS = ["lookup", "expand", "retokenize"]


def aligned(strategy, **options):
    tokenizer = gpt2_like()
    alignment = bridge.align(tokenizer, bridge.load_tokenizer(wordpiece_tokenizer()))
    return bridge.Encoder(tokenizer, alignment=alignment, strategy=strategy, **options)


def real_cells(arrays):
    return Ragged.from_padded(arrays["token_ids"], arrays["padding_mask"])


@pytest.mark.parametrize("strategy", REMAPS)
def test_documents_are_the_encoders_rows(strategy):
    rows = bridge.EncodeBatch(aligned(strategy))({"text": TEXTS})
    expected = real_cells(aligned(strategy, sequence_length=5000)(TEXTS))
    assert Ragged.from_lists(rows["token_ids"]) == expected
    assert rows["length"].tolist() == expected.lengths.tolist()
    assert rows["row"].tolist() == list(range(len(TEXTS)))


@pytest.mark.parametrize("strategy", REMAPS)
@pytest.mark.parametrize("side", ["right", "left"])
def test_windows_are_the_encoders_rows(strategy, side):
    made = aligned(strategy, sequence_length=9, padding_side=side)
    rows = bridge.EncodeBatch(made, layout="windows", stride=2)({"text": TEXTS})
    windows = made.windows(TEXTS, stride=2)
    assert Ragged.from_lists(rows["token_ids"]) == real_cells(windows.arrays)
    assert rows["row"].tolist() == windows.text_index.tolist()
    assert rows["start"].tolist() == windows.starts.tolist()


def test_cut_documents_are_the_encoders_rows():
    rows = bridge.EncodeBatch(encoder(), cut=True)({"text": TEXTS})
    assert Ragged.from_lists(rows["token_ids"]) == real_cells(encoder()(TEXTS))


@pytest.mark.parametrize("strategy", REMAPS)
def test_packed_rows_are_all_texts_with_separators(strategy):
    made = aligned(strategy, sequence_length=16)
    rows = bridge.EncodeBatch(made, layout="packed")({"text": TEXTS})
    separator = made.vocabulary.roles["sep"]
    expected = [i for ids in made.ids(TEXTS) for i in [*ids.tolist(), separator]]
    assert np.concatenate(rows["token_ids"]).tolist() == expected
    assert rows["length"].tolist()[:-1] == [16] * (len(rows["length"]) - 1)


@settings(max_examples=200, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=30),
    width=st.integers(1, 9),
    cuts=st.lists(st.integers(0, 30), max_size=4),
)
def test_laws_of_packing(lengths, width, cuts):
    """Whatever comes in whatever batches, a slow count of cells says the same."""
    ids = Ragged.from_lengths(np.arange(sum(lengths)), lengths)
    count = len(lengths)
    places = np.arange(count)
    packer = Packer(width)
    made = []
    borders = sorted({0, count, *(cut for cut in cuts if cut < count)})
    for begin, end in pairwise(borders):
        part = places[begin:end]
        rows = Rows(ids.take(part), part.astype(np.int32), 10 * part, 0 * part)
        made.append(packer.add(rows))
        assert all(made[-1].ids.lengths == width)
    made.append(packer.finish())
    assert len(packer.finish()) == 0
    packed = Rows.concatenate([rows for rows in made if len(rows)])
    assert np.array_equal(packed.ids.values, ids.values)
    document = ids.row_of_value
    for i, row in enumerate(packed.ids):
        assert len(row) == min(width, ids.values.size - i * width)
        first = document[row[0]]
        assert (packed.source[i], packed.row[i]) == (first, 10 * first)
        assert packed.start[i] == row[0] - ids.offsets[first]
        inside = document[row]
        begins = [0, *(np.flatnonzero(np.diff(inside)) + 1).tolist()]
        assert packed.begins[i].tolist() == begins


def test_it_is_picklable_and_takes_frames():
    pandas = pytest.importorskip("pandas")
    encode = pickle.loads(pickle.dumps(bridge.EncodeBatch(encoder(), text="body")))
    frame = pandas.DataFrame({"body": TEXTS})
    made = pandas.DataFrame(encode(frame))
    rows = bridge.EncodeBatch(encoder())({"text": TEXTS})["token_ids"]
    assert all(map(np.array_equal, made["token_ids"], rows))


def test_datasets_map_takes_it():
    datasets = pytest.importorskip("datasets")
    data = datasets.Dataset.from_dict({"text": TEXTS})
    encode = bridge.EncodeBatch(encoder(), layout="windows")
    made = data.map(
        encode, batched=True, batch_size=7, remove_columns="text", keep_in_memory=True
    )
    rows = real_cells(encoder().windows(TEXTS).arrays)
    assert Ragged.from_lists(list(made["token_ids"])) == rows


def test_what_cannot_be_laid_out():
    message = (
        "Only windows overlap. Received: stride=3 for layout='packed'. Leave it out, "
        "or pass layout='windows'."
    )
    with pytest.raises(ValueError, match=exactly(message)):
        bridge.EncodeBatch(encoder(), layout="packed", stride=3)
    bare = bridge.load_tokenizer(unigram_tokenizer(), roles={"pad": 0})
    made = bridge.Encoder(bare._with_only({"pad": 0}))
    message = (
        "Packed documents are separated by an eos or sep token. Received: a vocabulary "
        "whose roles are {'pad': 0}. Name one with `bridge.load_tokenizer(..., "
        "roles={'eos': token})`."
    )
    with pytest.raises(MissingRoleError, match=exactly(message)):
        bridge.EncodeBatch(made, layout="packed")
    message = (
        "The texts must be in the column that is named. Received: 'text' for columns "
        "['body']. Pass `text=` or `pair=`."
    )
    with pytest.raises(TextInputError, match=exactly(message)):
        bridge.EncodeBatch(encoder())({"body": TEXTS})
