"""`TokenClassifier` and its preprocessor: families, links, masks, words, files."""

import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import keras
import keras_hub
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

import bridge
from bridge.errors import BackboneError, SequenceLengthError, TextInputError
from bridge.words import IGNORED
from tests import factories
from tests.core.messages import exactly

pytestmark = [
    pytest.mark.keras,
    # No label depends on the pooler of a BERT or an ALBERT.
    pytest.mark.filterwarnings("ignore:Gradients do not exist:UserWarning"),
]

NAMES = ("O", "B-LONG", "I-LONG")
WORDS = [text.split() for text in factories.CORPUS]
SIZES = {
    "num_layers": 1,
    "num_heads": 2,
    "hidden_dim": 16,
    "intermediate_dim": 16,
    "max_sequence_length": 48,
}


def tag(row):
    """Runs of words with more than four letters are entities."""
    long = [len(word) > 4 for word in row]
    before = [False, *long]
    return [
        ("I-LONG" if last else "B-LONG") if now else "O"
        for last, now in zip(before, long, strict=False)
    ]


TAGS = [tag(row) for row in WORDS]


def deberta_tokenizer():
    proto = factories.sentencepiece_proto(
        pad_id=0,
        bos_id=1,
        eos_id=2,
        unk_id=3,
        pad_piece="[PAD]",
        bos_piece="[CLS]",
        eos_piece="[SEP]",
        unk_piece="[UNK]",
    )
    return keras_hub.models.DebertaV3Tokenizer(proto=proto)


# Family: the tokenizer of its preset, and options of a tiny backbone.
FAMILIES = {
    "Bert": (factories.keras_bert, {}),
    "Roberta": (factories.keras_roberta, {}),
    "XLMRoberta": (factories.keras_xlm_roberta, {}),
    "Albert": (factories.keras_albert, {"embedding_dim": 4}),
    "DebertaV3": (deberta_tokenizer, {}),
    "GPT2": (factories.keras_gpt2, {}),
}


def make_backbone(family, *, trains=False):
    """A tiny backbone: one that shows mistakes, or one that trains well."""
    tokenizer = FAMILIES[family][0]()
    keras.utils.set_random_seed(1)
    backbone = getattr(keras_hub.models, f"{family}Backbone")(
        vocabulary_size=tokenizer.vocabulary_size(), **SIZES, **FAMILIES[family][1]
    )
    if trains:
        return backbone, tokenizer
    rng = np.random.default_rng(0)
    for weight in backbone.weights:
        weight.assign(rng.standard_normal(weight.shape))
    return backbone, tokenizer


def make_task(family="Bert", strategy="transplant", length=40, make=None, **options):
    backbone, tokenizer = make_backbone(family)
    other = factories.bpe_tokenizer if make is None else make
    link = bridge.connect(
        other(), backbone, strategy=strategy, reference=tokenizer, texts=["the fox"]
    )
    task = link.task(
        bridge.TokenClassifier,
        num_classes=3,
        sequence_length=length,
        **{"labels": NAMES, **options},
    )
    # A tiny model is done sooner than its graph is traced; others here are traced.
    task.compile(run_eagerly=True)
    return link, task


def raises(error, message):
    return pytest.raises(error, match=exactly(message))


