"""Fine-tunes the same model under several tokenizations, at the same budget."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from bridge.cli.tweets import LABELS, Split

# 95 % of the tweets fit with their special tokens, under either tokenizer.
SEQUENCE_LENGTH = 48
BATCH_SIZE = 32
# The rate at which KerasHub compiles BERT classifiers.
LEARNING_RATE = 5e-5


@dataclass(frozen=True, slots=True)
class Result:
    """Outcome of one fine-tune.

    Attributes:
        accuracy: Share of test texts whose label was found.
        macro_f1: Mean of the F1 scores of the labels.
        tokens_per_text: Mean tokens of a test text, special ones included.
        seconds: Training time.
    """

    accuracy: float
    macro_f1: float
    tokens_per_text: float
    seconds: float


def fine_tune(
    make_task: Callable[[], Any],
    data: Split,
    *,
    epochs: int,
    seed: int,
    advance: Callable[[], None],
) -> Result:
    """Train a classifier on raw texts and test it.

    Args:
        make_task: Makes the task; called after the seed is set, since it draws the
            weights of the head.
        data: Texts and labels.
        epochs: Passes over the training texts.
        seed: Of everything random in training.
        advance: Called after every batch, for a progress bar.

    Returns:
        Scores and time.
    """
    import keras

    keras.utils.set_random_seed(seed)
    task = make_task()
    task.compile(
        optimizer=keras.optimizers.Adam(LEARNING_RATE),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=False,
    )

    class Progress(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ANN401, ARG002
            advance()

        def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ANN401, ARG002
            advance()

    options = {"batch_size": BATCH_SIZE, "verbose": 0, "callbacks": [Progress()]}
    begin = time.perf_counter()
    task.fit(
        data.train_texts,
        data.train_labels,
        epochs=epochs,
        shuffle=False,  # the split is shuffled, and a task would not do it
        **options,
    )
    seconds = time.perf_counter() - begin
    logits = task.predict(data.test_texts, **options)
    tokens = task.preprocessor(data.test_texts)["padding_mask"]
    return Result(
        *score(np.asarray(logits), data.test_labels),
        tokens_per_text=float(np.asarray(tokens).sum(axis=1).mean()),
        seconds=seconds,
    )


def steps(data: Split, *, epochs: int) -> int:
    """Return how often `fine_tune` calls `advance`."""

    def batches(count: int) -> int:
        return -(-count // BATCH_SIZE)

    return epochs * batches(len(data.train_texts)) + batches(len(data.test_texts))


def score(logits: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Return accuracy and macro-F1.

    Args:
        logits: `(texts, labels)` float.
        labels: True label of each text, `(texts,)` int.

    Returns:
        Share of right labels, and the mean over labels of their F1 score.
    """
    import keras

    metric = keras.metrics.F1Score(average="macro")
    metric.update_state(np.eye(len(LABELS))[labels], logits)
    return float((logits.argmax(axis=1) == labels).mean()), float(metric.result())
