"""`pack` against a nested loop, its laws, and KerasHub's own packers."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.errors import SequenceLengthError
from bridge.packing import pack
from bridge.ragged import Ragged
from bridge.spec import Template
from tests.core.messages import exactly
from tests.core.reference import pack_row

IDS = st.lists(st.integers(0, 9), max_size=7)  # 0 is a real token and the pad id
PART = st.lists(st.integers(90, 95), max_size=2).map(tuple)
TEMPLATE = st.builds(Template, PART, PART, PART)
SIDE = st.sampled_from(["right", "left"])
TRUNCATION = st.sampled_from(["round_robin", "waterfall"])
BERT = Template((101,), (102,), (102,))


@given(
    st.lists(st.tuples(IDS, IDS), max_size=5),
    st.booleans(),
    TEMPLATE,
    st.integers(7, 20),
    SIDE,
    TRUNCATION,
)
def test_pack_is_the_nested_loop(rows, paired, template, length, side, truncation):
    first = Ragged.from_lists([a for a, _ in rows])
    second = Ragged.from_lists([b for _, b in rows]) if paired else None
    packed = pack(
        first,
        second,
        template=template,
        sequence_length=length,
        pad_id=0,
        padding_side=side,
        truncation=truncation,
    )
    slow = [
        pack_row(
            a,
            b if paired else None,
            template=template,
            length=length,
            pad=0,
            side=side,
            truncation=truncation,
        )
        for a, b in rows
    ]
    for place, array in enumerate(
        (packed.token_ids, packed.padding_mask, packed.segment_ids)
    ):
        assert array.shape == (len(rows), length)
        assert array.tolist() == [row[place] for row in slow]


@given(st.lists(IDS, max_size=5), st.integers(1, 9), SIDE)
def test_the_mask_counts_what_was_kept(rows, length, side):
    packed = pack(
        Ragged.from_lists(rows),
        template=Template(),
        sequence_length=length,
        pad_id=0,
        padding_side=side,
    )
    kept = [min(len(row), length) for row in rows]
    assert packed.padding_mask.sum(axis=1).tolist() == kept
    assert [
        cells[mask].tolist()
        for cells, mask in zip(packed.token_ids, packed.padding_mask, strict=True)
    ] == [row[:length] for row in rows]


def test_a_real_token_with_the_pad_id_is_not_hidden():
    packed = pack(
        Ragged.from_lists([[0, 7, 0]]), template=BERT, sequence_length=7, pad_id=0
    )
    assert packed.token_ids.tolist() == [[101, 0, 7, 0, 102, 0, 0]]
    assert packed.padding_mask.tolist() == [[True] * 5 + [False] * 2]


@given(st.lists(st.tuples(IDS, IDS), min_size=1, max_size=4), st.integers(17, 30))
def test_a_longer_row_only_has_more_padding(rows, length):
    first = Ragged.from_lists([a for a, _ in rows])
    second = Ragged.from_lists([b for _, b in rows])
    short = pack(first, second, template=BERT, sequence_length=17, pad_id=4)
    long = pack(first, second, template=BERT, sequence_length=length, pad_id=4)
    assert (long.token_ids[:, :17] == short.token_ids).all()
    assert (long.token_ids[:, 17:] == 4).all()
    assert (long.padding_mask.sum(axis=1) == short.padding_mask.sum(axis=1)).all()


def test_dtypes():
    packed = pack(Ragged.from_lists([[1]]), template=BERT, sequence_length=4, pad_id=0)
    assert packed.token_ids.dtype == np.int32
    assert packed.padding_mask.dtype == np.bool_
    assert packed.segment_ids.dtype == np.int32


@pytest.mark.keras
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(IDS, min_size=1, max_size=4), PART, PART, st.integers(5, 12), SIDE)
def test_one_text_as_keras_hub_packs_it(rows, start, end, length, side):
    from keras_hub.layers import StartEndPacker

    packer = StartEndPacker(
        sequence_length=length,
        start_value=list(start) or None,
        end_value=list(end) or None,
        pad_value=0,
        padding_side=side,
        return_padding_mask=True,
    )
    token_ids, mask = packer(rows)
    packed = pack(
        Ragged.from_lists(rows),
        template=Template(start, (), end),
        sequence_length=length,
        pad_id=0,
        padding_side=side,
    )
    assert packed.token_ids.tolist() == np.asarray(token_ids).tolist()
    assert packed.padding_mask.tolist() == np.asarray(mask).astype(bool).tolist()


@pytest.mark.keras
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(IDS, IDS), min_size=1, max_size=4),
    st.lists(st.integers(90, 95), min_size=1, max_size=2).map(tuple),
    st.lists(st.integers(90, 95), min_size=1, max_size=2).map(tuple),
    st.integers(8, 16),
    SIDE,
    TRUNCATION,
)
def test_a_pair_as_keras_hub_packs_it(rows, sep, end, length, side, truncation):
    from keras_hub.layers import MultiSegmentPacker

    packer = MultiSegmentPacker(
        sequence_length=length,
        start_value=101,
        sep_value=list(sep),
        end_value=list(end),
        pad_value=0,
        truncate=truncation,
        padding_side=side,
    )
    first, second = [a for a, _ in rows], [b for _, b in rows]
    token_ids, segment_ids = packer((first, second))
    packed = pack(
        Ragged.from_lists(first),
        Ragged.from_lists(second),
        template=Template((101,), sep, end),
        sequence_length=length,
        pad_id=0,
        padding_side=side,
        truncation=truncation,
    )
    assert packed.token_ids.tolist() == np.asarray(token_ids).tolist()
    assert packed.segment_ids.tolist() == np.asarray(segment_ids).tolist()


@pytest.mark.parametrize(("pairs", "needed"), [(None, 2), ([[8]], 3)])
def test_no_room_for_a_single_token(pairs, needed):
    message = (
        "A row must hold the special tokens and at least one more. Received: "
        f"sequence_length={needed} for {needed} special tokens. Pass at least "
        f"{needed + 1}."
    )
    second = None if pairs is None else Ragged.from_lists(pairs)
    with pytest.raises(SequenceLengthError, match=exactly(message)):
        pack(
            Ragged.from_lists([[7]]),
            second,
            template=BERT,
            sequence_length=needed,
            pad_id=0,
        )


def test_pairs_of_another_number():
    message = (
        "Pairs must be as many as first segments. Received: 2 and 1. Pass one second "
        "segment for each."
    )
    with pytest.raises(ValueError, match=exactly(message)):
        pack(
            Ragged.from_lists([[1], [2]]),
            Ragged.from_lists([[1]]),
            template=BERT,
            sequence_length=8,
            pad_id=0,
        )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"padding_side": "top"},
            "`padding_side` must be 'right' or 'left'. Received: 'top'.",
        ),
        (
            {"truncation": "none"},
            "`truncation` must be one of 'round_robin', 'waterfall', 'longest_first', "
            "'only_first', 'only_second'. Received: 'none'.",
        ),
    ],
)
def test_unknown_options(options, message):
    with pytest.raises(ValueError, match=exactly(message)):
        pack(
            Ragged.from_lists([[1]]),
            template=BERT,
            sequence_length=8,
            pad_id=0,
            **options,
        )


@pytest.mark.keras
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(IDS, min_size=1, max_size=4),
    st.booleans(),
    st.booleans(),
    st.integers(5, 12),
    SIDE,
    st.integers(0, 9),
)
def test_the_options_of_keras_hubs_calls(rows, add_start, add_end, length, side, pad):
    from keras_hub.layers import MultiSegmentPacker, StartEndPacker

    # Lengths and special tokens given at the call, a single segment, a separator that
    # is not named: all are a template and a length here.
    packed = pack(
        Ragged.from_lists(rows),
        template=Template((101,) * add_start, (), (102,) * add_end),
        sequence_length=length,
        pad_id=pad,
        padding_side=side,
    )
    options = {
        "sequence_length": 99,
        "start_value": 101,
        "end_value": 102,
        "pad_value": pad,
        "padding_side": side,
    }
    call = {
        "sequence_length": length,
        "add_start_value": add_start,
        "add_end_value": add_end,
    }
    single = StartEndPacker(**options)(rows, **call)
    assert packed.token_ids.tolist() == np.asarray(single).tolist()
    token_ids, segment_ids = MultiSegmentPacker(**options)((rows,), **call)
    assert packed.token_ids.tolist() == np.asarray(token_ids).tolist()
    assert packed.segment_ids.tolist() == np.asarray(segment_ids).tolist()
