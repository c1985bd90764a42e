"""What is silent with KerasHub alone: it cannot happen through `bridge`, or raises.

One test for every row of the table of silent mistakes; its name says the row.
"""

import re

import numpy as np
import pytest

import bridge
from bridge.errors import BackboneError, TextInputError, TokenIdError
from tests.core.messages import exactly
from tests.factories import (
    CORPUS,
    bpe_tokenizer,
    keras_gpt2,
    wordpiece_tokenizer,
    wordpiece_vocabulary,
)

pytestmark = pytest.mark.keras

TEXTS = ["the quick fox", "a lazy dog sleeps in the garden", "bread"]
PAD = 0
OPTIONS = {
    "vocabulary_size": len(wordpiece_vocabulary()),
    "num_layers": 1,
    "num_heads": 2,
    "hidden_dim": 8,
    "intermediate_dim": 8,
    "max_sequence_length": 16,
    "dropout": 0.0,
}


def backbone(name="Bert", **options):
    import keras
    import keras_hub

    keras.utils.set_random_seed(0)
    cls = getattr(keras_hub.models, f"{name}Backbone")
    model = cls(**{**OPTIONS, **options})
    # Fresh weights are so small that a wrong input would hardly show.
    draw = np.random.default_rng(0)
    model.set_weights([draw.normal(size=w.shape) for w in model.get_weights()])
    return model


def encoder(model=None, **options):
    options = {"sequence_length": 12, **options}
    return bridge.Encoder(
        wordpiece_tokenizer(),
        backbone=backbone() if model is None else model,
        **options,
    )


def padded():
    """Ids and mask as another library gives them."""
    arrays = encoder()(TEXTS)
    return arrays["token_ids"], arrays["padding_mask"]


def gpt2_task():
    import keras_hub

    return keras_hub.models.GPT2CausalLM(
        backbone=backbone("GPT2", vocabulary_size=400),
        preprocessor=keras_hub.models.GPT2CausalLMPreprocessor(
            keras_gpt2(), sequence_length=12
        ),
    )


def link(**options):
    options = {"strategy": "identity", **options}
    return bridge.connect(
        wordpiece_tokenizer(), backbone(), reference=wordpiece_tokenizer(), **options
    )


# --- inputs ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Bert", "DistilBert"])
def test_row_extra_key(name):
    """A key more than the backbone has shifts its inputs."""
    model = backbone(name)
    wanted = set(model.input)
    encode = encoder(model)
    ids, mask = padded()
    assert set(encode(TEXTS)) == wanted
    assert set(encode.from_ids(ids, mask=mask, has_specials=True)) == wanted
    assert set(encode.windows(TEXTS).arrays) == wanted
    assert set(encode.with_labels([["the", "fox"]], [[0, 1]])[0]) == wanted
    for x, _ in bridge.TextDataset(encode, TEXTS, [0, 1, 0]):
        assert set(x) == wanted
    for x in bridge.TextStream(encode, TEXTS):
        assert set(x) == wanted
    assert set(bridge.Collator(encode)(TEXTS)[0]) == wanted
    assert (
        set(bridge.ColumnEncoder(encode)({"text": TEXTS, "label": [0, 1, 0]})) == wanted
    )


def wrong_mask(received):
    return exactly(
        "A mask holds 1 (or true) for real tokens and 0 for padding. Received: "
        f"{received}, for rows that hold the pad id 0. Pass `mask=ids != 0`, or a "
        "`Ragged` if these are tokens."
    )


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("mask", [None, 1])
def test_row_mask_of_ones_over_padding(side, mask):
    ids, _ = padded()
    ids = ids if side == "right" else ids[:, ::-1]
    mask = None if mask is None else np.ones(ids.shape, int)
    with pytest.raises(TextInputError, match=wrong_mask("no padding in the mask")):
        encoder().from_ids(ids, mask=mask, has_specials=True)
    if mask is None:  # of a pair, neither side has a mask
        with pytest.raises(TextInputError, match=wrong_mask("no padding in the mask")):
            encoder().from_ids([[5]] * len(ids), ids)


