"""Data pipelines: every text once, its label with it, little padding, every loader."""

import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

import bridge
from bridge.batches.batching import PaddingWaste
from bridge.errors import MissingDependencyError, TextInputError
from bridge.keras.datasets.dataset import TextDataset
from tests.core.messages import exactly
from tests.factories import CORPUS, bpe_tokenizer, wordpiece_tokenizer

pytestmark = pytest.mark.keras

# Of very different lengths, and every one of its own, so that a label can name it.
TEXTS = [
    " ".join(CORPUS[(3 * i + j) % len(CORPUS)] for j in range(1 + i % 4))[: 3 + 5 * i]
    for i in range(45)
]
LABELS = np.arange(len(TEXTS))
LENGTH = 40


def encoder(sequence_length=LENGTH, **options):
    return bridge.Encoder(
        wordpiece_tokenizer(), sequence_length=sequence_length, **options
    )


def dataset(labels=LABELS, **options):
    options = {"batch_size": 8, **options}
    return TextDataset(encoder(), TEXTS, labels, **options)


def stream(examples=None, **options):
    examples = list(zip(TEXTS, LABELS, strict=True)) if examples is None else examples
    options = {"batch_size": 8, "buffer": 3, **options}
    return bridge.TextStream(encoder(), examples, **options)


def arrays_of(batches):
    """Batches of any library as numpy."""
    return [
        (
            {key: np.asarray(array) for key, array in batch[0].items()},
            *map(np.asarray, batch[1:]),
        )
        for batch in batches
    ]


def one_pass(kind, data):
    """The batches of one pass over a dataset, through one of its forms."""
    if kind == "keras":
        batches = list(data)
        data.on_epoch_end()
    else:
        batches = list(data)
    return arrays_of(batches)


def make(kind, **options):
    if kind == "keras":
        return dataset(**options)
    if kind == "tf":
        return dataset(**options).as_tf()
    if kind == "stream":
        return stream(**options)
    return stream(**options).as_tf()


KINDS = ["keras", "tf", "stream", "stream tf"]


# --- laws --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("buckets", [1, 8, None])
def test_every_text_is_there_once_with_its_label(kind, buckets):
    data = make(kind, buckets=buckets)
    expected = encoder()(TEXTS)
    for _ in range(2):
        batches = one_pass(kind, data)
        assert sorted(np.concatenate([y for _, y in batches])) == list(LABELS)
        for x, y in batches:
            assert list(x) == ["token_ids", "padding_mask", "segment_ids"]
            width = x["token_ids"].shape[1]
            for key, array in x.items():
                assert array.dtype == expected[key].dtype
                np.testing.assert_array_equal(array, expected[key][y][:, :width])
            # What was cut off held nothing.
            assert not expected["padding_mask"][y][:, width:].any()
            assert width == LENGTH or buckets is not None


@pytest.mark.parametrize("kind", KINDS)
def test_every_pass_has_another_order_and_every_run_the_same(kind):
    def orders(**options):
        data = make(kind, **options)
        return [
            np.concatenate([y for _, y in one_pass(kind, data)]).tolist()
            for _ in range(3)
        ]

    first, again, other = orders(), orders(), orders(seed=1)
    assert first == again
    assert len({tuple(order) for order in [*first, *other]}) == 6
    assert sorted(first[0]) != first[0]


@pytest.mark.parametrize("kind", KINDS)
def test_without_shuffling_the_order_stays(kind):
    data = make(kind, shuffle=False)
    for _ in range(2):
        batches = one_pass(kind, data)
        assert np.concatenate([y for _, y in batches]).tolist() == list(LABELS)
    if kind in ("keras", "tf"):
        longest = encoder()(TEXTS)["padding_mask"].sum(axis=1).max()
        assert {x["token_ids"].shape[1] for x, _ in batches} == {longest}


def test_what_has_no_labels_is_for_predicting_and_keeps_its_order():
    np.testing.assert_array_equal(
        np.concatenate([x["token_ids"] for x in dataset(labels=None)]),
        encoder()(TEXTS)["token_ids"],
    )
    shuffled = dataset(labels=None, shuffle=True, buckets=None)
    rows = {tuple(row) for x in shuffled for row in x["token_ids"]}
    assert rows == {tuple(row) for row in encoder()(TEXTS)["token_ids"]}


def test_pairs_are_packed_as_the_encoder_packs_them():
    seconds = TEXTS[::-1]
    data = TextDataset(encoder(24), TEXTS, LABELS, pairs=seconds, batch_size=8)
    expected = encoder(24)(TEXTS, seconds)
    assert expected["segment_ids"].any()
    for x, y in data:
        for key, array in x.items():
            width = array.shape[1]
            np.testing.assert_array_equal(array, expected[key][y][:, :width])
    pairs = [((a, b), i) for i, (a, b) in enumerate(zip(TEXTS, seconds, strict=True))]
    for x, y in bridge.TextStream(encoder(24), pairs, batch_size=8):
        width = x["segment_ids"].shape[1]
        np.testing.assert_array_equal(
            x["segment_ids"], expected["segment_ids"][y][:, :width]
        )