@pytest.mark.parametrize(
    ("family", "strategy"),
    [
        *((family, "transplant") for family in FAMILIES),
        ("Bert", "lookup"),
        ("Bert", "expand"),
        ("Bert", "retokenize"),
        ("GPT2", "retokenize"),
    ],
)
def test_families(family, strategy):
    make = factories.bpe_tokenizer
    if family in ("Roberta", "GPT2"):
        make = factories.wordpiece_tokenizer
    link, task = make_task(family, strategy, make=make)
    arrays, labels = task.preprocessor(WORDS, y=[[1] * len(row) for row in WORDS])
    expected, numbers = link.make_encoder(40).with_word_ids(WORDS)
    assert set(arrays) == set(task.backbone.input)
    assert all(np.array_equal(arrays[key], expected[key]) for key in arrays)
    # One label a word, on its first token.
    firsts = (numbers >= 0) & (np.diff(numbers, axis=1, prepend=-1) != 0)
    assert np.array_equal(labels == 1, firsts)
    history = task.fit(WORDS, TAGS, batch_size=16, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert [len(row) for row in task.predict_words(WORDS, verbose=0)] == [
        len(row) for row in WORDS
    ]
    assert task.predict(WORDS[:2], verbose=0).shape == (2, 40, 3)


def test_identity_link():
    backbone, _ = make_backbone("Bert")
    link = bridge.connect(
        factories.wordpiece_tokenizer(),
        backbone,
        reference=factories.wordpiece_tokenizer(),
    )
    assert link.strategy == "identity"
    task = link.task(bridge.TokenClassifier, num_classes=2, sequence_length=40)
    arrays = task.preprocessor(WORDS)
    texts = link.make_encoder(40)([" ".join(row) for row in WORDS])
    assert np.array_equal(arrays["token_ids"], texts["token_ids"])
    assert {label for row in task.predict_words(WORDS) for label in row} <= {0, 1}


@pytest.mark.parametrize("pieces", ["first", "all"])
def test_it_learns(pieces):
    backbone, tokenizer = make_backbone("Bert", trains=True)
    link = bridge.connect(
        factories.bpe_tokenizer(), backbone, strategy="transplant", reference=tokenizer
    )
    preprocessor = link.preprocessor(
        bridge.TokenClassifierPreprocessor, sequence_length=40, pieces=pieces
    )
    task = bridge.TokenClassifier(
        link.backbone, 3, preprocessor, labels=NAMES, dropout=0.1
    )
    # The rate falls to 0, so that the last steps do not undo what is learned.
    steps = 40 * -(-len(WORDS) // 8)
    rate = keras.optimizers.schedules.CosineDecay(1e-2, steps)
    task.compile(keras.optimizers.Adam(rate))
    before = task.score_words(WORDS, TAGS, verbose=0)
    task.fit(WORDS, TAGS, batch_size=8, epochs=40, verbose=0)
    after = task.score_words(WORDS, TAGS, verbose=0)
    assert before.accuracy < 0.7
    assert after.accuracy > 0.95
    assert after.entities.f1 > 0.9
    assert after.words == sum(map(len, WORDS))
    if pieces == "first":
        # Each word has one labelled token, so Keras counts words too.
        metrics = task.evaluate(WORDS, TAGS, verbose=0, return_dict=True)
        assert metrics["accuracy"] == pytest.approx(after.accuracy, abs=1e-6)


def numpy_loss(logits, labels, weights):
    """Mean cross-entropy of the cells that have a label."""
    logits = logits - logits.max(-1, keepdims=True)
    log = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    kept = labels != IGNORED
    picked = np.take_along_axis(log, np.where(kept, labels, 0)[..., None], -1)[..., 0]
    weights = kept * weights[:, None]
    return -(picked * weights).sum() / weights.sum()


def test_loss_and_metrics_leave_out_what_has_no_label():
    _, task = make_task()
    task.compile(metrics=["accuracy", keras.metrics.SparseTopKCategoricalAccuracy(1)])
    labels = [[NAMES.index(name) for name in row] for row in TAGS]
    labels[0] = [IGNORED] * len(labels[0])
    weights = np.linspace(0.5, 2, len(WORDS)).astype("f4")
    arrays, y = task.preprocessor(WORDS, y=labels)
    logits = task.predict(WORDS, verbose=0)
    expected = numpy_loss(logits, y, weights)
    right = (logits.argmax(-1) == y) * weights[:, None]
    accuracy = right.sum() / ((y != IGNORED) * weights[:, None]).sum()
    dataset = tf.data.Dataset.from_tensor_slices((arrays, y, weights))
    for given_x in (
        {"x": WORDS, "y": labels, "sample_weight": weights},
        {"x": arrays, "y": y, "sample_weight": weights},
        {"x": dataset.batch(len(WORDS))},
    ):
        found = task.evaluate(
            **given_x,
            verbose=0,
            return_dict=True,
            **({} if "y" not in given_x else {"batch_size": len(WORDS)}),
        )
        assert found["loss"] == pytest.approx(expected, rel=1e-5)
        assert found["accuracy"] == pytest.approx(accuracy, rel=1e-5)
        assert found["sparse_top_k_categorical_accuracy"] == pytest.approx(
            accuracy, rel=1e-5
        )
    found = task.test_on_batch(arrays, y, weights, return_dict=True)
    assert found["loss"] == pytest.approx(expected, rel=1e-5)


def test_a_batch_without_a_label_trains_nothing():
    _, task = make_task()
    task.compile("sgd", run_eagerly=True)
    before = task.get_weights()
    nothing = [[IGNORED] * len(row) for row in WORDS]
    history = task.fit(WORDS, nothing, verbose=0).history
    assert history["loss"] == [0]
    for old, new in zip(before, task.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_training_loses_no_word_of_a_long_text():
    _, task = make_task(length=8)
    long = [[word for row in WORDS[:6] for word in row], WORDS[6]]
    arrays, y, text = task.preprocessor.windows(long, [[2] * len(row) for row in long])
    assert (y == 2).sum() == sum(map(len, long))
    assert len(y) == len(text) == len(arrays["token_ids"]) > 2
    assert np.bincount(text[np.nonzero(y == 2)[0]]).tolist() == [*map(len, long)]
    found = task.evaluate(long, [tag(row) for row in long], verbose=0)
    weighted = task.evaluate(
        long, [tag(row) for row in long], sample_weight=[1, 1], verbose=0
    )
    assert found == pytest.approx(weighted)


@pytest.fixture(scope="module")
def letters():
    """A classifier whose answer can be told: a token's class is its own id.

    The head reads the token alone, so every word's label is known in advance.
    """
    vocabulary = {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3}
    vocabulary |= {chr(97 + i): 4 + i for i in range(26)}
    tokenizer = bridge.load_tokenizer(
        vocabulary,
        split=r"\S",
        roles={"pad": 0, "unk": 1, "cls": 2, "sep": 3},
    )
    backbone = keras_hub.models.BertBackbone(
        30,
        num_layers=0,
        num_heads=2,
        hidden_dim=32,
        intermediate_dim=8,
        max_sequence_length=10,
    )
    for weight in backbone.weights:
        weight.assign(np.zeros(weight.shape))
    table = np.zeros((30, 32), "f4")
    table[:, :30] = np.eye(30)
    backbone.token_embedding.embeddings.assign(table)
    norm = backbone.get_layer("embeddings_layer_norm")
    norm.gamma.assign(np.ones(32, "f4"))
    task = bridge.TokenClassifier(
        backbone,
        30,
        bridge.TokenClassifierPreprocessor(
            tokenizer, backbone=backbone, sequence_length=10
        ),
    )
    kernel = np.zeros((32, 30), "f4")
    kernel[:30] = np.eye(30)
    task.output_dense.kernel.assign(kernel)
    task.compile(run_eagerly=True)
    return task


ROW = st.lists(st.text("abcxyz", max_size=5), max_size=20)


@settings(max_examples=30)
@given(rows=st.lists(ROW, min_size=1, max_size=4), stride=st.integers(0, 7))
def test_every_word_is_read_off_its_own_first_token(letters, rows, stride):
    """Whatever the windows are; a word without tokens has no label."""
    expected = [[ord(word[0]) - 93 if word else None for word in row] for row in rows]
    assert letters.predict_words(rows, stride=stride, verbose=0) == expected


def test_a_shared_word_is_read_where_more_is_around_it():
    """Rows of 8 tokens that share 4: the later row reads the second half of them."""
    from bridge.keras.token_classifier_preprocessor import SplitTexts
    from bridge.keras.word_labels import read_words
    from bridge.ragged import Ragged
    from bridge.windows import Windows

    split = SplitTexts(Ragged.from_lists([[7]] * 12), np.array([12]))
    starts = np.array([0, 4])
    cut = Windows({}, np.array([0, 0]), starts, np.array([8, 8]))
    cells = (np.arange(8) + starts[:, None]).astype("int32")
    rows = np.broadcast_to(np.array([[0], [1]]), cells.shape)
    read = read_words(rows, cells, cut, split, stride=4)
    assert read.tolist() == [0] * 6 + [1] * 6


@pytest.mark.parametrize("strategy", ["retokenize", "transplant"])
def test_preset_and_keras_file(strategy, tmp_path):
    _, task = make_task(strategy=strategy, length=12, dropout=0.2)
    task.fit(WORDS, TAGS, verbose=0)
    expected = task.predict(WORDS, verbose=0)
    task.save_to_preset(str(tmp_path / "preset"))
    task.save(tmp_path / "task.keras")
    for loaded in (
        bridge.TokenClassifier.from_preset(tmp_path / "preset"),
        keras.models.load_model(tmp_path / "task.keras"),
    ):
        assert type(loaded) is bridge.TokenClassifier
        loaded.compile(run_eagerly=True)
        assert (loaded.labels, loaded.dropout) == (NAMES, 0.2)
        assert loaded.preprocessor.sequence_length == 12
        np.testing.assert_array_equal(loaded.predict(WORDS, verbose=0), expected)
        assert loaded.predict_words(WORDS, verbose=0) == task.predict_words(
            WORDS, verbose=0
        )
    again = bridge.TokenClassifier.from_preset(
        tmp_path / "preset", num_classes=2, labels=None
    )
    assert again.predict(WORDS[:1], verbose=0).shape == (1, 12, 2)
    np.testing.assert_array_equal(
        again.backbone.get_weights()[0], task.backbone.get_weights()[0]
    )


def test_a_fresh_process_loads_the_preset(tmp_path):
    _, task = make_task(length=12)
    task.save_to_preset(str(tmp_path))
    program = (
        "import sys, keras_hub, bridge\n"
        "task = bridge.TokenClassifier.from_preset(sys.argv[1])\n"
        "print(task.predict_words([['the', 'fox', 'runs']], verbose=0))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-2_000:]
    expected = task.predict_words([["the", "fox", "runs"]], verbose=0)
    assert result.stdout.splitlines()[-1] == str(expected)


def test_a_preset_of_kerashub(tmp_path):
    """Its backbone, and the tokenizer its checkpoint was trained with."""
    backbone, tokenizer = make_backbone("Bert")
    backbone.save_to_preset(str(tmp_path))
    tokenizer.save_to_preset(str(tmp_path))
    task = bridge.TokenClassifier.from_preset(
        str(tmp_path), num_classes=3, labels=NAMES
    )
    assert task.preprocessor.sequence_length == 48
    np.testing.assert_array_equal(
        task.backbone.get_weights()[0], backbone.get_weights()[0]
    )
    arrays = task.preprocessor([["Café", "dog"]])
    rows = bridge.Encoder(
        factories.wordpiece_tokenizer(), backbone=backbone, sequence_length=48
    )(["Café dog"])
    assert np.array_equal(arrays["token_ids"], rows["token_ids"])


def test_trained_in_two_steps_and_validated():
    _, task = make_task()
    first, second = bridge.fit_in_two_steps(
        task, WORDS, TAGS, validation_data=(WORDS[:8], TAGS[:8]), verbose=0
    )
    assert set(first.history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert set(second.history) == set(first.history)


def test_activation():
    _, task = make_task(activation="softmax")
    scores = task.predict(WORDS[:2], verbose=0)
    np.testing.assert_allclose(scores.sum(-1), 1, rtol=1e-5)
    assert not task.loss.from_logits
    labels = [[NAMES.index(name) for name in row] for row in TAGS]
    _, y = task.preprocessor(WORDS, y=labels)
    logits = np.log(task.predict(WORDS, verbose=0))
    found = task.evaluate(WORDS, TAGS, batch_size=64, verbose=0, return_dict=True)
    assert found["loss"] == pytest.approx(
        numpy_loss(logits, y, np.ones(len(y))), rel=1e-4
    )


def test_single_batches_take_words():
    _, task = make_task()
    found = task.train_on_batch(WORDS, TAGS, return_dict=True)
    assert np.isfinite(found["loss"])
    assert task.predict_on_batch(WORDS).shape == (len(WORDS), 40, 3)


def test_fit_shuffles():
    """The order within an epoch is another one; KerasHub's tasks keep it."""
    seen = []

    class Spy(keras.metrics.Metric):
        def update_state(self, y_true, *args, **kwargs):
            del args, kwargs
            with suppress(TypeError):  # jax tries it first on what has no values
                seen.append(np.array(y_true)[:, 1])

        def result(self):
            return 0.0

    _, task = make_task()
    task.compile("sgd", metrics=[Spy()], run_eagerly=True)
    arrays, y = task.preprocessor(
        WORDS[:3] * 8, y=[[0] * len(r) for r in WORDS[:3]] * 8
    )
    y[:, 1] = np.arange(24) % 3
    task.fit(arrays, y, batch_size=24, verbose=0)
    assert sorted(seen[-1]) == sorted(y[:, 1])
    assert seen[-1].tolist() != y[:, 1].tolist()


class TestRefusals:
    def test_labels_and_words_of_different_lengths(self):
        _, task = make_task()
        message = (
            "There must be one label for each word. Received: 2 rows of labels for 2 "
            "rows of words, which differ first at position 1. Pass -100 for a word "
            "without one."
        )
        with raises(ValueError, message):
            task.fit([["a", "fox"], ["a", "dog"]], [["O", "O"], ["O"]])

    def test_an_unknown_label(self):
        _, task = make_task()
        message = (
            "A label must be a number from 0 to 2 or one of O, B-LONG, I-LONG, or -100 "
            "for a word that does not count. Received: 'B-SHORT' (2 such labels). "
            "Check the labels, or `num_classes` and `labels`."
        )
        with raises(ValueError, message):
            task.fit([["a", "fox", "ran"]], [["B-SHORT", "O", "B-SHORT"]])

    def test_a_number_out_of_range(self):
        _, task = make_task(labels=None)
        message = (
            "A label must be a number from 0 to 2, or -100 for a word that does not "
            "count. Received: 3 (1 such labels). Check the labels, or `num_classes` "
            "and `labels`."
        )
        with raises(ValueError, message):
            task.evaluate([["a", "fox"]], [[0, 3]])

    @pytest.mark.parametrize("wrong", [-1, 3])
    def test_a_number_out_of_range_in_an_array(self, wrong):
        _, task = make_task()
        arrays, y = task.preprocessor(WORDS, y=[[0] * len(row) for row in WORDS])
        y[0, 1] = wrong
        message = (
            "A label must be a number from 0 to 2, or -100 for one that does not "
            f"count. Received: {wrong} (1 such labels). Check the labels, or "
            "`num_classes`."
        )
        with raises(ValueError, message):
            task.fit(arrays, y)

    def test_names_that_are_not_as_many_as_classes(self):
        message = (
            "`labels` must hold one name for each class, none of them twice. Received: "
            "2 names, 2 of them different, for num_classes=3. Pass "
            "`num_classes=len(labels)`."
        )
        with raises(ValueError, message):
            make_task(labels=("O", "B-LONG"))

    def test_arrays_with_other_names(self):
        _, task = make_task("Roberta", make=factories.wordpiece_tokenizer)
        arrays, y = task.preprocessor(WORDS, y=[[0] * len(row) for row in WORDS])
        message = (
            "Inputs must have exactly the backbone's names. Received: padding_mask, "
            "segment_ids, token_ids for a backbone that takes padding_mask, token_ids. "
            "Make them with `link.preprocessor`, or with "
            "`TokenClassifierPreprocessor(tokenizer, backbone=backbone)`."
        )
        with raises(BackboneError, message):
            task.fit({**arrays, "segment_ids": arrays["token_ids"]}, y)

    def test_a_preprocessor_of_another_kind(self):
        backbone, tokenizer = make_backbone("Bert")
        other = keras_hub.models.BertTextClassifierPreprocessor(tokenizer)
        message = (
            "`preprocessor` must be a `bridge.TokenClassifierPreprocessor`, which "
            "keeps words apart. Received: a BertTextClassifierPreprocessor. Make one "
            "with `link.preprocessor(bridge.TokenClassifierPreprocessor)`."
        )
        with raises(ValueError, message):
            bridge.TokenClassifier(backbone, 3, other)

    def test_words_without_a_preprocessor(self):
        backbone, _ = make_backbone("Bert")
        message = (
            "Lists of words need a preprocessor. Received: a task without one. Make it "
            "with `link.task(bridge.TokenClassifier, ...)`, or pass `preprocessor=` or "
            "the arrays themselves."
        )
        with raises(ValueError, message):
            bridge.TokenClassifier(backbone, 3).predict_words(WORDS)

    def test_a_backbone_with_two_stacks(self):
        backbone = keras_hub.models.BartBackbone(
            20, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=8
        )
        message = (
            "A token classifier reads one state for every token. Received: a "
            "BartBackbone, which has no such output. Use a backbone with one stack of "
            "layers, such as BERT's."
        )
        with raises(BackboneError, message):
            bridge.TokenClassifier(backbone, 3)

    def test_one_text_that_is_not_split(self):
        _, task = make_task()
        message = (
            "Pass a list of words for every text. Received: a string in its place. "
            "Split it first, or call the encoder on whole texts."
        )
        for call in (task.predict, task.predict_words, task.preprocessor):
            with raises(TextInputError, message):
                call(["the quick fox"])

    def test_a_length_that_the_backbone_does_not_take(self):
        message = (
            "The sequence length must be at least 1 and at most 48, the backbone's "
            "limit. Received: sequence_length=49. Pass another length."
        )
        with raises(SequenceLengthError, message):
            make_task(length=49)

    def test_unknown_pieces(self):
        message = (
            "`pieces` must be one of 'first', 'all'. Received: 'last'. Leave it out "
            "for 'first'."
        )
        with raises(ValueError, message):
            bridge.TokenClassifierPreprocessor(
                factories.wordpiece_tokenizer(), pieces="last"
            )

    def test_a_keras_tokenizer_with_a_backbone(self):
        backbone, tokenizer = make_backbone("Bert")
        message = (
            "A KerasTokenizer says itself what its backbone expects. Received: one "
            "together with `backbone`. Leave `backbone` out."
        )
        with raises(ValueError, message):
            bridge.TokenClassifierPreprocessor(
                bridge.KerasTokenizer(tokenizer), backbone=backbone
            )

    def test_words_in_a_graph(self):
        _, task = make_task()
        message = (
            "Words are encoded before a dataset is made of them. Received: tensors of "
            "a graph, as in `dataset.map(preprocessor)`. Pass lists of words to "
            "`preprocessor(words, y=labels)`, and its result to "
            "`tf.data.Dataset.from_tensor_slices`."
        )
        dataset = tf.data.Dataset.from_tensor_slices(tf.ragged.constant(WORDS))
        # TensorFlow puts its own error around it.
        with pytest.raises(Exception, match=re.escape(message)):
            dataset.batch(2).map(task.preprocessor)
