"""Pairs that an engine pads: what encoding and packing give, each by itself."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bridge
from bridge import encoder, padded
from bridge.alignment.cell_table import CellTable
from bridge.alignment.lookup_table import LookupTable
from bridge.errors import BackboneError, SequenceLengthError
from bridge.packing import pack
from bridge.padded import EnginePadding
from bridge.ragged import Ragged
from bridge.spec import BackboneSpec, Template
from bridge.tokenizers.texts import check_texts
from bridge.truncation import TRUNCATIONS
from tests.factories import CORPUS, HARD_TEXTS, bpe_tokenizer, wordpiece_tokenizer

# Of no tokens, of one, and of more than a row has room for.
KNOWN = [text for text in HARD_TEXTS if not check_texts([text]).may_be_new]
TEXT = st.sampled_from(["", "fox", *KNOWN, *CORPUS[:4], " ".join(CORPUS[:3])])
PAIRS = st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=9)
TEMPLATES = [
    Template((2,), (3,), (3,)),
    Template((2, 4), (3, 4), (4, 3, 5)),
    Template((), (3,), ()),
    Template(),
]
SHORT_SIGHTED = ("round_robin", "waterfall")


@pytest.fixture(scope="module")
def tokenizer():
    pytest.importorskip("gigatoken")
    tokenizer = bridge.load_tokenizer(bpe_tokenizer())
    assert tokenizer.fast.pads
    return tokenizer


@pytest.fixture(scope="module")
def alignment(tokenizer):
    return bridge.align(tokenizer, wordpiece_tokenizer())


@pytest.fixture(scope="module", params=["own ids", "lookup"])
def table(request, alignment):
    return LookupTable.of(alignment, unk=True) if request.param == "lookup" else None


def padding(tokenizer, table, template, length, pad_id=7):
    lookup = None
    if table is not None:
        lookup = CellTable.of(table, template=template, pad_id=pad_id)
    layout = SimpleNamespace(template=template, pad_id=pad_id)
    return EnginePadding(tokenizer, layout, lookup, length)


@given(
    PAIRS,
    st.sampled_from(TEMPLATES),
    st.sampled_from(SHORT_SIGHTED),
    st.integers(8, 40),
)
def test_pairs_are_those_of_pack(tokenizer, table, rows, template, truncation, length):
    texts, pairs = ([*side] for side in zip(*rows, strict=True))
    found = padding(tokenizer, table, template, length).pack_pairs(
        check_texts(texts),
        check_texts(pairs),
        truncation=truncation,
        step=4,
        parallel=False,
    )
    ids = [tokenizer.without_engine().encode_batch(side) for side in (texts, pairs)]
    if table is not None:
        ids = [Ragged(table.read(side), side.offsets) for side in ids]
    expected = pack(
        *ids,
        template=template,
        sequence_length=length,
        pad_id=7,
        truncation=truncation,
    )
    assert found.token_ids.tolist() == expected.token_ids.tolist()
    assert found.padding_mask.tolist() == expected.padding_mask.tolist()
    assert found.segment_ids.tolist() == expected.segment_ids.tolist()


def encoders(tokenizer, **options):
    """One whose engine pads, and one without an engine."""
    return [
        bridge.Encoder(each, **{"sequence_length": 24, **options})
        for each in (tokenizer, tokenizer.without_engine())
    ]


def assert_equal(encoders, texts, pairs):
    quick, slow = (encoder(texts, pairs) for encoder in encoders)
    assert quick.keys() == slow.keys()
    for key, array in quick.items():
        assert array.dtype == slow[key].dtype
        assert np.array_equal(array, slow[key]), key


@pytest.fixture
def packed(monkeypatch):
    """What `pack_pairs` returned, call by call."""
    found = []
    original = EnginePadding.pack_pairs

    def pack_pairs(self, *args, **kwargs):
        found.append(original(self, *args, **kwargs))
        return found[-1]

    monkeypatch.setattr(EnginePadding, "pack_pairs", pack_pairs)
    return found


def options_of(strategy, alignment, **options):
    if strategy == "lookup":
        return {"alignment": alignment, "strategy": "lookup", **options}
    spec = BackboneSpec(template=Template((2,), (3,), (3,)), pad_id=1, num_segments=2)
    return {"backbone": spec, **options}


@pytest.mark.parametrize("strategy", ["identity", "lookup"])
@pytest.mark.parametrize("truncation", TRUNCATIONS)
def test_an_encoder_gives_what_it_gives_without_an_engine(
    tokenizer, alignment, packed, strategy, truncation
):
    made = encoders(tokenizer, **options_of(strategy, alignment, truncation=truncation))
    long = " ".join(CORPUS[:2])
    # The named segment must keep an id.
    texts, pairs = {
        "only_first": ([long, "fox"], ["fox", ""]),
        "only_second": (["fox", ""], [long, "fox"]),
    }.get(truncation, ([*KNOWN, long, "fox", long], [*KNOWN[::-1], "fox", long, long]))
    assert_equal(made, texts, pairs)
    if truncation in SHORT_SIGHTED:
        assert len(packed[0].token_ids) == len(texts)
    else:
        assert packed[0] is None
    assert packed[1:] == [None]  # without an engine


@pytest.mark.parametrize("parallel", [False, True])
def test_a_batch_of_many_parts(tokenizer, alignment, packed, monkeypatch, parallel):
    monkeypatch.setattr(encoder, "PART", 5)
    monkeypatch.setattr(padded, "_BLOCK", 2)
    monkeypatch.setattr("bridge.threads.cores", lambda: 2 if parallel else 1)
    made = encoders(tokenizer, **options_of("identity", alignment))
    texts = [*CORPUS, *KNOWN]
    assert_equal(made, texts, texts[::-1])
    assert len(packed[0].token_ids) == len(texts)


def test_a_text_that_the_engine_may_cut_otherwise(tokenizer, alignment, packed):
    new = "\U00010940 fox"  # of Unicode 17
    assert check_texts([new]).find_newest()
    made = encoders(tokenizer, **options_of("identity", alignment))
    assert_equal(made, ["the fox", "a dog"], ["the dog", new])
    assert packed[0] is None


def test_padding_on_the_left_is_packed(tokenizer, alignment, packed):
    options = options_of("identity", alignment, padding_side="left")
    assert_equal(encoders(tokenizer, **options), ["fox", ""], ["dog", "the fox"])
    assert packed == []


def test_what_no_pair_may_be(tokenizer, alignment):
    one = BackboneSpec(template=Template((2,), (3,), (3,)), pad_id=1, num_segments=1)
    with pytest.raises(BackboneError, match=r"^A second text needs a segment"):
        bridge.Encoder(tokenizer, backbone=one)(["fox"], ["dog"])
    with pytest.raises(ValueError, match=r"^Pairs must be as many as first segments"):
        bridge.Encoder(tokenizer, **options_of("identity", alignment))(
            ["fox", ""], ["dog"]
        )
    short = options_of("identity", alignment, sequence_length=3)
    with pytest.raises(SequenceLengthError, match=r"^A row must hold the special"):
        bridge.Encoder(tokenizer, **short)(["fox"], ["dog"])
