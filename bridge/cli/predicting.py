"""`bridge predict`: labels for texts, by what `bridge finetune` saved."""

from pathlib import Path

import numpy as np

from bridge.alignment.storage import read_manifest
from bridge.cli.command import Answer
from bridge.cli.files import read_texts
from bridge.cli.finetuning import FORMAT_VERSION, MANIFEST
from bridge.cli.progress import bar, waiting
from bridge.cli.quiet import import_keras
from bridge.cli.training import batches, counting
from bridge.errors import SavedFormatError
from bridge.vocabulary.display import escaped

_BATCH_SIZE = 32


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
    total = batches(len(texts), _BATCH_SIZE)
    with bar("Labelling", total=total, unit="batches") as advance:
        found = task.predict(
            texts, batch_size=_BATCH_SIZE, verbose=0, callbacks=[counting(advance)]
        )
    logits = np.asarray(found, np.float64)
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    answers = [
        {"text": text, "label": labels[row.argmax()], "probability": float(row.max())}
        for text, row in zip(texts, shares, strict=True)
    ]
    lines = (
        f"{escaped(line['label'])}\t{line['probability']:.4f}\t{escaped(line['text'])}"
        for line in answers
    )
    return Answer("\n".join(lines), {"predictions": answers})
