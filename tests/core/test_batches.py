"""Batches without a framework: how rows are put together, and loaders' functions."""

import multiprocessing
import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bridge
from bridge.batches import Batching
from bridge.errors import TextInputError
from tests.core.messages import exactly
from tests.factories import CORPUS, wordpiece_tokenizer

TEXTS = [line[: 4 + 3 * i] for i, line in enumerate(CORPUS[:18])]
LABELS = list(range(len(TEXTS)))


def encoder():
    return bridge.Encoder(wordpiece_tokenizer(), sequence_length=24)


@settings(max_examples=150, deadline=None)
@given(
    lengths=st.lists(st.integers(2, 40), min_size=1, max_size=200),
    batch_size=st.integers(1, 50),
    buckets=st.one_of(st.none(), st.integers(1, 12)),
    shuffle=st.booleans(),
    seed=st.integers(0, 5),
)
def test_laws_of_a_plan(lengths, batch_size, buckets, shuffle, seed):
    lengths = np.array(lengths, np.int64)
    batching = Batching(
        batch_size=batch_size, buckets=buckets, shuffle=shuffle, seed=seed
    )
    plans = [batching.plan(lengths, 40, (epoch,)) for epoch in range(3)]
    for plan in plans:
        assert len(plan) == batching.batches(len(lengths))
        together = np.concatenate([batch.rows for batch in plan])
        assert sorted(together) == list(range(len(lengths)))
        assert sum(len(batch.rows) != batch_size for batch in plan) <= 1
        for batch in plan:
            assert lengths[batch.rows].max() <= batch.width <= 40
        # Keras on TensorFlow reads off the first two batches which axes vary.
        widths = [batch.width for batch in plan]
        assert len(set(widths)) <= (buckets or 1)
        assert len(set(widths)) == len(set(widths[:2])) or len(set(widths[:2])) == 2
        assert widths[0] == max(widths)
    shapes = [sorted((len(b.rows), b.width) for b in plan) for plan in plans]
    # Nothing is traced anew in a later epoch.
    assert {width for _, width in shapes[0]} == {width for _, width in shapes[2]}
    cells = [sum(rows * width for rows, width in shape) for shape in shapes]
    assert len(set(cells)) == 1
    assert cells[0] <= len(lengths) * 40


def test_hugging_face_maps():
    datasets = pytest.importorskip("datasets")
    table = datasets.Dataset.from_dict({"sentence": TEXTS})
    encoded = table.map(bridge.ColumnEncoder(encoder(), text="sentence"), batched=True)
    np.testing.assert_array_equal(
        np.array(encoded["token_ids"]), encoder()(TEXTS)["token_ids"]
    )


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_workers_encode_the_same(method):
    collate = bridge.Collator(encoder())
    parts = [
        list(zip(TEXTS[i : i + 9], LABELS[i : i + 9], strict=True)) for i in (0, 9)
    ]
    expected = [collate(part) for part in parts]  # engines are built here first
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        made = list(pool.map(collate, parts, timeout=60))
    for (x, y), (other, label) in zip(made, expected, strict=True):
        np.testing.assert_array_equal(y, label)
        np.testing.assert_array_equal(x["token_ids"], other["token_ids"])


def test_a_collator_pads_to_the_longest_text():
    collate = bridge.Collator(encoder())
    expected = encoder()(TEXTS[:6])
    x, y = collate(list(zip(TEXTS[:6], LABELS, strict=False)))
    width = expected["padding_mask"].sum(axis=1).max()
    assert x["token_ids"].shape == (6, width)
    assert y.tolist() == [0, 1, 2, 3, 4, 5]
    for key, array in x.items():
        np.testing.assert_array_equal(array, expected[key][:, :width])
    (alone,) = collate(TEXTS[:6])
    np.testing.assert_array_equal(alone["token_ids"], x["token_ids"])
    (paired,) = collate([(("the fox", "a dog"),)])
    assert paired["segment_ids"].max() == 1


def test_a_collator_pads_to_full_width_where_asked():
    (made,) = bridge.Collator(encoder(), full_width=True)(TEXTS[:6])
    expected = encoder()(TEXTS[:6])
    assert made.keys() == expected.keys()
    for key, array in made.items():
        np.testing.assert_array_equal(array, expected[key])


def test_columns_are_encoded():
    encode = bridge.ColumnEncoder(encoder(), text="a", pair="b")
    columns = {"a": TEXTS, "b": TEXTS[::-1], "label": LABELS}
    assert encode.columns == ("token_ids", "padding_mask", "segment_ids")
    expected = encoder()(TEXTS, TEXTS[::-1])
    for key, array in encode(columns).items():
        np.testing.assert_array_equal(array, expected[key])
    again = pickle.loads(pickle.dumps(encode))
    np.testing.assert_array_equal(again(columns)["token_ids"], expected["token_ids"])
    message = (
        "The texts must be in the column that is named. Received: 'b' for columns "
        "['text']. Pass `text=` or `pair=`."
    )
    with pytest.raises(TextInputError, match=exactly(message)):
        encode({"text": TEXTS})


def test_workers_need_no_keras():
    """A spawned worker that only collates loads neither Keras nor TensorFlow."""
    code = (
        "import sys, bridge; bridge.Collator; bridge.ColumnEncoder; "
        "print([m for m in ('keras', 'tensorflow', 'torch') if m in sys.modules])"
    )
    root = Path(__file__).resolve().parents[2]
    made = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=root,
        check=True,
    )
    assert made.stdout.strip() == "[]"
