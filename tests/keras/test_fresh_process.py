"""What is saved with a `KerasTokenizer` comes back in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import bridge
from tests.factories import CORPUS, bpe_tokenizer, wordpiece_tokenizer

pytestmark = pytest.mark.keras

TEXTS = ["the quick fox", "", "a lazy dog sleeps"]

LOADING = """
import json, sys
{imports}
import keras
import keras_hub
folder, texts = sys.argv[1], json.loads(sys.argv[2])
models = keras_hub.models


def kinds():
    yield "task", lambda: models.TextClassifier.from_preset(folder + "/preset")
    yield "file", lambda: keras.saving.load_model(folder + "/task.keras")
    yield "preprocessor", lambda: models.TextClassifierPreprocessor.from_preset(
        folder + "/preset"
    )
    yield "tokenizer", lambda: keras_hub.tokenizers.Tokenizer.from_preset(
        folder + "/preset"
    )
    yield "own class", lambda: bridge.KerasTokenizer.from_preset(folder + "/preset")
    yield "alone", lambda: bridge.KerasTokenizer.from_preset(folder + "/alone")
    yield "backbone", lambda: models.Backbone.from_preset(folder + "/preset")
    yield "no preprocessor", lambda: models.TextClassifier.from_preset(
        folder + "/preset", preprocessor=None
    )


def shown(loaded):
    if isinstance(loaded, models.TextClassifier):
        if loaded.preprocessor is None:
            return "loaded"
        return loaded.predict(texts, verbose=0).tolist()
    if isinstance(loaded, keras_hub.tokenizers.Tokenizer):
        return loaded(texts)
    if isinstance(loaded, models.Preprocessor):
        return loaded.tokenizer(texts)
    return "loaded"


found = {{}}
for name, load in kinds():
    try:
        found[name] = shown(load())
    except (TypeError, NameError) as error:
        found[name] = str(error)
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A task, a file and a lone tokenizer, remapped, with what they give."""
    import keras
    import keras_hub

    keras.utils.set_random_seed(0)
    folder = tmp_path_factory.mktemp("saved")
    alignment = bridge.align(bpe_tokenizer(), wordpiece_tokenizer())
    tokenizer = bridge.KerasTokenizer(bpe_tokenizer(), alignment=alignment)
    task = keras_hub.models.BertTextClassifier(
        keras_hub.models.BertBackbone(
            tokenizer.vocabulary_size(), 1, 2, 8, 8, max_sequence_length=16
        ),
        num_classes=2,
        preprocessor=keras_hub.models.BertTextClassifierPreprocessor(
            tokenizer, sequence_length=16
        ),
    )
    task.save_to_preset(str(folder / "preset"))
    task.save(folder / "task.keras")
    bridge.KerasTokenizer(wordpiece_tokenizer()).save_to_preset(str(folder / "alone"))
    return folder, tokenizer(TEXTS), task.predict(TEXTS, verbose=0)


def run(folder, imports):
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            LOADING.format(imports=imports),
            str(folder),
            json.dumps(TEXTS),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


@pytest.mark.slow
def test_with_bridge_everything_comes_back(saved):
    folder, ids, predictions = saved
    found = run(folder, "import bridge")
    for name in ("task", "file"):
        np.testing.assert_allclose(found[name], predictions, atol=1e-6)
    for name in ("preprocessor", "tokenizer", "own class"):
        assert found[name] == ids
    assert found["alone"] == bridge.KerasTokenizer(wordpiece_tokenizer())(TEXTS)
    assert found["backbone"] == found["no preprocessor"] == "loaded"


@pytest.mark.slow
def test_without_bridge_the_error_says_what_to_import(saved):
    folder, _, _ = saved
    found = run(folder, "")
    for name in ("task", "file", "preprocessor", "tokenizer"):
        assert "Could not locate class 'KerasTokenizer'" in found[name]
        assert "'requires': 'import bridge'" in found[name]
    # The model itself is plain KerasHub.
    assert found["backbone"] == found["no preprocessor"] == "loaded"


def test_a_keras_tokenizer_is_unwrapped():
    tokenizer = bridge.load_tokenizer(wordpiece_tokenizer())
    wrapped = bridge.KerasTokenizer(tokenizer)
    assert bridge.load_tokenizer(wrapped) is tokenizer
    named = bridge.load_tokenizer(wrapped, roles={"eos": "[SEP]"})
    assert named.vocabulary.roles["eos"] == tokenizer.vocabulary.id("[SEP]")
    assert bridge.Encoder(wrapped, sequence_length=8).tokenizer is tokenizer


def test_a_keras_tokenizer_that_emits_other_ids_is_driven_as_it_is():
    alignment = bridge.align(bpe_tokenizer(), wordpiece_tokenizer())
    wrapped = bridge.KerasTokenizer(bpe_tokenizer(), alignment=alignment)
    loaded = bridge.load_tokenizer(wrapped)
    assert loaded.encode_batch(CORPUS).to_lists() == wrapped(CORPUS)
    assert loaded.vocabulary.size == wrapped.vocabulary_size()