@pytest.mark.parametrize("as_lists", [False, True])
def test_row_inverted_mask(as_lists):
    ids, mask = padded()
    inverted = ~mask
    if as_lists:
        ids, inverted = ids.tolist(), inverted.astype(int).tolist()
    with pytest.raises(TextInputError, match=wrong_mask("an inverted mask")):
        encoder().from_ids(ids, mask=inverted, has_specials=True)


def test_row_additive_mask():
    ids, mask = padded()
    message = (
        "A mask holds 1 (or true) for real tokens and 0 for padding. Received: "
        "-1000000000.0. Pass the tokenizer's attention mask, not an additive one."
    )
    with pytest.raises(TextInputError, match=exactly(message)):
        encoder().from_ids(ids, mask=np.where(mask, 0.0, -1e9), has_specials=True)


def test_a_right_mask_is_not_refused():
    ids, mask = padded()
    expected = encoder()(TEXTS)
    kept = encoder().from_ids(ids, mask=mask, has_specials=True)
    rows = bridge.Ragged.from_padded(ids, mask)
    for made in (kept, encoder().from_ids(rows, has_specials=True)):
        for key, array in expected.items():
            np.testing.assert_array_equal(made[key], array)
    # The pad id among the tokens, as `[PAD]` in a text: a mask says they are real.
    assert (
        encoder().from_ids([[5, PAD, 6]], mask=[[1, 1, 1]])["padding_mask"].sum() == 5
    )
    # A pad id that is also eos ends texts.
    shared = bridge.load_tokenizer(
        bpe_tokenizer(), roles={"pad": "<|endoftext|>", "eos": "<|endoftext|>"}
    )
    ends = bridge.Encoder(shared, sequence_length=6, specials=None)
    eos = shared.vocabulary.roles["eos"]
    assert ends.from_ids(np.array([[5, eos]]))["padding_mask"].sum() == 2
    inverted = np.array([[0, 1]])
    with pytest.raises(TextInputError, match="an inverted mask"):
        ends.from_ids(np.array([[5, eos]]), mask=inverted)


@pytest.mark.parametrize("wrong", [-1, len(wordpiece_vocabulary()), 2**31 - 1])
def test_row_ids_out_of_range(wrong):
    size = len(wordpiece_vocabulary())
    message = (
        f"Every token id must be in [0, {size}). Received: 1 ids outside it, such as "
        f"{wrong}. Encode with the tokenizer that belongs to this vocabulary, or give "
        "its missing tokens ids first."
    )
    with pytest.raises(TokenIdError, match=exactly(message)):
        encoder().from_ids([[5, wrong]])
    with pytest.raises(TokenIdError, match=exactly(message)):
        bridge.KerasTokenizer(wordpiece_tokenizer()).detokenize([[5, wrong]])


def test_row_ids_out_of_range_of_the_table():
    """A tokenizer of more tokens than the backbone has rows."""
    small = backbone(vocabulary_size=50)
    pattern = r"^Every token id must be in \[0, 50\)\. Received: \d+ ids outside it"
    for use in (
        lambda: encoder(small)(TEXTS),
        lambda: bridge.TextDataset(encoder(small), TEXTS, [0, 1, 0]),
        lambda: list(bridge.TextStream(encoder(small), TEXTS)),
        lambda: bridge.KerasTokenizer(
            wordpiece_tokenizer(), spec=bridge.spec.BackboneSpec(vocabulary_size=50)
        )(TEXTS),
    ):
        with pytest.raises(TokenIdError, match=pattern):
            use()


def test_row_segment_ids_are_zero_and_one():
    arrays = encoder()(TEXTS, TEXTS[::-1])
    assert np.unique(arrays["segment_ids"]).tolist() == [0, 1]
    assert not arrays["segment_ids"][~arrays["padding_mask"]].any()


def test_row_segment_ids_have_a_row():
    one = encoder(backbone(num_segments=1))
    assert not one(TEXTS)["segment_ids"].any()
    ids = one.ids(TEXTS)
    message = (
        "A second text needs a segment of its own. Received: pairs, for a backbone "
        "with num_segments=1. Join the texts of a pair, or take a backbone with two."
    )
    for use in (lambda: one(TEXTS, TEXTS), lambda: one.from_ids(ids, ids)):
        with pytest.raises(BackboneError, match=exactly(message)):
            use()


