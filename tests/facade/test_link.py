"""`bridge.connect` and `Bridge` on tiny backbones."""

import numpy as np
import pytest

import bridge
from bridge.errors import BackboneError, SavedFormatError
from tests.core.messages import exactly
from tests.factories import (
    CORPUS,
    bpe_tokenizer,
    byte_pair_parts,
    wordpiece_tokenizer,
    wordpiece_vocabulary,
)

pytestmark = pytest.mark.keras
OPTIONS = {
    "num_layers": 1,
    "num_heads": 2,
    "hidden_dim": 8,
    "intermediate_dim": 8,
    "max_sequence_length": 16,
}


@pytest.fixture(scope="module")
def backbone():
    import keras_hub

    return keras_hub.models.BertBackbone(len(wordpiece_vocabulary()), **OPTIONS)


@pytest.fixture(scope="module")
def gpt2_backbone():
    import keras_hub

    return keras_hub.models.GPT2Backbone(400, **OPTIONS)


def connect(backbone, **options):
    return bridge.connect(
        bpe_tokenizer(),
        backbone,
        reference=wordpiece_tokenizer(),
        texts=CORPUS,
        **options,
    )


def test_auto_follows_the_report(backbone):
    link = connect(backbone)
    assert link.strategy == link.report.recommendation.strategy == "retokenize"
    assert link.transplant is None
    assert link.backbone is backbone
    assert repr(link).startswith("Bridge(strategy='retokenize', alignment=Alignment(")


@pytest.mark.parametrize("strategy", ["lookup", "expand", "retokenize", "transplant"])
def test_arrays_fit_the_backbone(backbone, strategy):
    link = connect(backbone, strategy=strategy)
    arrays = link.encoder(CORPUS[:3])
    assert set(arrays) == set(backbone.input)
    assert link.encoder.sequence_length == 16
    assert arrays["token_ids"].max() < link.vocabulary.size
    outputs = link.backbone.predict(arrays, verbose=0)
    assert np.isfinite(outputs["pooled_output"]).all()


def test_identity_passes_ids_through(backbone):
    link = bridge.connect(
        wordpiece_tokenizer(), backbone, reference=wordpiece_tokenizer()
    )
    assert link.strategy == "identity"
    ids = link.tokenizer.encode_batch(["the fox"])
    row = link.encoder(["the fox"])["token_ids"][0]
    assert row[1 : 1 + ids.values.size].tolist() == ids.values.tolist()


@pytest.mark.parametrize(
    ("strategy", "words"),
    [("retokenize", False), ("transplant", False), ("transplant", True)],
)
def test_a_saved_link_gives_the_same_outputs(backbone, strategy, words, tmp_path):
    link = connect(backbone, strategy=strategy, words=words)
    link.save(tmp_path / "link")
    loaded = bridge.Bridge.load(tmp_path / "link")
    assert loaded.strategy == strategy
    assert type(loaded.backbone) is type(link.backbone)
    assert ("WithWords" in type(link.backbone).__name__) == words
    assert loaded.report == link.report
    assert loaded.vocabulary == link.vocabulary
    first, second = link.encoder(CORPUS), loaded.encoder(CORPUS)
    assert all(np.array_equal(first[key], second[key]) for key in first)
    np.testing.assert_allclose(
        loaded.backbone.predict(second, verbose=0)["pooled_output"],
        link.backbone.predict(first, verbose=0)["pooled_output"],
        atol=1e-6,
    )


def test_a_task_takes_raw_texts(backbone):
    import keras_hub

    link = connect(backbone, strategy="retokenize")
    task = link.task(
        keras_hub.models.BertTextClassifier, num_classes=2, sequence_length=16
    )
    assert task.predict(CORPUS[:2], verbose=0).shape == (2, 2)


def test_a_task_of_another_family(backbone):
    import keras_hub

    message = (
        "A task takes the backbone of its own family. Received: GPT2CausalLM for a "
        "BertBackbone. Use a task of that family, or a preset with a GPT2Backbone."
    )
    with pytest.raises(BackboneError, match=exactly(message)):
        connect(backbone).task(keras_hub.models.GPT2CausalLM)


def test_a_preprocessor_that_would_hide_a_real_token(gpt2_backbone):
    import keras_hub

    vocabulary, merges = byte_pair_parts(("!", "<|endoftext|>"))
    reference = keras_hub.models.GPT2Tokenizer(
        vocabulary=vocabulary, merges=[" ".join(merge) for merge in merges]
    )
    task = keras_hub.models.GPT2CausalLM(
        gpt2_backbone,
        preprocessor=keras_hub.models.GPT2CausalLMPreprocessor(reference),
    )
    link = bridge.connect(wordpiece_tokenizer(), task, strategy="retokenize")
    message = (
        "RobertaTextClassifierPreprocessor masks every token that has the pad id. "
        "Received: a preset that pads with id 0, the ordinary token '!', which would "
        "be hidden. Use `link.encoder`, whose masks are made from lengths, or "
        "strategy='transplant'."
    )
    with pytest.raises(BackboneError, match=exactly(message)):
        link.preprocessor(keras_hub.models.RobertaTextClassifierPreprocessor)


def test_an_unknown_strategy(backbone):
    message = (
        "`strategy` must be one of 'auto', 'identity', 'lookup', 'expand', "
        "'retokenize', 'transplant'. Received: 'magic'."
    )
    with pytest.raises(ValueError, match=exactly(message)):
        connect(backbone, strategy="magic")


def test_no_link_in_a_folder(tmp_path):
    with pytest.raises(SavedFormatError, match=r"holds a readable bridge\.json"):
        bridge.Bridge.load(tmp_path)
