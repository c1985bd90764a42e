"""`transplant(words=True)`: words by their tokens, in a model and in its files."""

import subprocess
import sys
from dataclasses import replace

import keras
import numpy as np
import pytest

import bridge
from bridge.errors import BackboneError
from bridge.keras.tables import backbone_of
from bridge.keras.word_lookup import class_with_words, word_lookup
from bridge.ragged import Ragged
from tests.core.messages import exactly
from tests.factories import CORPUS, HARD_TEXTS
from tests.keras.families import as_numpy, external, find_class

pytestmark = pytest.mark.keras

ENCODERS = [
    "Bert",
    "DistilBert",
    "Roberta",
    "XLMRoberta",
    "Albert",
    "DebertaV3",
    "Electra",
]


def transplanted(presets, family, kind=None, *, words=True, trainable="all", **options):
    alignment = bridge.align(external(family), presets[family])
    model = find_class(family, "Backbone").from_preset(presets[family])
    if kind is not None:
        task = find_class(family, kind)
        model = task(backbone=model, preprocessor=None, **options)
    return bridge.transplant(
        model, alignment, texts=CORPUS, words=words, trainable=trainable
    )


def encoded(result, texts):
    encoder = bridge.Encoder(
        result.tokenizer,
        strategy="transplant",
        backbone=result.spec,
        vocabulary=result.vocabulary,
        sequence_length=24,
    )
    return encoder(texts)


def states(model, inputs):
    output = model(inputs, training=False)
    return as_numpy(output["sequence_output"] if isinstance(output, dict) else output)


@pytest.mark.parametrize("family", ENCODERS)
def test_the_embedding_reads_words_as_numpy_does(family_presets, family):
    result = transplanted(family_presets, family)
    plain = transplanted(family_presets, family, words=False)
    ids = encoded(result, CORPUS)["token_ids"]

    layer = backbone_of(result.model).token_embedding
    found = as_numpy(layer(ids))

    table = np.array(plain.model.token_embedding.embeddings)
    of_words = as_numpy(word_lookup(result.model).embeddings)
    written = result.words.write(Ragged.from_padded(ids, np.ones_like(ids, bool)))
    expected = np.concatenate([table, of_words])[written.values].reshape(found.shape)
    np.testing.assert_array_equal(found, expected)
    assert (written.values >= len(table)).any()


def test_words_of_as_many_tokens_give_the_original_states(family_presets):
    # Nothing is left over then, so that every row is the original's.
    alignment = bridge.align(external("Bert"), family_presets["Bert"])
    model = find_class("Bert", "Backbone").from_preset(family_presets["Bert"])
    tokenizers = alignment.tokenizer, alignment.reference
    pairs = [f"{a}{b}" for a in "bcdfghjkl" for b in "mnpqrstvwxz"]
    lengths = [
        each.encode_batch(["a " + pair for pair in pairs]) for each in tokenizers
    ]
    both = (lengths[0].lengths == 3) & (lengths[1].lengths == 3)
    text = " ".join(["", *np.array(pairs)[both][:3]])
    result = bridge.transplant(model, alignment, texts=[text], words=True)
    inputs = encoded(result, [text])
    mask = inputs["padding_mask"]
    ids = alignment.reference.encode_batch([text])
    assert ids.lengths.tolist() == [6]  # each of them is cut in two by both
    padded = np.zeros_like(inputs["token_ids"])
    padded[mask] = [2, *ids.values.tolist(), 3]

    new = states(result.model, inputs)
    old = states(model, {**inputs, "token_ids": padded})

    np.testing.assert_array_equal(new[mask], old[mask])
    plain = bridge.transplant(model, alignment).model
    assert np.abs(states(plain, inputs)[mask] - old[mask]).max() > 0.01