@pytest.mark.parametrize("side", ["left", "right"])
def test_row_left_padding_on_absolute_positions(side):
    ids, mask = padded()
    if side == "left":
        message = (
            "Padding must stand where the backbone's positions allow it. Received: "
            "padding_side='left' for a backbone that counts positions from column 0, "
            "so that padding there would shift those of the text. Use 'right'."
        )
        with pytest.raises(BackboneError, match=exactly(message)):
            encoder(padding_side="left")
        # Ids that were padded on the left elsewhere come out padded on the right.
        rows = [
            np.roll(row, (~real).sum()) for row, real in zip(ids, mask, strict=True)
        ]
        ids, mask = np.array(rows), np.sort(mask, axis=1)
    made = encoder().from_ids(ids, mask=mask, has_specials=True)
    for key, array in encoder()(TEXTS).items():
        np.testing.assert_array_equal(made[key], array)


def test_row_pad_id_is_a_real_token():
    """GPT-2 pads with `!`: a mask computed from ids would hide the real ones."""
    import keras_hub

    joined = bridge.connect(keras_gpt2(), gpt2_task(), strategy="identity")
    assert joined.spec.pad_id == joined.tokenizer.vocabulary.id("!") == 0
    encode = joined.make_encoder(12)
    bang = encode(["!!!"])
    assert (bang["token_ids"][0] == 0).sum() > 3
    assert (
        bang["padding_mask"].sum() == len(joined.tokenizer.encode_batch(["!!!"])[0]) + 2
    )
    with pytest.raises(BackboneError, match="masks every token that has the pad id"):
        joined.preprocessor(keras_hub.models.BertTextClassifierPreprocessor)


@pytest.mark.parametrize(
    ("name", "options", "hidden"),
    [
        ("RoformerV2", {"head_size": 4}, 0),
        ("ESM", {"pad_token_id": 1}, 1),
        ("FNet", {"max_sequence_length": 16}, None),
    ],
)
@pytest.mark.parametrize("pad", [0, 1, 5])
# KerasHub's rotary layer, on torch.
@pytest.mark.filterwarnings("ignore:Using a non-tuple sequence:UserWarning")
def test_row_wrong_pad_id_where_the_mask_is_computed(name, options, hidden, pad):
    left_out = {"max_sequence_length"} | ({"num_heads"} if name == "FNet" else set())
    kept = {key: value for key, value in OPTIONS.items() if key not in left_out}
    import keras_hub

    model = getattr(keras_hub.models, f"{name}Backbone")(**{**kept, **options})
    before = [np.array(weight) for weight in model.get_weights()]
    tokenizer = bridge.load_tokenizer(wordpiece_tokenizer(), roles={"pad": pad})
    if hidden in (None, pad):
        made = bridge.Encoder(tokenizer, backbone=model, sequence_length=12)(TEXTS)
        assert "padding_mask" not in made
        assert made["token_ids"][0, -1] == pad
    else:
        message = (
            f"{name}Backbone takes no mask and hides token id {hidden} wherever it "
            f"stands. Received: pad id {pad}, which it would attend to. Take a "
            f"tokenizer that pads with id {hidden}."
        )
        with pytest.raises(BackboneError, match=exactly(message)):
            bridge.Encoder(tokenizer, backbone=model, sequence_length=12)
    for was, weight in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, was)


# --- models ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Bert", "DistilBert", "GPT2"])
def test_row_first_entry_of_outputs(name):
    """`outputs[0]` is an error of BERT and the first text of the others."""
    import keras

    model = backbone(name)
    arrays = encoder(model)(TEXTS)
    outputs = model(arrays)
    states = outputs["sequence_output"] if name == "Bert" else outputs
    task = bridge.TokenClassifier(model, num_classes=2)
    logits = task.predict(arrays, verbose=0)
    assert logits.shape == (3, 12, 2)
    expected = keras.ops.convert_to_numpy(task.output_dense(states))
    np.testing.assert_allclose(logits, expected, atol=1e-5)


