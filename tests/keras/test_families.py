"""Links with a preset of every family: arrays, files, tasks."""

import re

import keras
import numpy as np
import pytest

import bridge
from bridge.errors import BackboneError
from tests import factories
from tests.keras.families import (
    FAMILIES,
    LABELS,
    LENGTH,
    MORE,
    TEXTS,
    as_numpy,
    assert_same,
    connected,
    find_class,
    make_task,
    matrix,
)

pytestmark = [
    pytest.mark.keras,
    # KerasHub 0.32's T5 says so of itself while it is built.
    pytest.mark.filterwarnings("ignore:Layer '.*:UserWarning"),
]
ONE_TEXT = [family for family in FAMILIES if family not in ("T5", "Bart")]
# Tokenizers that have nothing to do with the preset.
OTHERS = {
    "wordpiece": factories.wordpiece_tokenizer,
    "byte-level": factories.bpe_tokenizer,
    "sentencepiece": factories.sentencepiece_processor,
}


@matrix(*ONE_TEXT, quick=4)
def test_a_link_comes_back_with_the_same_outputs(
    family_presets, family, strategy, tmp_path
):
    link = connected(family_presets, family, strategy)
    link.save(tmp_path / "link")
    again = bridge.Bridge.load(tmp_path / "link")
    assert again.strategy == strategy
    assert again.report == link.report
    assert again.transplant is None
    arrays = link.make_encoder(LENGTH)(TEXTS)
    assert set(arrays) == set(link.backbone.input)
    assert arrays["token_ids"].max() < link.vocabulary.size
    assert_same(again.make_encoder(LENGTH)(TEXTS), arrays)
    outputs = link.backbone(arrays)
    assert all(
        np.isfinite(each).all() for each in keras.tree.flatten(as_numpy(outputs))
    )
    assert_same(again.backbone(arrays), outputs)
    # As a plain preset of KerasHub's, too.
    folder = str(tmp_path / "link" / "backbone")
    assert_same(type(link.backbone).from_preset(folder)(arrays), outputs)


@matrix("Electra")
def test_a_backbone_without_tasks_takes_a_head(family_presets, family, strategy):
    link = connected(family_presets, family, strategy)
    logits = keras.layers.Dense(3)(link.backbone.output["pooled_output"])
    model = keras.Model(link.backbone.input, logits)
    model.compile(
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        run_eagerly=True,
    )
    before = np.array(link.backbone.token_embedding.embeddings)
    history = model.fit(link.make_encoder(LENGTH)(MORE), np.array(LABELS), verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    moved = before != np.array(link.backbone.token_embedding.embeddings)
    used = np.unique(link.make_encoder(LENGTH)(MORE)["token_ids"])
    assert moved.any(axis=1)[used].any()


@pytest.mark.parametrize("kind", OTHERS)
def test_task_and_encoder_see_the_same_arrays(family_presets, kind):
    link = bridge.connect(OTHERS[kind](), family_presets["Bert"], strategy="transplant")
    task = make_task(link, "Bert", "TextClassifier", num_classes=3)
    assert_same(dict(task.preprocessor(TEXTS)), link.make_encoder(LENGTH)(TEXTS))


def test_a_decoder_without_a_start_token_gets_none(family_presets):
    """Qwen starts with the text, whatever other special tokens it has."""
    link = connected(family_presets, "Qwen", "identity")
    ids = link.encoder(TEXTS)["token_ids"][:, 0]
    assert list(ids) == [row[0] for row in link.tokenizer.encode_batch(TEXTS)]


def test_auto_takes_identity_for_the_presets_own_reference(family_presets):
    reference = family_presets.reference("Roberta")
    link = bridge.connect(reference, family_presets["Roberta"])
    assert link.strategy == "identity"


def test_another_familys_task_is_refused(family_presets):
    link = bridge.connect(factories.bpe_tokenizer(), family_presets["Bert"])
    message = (
        "A task takes the backbone of its own family. Received: "
        "RobertaTextClassifier for a BertBackbone. Use a task of that family, or a "
        "preset with a RobertaBackbone."
    )
    with pytest.raises(BackboneError, match=f"^{re.escape(message)}$"):
        link.task(find_class("Roberta", "TextClassifier"), num_classes=2)


def test_a_keras_nlp_user_is_served(family_presets):
    import keras_nlp

    link = bridge.connect(factories.bpe_tokenizer(), family_presets["Bert"])
    task = link.task(
        keras_nlp.models.BertTextClassifier, num_classes=2, sequence_length=16
    )
    assert task.predict(TEXTS[:2], verbose=0).shape == (2, 2)
    backbone = keras_nlp.models.BertBackbone.from_preset(family_presets["Bert"])
    native = FAMILIES["Bert"].tokenizer()
    encoder = bridge.Encoder(native, backbone=backbone, sequence_length=16)
    assert set(encoder(TEXTS)) == set(backbone.input)
