"""`bridge predict`: labels for texts, by what `bridge finetune` saved."""

from pathlib import Path

import numpy as np

from bridge.alignment.storage import read_manifest
from bridge.cli.command import Answer
from bridge.cli.files import read_texts
from bridge.cli.finetuning import FORMAT_VERSION, MANIFEST
from bridge.cli.progress import waiting
from bridge.cli.quiet import import_keras
from bridge.errors import SavedFormatError
from bridge.vocabulary.display import escaped


def predict(directory: Path, file: Path) -> Answer:
    """Label texts.

    Args:
        directory: What `bridge finetune` wrote.
        file: Texts, one a line.

    Returns:
        A label and its probability for every text; as text one line each, with tabs.

    Raises:
        SavedFormatError: If the folder is no saved classifier.
        TextInputError: If there is no text.
    """
    if not (directory / MANIFEST).is_file():
        raise SavedFormatError(
            "Labels are given by what `bridge finetune -o DIR` wrote. Received: "
            f"{directory}, which holds no {MANIFEST}. Name that folder."
        )
    labels = read_manifest(directory / MANIFEST, FORMAT_VERSION)["labels"]
    texts = read_texts(file)
    with waiting("Loading Keras and the model"):
        import_keras()
        import keras_hub

        import bridge.keras.tokenizer  # noqa: F401  registers what the task holds

        task = keras_hub.models.TextClassifier.from_preset(str(directory))
    with waiting(f"Reading {len(texts):,} texts"):
        logits = np.asarray(task.predict(texts, verbose=0), np.float64)
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    found = [
        {"text": text, "label": labels[row.argmax()], "probability": float(row.max())}
        for text, row in zip(texts, shares, strict=True)
    ]
    lines = (
        f"{line['label']}\t{line['probability']:.4f}\t{escaped(line['text'])}"
        for line in found
    )
    return Answer("\n".join(lines), {"predictions": found})