def test_row_pooling_over_padding():
    states = np.random.default_rng(0).normal(size=(1, 6, 4)).astype("float32")
    mask = np.array([[True, True, True, False, False, False]])
    pooled = np.asarray(bridge.MaskedPooling()(states, mask))
    np.testing.assert_allclose(pooled, states[:, :3].mean(axis=1), atol=1e-6)
    states[:, 3:] = 1e6  # whatever stands in padding
    np.testing.assert_allclose(bridge.MaskedPooling()(states, mask), pooled, atol=1e-6)


def test_row_assignment_to_token_embedding():
    """Keras keeps the old table in the graph; a transplant builds the model anew."""
    model = backbone()
    alignment = bridge.align(bpe_tokenizer(), wordpiece_tokenizer())
    result = bridge.transplant(model, alignment)
    table = result.model.token_embedding
    assert table.input_dim == result.vocabulary.size != model.token_embedding.input_dim
    encode = bridge.Encoder(
        bpe_tokenizer(),
        strategy="transplant",
        backbone=result.model,
        vocabulary=result.vocabulary,
        sequence_length=12,
    )
    arrays = encode(TEXTS)
    before = result.model.predict(arrays, verbose=0)["sequence_output"]
    rows = np.array(table.embeddings)
    rows[arrays["token_ids"][0, 1]] *= -1
    table.embeddings.assign(rows)
    after = result.model.predict(arrays, verbose=0)["sequence_output"]
    assert np.abs(after[0] - before[0]).max() > 1e-3


@pytest.mark.filterwarnings("ignore:Layer .* does not have a .quantize:UserWarning")
@pytest.mark.parametrize("call", ["transplant", "extend", "token_embedding"])
def test_row_float_rows_into_int8(call):
    model = backbone()
    model.quantize("int8")
    alignment = bridge.align(bpe_tokenizer(), wordpiece_tokenizer())
    calls = {
        "transplant": lambda: bridge.transplant(model, alignment),
        "extend": lambda: bridge.extend(model, wordpiece_tokenizer(), ["zebra"]),
        "token_embedding": lambda: bridge.token_embedding(
            bpe_tokenizer(), alignment=alignment, backbone=model
        ),
    }
    with pytest.raises(BackboneError, match="quantized to int8"):
        calls[call]()


def labelled():
    """Arrays, labels of which some are -100, and the places that have one."""
    words = [["the", "quick", "fox"], ["bread"]]
    arrays, labels = encoder().with_labels(words, [[0, 1, 2], [1]])
    assert (labels == -100).any()
    return arrays, labels, labels != -100


def cross_entropy(logits, labels, kept):
    scores = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    return -scores[kept, labels[kept]]


def test_row_labels_of_minus_100_without_ignore_class():
    """Ignored positions would count as 0 in the mean of the loss."""
    import keras

    model = bridge.TokenClassifier(backbone(), num_classes=3)
    arrays, labels, kept = labelled()
    logits = keras.ops.convert_to_numpy(model(arrays))
    each = cross_entropy(logits, labels, kept)
    right = logits.argmax(axis=-1)[kept] == labels[kept]
    sparse = keras.losses.SparseCategoricalCrossentropy
    for loss, expected in (
        ("auto", each.mean()),
        (sparse(from_logits=True), each.mean()),
        (sparse(from_logits=True, reduction="mean_with_sample_weight"), each.mean()),
        (sparse(from_logits=True, reduction="sum"), each.sum()),
    ):
        model.compile(loss=loss, run_eagerly=True)
        made = model.evaluate(arrays, labels, verbose=0, return_dict=True)
        assert made["accuracy"] == pytest.approx(right.mean())
        assert made["loss"] == pytest.approx(expected, rel=1e-4)


def test_row_labels_of_minus_100_in_a_model_of_ones_own():
    """What `with_labels` says of a loss with and without `ignore_class`."""
    import keras

    body = backbone()
    model = keras.Model(
        body.input, keras.layers.Dense(3)(body.output["sequence_output"])
    )
    arrays, labels, kept = labelled()
    logits = keras.ops.convert_to_numpy(model(arrays))
    each = cross_entropy(logits, labels, kept)

    def loss(**options):
        made = keras.losses.SparseCategoricalCrossentropy(from_logits=True, **options)
        return float(made(labels, logits))

    assert loss(ignore_class=-100) == pytest.approx(each.mean(), rel=1e-4)
    if keras.backend.backend() == "tensorflow":
        with pytest.raises(Exception, match="a label value of -100"):  # TensorFlow's
            loss()
    else:
        assert loss() == pytest.approx(each.sum() / kept.size, rel=1e-4)