def test_padding_on_the_left_stays_on_the_left():
    data = TextDataset(encoder(padding_side="left"), TEXTS, LABELS, batch_size=8)
    expected = encoder(padding_side="left")(TEXTS)
    for x, y in data:
        width = x["token_ids"].shape[1]
        for key in x:
            np.testing.assert_array_equal(x[key], expected[key][y][:, -width:])


def test_remapped_ids_are_batched_too():
    alignment = bridge.align(bpe_tokenizer(), wordpiece_tokenizer())
    remap = bridge.Encoder(
        bpe_tokenizer(),
        alignment=alignment,
        strategy="retokenize",
        sequence_length=LENGTH,
    )
    expected = remap(TEXTS)["token_ids"]
    for x, y in TextDataset(remap, TEXTS, LABELS, batch_size=8):
        width = x["token_ids"].shape[1]
        np.testing.assert_array_equal(x["token_ids"], expected[y][:, :width])


def test_weights_stay_with_their_texts():
    weights = LABELS / 7
    data = dataset(sample_weight=weights)
    for _, y, weight in data:
        np.testing.assert_array_equal(weight, weights[y])
    examples = zip(TEXTS, LABELS, weights, strict=True)
    for _, y, weight in stream(list(examples)):
        np.testing.assert_array_equal(weight, weights[y])


def test_empty_texts_make_the_narrowest_batches():
    data = TextDataset(encoder(), ["", ""], [0, 1], batch_size=2)
    (batch,) = list(data)
    assert batch[0]["token_ids"].shape == (2, 3)
    assert batch[0]["padding_mask"].tolist() == [[True, True, False]] * 2
    assert data.padding_waste == PaddingWaste(real=4, cells=6, full=80)


# --- padding -----------------------------------------------------------------------


def test_buckets_waste_less():
    full, one, eight = (dataset(buckets=n).padding_waste for n in (None, 1, 8))
    assert full.share == full.full_share
    assert eight.share < one.share <= full.share
    assert eight.share < full.share / 2
    # Counted in the arrays themselves.
    masks = [x["padding_mask"] for x, _ in dataset()]
    assert eight.real == sum(mask.sum() for mask in masks)
    assert eight.cells == sum(mask.size for mask in masks)
    assert eight.full == len(TEXTS) * LENGTH
    assert str(PaddingWaste(75, 100, 300)) == (
        "25.0% of the cells are padding, 75.0% if all rows had the sequence length"
    )


def test_a_stream_counts_its_padding_as_it_goes():
    data = stream()
    assert data.padding_waste == PaddingWaste()
    assert data.padding_waste.share == 0
    batches = list(data)
    masks = [x["padding_mask"] for x, _ in batches]
    assert data.padding_waste == PaddingWaste(
        real=sum(mask.sum() for mask in masks),
        cells=sum(mask.size for mask in masks),
        full=len(TEXTS) * LENGTH,
    )
    assert data.padding_waste.share < data.padding_waste.full_share


# --- training ----------------------------------------------------------------------


def backbone(**options):
    import keras_hub

    size = encoder().vocabulary.size
    return keras_hub.models.BertBackbone(
        **{
            "vocabulary_size": size,
            "num_layers": 1,
            "num_heads": 2,
            "hidden_dim": 8,
            "intermediate_dim": 8,
            "max_sequence_length": LENGTH,
            **options,
        }
    )


@pytest.fixture
def task():
    import keras
    import keras_hub

    keras.utils.set_random_seed(0)
    task = keras_hub.models.BertTextClassifier(
        backbone(), num_classes=2, preprocessor=None
    )
    task.compile(run_eagerly=True)  # the same pipelines, and nothing to trace
    return task


@pytest.fixture
def model():
    import keras

    keras.utils.set_random_seed(0)
    body = backbone()
    logits = keras.layers.Dense(2)(body.output["pooled_output"])
    model = keras.Model(body.input, logits)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, run_eagerly=True)
    return model


BINARY = LABELS % 2
RAN_OUT = pytest.mark.filterwarnings("ignore:Your input ran out of data:UserWarning")


def finite(history, epochs=2):
    losses = history.history["loss"]
    return len(losses) == epochs and np.isfinite(losses).all()


