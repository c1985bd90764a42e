"""The table of `lookup`: made once, and read as the remap itself says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bridge
from bridge.alignment.lookup_table import LookupTable
from bridge.ragged import Ragged
from bridge.spec import BackboneSpec
from tests.factories import (
    HARD_TEXTS,
    bpe_tokenizer,
    wordpiece_tokenizer,
)


@pytest.fixture(scope="module")
def alignment():
    return bridge.align(bpe_tokenizer(), wordpiece_tokenizer())


@given(st.data(), st.booleans())
def test_rows_and_their_beginnings_are_read_as_if_alone(alignment, data, unk):
    size = alignment.tokenizer.vocabulary.size
    ids = st.lists(st.lists(st.integers(0, size - 1), max_size=8), max_size=5)
    rows = Ragged.from_lists(data.draw(ids))
    table = LookupTable.of(alignment, unk=unk)
    read = Ragged(table.read(rows), rows.offsets)
    for row, found in zip(rows, read, strict=True):
        for end in range(len(row) + 1):
            beginning = Ragged.from_lists([row[:end].tolist()])
            assert table.read(beginning).tolist() == found[:end].tolist()


def test_an_encoder_reads_what_the_remap_gives(alignment):
    encoder = bridge.Encoder(
        alignment.tokenizer, alignment=alignment, strategy="lookup", sequence_length=64
    )
    ids = alignment.tokenizer.encode_batch(HARD_TEXTS)
    assert encoder.ids(HARD_TEXTS) == alignment.remap(ids, method="lookup")


def test_a_backbone_with_too_few_rows_refuses_the_id_it_meets(alignment):
    encoder = bridge.Encoder(
        alignment.tokenizer,
        alignment=alignment,
        strategy="lookup",
        backbone=BackboneSpec(vocabulary_size=20),
        specials=None,
    )
    with pytest.raises(bridge.errors.TokenIdError, match=r"in \[0, 20\)"):
        encoder(["the quick brown fox"])
    assert encoder([""])["token_ids"].shape == (1, 128)


def test_same_ids_at_both_places_need_no_neighbours():
    alignment = bridge.align(wordpiece_tokenizer(), wordpiece_tokenizer())
    table = LookupTable.of(alignment, unk=True)
    assert table.borders is None
    assert not table.misses


def test_stretches_of_ids_are_read_as_all(alignment, monkeypatch):
    table = LookupTable.of(alignment, unk=True)
    ids = alignment.tokenizer.encode_batch(HARD_TEXTS)
    whole = table.read(ids)
    monkeypatch.setattr("bridge.alignment.lookup_table.CHUNK", 24)
    monkeypatch.setattr("bridge.alignment.borders.CHUNK", 24)
    monkeypatch.setattr("bridge.threads.cores", lambda: 2)
    assert ids.values.size > 200
    assert table.read(ids).tolist() == whole.tolist()
