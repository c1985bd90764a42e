"""`bridge finetune`: a classifier on the user's own texts, with any tokenizer."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bridge.cli.command import Answer
from bridge.cli.files import decode_file
from bridge.cli.labelled import Labelled, Split, read_labelled, split
from bridge.cli.options import Strategy
from bridge.cli.progress import bar, waiting
from bridge.cli.quiet import import_keras
from bridge.cli.training import Budget, Epoch, train
from bridge.errors import BackboneError, TextInputError
from bridge.tokenizers.saving import check_replaceable, replace_folder

if TYPE_CHECKING:
    from bridge.facade import Bridge

MANIFEST = "finetune.json"
FORMAT_VERSION = 1

# Nearly all texts fit into the length that is chosen, and none makes it absurd.
_FITTING = 0.95
_LONGEST = 512


@dataclass(frozen=True, slots=True)
class Data:
    """Where labelled texts are, and how many are held out.

    Attributes:
        file: CSV file in UTF-8 whose first line names its columns.
        text_column: Column of the texts.
        label_column: Column of the labels.
        held_out: Share of the texts to test on.
    """

    file: Path
    text_column: str
    label_column: str
    held_out: float


def finetune(
    tokenizer: str,
    preset: str,
    *,
    data: Data,
    strategy: Strategy,
    budget: Budget,
    sequence_length: int | None,
    output: Path,
) -> Answer:
    """Train a classifier on raw texts, score it on held-out ones, and save it.

    Args:
        tokenizer: What `load_tokenizer` takes, as text.
        preset: Name, handle or folder.
        data: The texts.
        strategy: How ids reach the backbone.
        budget: How long and how fast.
        sequence_length: Tokens of a text that the model sees; by the texts if `None`.
        output: Folder to write: a KerasHub preset of the task.

    Returns:
        The scores.

    Raises:
        TextInputError: If the texts cannot be read or split.
        BackboneError: If KerasHub has no classifier for the preset.
        SavedFormatError: If the folder holds other files.
    """
    check_replaceable(output, owner=MANIFEST)
    labelled = read_labelled(
        decode_file(data.file),
        name=str(data.file),
        text_column=data.text_column,
        label_column=data.label_column,
    )
    texts = _split(labelled, data.held_out, seed=budget.seed)
    with waiting("Loading Keras, the tokenizer and the preset"):
        import_keras()
        import keras

        import bridge

        link = bridge.connect(
            tokenizer,
            preset,
            strategy=strategy,
            texts=texts.train_texts,
            seed=budget.seed,
        )
        if sequence_length is None:
            sequence_length = _fitting_length(link, texts.train_texts)
        keras.utils.set_random_seed(budget.seed)
        task = link.task(
            _classifier_for(link.backbone),
            num_classes=len(labelled.names),
            sequence_length=sequence_length,
        )
    with bar("Training", total=budget.steps(texts), unit="batches") as advance:
        epochs = train(task, texts, budget, advance=advance)
    manifest = {
        "format_version": FORMAT_VERSION,
        "labels": list(labelled.names),
        "strategy": link.strategy,
        "sequence_length": sequence_length,
        "training_texts": len(texts.train_texts),
        "held_out_texts": len(texts.test_texts),
        # How often the most frequent label is right, to compare the accuracy with.
        "majority": float(np.bincount(texts.test_labels).max() / len(texts.test_texts)),
        "dropped": {
            "unusable": labelled.unusable,
            "doubled": labelled.doubled,
            "conflicting": labelled.conflicting,
        },
        "budget": asdict(budget),
        "epochs": [asdict(epoch) for epoch in epochs],
    }
    with replace_folder(output, owner=MANIFEST) as folder:
        task.save_to_preset(str(folder))
        link.report.to_html(folder / "report.html")
        content = json.dumps(manifest, ensure_ascii=False, indent=1)
        (folder / MANIFEST).write_text(content, "utf-8")
        plotted = _plot(epochs, folder / "learning_curve.png")
    return Answer(_describe(manifest, output, plotted=plotted), manifest)


def _split(labelled: Labelled, held_out: float, *, seed: int) -> Split:
    total = len(labelled.texts)
    test = round(held_out * total)
    if not 0 < test < total:
        raise TextInputError(
            "Texts are needed to train on and to test on. Received: "
            f"{total} usable texts, of which {test} are held out. Give more texts, or "
            "another --held-out."
        )
    return split(labelled, train=total - test, test=test, seed=seed)


def _fitting_length(link: "Bridge", texts: list[str]) -> int:
    """Choose a length that nearly all texts fit into, their special tokens too."""
    spec = link.spec
    limit = _LONGEST if spec.max_sequence_length is None else spec.max_sequence_length
    encoder = link.encoder
    around = encoder.sequence_length - encoder.form.room(paired=False)
    usual = int(np.quantile(encoder.ids(texts).lengths, _FITTING)) + around
    # In steps of 8; attention over a few columns costs nothing.
    return min(limit, _LONGEST, max(16, -(-usual // 8) * 8))


def _classifier_for(backbone: Any) -> Any:  # noqa: ANN401
    import keras_hub

    from bridge.keras.spec import class_for

    found = class_for(type(backbone), keras_hub.models.TextClassifier)
    if found is not None:
        return found
    raise BackboneError(
        "KerasHub must have a text classifier for the preset. Received: a "
        f"{type(backbone).__name__}, which has none. Use a preset of another family, "
        "such as BERT or RoBERTa, or build a head of your own on `link.backbone`."
    )


def _plot(epochs: list[Epoch], file: Path) -> bool:
    """Draw the learning curve where matplotlib is installed."""
    from bridge.reporting.plots import plot_learning_curve

    try:
        figure = plot_learning_curve([asdict(epoch) for epoch in epochs])
    except ImportError:
        return False
    figure.savefig(file)
    return True


def _describe(manifest: Mapping[str, Any], output: Path, *, plotted: bool) -> str:
    dropped = ", ".join(
        f"{count:,} {name}" for name, count in manifest["dropped"].items() if count
    )
    last = manifest["epochs"][-1]
    lines = [
        f"{manifest['training_texts']:,} texts to train on, "
        f"{manifest['held_out_texts']:,} held out, {len(manifest['labels'])} labels"
        + (f"; dropped {dropped}" if dropped else ""),
        f"strategy {manifest['strategy']}, {manifest['sequence_length']} tokens a text",
        "",
        "epoch   loss  accuracy  macro-F1  train s",
        *(
            f"{number:>5} {epoch['loss']:6.3f}  {epoch['accuracy']:8.4f}"
            f"  {epoch['macro_f1']:8.4f}  {epoch['seconds']:7.0f}"
            for number, epoch in enumerate(manifest["epochs"], 1)
        ),
        "",
        f"Held-out accuracy {last['accuracy']:.4f} (the most frequent label alone: "
        f"{manifest['majority']:.4f}), macro-F1 {last['macro_f1']:.4f}.",
        f"Saved {output}: the task, report.html"
        + (", learning_curve.png" if plotted else "")
        + f". Try: bridge predict {output} FILE",
    ]
    if not plotted:
        lines.append("For a plot: pip install 'tokenizer-bridge[plot]'")
    return "\n".join(lines)