def test_a_keras_model_trains(model):
    data = dataset(BINARY)
    assert finite(model.fit(data, validation_data=data, epochs=2, verbose=0))
    plain = dataset(labels=None)
    predictions = model.predict(plain, verbose=0)
    whole = model.predict(encoder()(TEXTS), verbose=0)
    np.testing.assert_allclose(predictions, whole, atol=1e-5)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_keras_model_sees_every_text_once_an_epoch(model, workers):
    data = dataset(BINARY, workers=workers)
    seen = []
    batch = data.batch

    def spy(index, *, epoch):
        seen.append((epoch, index))
        return batch(index, epoch=epoch)

    data.batch = spy
    model.fit(data, epochs=3, verbose=0)
    # Keras looks at some batches first, and ends an epoch before it begins the first.
    looked_at = [(epoch, index) for epoch, index in seen if epoch == 0]
    trained = seen[len(looked_at) :]
    assert 0 < len(looked_at) <= len(data)
    assert sorted(trained) == [(e, i) for e in (1, 2, 3) for i in range(len(data))]


def test_a_task_trains_on_tf_data(task):
    data = dataset(BINARY).as_tf()
    assert int(data.cardinality()) == 6
    assert data.element_spec[0]["token_ids"].shape.as_list() == [None, None]
    assert finite(task.fit(data, epochs=2, verbose=0))
    assert task.predict(dataset(labels=None).as_tf(), verbose=0).shape == (45, 2)


def test_a_task_trains_on_grain(task):
    pytest.importorskip("grain")
    assert finite(task.fit(dataset(BINARY).as_grain(), epochs=2, verbose=0))


@RAN_OUT  # Keras says so wherever the end of a pass is not known beforehand
def test_a_task_trains_on_a_stream(task):
    examples = list(zip(TEXTS, BINARY, strict=True))
    data = stream(lambda: iter(examples)).as_tf()
    assert finite(task.fit(data, epochs=2, verbose=0))


def test_a_model_trains_on_a_stream_of_plain_batches(model):
    examples = stream(list(zip(TEXTS, BINARY, strict=True)))
    losses = [model.train_on_batch(x, y) for x, y in examples]
    assert np.isfinite(losses).all()


def test_grain_repeats_in_another_order():
    pytest.importorskip("grain")
    data = dataset()
    grain = data.as_grain()
    assert len(grain) == len(data)
    passes = list(grain.repeat(2))
    first, second = passes[: len(data)], passes[len(data) :]
    for epoch, batches in enumerate((first, second)):
        same = [data.batch(index, epoch=epoch) for index in range(len(data))]
        for (x, y), (other, label) in zip(batches, same, strict=True):
            np.testing.assert_array_equal(y, label)
            np.testing.assert_array_equal(x["token_ids"], other["token_ids"])
    assert [y.tolist() for _, y in first] != [y.tolist() for _, y in second]


# --- other processes ---------------------------------------------------------------


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_workers_make_the_same_batches(method):
    import keras

    if method == "fork" and keras.backend.backend() == "jax":
        pytest.skip("jax warns that forks may deadlock")
    data = dataset()
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        made = list(pool.map(data.__getitem__, range(len(data))))
    for (x, y), (other, label) in zip(made, data, strict=True):
        np.testing.assert_array_equal(y, label)
        np.testing.assert_array_equal(x["token_ids"], other["token_ids"])


def test_a_dataset_can_be_pickled_and_holds_no_tokenizer():
    data = dataset()
    frozen = pickle.dumps(data)
    assert b"Tokenizer" not in frozen
    for (x, y), (other, label) in zip(pickle.loads(frozen), data, strict=True):
        np.testing.assert_array_equal(y, label)
        np.testing.assert_array_equal(x["token_ids"], other["token_ids"])


# --- sources -----------------------------------------------------------------------


def test_files_are_read_line_by_line(tmp_path):
    names = [tmp_path / "a.txt", tmp_path / "b.txt"]
    names[0].write_text("\n".join(TEXTS[:20]) + "\n", "utf-8")
    names[1].write_bytes("\r\n".join(TEXTS[20:]).encode())
    expected = encoder()(TEXTS)["token_ids"]
    for source, rows in ((names, 45), (names[0], 20), (tuple(names), 45)):
        data = bridge.TextStream(encoder(), source, shuffle=False, buckets=None)
        for _ in range(2):
            made = np.concatenate([x["token_ids"] for x in data])
            np.testing.assert_array_equal(made, expected[:rows])


def test_a_stream_reads_no_more_than_it_must():
    read = []

    def generate():
        for i, text in enumerate(TEXTS):
            read.append(i)
            yield text, i

    batches = iter(stream(generate))
    assert read == []
    next(batches)
    assert len(read) == 3 * 8


