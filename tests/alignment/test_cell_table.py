"""The look-up of padded arrays: what `LookupTable` and the packer give."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bridge
from bridge.alignment.cell_table import CellTable
from bridge.alignment.lookup_table import LookupTable
from bridge.packing import pack
from bridge.ragged import Ragged
from bridge.spec import Template
from tests.factories import bpe_tokenizer, unigram_tokenizer, wordpiece_tokenizer

PAIRS = {
    "places differ": (bpe_tokenizer, wordpiece_tokenizer),
    "one place": (wordpiece_tokenizer, wordpiece_tokenizer),
}
TEMPLATES = [Template(), Template((7, 5), (), (6,)), Template((), (), (5, 5))]


@pytest.fixture(scope="module", params=PAIRS)
def table(request):
    tokenizer, preset = PAIRS[request.param]
    table = LookupTable.of(bridge.align(tokenizer(), preset()), unk=True)
    assert (table.borders is None) == (request.param == "one place")
    return table


@given(st.data(), st.sampled_from(TEMPLATES), st.integers(0, 9))
def test_cells_become_what_rows_become(table, data, template, pad_id):
    ids = st.lists(st.integers(0, table.size - 1), max_size=9)
    rows = Ragged.from_lists(data.draw(st.lists(ids, min_size=1, max_size=6)))
    expected = pack(
        Ragged(table.read(rows), rows.offsets),
        template=template,
        sequence_length=8,
        pad_id=pad_id,
    ).token_ids
    cells = CellTable.of(table, template=template, pad_id=pad_id)
    # An engine writes these; each has an id of its own there.
    padded = pack(
        rows, template=cells.template, sequence_length=8, pad_id=cells.pad_id
    ).token_ids
    found = np.full_like(padded, -1)
    cells.write(padded, found)
    assert np.array_equal(found, expected)
    cells.write(padded, padded)
    assert np.array_equal(padded, expected)


def test_stretches_of_rows_are_as_all(table, monkeypatch):
    template = Template((7,), (), (6,))
    cells = CellTable.of(table, template=template, pad_id=0)
    padded = np.random.default_rng(0).integers(0, cells.table.size, (50, 8), np.int32)
    whole, parts = np.empty_like(padded), np.empty_like(padded)
    cells.write(padded, whole)
    monkeypatch.setattr("bridge.alignment.lookup_table.CHUNK", 24)
    monkeypatch.setattr("bridge.alignment.borders.CHUNK", 24)
    monkeypatch.setattr("bridge.threads.cores", lambda: 2)
    cells.write(padded, parts)
    assert np.array_equal(whole, parts)


def test_a_beginning_of_its_own_has_no_table():
    alignment = bridge.align(bpe_tokenizer(), unigram_tokenizer())
    table = LookupTable.of(alignment, unk=True)
    assert table.beginnings is not None
    assert CellTable.of(table, template=Template(), pad_id=0) is None


def test_an_engine_that_pads_gives_the_ids_of_the_remap():
    pytest.importorskip("gigatoken")
    tokenizer = bridge.load_tokenizer(bpe_tokenizer())
    alignment = bridge.align(tokenizer, wordpiece_tokenizer())
    options = {"alignment": alignment, "strategy": "lookup", "sequence_length": 12}
    texts = ["the quick brown fox jumps over the lazy dog", "", "fox's, unbelievable"]
    encoder = bridge.Encoder(tokenizer, **options)
    assert encoder.source.cells is not None
    slow = bridge.Encoder(tokenizer.without_engine(), **options)(texts)
    for key, array in encoder(texts).items():
        assert np.array_equal(array, slow[key])
        assert array.dtype == slow[key].dtype
    assert encoder(texts)["token_ids"].max() < alignment.reference.vocabulary.size
