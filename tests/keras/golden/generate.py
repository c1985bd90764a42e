"""Numbers that TensorFlow gave, and that every backend must give too.

Made with `KERAS_BACKEND=tensorflow python -m tests.keras.golden.generate`. Never edit
the file to make a test pass: make it anew, and read what changed.
"""

import json
from importlib.metadata import version
from pathlib import Path

import keras
import keras_hub
import numpy as np

import bridge
from tests.factories import (
    bpe_tokenizer,
    keras_gpt2,
    wordpiece_tokenizer,
    wordpiece_vocabulary,
)

FILE = Path(__file__).parent / "tensorflow.json"
TEXTS = ["the quick brown fox", "Caf\u00e9 na\u00efve!", "un-walked 2023", "a dog"]
LABELS = np.array([0, 1, 2, 1])
WORDS = [text.split() for text in TEXTS]
TAGS = [[(place + len(word)) % 3 for place, word in enumerate(row)] for row in WORDS]
LENGTH = 12


def draw_weights(variables):
    """Give weights what no backend draws, large enough to show mistakes."""
    draw = np.random.default_rng(0)
    for variable in variables:
        variable.assign(draw.standard_normal(variable.shape) / 2)


def make_backbone(name, rows):
    backbone = getattr(keras_hub.models, f"{name}Backbone")(
        vocabulary_size=rows,
        num_layers=2,
        num_heads=2,
        hidden_dim=8,
        intermediate_dim=12,
        max_sequence_length=16,
        dropout=0.0,
    )
    draw_weights(backbone.weights)
    return backbone


def bert(strategy):
    backbone = make_backbone("Bert", len(wordpiece_vocabulary()))
    return bridge.connect(
        bpe_tokenizer(), backbone, strategy=strategy, reference=wordpiece_tokenizer()
    )


def after_a_step(task, *data):
    """Losses before and after a step of training, and predictions after it."""
    inside = {id(weight) for weight in task.backbone.weights}
    draw_weights(weight for weight in task.weights if id(weight) not in inside)
    # A step small enough that rounding does not grow in it.
    task.compile(
        optimizer=keras.optimizers.SGD(0.01), metrics=None, weighted_metrics=None
    )
    task.run_eagerly = True
    whole = {"batch_size": 64, "verbose": 0}  # in one batch, in whatever order
    before = task.evaluate(*data, **whole, return_dict=True)["loss"]
    task.fit(*data, **whole)
    after = task.evaluate(*data, **whole, return_dict=True)["loss"]
    # Of a row for each token of a vocabulary, the first few suffice.
    predictions = task.predict(data[0], verbose=0)[..., :4]
    return {"losses": [before, after], "predictions": predictions}


def classify_texts(strategy):
    task = bert(strategy).task(
        keras_hub.models.BertTextClassifier,
        num_classes=3,
        dropout=0.0,
        sequence_length=LENGTH,
    )
    return after_a_step(task, TEXTS, LABELS)


def label_words():
    link = bert("transplant")
    task = link.task(bridge.TokenClassifier, num_classes=3, sequence_length=LENGTH)
    return after_a_step(task, WORDS, TAGS)


def go_on_with_texts():
    backbone = make_backbone("GPT2", keras_gpt2().vocabulary_size())
    # Only its preprocessor says what GPT-2 pads with.
    stock = keras_hub.models.GPT2CausalLMPreprocessor(keras_gpt2())
    preset = keras_hub.models.GPT2CausalLM(backbone, stock)
    link = bridge.connect(wordpiece_tokenizer(), preset, strategy="retokenize")
    task = link.task(keras_hub.models.GPT2CausalLM, sequence_length=LENGTH)
    made = after_a_step(task, TEXTS)
    task.compile(sampler="greedy", run_eagerly=True)
    return made | {"texts": task.generate(["the", "a quick"], max_length=10)}


def pool_states():
    link = bert("retokenize")
    arrays = link.make_encoder(LENGTH)(TEXTS)
    states = link.backbone(arrays)["sequence_output"]
    return {
        mode: bridge.MaskedPooling(mode)(states, arrays["padding_mask"])
        for mode in ("mean", "cls", "max")
    }


CASES = {
    "classify, retokenize": lambda: classify_texts("retokenize"),
    "classify, transplant": lambda: classify_texts("transplant"),
    "label words": label_words,
    "generate": go_on_with_texts,
    "pool": pool_states,
}


def make_numbers(case):
    """Numbers of a case as lists, which JSON can hold."""
    return {
        name: value
        if name == "texts"
        else keras.ops.convert_to_numpy(value).astype("f8").round(6).tolist()
        for name, value in CASES[case]().items()
    }


if __name__ == "__main__":
    packages = ("keras", "keras-hub", "tensorflow", "tokenizers")
    made_by = {name: version(name) for name in packages}
    content = {"backend": keras.backend.backend(), "made_by": made_by}
    content["cases"] = {case: make_numbers(case) for case in CASES}
    FILE.write_text(json.dumps(content) + "\n", encoding="utf-8")