# --- what tasks are fed ------------------------------------------------------------


def preprocessors():
    import keras_hub

    return {
        "MaskedLM": keras_hub.models.BertMaskedLMPreprocessor,
        "TextClassifier": keras_hub.models.BertTextClassifierPreprocessor,
    }


TEXTS_AS_LABELS = (
    "Labels must be numbers. Received: texts, in the second place of a tuple. Pass a "
    "pair as `preprocessor((first, second), y=None)`, and a dataset of pairs as "
    "`((first, second), label)`."
)


@pytest.mark.parametrize("kind", ["MaskedLM", "TextClassifier"])
def test_row_second_segment_as_labels(kind):
    import tensorflow as tf

    pair = (TEXTS, TEXTS[::-1])
    preprocessor = link().preprocessor(preprocessors()[kind], sequence_length=12)
    with pytest.raises(TextInputError, match=exactly(TEXTS_AS_LABELS)):
        preprocessor(pair)
    with pytest.raises(TextInputError, match=exactly(TEXTS_AS_LABELS)):
        preprocessor((tf.constant(pair[0]), tf.constant(pair[1])))
    with pytest.raises(Exception, match=re.escape(TEXTS_AS_LABELS)):  # TensorFlow's own
        tf.data.Dataset.from_tensor_slices(pair).batch(2).map(preprocessor)
    made = preprocessor(pair, y=None)
    x = made[0] if isinstance(made, tuple) else made
    assert np.asarray(x["segment_ids"]).max() == 1


def test_row_second_segment_as_labels_in_datasets():
    for use in (
        lambda: bridge.TextDataset(encoder(), TEXTS, TEXTS),
        lambda: list(
            bridge.TextStream(encoder(), list(zip(TEXTS, TEXTS, strict=True)))
        ),
        lambda: bridge.Collator(encoder())(list(zip(TEXTS, TEXTS, strict=True))),
    ):
        with pytest.raises(TextInputError, match=r"Received: the text 'the quick fox'"):
            use()


def test_row_no_shuffle():
    dataset = bridge.TextDataset(
        encoder(), CORPUS, np.arange(len(CORPUS)), batch_size=4
    )
    order = np.concatenate([y for _, y in dataset])
    assert sorted(order) == list(range(len(CORPUS)))
    assert order.tolist() != sorted(order)


def classifier():
    import keras_hub

    made = link().task(
        keras_hub.models.BertTextClassifier, num_classes=2, sequence_length=12
    )
    made.compile(run_eagerly=True)
    return made


@pytest.fixture(scope="module")
def task():
    return classifier()


@pytest.mark.parametrize("wrong", [-100, -1, 2])
def test_row_labels_of_minus_100_in_a_classifier_of_texts(wrong):
    """jax and torch would count such a text as one that costs nothing."""
    import keras

    task, labels = classifier(), [0, wrong, 1]
    sparse = keras.losses.SparseCategoricalCrossentropy
    message = (
        f"A label must be a number from 0 to 1. Received: {wrong} (1 such labels). "
        "Check the labels, or `num_classes`."
    )
    for loss in ("sparse_categorical_crossentropy", sparse(from_logits=True)):
        task.compile(loss=loss, run_eagerly=True)
        for use in (
            lambda: task.fit(TEXTS, labels, verbose=0),
            lambda: task.fit(x=TEXTS, y=np.array(labels), verbose=0),
            lambda: task.fit(
                TEXTS, [0, 1, 0], validation_data=(TEXTS, labels), verbose=0
            ),
            lambda: task.evaluate(TEXTS, labels, verbose=0),
        ):
            with pytest.raises(ValueError, match=exactly(message)):
                use()
    task.compile(loss=sparse(from_logits=True, ignore_class=wrong), run_eagerly=True)
    task.evaluate(TEXTS, labels, verbose=0)
    # Where labels are no class numbers, any number is one.
    task.compile(loss="mse", run_eagerly=True, metrics=["mse"])
    task.evaluate(TEXTS, np.array([[0.0, wrong]] * 3), verbose=0)