def test_no_known_word_changes_nothing(family_presets):
    result = transplanted(family_presets, "Bert")
    plain = transplanted(family_presets, "Bert", words=False)
    inputs = encoded(result, ["zq jv", "", "..."])
    ids = Ragged.from_padded(inputs["token_ids"], inputs["padding_mask"])
    assert result.words.write(ids).values.tolist() == ids.values.tolist()
    np.testing.assert_array_equal(
        states(result.model, inputs), states(plain.model, inputs)
    )


def test_the_check_tells_of_words(family_presets):
    result = transplanted(family_presets, "Bert")
    report = result.check()
    assert report.words == len(result.words) > 20
    line = f"{report.words:,} words by their tokens: rows equal the preset's"
    assert line in str(report).splitlines()
    rows = word_lookup(result.model).embeddings
    rows.assign(as_numpy(rows) + np.eye(*rows.shape, k=-1, dtype=np.float32))
    wrong = min(rows.shape[1], rows.shape[0] - 1)
    with pytest.raises(
        BackboneError,
        match=exactly(
            "Rows of words are the preset's, bit for bit. Received: "
            f"{wrong:,} of {rows.shape[0] - 1:,} that are not. Call `result.check()` "
            "before training."
        ),
    ):
        result.check()


def test_a_model_without_words_says_so(family_presets):
    result = transplanted(family_presets, "Bert", words=False)
    assert result.words is None
    assert result.check().words == 0
    assert "words" not in str(result.check())


@pytest.mark.parametrize("family", ["Bert", "Roberta", "Albert"])
def test_a_backbone_comes_back_from_its_files(family_presets, family, tmp_path):
    result = transplanted(family_presets, family)
    inputs = encoded(result, [*CORPUS, *HARD_TEXTS])
    expected = states(result.model, inputs)
    result.model.save_to_preset(str(tmp_path / "preset"))
    result.model.save(tmp_path / "model.keras")
    kind = find_class(family, "Backbone")
    loaded = [
        kind.from_preset(str(tmp_path / "preset")),
        keras.saving.load_model(tmp_path / "model.keras"),
    ]
    for model in loaded:
        assert isinstance(model, kind)
        np.testing.assert_array_equal(states(model, inputs), expected)


@pytest.mark.parametrize("family", ["Bert", "Roberta"])
def test_a_task_comes_back_from_its_files(family_presets, family, tmp_path):
    result = transplanted(family_presets, family, "TextClassifier", num_classes=3)
    inputs = encoded(result, CORPUS)
    expected = as_numpy(result.model(inputs))
    result.model.save_to_preset(str(tmp_path / "preset"))
    result.model.save(tmp_path / "model.keras")
    kind = find_class(family, "TextClassifier")
    for task in (
        kind.from_preset(str(tmp_path / "preset"), preprocessor=None),
        keras.saving.load_model(tmp_path / "model.keras"),
    ):
        assert type(task) is kind
        np.testing.assert_array_equal(as_numpy(task(inputs)), expected)
    # A new head on the saved backbone, too.
    fresh = kind.from_preset(str(tmp_path / "preset"), preprocessor=None, num_classes=2)
    assert fresh(inputs).shape == (len(CORPUS), 2)
    assert word_lookup(fresh) is not None


def test_every_class_is_one_of_its_own():
    bert, roberta = (
        class_with_words(find_class(family, "Backbone"))
        for family in ("Bert", "Roberta")
    )
    # KerasHub compares a task's class of backbone with that of a preset.
    kind = find_class("Bert", "Backbone")
    assert bert == kind == bert
    assert bert != roberta != kind
    assert len({bert, roberta, kind}) == 3
    assert keras.saving.get_registered_name(bert) == "bridge>BertBackboneWithWords"
    assert keras.saving.get_registered_name(kind) == "keras_hub>BertBackbone"
    assert find_class("Bert", "TextClassifier").backbone_cls is kind


LOADING = """
import sys
import bridge
import keras
import keras_hub
import numpy as np

folder = sys.argv[1]
inputs = dict(np.load(folder + "/inputs.npz"))
model = keras_hub.models.Backbone.from_preset(folder)
states = model(inputs, training=False)["sequence_output"]
difference = keras.ops.convert_to_numpy(states) - np.load(folder + "/states.npy")
print(type(model).__name__, np.abs(difference).max() < 1e-5)
"""


