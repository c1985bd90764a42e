"""Fine-tunes the same model under several tokenizations, at the same budget."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from bridge.cli.labelled import Split
from bridge.cli.training import Budget, train

# 95 % of the tweets fit with their special tokens, under either tokenizer.
SEQUENCE_LENGTH = 48


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
    budget: Budget,
    *,
    advance: Callable[[], None],
) -> Result:
    """Train a classifier on raw texts and test it.

    Args:
        make_task: Makes the task; called after the seed is set, since it draws the
            weights of the head.
        data: Texts and labels.
        budget: How long to train.
        advance: Called after every batch, for a progress bar.

    Returns:
        Scores and time.
    """
    import keras

    keras.utils.set_random_seed(budget.seed)
    task = make_task()
    epochs = train(task, data, budget, advance=advance)
    tokens = task.preprocessor(data.test_texts)["padding_mask"]
    return Result(
        accuracy=epochs[-1].accuracy,
        macro_f1=epochs[-1].macro_f1,
        tokens_per_text=float(np.asarray(tokens).sum(axis=1).mean()),
        seconds=sum(epoch.seconds for epoch in epochs),
    )