def test_a_generator_is_read_once():
    data = stream((text, 0) for text in TEXTS)
    assert len(arrays_of(data.as_tf())) == 6
    message = (
        "A generator can be read once. Received: one, for a second pass, which would "
        "be empty. Pass a function that returns a new one: `lambda: generate()`."
    )
    with pytest.raises(TextInputError, match=exactly(message)):
        list(data)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "texts.txt",
            "A stream reads examples, or files named by `pathlib.Path`. Received: one "
            "str, 'texts.txt'. Wrap a text: `[text]`; wrap a file's name: "
            "`Path(name)`.",
        ),
        (
            7,
            "A stream reads from a function that returns an iterator, an iterable or "
            "files. Received: int. Wrap it: `lambda: ...`.",
        ),
    ],
)
def test_what_is_no_source(source, message):
    with pytest.raises(TextInputError, match=exactly(message)):
        stream(source)


def test_an_empty_source():
    message = (
        "A stream must hold at least one example. Received: none. Check where they "
        "come from."
    )
    assert list(stream([])) == []
    with pytest.raises(TextInputError, match=exactly(message)):
        stream([]).as_tf()


# --- what is refused ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("example", "message"),
    [
        (
            ("first", "second"),
            "The second entry of an example is its label. Received: the text 'second' "
            "at position 0 of 1. Pass two texts as `((first, second), label)`, or "
            "`((first, second),)` without a label.",
        ),
        (
            ("a", 1, 1.0, 7),
            "Every example is a text, `(x,)`, `(x, label)` or `(x, label, weight)`, "
            "all of one form. Received: tuples of [4] entries. Bring them into one "
            "form.",
        ),
    ],
)
def test_an_example_of_another_form(example, message):
    with pytest.raises(TextInputError, match=exactly(message)):
        list(stream([example]))
    with pytest.raises(TextInputError, match=exactly(message)):
        bridge.Collator(encoder())([example])


def test_examples_of_two_forms():
    message = (
        "Every example is one text, or every example is two. Received: both. Give "
        "single texts an empty second one, or stream them apart."
    )
    with pytest.raises(TextInputError, match=exactly(message)):
        list(stream([("a", 0), (("a", "b"), 1)]))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"labels": TEXTS},
            TextInputError,
            f"`labels` must be numbers. Received: the text {TEXTS[0]!r}. A second text "
            "goes into `pairs`, or in a stream into `((first, second), label)`; class "
            "names become numbers first.",
        ),
        (
            {"labels": LABELS[:3]},
            ValueError,
            "`labels` must be as many as texts. Received: 3 for 45 texts. Pass one "
            "entry for each.",
        ),
        (
            {"labels": [None] * 45},
            ValueError,
            "`labels` must be numbers, one entry a text. Received: list of dtype "
            "object and shape (45,). Convert them with `np.asarray(..., 'int32')` or "
            "'float32'.",
        ),
        (
            {"labels": None, "sample_weight": LABELS},
            ValueError,
            "Weights belong to labels. Received: sample_weight without labels. Pass "
            "`labels` too.",
        ),
        (
            {"batch_size": 0},
            ValueError,
            "`batch_size` must be at least 1. Received: batch_size=0. Leave it out for "
            "the default.",
        ),
        (
            {"buckets": 0},
            ValueError,
            "`buckets` must be at least 1. Received: buckets=0. Leave it out for the "
            "default.",
        ),
        (
            {"pairs": TEXTS[:2]},
            ValueError,
            "Pairs must be as many as first segments. Received: 45 and 2. Pass one "
            "second segment for each.",
        ),
    ],
)
def test_columns_that_do_not_fit(options, error, message):
    with pytest.raises(error, match=exactly(message)):
        dataset(**options)


def test_options_of_a_stream_and_a_collator():
    message = (
        "`buffer` must be at least 1. Received: buffer=0. Leave it out for the default."
    )
    with pytest.raises(ValueError, match=exactly(message)):
        stream(buffer=0)
    message = (
        "`tensors` must be 'np' or 'pt'. Received: 'tf'. Leave it out for numpy arrays."
    )
    with pytest.raises(ValueError, match=exactly(message)):
        bridge.Collator(encoder(), tensors="tf")


@pytest.mark.parametrize(
    ("module", "use", "message"),
    [
        (
            "grain",
            lambda: dataset().as_grain(),
            "`as_grain` needs grain. Received: it is not installed. Run `pip install "
            "grain`, or pass the dataset itself to `fit`.",
        ),
        (
            "tensorflow",
            lambda: dataset().as_tf(),
            "`as_tf` needs TensorFlow. Received: it is not installed. Run `pip install "
            "tensorflow`, or use `as_grain()`.",
        ),
        (
            "torch",
            lambda: bridge.Collator(encoder(), tensors="pt")(["a"]),
            "`tensors='pt'` needs torch. Received: it is not installed. Run `pip "
            "install torch`, or pass 'np'.",
        ),
    ],
)
def test_a_library_that_is_missing(module, use, message, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(MissingDependencyError, match=exactly(message)):
        use()