def test_a_new_process_loads_it_with_bridge_imported(family_presets, tmp_path):
    result = transplanted(family_presets, "Bert")
    inputs = encoded(result, CORPUS)
    result.model.save_to_preset(str(tmp_path))
    np.savez(tmp_path / "inputs.npz", **inputs)
    np.save(tmp_path / "states.npy", states(result.model, inputs))
    command = [sys.executable, "-c", LOADING, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["BertBackboneWithWords", "True"]


@pytest.mark.parametrize(
    ("trainable", "trains"),
    [("all", True), ("embedding", True), ("new", False), ("none", False)],
)
def test_rows_of_words_train_as_copies_do(family_presets, trainable, trains):
    result = transplanted(family_presets, "Bert", trainable=trainable)
    names = [weight.path for weight in result.model.trainable_weights]
    assert any("word_lookup" in name for name in names) == trains
    assert not any(
        name.endswith(("flags", "hashes", "tokens", "rows")) for name in names
    )


def test_it_trains_and_predicts_compiled(family_presets):
    result = transplanted(family_presets, "Bert", "TextClassifier", num_classes=2)
    inputs = encoded(result, CORPUS)
    before = as_numpy(word_lookup(result.model).embeddings).copy()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    result.model.compile(keras.optimizers.Adam(1e-2), loss)
    labels = np.arange(len(CORPUS)) % 2
    result.model.fit(inputs, labels, epochs=2, verbose=0)
    after = as_numpy(word_lookup(result.model).embeddings)
    used = np.unique(
        result.words.write(
            Ragged.from_padded(inputs["token_ids"], inputs["padding_mask"])
        ).values
    )
    used = used[used >= result.vocabulary.size] - result.vocabulary.size
    assert set(np.flatnonzero((after != before).any(axis=1))) == set(used)
    np.testing.assert_allclose(
        result.model.predict(inputs, verbose=0),
        as_numpy(result.model(inputs)),
        rtol=0,
        atol=1e-5,
    )


def test_a_head_scores_tokens_and_no_words(family_presets):
    result = transplanted(family_presets, "Bert", "MaskedLM")
    inputs = encoded(result, CORPUS)
    inputs["mask_positions"] = np.zeros((len(CORPUS), 2), np.int32)
    assert result.model(inputs).shape == (len(CORPUS), 2, result.vocabulary.size)


@pytest.mark.filterwarnings("ignore:Layer .* does not have a .quantize:UserWarning")
@pytest.mark.parametrize("change", ["lora", "int8"])
def test_words_stay_with_adapters_and_in_a_quantized_model(family_presets, change):
    result = transplanted(family_presets, "Bert")
    inputs = encoded(result, CORPUS)
    ids = inputs["token_ids"]
    layer = result.model.token_embedding
    expected = as_numpy(layer(ids))
    model = result.model
    if change == "lora":
        layer.enable_lora(2)
    else:
        model.quantize("int8")
    rows = result.words.write(Ragged.from_padded(ids, np.ones_like(ids, bool))).values
    is_word = (rows >= result.vocabulary.size).reshape(ids.shape)
    assert is_word.any()
    found = as_numpy(layer(ids))
    np.testing.assert_array_equal(found[is_word], expected[is_word])
    np.testing.assert_allclose(found, expected, rtol=0, atol=0.1)


@pytest.mark.parametrize("copied", [0.0, 0.5])
def test_distilling_keeps_words_and_trains_what_is_left_over(family_presets, copied):
    result = transplanted(family_presets, "Bert")
    before = as_numpy(word_lookup(result.model).embeddings).copy()
    table = as_numpy(result.model.token_embedding.embeddings).copy()
    done = bridge.distill(
        result,
        CORPUS[:24],
        val_texts=CORPUS[:8],
        steps=20,
        batch_size=8,
        min_uses=1,
        copied=copied,
    )
    first, best = done.agreements[0][1], dict(done.agreements)[done.best_step]
    assert best.loss < first.loss
    after = as_numpy(word_lookup(result.model).embeddings)
    np.testing.assert_array_equal(after[1:], before[1:])
    assert (after[0] != before[0]).any()
    moved = as_numpy(result.model.token_embedding.embeddings) != table
    np.testing.assert_array_equal(np.flatnonzero(moved.any(axis=1)), done.trained)
    assert done.rare.max() < result.vocabulary.size
    assert done.result.check().words == len(result.words)


def test_distilling_sees_what_the_model_sees(family_presets):
    # The agreement before training is that of the model itself.
    result = transplanted(family_presets, "Bert")
    texts = [" ".join(line.split()[:3]) for line in CORPUS]
    inputs = encoded(result, texts)
    own = states(result.model, inputs)
    done = bridge.distill(result, texts, val_texts=texts, steps=1, batch_size=8)
    reference = result._plan.source.alignment.reference
    rows = [[2, *row.tolist(), 3] for row in reference.encode_batch(texts)]
    mask = np.array([[place < len(row) for place in range(24)] for row in rows])
    padded = np.array([row + [0] * (24 - len(row)) for row in rows], np.int32)
    original = {
        "token_ids": padded,
        "padding_mask": mask,
        "segment_ids": np.zeros_like(padded),
    }

    def vectors(found, mask):
        weights = mask[..., None]
        mean = (found * weights).sum(axis=1) / weights.sum(axis=1)
        return mean / np.linalg.norm(mean, axis=1, keepdims=True)

    theirs = vectors(states(result._source, original), mask)
    cosine = (vectors(own, inputs["padding_mask"]) * theirs).sum(axis=1)
    assert done.agreements[0][1].cosine == pytest.approx(cosine.mean(), abs=1e-4)


def test_a_tokenizer_that_cuts_no_word_makes_a_plain_model(family_presets):
    reference = family_presets.reference("Bert")
    alignment = bridge.align(reference, family_presets["Bert"])
    model = find_class("Bert", "Backbone").from_preset(family_presets["Bert"])
    result = bridge.transplant(model, alignment, words=True)
    assert result.words is None
    assert type(result.model) is type(model)


def test_texts_that_end_without_a_special_token(family_presets):
    alignment = bridge.align(external("Bert"), family_presets["Bert"])
    alignment = replace(alignment, spec=replace(alignment.spec, template=None))
    model = find_class("Bert", "Backbone").from_preset(family_presets["Bert"])
    with pytest.raises(
        BackboneError,
        match=exactly(
            "Tokens of a word that have nothing more to say get the row of the special "
            "token that ends a text. Received: BertBackbone, whose texts end without "
            "one. Leave `words=` out."
        ),
    ):
        bridge.transplant(model, alignment, words=True)


@pytest.mark.parametrize("family", ["GPT2", "Bart"])
def test_a_model_that_cannot_look_ahead_is_refused(family_presets, family):
    with pytest.raises(
        BackboneError,
        match=exactly(
            "A word is known once its last token is, so the backbone must read one "
            f"text in both directions. Received: {family}Backbone. Leave `words=` out."
        ),
    ):
        transplanted(family_presets, family)


@pytest.mark.parametrize(
    "again",
    [
        lambda result, alignment: bridge.transplant(result.model, alignment),
        lambda result, _: bridge.shrink(result.model, result.tokenizer, CORPUS),
        lambda result, _: bridge.extend(result.model, result.tokenizer, ["gardens"]),
    ],
)
def test_its_vocabulary_stays(family_presets, again):
    result = transplanted(family_presets, "Bert")
    with pytest.raises(
        BackboneError,
        match=exactly(
            "A model that knows words by their tokens keeps its tokenizer. Received: "
            "a BertBackboneWithWords. Begin with the model that it was made from."
        ),
    ):
        again(result, result._plan.source.alignment)
