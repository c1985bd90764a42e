"""Raw texts into tasks of every family of the first slice, under each strategy."""

import re

import numpy as np
import pytest

import bridge
from bridge.errors import BackboneError
from tests import factories

pytestmark = pytest.mark.keras

TEXTS = ["the cat sat on the mat", "Café naïve!", "un-walked 2023", "the dog"] * 4
LABELS = [0, 1, 2, 1] * 4
ENCODER = {
    "num_layers": 2,
    "num_heads": 2,
    "hidden_dim": 8,
    "intermediate_dim": 12,
    "max_sequence_length": 24,
}
# Family -> the KerasHub tokenizer its preset has, and options of its backbone.
CLASSIFIERS = {
    "Bert": (factories.keras_bert, ENCODER),
    "DistilBert": (None, ENCODER),
    "Roberta": (factories.keras_roberta, ENCODER),
    "Albert": (factories.keras_albert, {**ENCODER, "embedding_dim": 4}),
}
# A tokenizer that has nothing to do with any of the presets.
OTHERS = {
    "wordpiece": factories.wordpiece_tokenizer,
    "byte-level": factories.bpe_tokenizer,
    "sentencepiece": factories.sentencepiece_processor,
}


def native(family):
    import keras_hub

    make = CLASSIFIERS[family][0]
    if make is not None:
        return make()
    return keras_hub.models.DistilBertTokenizer(
        vocabulary=list(factories.wordpiece_vocabulary()), lowercase=True
    )


@pytest.fixture(scope="module")
def presets(tmp_path_factory):
    """A preset folder of every family, with weights that show a wrong row."""
    import keras_hub

    folders = {}
    for family, (_, options) in CLASSIFIERS.items():
        tokenizer = native(family)
        backbone = getattr(keras_hub.models, f"{family}Backbone")(
            vocabulary_size=tokenizer.vocabulary_size(), **options
        )
        folders[family] = save(tmp_path_factory, family, backbone, tokenizer)
    tokenizer = factories.keras_gpt2()
    backbone = keras_hub.models.GPT2Backbone(
        vocabulary_size=tokenizer.vocabulary_size(), **ENCODER
    )
    folders["GPT2"] = save(tmp_path_factory, "GPT2", backbone, tokenizer)
    return folders


def save(tmp_path_factory, family, backbone, tokenizer):
    rng = np.random.default_rng(0)
    for weight in backbone.weights:
        weight.assign(rng.standard_normal(weight.shape))
    folder = tmp_path_factory.mktemp(family)
    backbone.save_to_preset(str(folder))
    tokenizer.save_to_preset(str(folder))
    return folder


def classifier(link, family):
    import keras_hub

    return link.task(
        getattr(keras_hub.models, f"{family}TextClassifier"),
        num_classes=3,
        sequence_length=20,
    )


@pytest.mark.parametrize("strategy", ["retokenize", "transplant"])
@pytest.mark.parametrize("family", CLASSIFIERS)
def test_fit_and_predict_on_raw_texts(presets, family, strategy):
    make = OTHERS["byte-level" if family != "Roberta" else "wordpiece"]
    link = bridge.connect(make(), presets[family], strategy=strategy, texts=TEXTS)
    task = classifier(link, family)
    before = np.array(task.backbone.token_embedding.embeddings)
    history = task.fit(TEXTS, LABELS, batch_size=8, epochs=1, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    after = np.array(task.backbone.token_embedding.embeddings)
    used = np.unique(link.make_encoder(20)(TEXTS)["token_ids"])
    assert (before != after).any(axis=1)[used].any()
    assert np.isfinite(task.predict(TEXTS[:3], verbose=0)).all()


@pytest.mark.parametrize("kind", OTHERS)
def test_task_and_encoder_see_the_same_arrays(presets, kind):
    link = bridge.connect(OTHERS[kind](), presets["Bert"], strategy="transplant")
    task = classifier(link, "Bert")
    packed = task.preprocessor(TEXTS)
    arrays = link.make_encoder(20)(TEXTS)
    assert set(packed) == set(arrays)
    for key, values in arrays.items():
        np.testing.assert_array_equal(np.array(packed[key]), values, err_msg=key)


@pytest.mark.parametrize("strategy", ["identity", "retokenize", "transplant"])
def test_link_reloads_with_the_same_predictions(presets, strategy, tmp_path):
    maker = native("Bert") if strategy == "identity" else factories.bpe_tokenizer()
    link = bridge.connect(maker, presets["Bert"], strategy=strategy, texts=TEXTS)
    link.save(tmp_path / "link")
    again = bridge.Bridge.load(tmp_path / "link")
    assert again.strategy == strategy
    assert again.report == link.report
    assert again.transplant is None
    arrays, reloaded = (each.encoder(TEXTS) for each in (link, again))
    for key, values in arrays.items():
        np.testing.assert_array_equal(reloaded[key], values, err_msg=key)
    np.testing.assert_array_equal(
        np.array(link.backbone(arrays)["pooled_output"]),
        np.array(again.backbone(arrays)["pooled_output"]),
    )


@pytest.mark.parametrize("strategy", ["retokenize", "transplant"])
def test_gpt2_trains_and_generates(presets, strategy):
    import keras_hub

    link = bridge.connect(
        factories.wordpiece_tokenizer(), presets["GPT2"], strategy=strategy
    )
    task = link.task(keras_hub.models.GPT2CausalLM, sequence_length=16)
    task.fit(TEXTS, batch_size=8, epochs=1, verbose=0)
    text = task.generate("the cat", max_length=12)
    assert text.startswith("the cat")


def test_auto_takes_identity_for_the_presets_own_reference(presets):
    reference = bridge.align(native("Roberta"), presets["Roberta"]).reference
    assert bridge.connect(reference, presets["Roberta"]).strategy == "identity"


def test_another_familys_task_is_refused(presets):
    import keras_hub

    link = bridge.connect(factories.bpe_tokenizer(), presets["Bert"])
    message = (
        "A task takes the backbone of its own family. Received: "
        "RobertaTextClassifier for a BertBackbone. Use a task of that family, or a "
        "preset with a RobertaBackbone."
    )
    with pytest.raises(BackboneError, match=f"^{re.escape(message)}$"):
        link.task(keras_hub.models.RobertaTextClassifier, num_classes=2)


def test_a_keras_nlp_user_is_served(presets):
    import keras_nlp

    link = bridge.connect(factories.bpe_tokenizer(), presets["Bert"])
    task = link.task(
        keras_nlp.models.BertTextClassifier, num_classes=2, sequence_length=16
    )
    assert task.predict(TEXTS[:2], verbose=0).shape == (2, 2)
    backbone = keras_nlp.models.BertBackbone.from_preset(str(presets["Bert"]))
    encoder = bridge.Encoder(native("Bert"), backbone=backbone, sequence_length=16)
    assert set(encoder(TEXTS)) == set(backbone.input)