def test_row_prompts_that_are_padded_on_the_left():
    """`generate` would write into the padding before the prompt."""
    import keras_hub

    task = bridge.connect(keras_gpt2(), gpt2_task(), strategy="identity").task(
        keras_hub.models.GPT2CausalLM, sequence_length=8
    )
    task.compile(sampler="greedy", run_eagerly=True)
    prompts = task.preprocessor.generate_preprocess(TEXTS[::2], sequence_length=8)
    prompts = {key: np.array(value) for key, value in prompts.items()}
    task.preprocessor = None
    made = task.generate(prompts, stop_token_ids=None)
    np.testing.assert_array_equal(
        made["token_ids"][prompts["padding_mask"]],
        prompts["token_ids"][prompts["padding_mask"]],
    )
    message = (
        "A prompt stands before its padding, as `generate` writes into the first cells "
        "of padding. Received: 2 of 2 prompts behind padding. Pad them on the right."
    )
    flipped = {key: value[:, ::-1] for key, value in prompts.items()}
    with pytest.raises(TextInputError, match=exactly(message)):
        task.generate(flipped, stop_token_ids=None)


BAD_TEXTS = {
    "None": (
        ["the fox", None, "bread"],
        "Every text must be a str. Received: None (NoneType) at position 1 of 3. Drop "
        "it, or replace it by `''` if an empty text is meant.",
    ),
    "not a number": (
        np.array(["the fox", "bread", float("nan")], object),
        "Every text must be a str. Received: nan (float) at position 2 of 3. Drop it, "
        "or replace it by `''` if an empty text is meant.",
    ),
    "surrogate": (
        ["the fox", "bread", "a\ud800"],
        "Every text must be valid Unicode. Received: a lone surrogate '\\ud800' at "
        "character 1 of the text at position 2. Clean it first: "
        "`text.encode('utf-8', 'replace').decode('utf-8')`.",
    ),
}


@pytest.mark.parametrize("kind", BAD_TEXTS)
@pytest.mark.parametrize("grain", [True, False])
def test_a_text_that_is_none_is_named_by_its_row(task, kind, grain, monkeypatch):
    """KerasHub's own error is TensorFlow's, or none: not-a-number becomes `nan`."""
    texts, message = BAD_TEXTS[kind]
    labels = [0, 1, 0]
    if not grain:
        monkeypatch.setattr("keras_hub.src.utils.pipeline_model.grain", None)
    for use in (
        lambda: task.fit(texts, labels, verbose=0),
        lambda: task.fit(x=texts, y=labels, verbose=0),
        lambda: task.fit((TEXTS, texts), labels, verbose=0),
        lambda: task.fit(TEXTS, labels, validation_data=(texts, labels), verbose=0),
        lambda: task.predict(texts, verbose=0),
        lambda: task.evaluate(texts, labels, verbose=0),
    ):
        with pytest.raises(TextInputError, match=exactly(message)):
            use()


@pytest.mark.parametrize(
    "column", [list, tuple, np.array, lambda x: np.array(x, object)]
)
def test_guards_let_everything_else_through(task, column):
    import tensorflow as tf

    texts = column(TEXTS) if column is not tuple else (TEXTS, TEXTS)
    task.fit(texts, [0, 1, 0], validation_data=(texts, [0, 1, 0]), verbose=0)
    dataset = tf.data.Dataset.from_tensor_slices((TEXTS, [0, 1, 0])).batch(2)
    task.fit(dataset, validation_data=dataset, verbose=0)
    assert task.predict(texts, verbose=0).shape == (3, 2)


def test_guards_are_not_saved(task, tmp_path):
    import keras
    import keras_hub

    task.save_to_preset(str(tmp_path / "preset"))
    task.save(tmp_path / "task.keras")
    expected = task.predict(TEXTS, verbose=0)
    for loaded in (
        keras_hub.models.TextClassifier.from_preset(str(tmp_path / "preset")),
        keras.saving.load_model(tmp_path / "task.keras"),
    ):
        np.testing.assert_allclose(
            loaded.predict(TEXTS, verbose=0), expected, atol=1e-6
        )
