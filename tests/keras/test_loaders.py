"""Loaders of other libraries, with workers: every text once an epoch, as encoded."""

import os
from contextlib import suppress

import numpy as np
import pytest

import bridge
from tests.factories import CORPUS, wordpiece_tokenizer

pytestmark = [
    pytest.mark.keras,
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning"),
]
no_forks = pytest.mark.skipif(
    os.environ["KERAS_BACKEND"] == "jax", reason="jax warns that forks may deadlock"
)
LABELS = np.arange(len(CORPUS))
EXAMPLES = list(zip(CORPUS, LABELS.tolist(), strict=True))
LENGTH = 16


def encoder():
    return bridge.Encoder(wordpiece_tokenizer(), sequence_length=LENGTH)


def dataset(**options):
    return bridge.TextDataset(encoder(), CORPUS, LABELS, batch_size=8, **options)


def make_model():
    """A model that tells in `model.seen` which labels came, batch by batch."""
    import keras

    keys = ("token_ids", "padding_mask", "segment_ids")
    inputs = {key: keras.Input((None,), dtype="int32", name=key) for key in keys}
    states = keras.layers.Embedding(encoder().vocabulary.size, 4)(inputs["token_ids"])
    pooled = bridge.MaskedPooling()(states, inputs["padding_mask"])
    model = keras.Model(inputs, keras.layers.Dense(len(CORPUS))(pooled))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.seen = []

    class Spy(keras.metrics.Metric):
        def update_state(self, y_true, *args, **kwargs):
            del args, kwargs
            with suppress(TypeError):  # jax tries it first on what has no values
                model.seen.append(np.array(y_true).reshape(-1).tolist())

        def result(self):
            return 0.0

    model.compile("adam", loss, metrics=[Spy()], run_eagerly=True)
    return model


def two_epochs(data):
    """Train for two epochs, each with every text once; return their orders."""
    model = make_model()
    # On jax, what `fit` looks at to build metrics is taken away from workers.
    model.evaluate(encoder()(CORPUS), LABELS, verbose=0)
    model.seen.clear()
    history = model.fit(data, epochs=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    labels = [label for batch in model.seen for label in batch]
    first, second = labels[: len(CORPUS)], labels[len(CORPUS) :]
    assert sorted(first) == sorted(second) == LABELS.tolist()
    return first, second


def assert_shuffled(orders):
    first, second = orders
    assert first != second != LABELS.tolist() != first


def assert_as_encoded(batches):
    """Compare rows with those of the encoder, up to the width of the batch."""
    expected, labels = encoder()(CORPUS), []
    for x, y in batches:
        y = np.asarray(y)
        labels += y.tolist()
        assert set(x) == set(expected)
        for key, array in x.items():
            array = np.asarray(array)
            assert array.dtype == expected[key].dtype
            np.testing.assert_array_equal(array, expected[key][y][:, : array.shape[1]])
    assert sorted(labels) == LABELS.tolist()


@pytest.mark.parametrize("processes", [False, pytest.param(True, marks=no_forks)])
def test_keras_with_workers(processes):
    assert_shuffled(two_epochs(dataset(workers=2, use_multiprocessing=processes)))


def torch_loader(*, full_width=False, **options):
    torch = pytest.importorskip("torch")
    return torch.utils.data.DataLoader(
        EXAMPLES,
        batch_size=8,
        shuffle=True,
        collate_fn=bridge.Collator(encoder(), tensors="pt", full_width=full_width),
        **options,
    )


def test_torch():
    loader = torch_loader()
    assert_as_encoded(loader)
    # Keras on TensorFlow expects the widths of the first two batches of all.
    on_tensorflow = os.environ["KERAS_BACKEND"] == "tensorflow"
    assert_shuffled(two_epochs(torch_loader(full_width=on_tensorflow)))


@pytest.mark.parametrize("method", [pytest.param("fork", marks=no_forks), "spawn"])
def test_torch_with_workers(method):
    assert_as_encoded(torch_loader(num_workers=2, multiprocessing_context=method))


def test_grain_with_workers():
    grain = pytest.importorskip("grain")
    flags = pytest.importorskip("absl.flags")
    flags.FLAGS.mark_as_parsed()  # as `absl.app.run` does; grain's workers read them
    data = dataset().as_grain().to_iter_dataset()
    workers = grain.MultiprocessingOptions(num_workers=2)
    assert_as_encoded(data.mp_prefetch(workers))


def columns(**options):
    datasets = pytest.importorskip("datasets")
    table = datasets.Dataset.from_dict({"text": CORPUS, "label": LABELS})
    encode = bridge.ColumnEncoder(encoder())
    return table.map(encode, batched=True, batch_size=8, **options), encode.columns


@pytest.mark.parametrize("processes", [None, pytest.param(2, marks=no_forks)])
def test_hugging_face_columns(processes):
    table, names = columns(num_proc=processes)
    made = table.with_format("numpy")[:]
    for key, array in encoder()(CORPUS).items():
        assert (
            made[key].dtype == array.dtype or made[key].dtype.kind == array.dtype.kind
        )
        np.testing.assert_array_equal(made[key], array)
    assert set(names) == set(table.column_names) - {"text", "label"}


def test_hugging_face_into_keras():
    table, names = columns()
    data = table.to_tf_dataset(
        columns=list(names), label_cols="label", batch_size=8, shuffle=True
    )
    two_epochs(data)  # it shuffles by TensorFlow's seed


def test_hugging_face_knows_an_encoder_again():
    """Equal encoders have equal hashes, so that `map` finds what it has cached."""
    fingerprint = pytest.importorskip("datasets.fingerprint")
    used = bridge.ColumnEncoder(encoder())
    used({"text": CORPUS})
    hashes = {
        fingerprint.Hasher.hash(each)
        for each in (bridge.ColumnEncoder(encoder()), used)
    }
    assert len(hashes) == 1
