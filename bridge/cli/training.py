"""Trains a classifier on raw texts, and scores it on others after every epoch."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from bridge.cli.labelled import Split


@dataclass(frozen=True, slots=True)
class Budget:
    """How long and how fast to train.

    Attributes:
        epochs: Passes over the training texts.
        batch_size: Texts a step.
        learning_rate: Of Adam. KerasHub compiles BERT classifiers with 5e-5.
        seed: Of the order of the texts from the second epoch on.
    """

    epochs: int
    batch_size: int = 32
    learning_rate: float = 5e-5
    seed: int = 0

    def steps(self, data: Split) -> int:
        """Return how often `train` calls `advance`."""
        sizes = len(data.train_texts), len(data.test_texts)
        return self.epochs * sum(batches(size, self.batch_size) for size in sizes)


@dataclass(frozen=True, slots=True)
class Epoch:
    """What one pass over the training texts led to.

    Attributes:
        loss: Mean loss of the pass.
        accuracy: Share of test texts whose label was found.
        macro_f1: Mean of the F1 scores of the labels.
        seconds: Training time.
    """

    loss: float
    accuracy: float
    macro_f1: float
    seconds: float


def train(
    task: Any,  # noqa: ANN401  a keras_hub TextClassifier
    data: Split,
    budget: Budget,
    *,
    advance: Callable[[], None],
) -> list[Epoch]:
    """Train a classifier.

    Args:
        task: Takes raw texts; compiled anew.
        data: Texts and labels, shuffled.
        budget: How long and how fast.
        advance: Called after every batch, for a progress bar.

    Returns:
        Scores after every epoch.
    """
    import keras

    task.compile(
        optimizer=keras.optimizers.Adam(budget.learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        # XLA takes longer to compile than it saves; jax runs op by op without it.
        jit_compile=keras.backend.backend() == "jax",
    )
    options = {
        "batch_size": budget.batch_size,
        "verbose": 0,
        "callbacks": [counting(advance)],
    }
    draw = np.random.default_rng(budget.seed)
    order = np.arange(len(data.train_texts))
    epochs = []
    for _ in range(budget.epochs):
        begin = time.perf_counter()
        history = task.fit(
            [data.train_texts[i] for i in order],
            data.train_labels[order],
            shuffle=False,  # a task would not do it anyway
            **options,
        )
        seconds = time.perf_counter() - begin
        logits = np.asarray(task.predict(data.test_texts, **options))
        scores = score(logits, data.test_labels)
        epochs.append(Epoch(float(history.history["loss"][-1]), *scores, seconds))
        order = draw.permutation(order)
    return epochs


def batches(count: int, size: int) -> int:
    """Return how many batches so many texts are."""
    return -(-count // size)


def counting(advance: Callable[[], None]) -> Any:  # noqa: ANN401  Keras has no types
    """Return a Keras callback that counts batches.

    Args:
        advance: Called after every batch.

    Returns:
        The callback, for `fit` and `predict`.
    """
    import keras

    class Steps(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ANN401, ARG002
            advance()

        def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ANN401, ARG002
            advance()

    return Steps()


def score(logits: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Return accuracy and macro-F1.

    Args:
        logits: `(texts, labels)` float.
        labels: True label of each text, `(texts,)` int.

    Returns:
        Share of right labels, and the mean of the F1 scores of the labels that are
        true or found of any text.
    """
    found, size = logits.argmax(axis=1), logits.shape[1]
    right = np.bincount(labels[found == labels], minlength=size)
    both = np.bincount(labels, minlength=size) + np.bincount(found, minlength=size)
    f1 = 2 * right[both > 0] / both[both > 0]
    return float((found == labels).mean()), float(f1.mean())
