"""Trains classifiers at the same examples and steps, for the examples that compare."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import keras_hub
import numpy as np

import bridge


def compile_options(rate: float) -> dict[str, Any]:
    """Return the arguments of `compile` that every model gets."""
    return {
        "optimizer": keras.optimizers.Adam(rate),
        "loss": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        "metrics": ["accuracy"],
    }


def accuracy(
    name: str,
    backbone: Any,
    train: tuple[Any, np.ndarray],
    test: tuple[Any, np.ndarray],
    *,
    seed: int = 0,
    embedding_rate: float | None = None,
) -> float:
    """Train a classifier for two epochs, and test it.

    Args:
        name: Shown while it trains.
        backbone: A BERT. A copy of it trains, so every run starts from the same.
        train: Arrays for the backbone, and labels.
        test: The same to test on.
        seed: Of the classifier's last layers, and of what dropout leaves out.
        embedding_rate: Learning rate of a first epoch in which of the backbone only
            the vocabulary trains; `None` to train everything in both.

    Returns:
        Share of the test labels that it finds.
    """
    print(f"\n{name}, seed {seed}", flush=True)
    keras.utils.set_random_seed(seed)
    copy = type(backbone).from_config(backbone.get_config())
    copy.set_weights(backbone.get_weights())
    task = keras_hub.models.BertTextClassifier(
        copy, num_classes=int(train[1].max()) + 1
    )
    if embedding_rate is None:
        task.compile(**compile_options(1e-4))
        task.fit(*train, epochs=2, batch_size=32)
    else:
        rates = iter([embedding_rate, 5e-5])
        bridge.fit_in_two_steps(
            task,
            *train,
            compile_with=lambda: compile_options(next(rates)),
            batch_size=32,
        )
    return float(task.evaluate(*test, batch_size=64, verbose=0)[1])


def show(found: Mapping[str, Sequence[float]], labels: np.ndarray) -> float:
    """Print accuracies, one a seed, of each way to find labels.

    Returns:
        Accuracy of always saying the most frequent label.
    """
    baseline = float(np.bincount(labels).max() / len(labels))
    print(f"\n{'always the same label':24}{baseline:.3f}")
    for name, runs in found.items():
        spread = f"  ({min(runs):.3f}-{max(runs):.3f})" if len(runs) > 1 else ""
        print(f"{name:24}{np.mean(runs):.3f}{spread}")
    return baseline
